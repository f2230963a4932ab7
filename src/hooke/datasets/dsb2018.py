"""Data Science Bowl 2018, Kaggle's own layout: one folder per image in; image and label image out.

::

    stage1_train/<id>/images/<id>.png     RGBA
    stage1_train/<id>/masks/*.png         one binary mask per nucleus

BBBC038, Caicedo et al. (2019), "Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl", CC0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.datasets.adapter import Sample
from hooke.datasets.layout import Entry
from hooke.errors import DatasetError
from hooke.io import read_image

__all__ = ["TAKES", "find", "load"]

TAKES = "Data Science Bowl 2018 (BBBC038), Kaggle's stage1_train: one folder per image, a mask a nucleus"

TRAIN_FOLDER = "stage1_train"
OVERLAP = "pixels in more than one mask, left to the first"
NO_PIXEL = "masks without a pixel of their own, dropped"


def find(src: str | Path) -> tuple[Path, list[Entry]]:
    """Find the images of the training set, sorted; Kaggle states no split, modality or field of view.

    Parameters
    ----------
    src : str or Path
        ``stage1_train``, or the folder that holds it.

    Returns
    -------
    root : Path
        ``stage1_train``.
    entries : list of Entry
        One a folder in it.

    Raises
    ------
    DatasetError
        If there is no such folder, or no image folder in it.
    """
    src = Path(src)
    if not src.is_dir():
        raise DatasetError("no such folder", path=src, remedy=f"give the folder that holds {TRAIN_FOLDER}")
    root = src / TRAIN_FOLDER if (src / TRAIN_FOLDER).is_dir() else src
    ids = sorted(folder.name for folder in root.iterdir() if (folder / "images").is_dir())
    if not ids:
        raise DatasetError(
            "no <id>/images and <id>/masks folders here",
            path=root,
            remedy=f"unpack Kaggle's stage1_train.zip into a folder {TRAIN_FOLDER} and give that",
        )
    return root, [Entry(id_) for id_ in ids]


def load(root: Path, id_: str) -> Sample:
    """Read one image and join its masks to a label image.

    Masks get their ids in the order of their file names, counting from 1; a mask without pixels of its own gets none.
    A pixel in two masks stays with the first.

    Raises
    ------
    DatasetError
        If the masks are missing, or one is not of the image's size.
    ImageReadError
        If a file is missing or damaged.
    """
    image = _read_image(root / id_ / "images" / f"{id_}.png")
    folder = root / id_ / "masks"
    if not folder.is_dir():
        raise DatasetError("folder of masks is missing", path=folder, remedy="take it from stage1_train.zip")
    labels = np.zeros(image.shape[:2], np.int32)
    count = overlapping = dropped = 0
    for path in sorted(folder.glob("*.png")):
        mask = _read_mask(path, labels.shape)
        free = mask & (labels == 0)
        overlapping += int(np.count_nonzero(mask)) - int(np.count_nonzero(free))
        if free.any():
            count += 1
            labels[free] = count
        else:
            dropped += 1
    return Sample(image, labels, {OVERLAP: overlapping, NO_PIXEL: dropped})


def _read_image(path: Path) -> NDArray[np.generic]:
    """Read an image: grey where red, green and blue are the same everywhere, RGB otherwise; alpha is left out."""
    pixels = read_image(path).pixels
    is_grey = pixels.ndim == 3 and bool((pixels == pixels[..., :1]).all())
    return np.ascontiguousarray(pixels[..., 0]) if is_grey else pixels


def _read_mask(path: Path, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Read a mask: every pixel above 0 belongs to the nucleus."""
    pixels = read_image(path).pixels
    plane = pixels if pixels.ndim == 2 else pixels[..., 0]
    if plane.shape != shape:
        raise DatasetError(
            f"mask {plane.shape} for an image {shape}", path=path, remedy="take it from stage1_train.zip"
        )
    return np.asarray(plane != 0)
