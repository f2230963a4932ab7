"""BBBC039, U2OS nuclei in fluorescence, as published in three folders.

::

    images/<id>.tif                           16 bit, 12 used
    masks/<id>.png                            red channel: a colouring of the nuclei, 1..3; 0 background
    metadata/{training,validation,test}.txt   names of the masks, one per line

BBBC039v1, Caicedo et al. (2019), "Evaluation of deep learning strategies for nucleus segmentation in fluorescence
images", Cytometry A 95(9), CC0.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.datasets.adapter import Sample
from hooke.datasets.layout import Entry
from hooke.errors import DatasetError
from hooke.io import read_image

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
                raise DatasetError(f"{id_} is in another list too", path=path, remedy="unpack metadata.zip again")
            entries[id_] = Entry(id_, split, "fluorescence", id_)
    return root, sorted(entries.values(), key=lambda entry: entry.id)


def _read_list(path: Path) -> list[str]:
    """Read the ids of a list, which has one file name per line."""
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
    pieces = _pieces_of_one_colour(colours)
    numbers, first_pixel, area = np.unique(pieces, return_index=True, return_counts=True)
    is_nucleus = (numbers > 0) & (area >= MIN_PIXELS)
    row_by_row = numbers[is_nucleus][np.argsort(first_pixel[is_nucleus])]
    ids = np.zeros(int(numbers[-1]) + 1, np.int32)
    ids[row_by_row] = np.arange(1, len(row_by_row) + 1)
    return ids[pieces], int(np.count_nonzero(numbers)) - len(row_by_row)


def _pieces_of_one_colour(colours: NDArray[np.generic]) -> NDArray[np.int32]:
    """Number the connected pieces of each colour from 1, colour by colour."""
    pieces = np.zeros(colours.shape, np.int32)
    before = 0
    for colour in np.unique(colours[colours != 0]):
        count, found = cv2.connectedComponents((colours == colour).astype(np.uint8), connectivity=4)
        pieces += np.where(found > 0, found + before, 0)
        before += count - 1
    return pieces
