"""BBBC039, U2OS nuclei in fluorescence, as published: three folders in; image and label image out.

::

    images/<id>.tif                           16 bit, 12 used
    masks/<id>.png                            red channel: a colouring of the nuclei, 1..3; 0 background
    metadata/{training,validation,test}.txt   names of the masks, one a line

BBBC039v1, Caicedo et al. (2019), "Evaluation of deep learning strategies for nucleus segmentation in fluorescence
images", Cytometry A 95(9), CC0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label

from hooke.datasets.adapter import Sample
from hooke.datasets.layout import Entry
from hooke.errors import DatasetError
from hooke.io import read_image

__all__ = ["TAKES", "find", "load"]

TAKES = "BBBC039, U2OS nuclei as published: images/*.tif, masks/*.png (coloured), metadata/*.txt (the splits)"

LISTS = {"training": "train", "validation": "val", "test": "test"}
# A choice, since the set states no limit: 61 pieces are smaller, stray pixels of a colour; sizes get common at 12.
MIN_PIXELS = 10
SPECK = f"specks under {MIN_PIXELS} pixels dropped"
REMEDY = "unpack images.zip, masks.zip and metadata.zip of BBBC039v1 into one folder and give that"


def find(src: str | Path) -> tuple[Path, list[Entry]]:
    """Find the images that the published lists name, each in its official split.

    Returns
    -------
    root : Path
        The folder itself.
    entries : list of Entry
        Sorted by id; every image is a field of view of its own.

    Raises
    ------
    DatasetError
        If a folder or a list is missing, or an image is in two lists.
    """
    root = Path(src)
    for name in ("images", "masks", "metadata"):
        if not (root / name).is_dir():
            raise DatasetError("no such folder", path=root / name, remedy=REMEDY)
    entries: dict[str, Entry] = {}
    for name, split in LISTS.items():
        path = root / "metadata" / f"{name}.txt"
        for id_ in _read_list(path):
            if id_ in entries:
                raise DatasetError(f"{id_} is in another list too", path=path, remedy="take metadata.zip anew")
            entries[id_] = Entry(id_, split, "fluorescence", id_)
    return root, sorted(entries.values(), key=lambda entry: entry.id)


def _read_list(path: Path) -> list[str]:
    """Read the ids of a list, which has a file name a line."""
    try:
        lines = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError("list can't be read", path=path, remedy=REMEDY) from error
    return [Path(line).stem for line in lines]


def load(root: Path, id_: str) -> Sample:
    """Read one image, and take the nuclei of its mask apart.

    Raises
    ------
    DatasetError
        If image and mask differ in size.
    ImageReadError
        If a file is missing or damaged.
    """
    path = root / "masks" / f"{id_}.png"
    image, mask = read_image(root / "images" / f"{id_}.tif").pixels, read_image(path).pixels
    colours = mask if mask.ndim == 2 else mask[..., 0]
    if image.shape != colours.shape:
        raise DatasetError(f"mask {colours.shape} for an image {image.shape}", path=path, remedy=REMEDY)
    labels, dropped = _nuclei(colours)
    return Sample(image, labels, {SPECK: dropped})


def _nuclei(colours: NDArray[np.generic]) -> tuple[NDArray[np.int32], int]:
    """Label the nuclei row by row: 4-connected pixels of one colour, specks left out and counted.

    Nuclei that touch have different colours, so that one of 8-connected pixels could be two that touch at a corner.
    """
    pieces = np.asarray(label(colours, background=0, connectivity=1))  # type: ignore[no-untyped-call]
    is_nucleus = np.bincount(pieces.ravel()) >= MIN_PIXELS
    is_nucleus[0] = False
    ids = np.where(is_nucleus, np.cumsum(is_nucleus), 0).astype(np.int32)
    return ids[pieces], len(is_nucleus) - 1 - int(is_nucleus.sum())
