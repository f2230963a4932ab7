"""Reads and writes what Cellpose's window saves: NAME_seg.npy, a pickled dictionary with the label image as ``masks``.

It is never unpickled: see `hooke.io.annotations.pickled_arrays`.

https://cellpose.readthedocs.io/en/latest/outputs.html
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.errors import DatasetError
from hooke.io.annotations.annotated_plane import AnnotatedPlane
from hooke.io.annotations.pickled_arrays import REMEDY, read_pickled_arrays
from hooke.io.atomic import atomic_path
from hooke.labels.borders import differs_beside
from hooke.labels.colours import OUTLINE_COLOURS
from hooke.labels.labelled_image import LabelledImage

SUFFIX = "_seg.npy"


def read_seg(path: Path) -> LabelledImage:
    """Read the label image of a ``_seg.npy`` of any version of Cellpose that has one.

    Raises
    ------
    DatasetError
        If the file is damaged, or holds no label image.
    """
    arrays = read_pickled_arrays(path, "masks")
    if "masks" not in arrays:
        raise DatasetError("holds no masks", path=path, remedy="save it again from Cellpose")
    masks = arrays["masks"]
    while masks.ndim > 2 and masks.shape[0] == 1:
        masks = masks[0]
    if masks.ndim not in (2, 3) or masks.dtype.kind not in "iu":
        raise DatasetError(f"holds masks of {masks.dtype} with {masks.ndim} axes", path=path, remedy=REMEDY)
    wide = masks.astype(np.int64)
    wide += int(wide.min(initial=0) == -1)  # the background of old versions is -1
    if wide.min(initial=0) < 0 or wide.max(initial=0) > np.iinfo(np.int32).max:
        raise DatasetError("holds negative or too large ids", path=path, remedy=REMEDY)
    return LabelledImage(wide.astype(np.int32))


def write_seg(path: Path, plane: AnnotatedPlane) -> None:
    """Write a file that Cellpose's window opens with the image beside it; objects are numbered from 1 without gaps.

    It holds no image and no flows, so that Cellpose shows the objects and lets them be edited, and can't compute them
    again with other thresholds. The diameter is NaN, as Cellpose 4 writes it.

    Raises
    ------
    OutputError
        If the file can't be written.
    """
    ids = np.array([0, *plane.ids])
    ranks = np.searchsorted(ids, plane.labels)
    masks: NDArray[np.integer] = ranks.astype(np.uint16 if len(ids) < 2**16 else np.uint32)
    colours = np.array([OUTLINE_COLOURS[place % len(OUTLINE_COLOURS)] for place in range(len(ids) - 1)], np.uint8)
    content = {
        "outlines": masks * differs_beside(np.pad(masks, 1)),
        "colors": colours.reshape(-1, 3),
        "masks": masks,
        "chan_choose": [0, 0],
        "ismanual": np.zeros(len(ids) - 1, np.bool_),
        "filename": plane.image_file or plane.name,
        "flows": [[], [], [], [], [[]]],
        "diameter": np.nan,
    }
    whole = np.empty((), object)
    whole[()] = content
    with atomic_path(path) as part, part.open("wb") as file:
        np.save(file, whole, allow_pickle=True)
