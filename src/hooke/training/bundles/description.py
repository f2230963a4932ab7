"""Writes the description of a model bundle: `rdf.yaml` in the bioimage.io model format, and the model card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from hooke.errors import ModelError
from hooke.io.content_hash import hash_file

#: Version of the ONNX operators that the weights are written with.
OPSET = 17

#: File of a bundle that holds its weights for PyTorch.
TORCHSCRIPT = "weights.torchscript"


def describe_model(
    folder: Path,
    name: str,
    card: dict[str, Any],
    *,
    tags: list[str],
    inputs: list[dict[str, Any]],
    outputs: list[dict[str, Any]],
    settings: BaseModel,
    extra: dict[str, Any],
) -> None:
    """Write and validate ``rdf.yaml`` and ``README.md`` of a network of any kind.

    Parameters
    ----------
    folder : Path
        Holds ``weights.onnx``, maybe `TORCHSCRIPT`, and the test tensors.
    name : str
    card : dict
        See `hooke.training.export`; it must have a ``description``.
    tags : list of str
        Besides ``hooke``.
    inputs, outputs : list of dict
        Tensors, as bioimage.io describes them.
    settings : BundleSettings, or those of another task
    extra : dict
        What else to keep under ``config: hooke:``.

    Raises
    ------
    ModelError
        When the description does not pass bioimage.io's own validation.
    """
    description = {
        "type": "model",
        "format_version": "0.5.4",
        # bioimage.io requires five letters.
        "name": name if len(name) >= 5 else f"model {name}",
        "description": card["description"],
        "authors": card.get("authors", [{"name": "The hooke developers"}]),
        "license": card.get("license", "MIT"),
        "cite": card.get("cite", []),
        "tags": [*tags, "hooke"],
        "documentation": "README.md",
        "timestamp": datetime.now(UTC).replace(microsecond=0).isoformat(),
        "inputs": inputs,
        "outputs": outputs,
        "weights": _weights(folder),
        "config": {
            "hooke": {
                **settings.model_dump(mode="json"),
                "training_data": card.get("training_data", []),
                "scores": card.get("scores", {}),
                "abroad": card.get("abroad", {}),
                **({"kind": card["kind"]} if "kind" in card else {}),
                **extra,
            }
        },
    }
    (folder / "README.md").write_text(card.get("documentation") or f"# {name}\n", encoding="utf-8")
    write_description(folder / "rdf.yaml", description)


def _weights(folder: Path) -> dict[str, Any]:
    """Describe the weights in each format that there is."""
    found: dict[str, Any] = {"onnx": _file(folder, "weights.onnx") | {"opset_version": OPSET}}
    if (folder / TORCHSCRIPT).is_file():
        found["torchscript"] = _file(folder, TORCHSCRIPT) | {"pytorch_version": version("torch").partition("+")[0]}
    return found


def _file(folder: Path, name: str) -> dict[str, str]:
    return {"source": name, "sha256": hash_file(folder / name)}


def describe_tensor(folder: Path, name: str, file: str, **fields: Any) -> dict[str, Any]:
    """Describe an input or output whose test tensor is in the folder under its own name."""
    return {"id": name, **fields, "test_tensor": _file(folder, file)}


def image_input(folder: Path, channels: int, stains: Sequence[int] = ()) -> dict[str, Any]:
    """Describe the input of a network that takes images: grey, three colours, or the channels of these numbers."""
    names = ["red", "green", "blue"] if channels == 3 else ["grey"]
    seen = "each channel on a scale of its own" if stains else "grey is repeated three times"
    return describe_tensor(
        folder,
        "image",
        "test_input.npy",
        description=f"one image, its objects resized to the diameter band; {seen}",
        axes=[
            {"type": "batch"},
            {"type": "channel", "channel_names": [f"channel {one}" for one in stains] or names},
            {"type": "space", "id": "y", "size": {"min": 32, "step": 32}},
            {"type": "space", "id": "x", "size": {"min": 32, "step": 32}},
        ],
        data={"type": "float32", "range": [-0.5, 2.0]},
    )


def set_attachments(
    description: dict[str, Any], folder: Path, names: Sequence[str], replaces: Callable[[str], bool]
) -> None:
    """List files that the format has no place for as attachments, which its tools keep; in place.

    Parameters
    ----------
    description : dict
    folder : Path
        Of the bundle.
    names : sequence of str
        Of the files within it; none takes those that are listed out.
    replaces : callable
        Whether an attachment of this name is taken out.
    """
    listed = [one for one in description.get("attachments", []) if not replaces(one["source"])]
    listed += [_file(folder, name) for name in names]
    if listed:
        description["attachments"] = listed
    else:
        description.pop("attachments", None)


def write_description(path: Path, description: dict[str, Any]) -> None:
    """Write an ``rdf.yaml``, and hold it against the bioimage.io model format.

    Raises
    ------
    ModelError
        When it does not pass.
    """
    path.write_text(yaml.safe_dump(description, sort_keys=False, allow_unicode=True), encoding="utf-8")
    from bioimageio.spec import InvalidDescr, ValidationContext, load_description

    with ValidationContext(perform_io_checks=False, warning_level=50):
        loaded = load_description(path)
    if isinstance(loaded, InvalidDescr):
        raise ModelError(
            f"description fails bioimage.io's validation: {loaded.validation_summary.format()}",
            path=path,
            remedy="correct the card",
        )
