"""Joins two model bundles: the first for grey images, the second for images whose colours are kept.

Other programs that know the bioimage.io format see the first alone: the format has no place for a second description.
Its tools keep the files of the second as attachments, and its description as a part of hooke's own settings.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from hooke.models import read_bundle
from hooke.training.bundles.bundle_folder import fresh_bundle
from hooke.training.bundles.description import set_attachments, write_description

_FOLDER = "colour"
_ATTACHED = (".onnx", ".npy")  # a second rdf.yaml is refused


def add_colour_bundle(bundle: Path, colour: Path) -> None:
    """Put a bundle into another, as its network for images whose colours are kept.

    Parameters
    ----------
    bundle : Path
        Folder of a bundle that segments; replaced once all is written.
    colour : Path
        Folder of another, of the same classes and channels; copied.

    Raises
    ------
    ModelError
        When one of them is not a segmentation bundle, or the two don't fit together.
    """
    read_bundle(colour)
    with fresh_bundle(bundle) as fresh:
        shutil.copytree(bundle, fresh, dirs_exist_ok=True)
        shutil.rmtree(fresh / _FOLDER, ignore_errors=True)
        shutil.copytree(colour, fresh / _FOLDER)
        path = fresh / "rdf.yaml"
        description = yaml.safe_load(path.read_text(encoding="utf-8"))
        description["config"]["hooke"]["colour_bundle"] = _FOLDER
        attach_colour(description, fresh)
        write_description(path, description)
        read_bundle(fresh)


def attach_colour(description: dict[str, Any], bundle: Path) -> None:
    """List the second bundle's files in the description of the first, and its description; in place.

    Parameters
    ----------
    description : dict
    bundle : Path
        Folder; where it has no second bundle, nothing of one is listed any more.
    """
    folder = bundle / _FOLDER
    own = description["config"]["hooke"]
    own.pop("colour", None)
    names: list[str] = []
    if folder.is_dir():
        own["colour"] = yaml.safe_load((folder / "rdf.yaml").read_text(encoding="utf-8"))
        names = sorted(f"{_FOLDER}/{path.name}" for path in folder.iterdir() if path.suffix in _ATTACHED)
    set_attachments(description, bundle, names, lambda name: name.startswith(f"{_FOLDER}/"))
