"""Label images from a zarr group: arrays, or OME-Zarr images of which the finest level is taken, in; labels out.

::

    LABELS.zarr/a            an array (Y, X): the image named a
    LABELS.zarr/b/0          a group with levels: the image named b, its level 0

Needs the package zarr, which is not part of hooke's own installation.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from hooke.errors import DatasetError
from hooke.evaluation.labelled import LabelledImage

__all__ = ["ZarrSource"]


class ZarrSource:
    """The label images of one group."""

    def __init__(self, path: Path) -> None:
        self.path = path
        group = _open(path)
        self.arrays = {name: f"{name}/0" for name in group.group_keys() if f"{name}/0" in group}
        self.arrays |= {name: name for name in group.array_keys()}
        self.group = group
        if not self.arrays:
            raise DatasetError("holds no label image", path=path, remedy="write one array (Y, X) per image")

    @property
    def names(self) -> list[str]:
        """Names of the arrays and groups, sorted."""
        return sorted(self.arrays)

    def __contains__(self, name: str) -> bool:
        """Whether there is an array or group of this name."""
        return name in self.arrays

    def read(self, name: str, shape: tuple[int, ...] | None = None) -> LabelledImage:
        """Read one; axes of length 1 in front are dropped."""
        array = self.group[self.arrays[name]]
        where = self.path / self.arrays[name]
        if array.dtype.kind not in "biu":
            raise DatasetError(f"holds {array.dtype}: not a label image", path=where, remedy="store whole numbers")
        labels = np.asarray(array[...])
        while labels.ndim > 2 and labels.shape[0] == 1:
            labels = labels[0]
        if labels.ndim < 2:
            raise DatasetError(f"has {labels.ndim} dimensions", path=where, remedy="store an array (Y, X)")
        if labels.size and (labels.min() < 0 or labels.max() > np.iinfo(np.int32).max):
            raise DatasetError("holds negative or too large ids", path=where, remedy="number the objects from 1")
        return LabelledImage(labels.astype(np.int32))


def _open(path: Path) -> Any:
    try:
        zarr = importlib.import_module("zarr")
    except ImportError as error:
        cause = "can't be read: the package zarr is not installed"
        raise DatasetError(cause, path=path, remedy="pip install zarr") from error
    if not path.is_dir():
        raise DatasetError("no such zarr group", path=path, remedy="name a folder that ends in .zarr")
    try:
        return zarr.open_group(str(path), mode="r")
    except Exception as error:  # zarr's own errors have no common parent
        raise DatasetError(f"can't be read as a zarr group ({error})", path=path, remedy="write it again") from error
