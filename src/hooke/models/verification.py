"""Verifies bundles: whether they are whole, and whether their networks give here the test output that they hold."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ModelError
from hooke.models.bundle import hooke_settings, inner_description, read_bundle, read_description, read_inner
from hooke.models.model import Model
from hooke.models.registry import find_model
from hooke.models.runtimes import REFERENCE
from hooke.models.session import Sessions
from hooke.models.tuned import find_parent, is_tuned

#: Outputs are in 0..1; processors differ in the last digits, and an output of other weights by far more.
TOLERANCE = 0.01
_AGAIN = "copy or export it again"


@dataclass(frozen=True)
class Verification:
    """What was found of a bundle that is whole and works.

    Parameters
    ----------
    path : Path
    task : str
        ``segmentation``, ``classifier`` or ``image-classifier``.
    differences : dict of str to float
        Of each network, by its folder in the bundle (empty for the first): the largest difference between its output
        for the bundle's test arrays and the output that the bundle holds, both in 0..1.
    """

    path: Path
    task: str
    differences: dict[str, float]


def verify_model(name_or_path: str | Path) -> Verification:
    """Read a bundle whole, compare its checksums, and run its networks on its test arrays.

    Of a tuned bundle, which has no weights, it is its parent whose networks are run.

    Parameters
    ----------
    name_or_path : str or Path
        A name that `known_models` lists, or the path of a bundle of any task.

    Raises
    ------
    ModelError
        When it is missing, incomplete or damaged, can't be run, or gives another output than the one that it holds.
    """
    path = find_model(name_or_path)
    if is_tuned(path):
        path = find_parent(path, find_model)
    task = str(hooke_settings(read_description(path)).get("task", "segmentation"))
    inner = [""]
    if task == "segmentation":
        bundle = read_bundle(path)
        Model(bundle)  # refuses an unknown target scheme
        inner += [] if bundle.colour is None else [f"{bundle.settings.colour_bundle}/"]
    return Verification(path, task, {folder.rstrip("/"): _difference(path, folder) for folder in inner})


def _difference(path: Path, folder: str) -> float:
    """Run one network of a bundle on its test arrays; return the largest difference from the output it holds."""
    described = inner_description(path, folder)
    stored = _entry(described, "weights", "onnx")
    weights = _checked(path, folder, stored, str(stored.get("source", "weights.onnx")))
    sessions = Sessions(weights, path)
    session = sessions.get(1, REFERENCE)
    inputs = [_array(path, folder, given) for given in _tensors(described, "inputs", path)]
    names = [one.name for one in session.get_inputs()]
    if len(names) != len(inputs):
        raise ModelError(f"has {len(inputs)} test inputs for {len(names)}", path=path, remedy=_AGAIN)
    made = sessions.run(session, dict(zip(names, inputs, strict=True)))
    expected = _array(path, folder, _tensors(described, "outputs", path)[0])
    if made.shape != expected.shape:
        raise ModelError(
            f"its network gives {made.shape}, its test output has {expected.shape}", path=path, remedy=_AGAIN
        )
    difference = float(np.abs(made - expected).max(initial=0))
    if not difference <= TOLERANCE:  # NaN too
        raise ModelError(
            f"its network's output differs by {difference:.3g} from the one that it holds", path=path, remedy=_AGAIN
        )
    return difference


def _tensors(described: Any, kind: str, path: Path) -> list[dict[str, Any]]:
    """Test tensors of the inputs or outputs, as the description lists them."""
    listed = described.get(kind) if isinstance(described, dict) else None
    found = [_entry(one, "test_tensor") for one in listed] if isinstance(listed, list) else []
    if not found or not all(found):
        raise ModelError(f"describes no test arrays of its {kind}", path=path, remedy="export it with this version")
    return found


def _array(path: Path, folder: str, entry: dict[str, Any]) -> NDArray[np.float32]:
    """Read a test array."""
    data = _checked(path, folder, entry, str(entry.get("source")))
    try:
        held: NDArray[np.float32] = np.load(io.BytesIO(data), allow_pickle=False).astype(np.float32)
    except (ValueError, OSError, EOFError, TypeError, MemoryError) as error:
        raise ModelError(f"{entry.get('source')} is not an array: {error}", path=path, remedy=_AGAIN) from error
    return held


def _checked(path: Path, folder: str, entry: dict[str, Any], name: str) -> bytes:
    """Read a file of the bundle and compare it with its checksum."""
    said = entry.get("sha256")
    data = read_inner(path, folder + name, said)
    if said and hashlib.sha256(data).hexdigest() != said:
        raise ModelError(f"{folder}{name} differs from its checksum", path=path, remedy=_AGAIN)
    return data


def _entry(described: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        described = described.get(key) if isinstance(described, dict) else None
    return described if isinstance(described, dict) else {}
