"""Any data set of images and label images whose files have the same stems: two folders in; image and label image out.

::

    images/<id>.<tif, png, jpg...>   grey or RGB, any type that hooke reads
    labels/<id>.<tif, png, npy>      whole numbers of any type: 0 background, an id a nucleus
"""

from __future__ import annotations

import glob
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.datasets.adapter import Sample
from hooke.datasets.layout import Entry
from hooke.errors import DatasetError
from hooke.io import open_image, read_labels
from hooke.io.formats import has_image_suffix, result_stem

__all__ = ["TAKES", "find", "load"]

TAKES = "any images/ and labels/ whose files have the same stems; a label image has an id a nucleus, 0 elsewhere"


def find(src: str | Path) -> tuple[Path, list[Entry]]:
    """Find the stems of all image files, also those that only one of the two folders has: `load` says what they lack.

    Returns
    -------
    root : Path
        The folder itself.
    entries : list of Entry
        Sorted; split, modality and field of view are not known.

    Raises
    ------
    DatasetError
        If ``images`` or ``labels`` is missing or holds no image file.
    """
    root = Path(src)
    stems: set[str] = set()
    for folder in (root / "images", root / "labels"):
        found = {result_stem(path) for path in folder.glob("*") if has_image_suffix(path)}
        if not found:
            raise DatasetError("no image files here", path=folder, remedy="give the folder above images and labels")
        stems |= found
    return root, [Entry(stem) for stem in sorted(stems)]


def load(root: Path, id_: str) -> Sample:
    """Read one pair; ids are made to count from 1 without gaps, in their order.

    Raises
    ------
    DatasetError
        If one of the pair is missing or there are two of it, it is a stack, or their sizes differ.
    ImageReadError
        If a file is damaged, or the label image holds no whole numbers.
    """
    image = _read_plane(_only(root / "images", id_))
    path = _only(root / "labels", id_)
    labels = read_labels(path)
    if labels.shape != image.shape[:2]:
        raise DatasetError(
            f"labels {labels.shape} for an image {image.shape[:2]}", path=path, remedy="give the labels of this image"
        )
    return Sample(image, _numbered(labels))


def _only(folder: Path, id_: str) -> Path:
    """Return the one file of a stem."""
    alike = folder.glob(f"{glob.escape(id_)}.*")
    paths = sorted(path for path in alike if has_image_suffix(path) and result_stem(path) == id_)
    if not paths:
        raise DatasetError("no file of this name", path=folder / id_, remedy="give every image its label image")
    if len(paths) > 1:
        names = ", ".join(path.name for path in paths)
        raise DatasetError(f"more than one file of this name: {names}", path=folder / id_, remedy="leave one")
    return paths[0]


def _read_plane(path: Path) -> NDArray[np.generic]:
    """Read an image that is one plane, grey or RGB."""
    file = open_image(path)
    if len(file) > 1:
        raise DatasetError(f"a stack of {len(file)} planes", path=path, remedy="save its planes as single images")
    pixels = file.plane(0).pixels
    if pixels.ndim == 3 and pixels.shape[2] != 3:
        raise DatasetError(f"{pixels.shape[2]} channels", path=path, remedy="save the one with the nuclei, or RGB")
    return pixels


def _numbered(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give the objects new ids, 1..n, in the order of the old."""
    ids = np.unique(labels[labels > 0])
    return np.where(labels > 0, np.searchsorted(ids, labels) + 1, 0).astype(np.int32)
