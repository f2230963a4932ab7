"""Finds and loads models by name or path: shipped bundles, the user's own folder, or any path."""

from __future__ import annotations

import contextlib
import copyreg
import difflib
import os
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from hooke.errors import ConfigError, HookeError, ModelError
from hooke.io.content_hash import files_of_store
from hooke.models.bundle import Bundle, read_bundle
from hooke.models.model import Model
from hooke.models.tuned import find_parent, is_tuned, read_tuned

#: The model `nuclei`, with `cells` for phase contrast: what `hooke.segment` takes when none is named.
AUTO_MODEL: Final = "auto"

_SHIPPED = Path(__file__).parent / "shipped"

_State = tuple[tuple[str, int, int], ...]
_Key = tuple[Path, _State]


def known_models() -> dict[str, Path]:
    """Names of the models that need no path, and their paths.

    Those shipped with hooke, and the bundles in the user's own folder: see `own_folder`.
    """
    own = own_folder()
    return shipped_models() | (_bundles(own) if own is not None else {})


def own_folder() -> Path | None:
    """Folder of the user's own models: what the environment variable ``HOOKE_MODELS`` names, else ``~/.hooke/models``.

    None where the user has no home folder.
    """
    named = os.environ.get("HOOKE_MODELS")
    if named:
        return Path(named)
    try:
        return Path.home() / ".hooke" / "models"
    except RuntimeError:
        return None


def shipped_models() -> dict[str, Path]:
    """Names and paths of the models that came with hooke."""
    return _bundles(_SHIPPED)


def _bundles(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    shown = (path for path in sorted(folder.iterdir()) if not path.name.startswith("."))  # others are being written
    return {path.stem: path for path in shown if path.suffix == ".zip" or (path / "rdf.yaml").is_file()}


def load_model(name_or_path: str | Path = "nuclei") -> Model:
    """Load a model.

    Parameters
    ----------
    name_or_path : str or Path
        A name that `known_models` lists, the path of a bundle (folder or zip), or ``"auto"``: `nuclei`, which hands
        phase contrast to `cells`.

    Returns
    -------
    Model
        Kept for the next call: loading the same bundle again costs nothing, unless its files have changed since.

    Raises
    ------
    ModelError
        When there is no such model (the message lists the known ones) or the bundle is corrupt.
    """
    if name_or_path == AUTO_MODEL and AUTO_MODEL not in known_models():
        nuclei, cells = (find_model(name).resolve() for name in ("nuclei", "cells"))
        return _load_with_cells((nuclei, _state(nuclei)), (cells, _state(cells)))
    path = find_model(name_or_path).resolve()
    return _load(path, _state(path))


def find_model(name_or_path: str | Path) -> Path:
    """Path of a model's bundle, by a name that `known_models` lists, or a path.

    Raises
    ------
    ModelError
        When there is no such model.
    """
    known = known_models()
    if not isinstance(name_or_path, str | os.PathLike):
        cause = f"a model of type {type(name_or_path).__name__} is neither a name nor a path"
        raise ModelError(cause, remedy=f"known models: {', '.join(known)}; or give the path of a bundle")
    path = known.get(str(name_or_path)) or Path(name_or_path)
    if not str(name_or_path) or not os.path.exists(path):  # noqa: PTH110 - says False of a name that no file system takes, too
        near = difflib.get_close_matches(str(name_or_path), known, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ModelError(
            f"unknown model {str(name_or_path)!r}",
            remedy=f"{hint}known models: {', '.join(known) or 'none'}; or give the path of a bundle",
        )
    return path


def is_shipped(model: Model) -> bool:
    """Whether a model came with hooke, so that what it was trained on is known here."""
    return (model.bundle.origin or model.bundle.path).parent == _SHIPPED.resolve()


def is_default(model: Model) -> bool:
    """Whether a model is the shipped `nuclei`: the warnings know the training images of no other."""
    return is_shipped(model) and (model.bundle.origin or model.bundle.path).name == "nuclei"


def make_model(bundle: Bundle) -> Model:
    """Make a model of a bundle, with the other model that measures the diameter for it if its settings name one.

    Raises
    ------
    ModelError
        When that other model is not there, or leaves the diameter to another itself.
    """
    model, measuring = Model(bundle), bundle.settings.diameter_of
    if measuring is None:
        return model
    other = load_model(measuring)
    if other.settings.diameter_of is not None:
        cause = f"model {measuring!r} is to measure the diameter, and has another model do that"
        raise ModelError(
            cause, path=bundle.path, remedy="name a model that measures itself under diameter_of in rdf.yaml"
        )
    return model.with_diameter_by(other)


def is_for_cells(model: Model) -> bool:
    """Whether a model is the shipped `cells`, or that tuned."""
    return is_shipped(model) and (model.bundle.origin or model.bundle.path).name == "cells"


def _state(path: Path) -> _State:
    """Name, size and time of each file of a bundle, and of the one whose weights it uses: what changes with it."""
    refers = not (path / "weights.onnx").is_file() and is_tuned(path)
    return _files_of(path) + (_files_of(find_parent(path, find_model)) if refers else ())


def _files_of(path: Path) -> _State:
    files = files_of_store(path) if path.is_dir() else [path]
    stats = [(str(file), file.stat()) for file in files]
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


@lru_cache(maxsize=4)
def _load(path: Path, state: _State) -> Model:
    return make_model(read_tuned(path, find_model) if is_tuned(path) else read_bundle(path))


@lru_cache(maxsize=1)
def _load_with_cells(nuclei: _Key, cells: _Key) -> Model:
    return _load(*nuclei).with_cells(_load(*cells))


_Sent = tuple[Bundle, str, str, Model | None, Model | None]


def _send(model: Model) -> tuple[Callable[..., Model], _Sent]:
    """Send a model to another process by its path, if it is there: a result names it, and it has many megabytes."""
    bundle = model.bundle
    if _at_its_path(model) is not None:
        bundle = replace(bundle, weights=b"", int8=None, colour=None)
    return _receive, (bundle, model.checksum, model.wanted_runtime, model.for_cells, model.for_diameter)


def _receive(bundle: Bundle, checksum: str, runtime: str, cells: Model | None, diameter: Model | None) -> Model:
    """Make a model of what was sent; of one that is not here, what is known of it, which can't find objects."""
    sent = Model(bundle)
    model = sent if sent.checksum == checksum else _at_its_path(sent, checksum) or sent
    with contextlib.suppress(ConfigError, ModelError):  # not installed here, where results may only be read
        model = model.with_runtime(runtime)
    model = model.with_diameter_by(diameter)
    return model if cells is None else model.with_cells(cells)


def _at_its_path(model: Model, checksum: str = "") -> Model | None:
    """The model that is at its path now, if it is the same."""
    try:
        there = load_model(model.bundle.path)
    except (HookeError, OSError):
        return None
    return there if there.checksum == (checksum or model.checksum) else None


copyreg.pickle(Model, _send)
