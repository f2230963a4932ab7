"""Joins two model bundles: the first for grey images, the second for images whose colours are kept.

Other programs that know the bioimage.io format see the first alone: the format has no place for a second description.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from hooke.models import read_bundle
from hooke.training.bundles.bundle_folder import fresh_bundle
from hooke.training.bundles.description import write_description

_FOLDER = "colour"


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
        write_description(path, description)
        read_bundle(fresh)
