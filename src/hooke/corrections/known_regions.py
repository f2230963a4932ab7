"""Reads and writes which regions of images were corrected: ``regions.json``, rectangles by the name of the image.

::

    {"A01": [{"top": 0, "left": 0, "height": 256, "width": 256}], "A02": [...]}

What lies outside of an image's rectangles is unknown, not background. An image without an entry is known everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from hooke.errors import DatasetError
from hooke.io import atomic_path

REGIONS_NAME = "regions.json"
_REMEDY = 'write {"IMAGE": [{"top": 0, "left": 0, "height": 256, "width": 256}]}'
_Side = Field(ge=1, le=2**31)
_Start = Field(ge=0, le=2**31)


class Region(BaseModel):
    """A rectangle of an image, in pixels from its top left corner."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    top: int = _Start
    left: int = _Start
    height: int = _Side
    width: int = _Side


_Regions = TypeAdapter(dict[str, list[Region]])


def read_known_regions(folder: str | Path) -> dict[str, list[Region]]:
    """Read the corrected regions of the images of a folder; empty where it has no ``regions.json``.

    Returns
    -------
    dict of str to list of Region
        By the name of the image.

    Raises
    ------
    DatasetError
        If the file is something else.
    """
    path = Path(folder) / REGIONS_NAME
    if not path.is_file():
        return {}
    try:
        return _Regions.validate_json(path.read_bytes())
    except OSError as error:
        raise DatasetError(f"can't be read ({error.strerror})", path=path, remedy="check it") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise DatasetError(f"{where}: {first['msg']}" if where else first["msg"], path=path, remedy=_REMEDY) from error


def write_known_regions(folder: str | Path, regions: Mapping[str, Sequence[Region]]) -> Path:
    """Write which regions were corrected, by the name of the image; return the file's path.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    path = Path(folder) / REGIONS_NAME
    content = {name: [region.model_dump() for region in found] for name, found in regions.items()}
    with atomic_path(path) as part:
        part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def paint_known(regions: Sequence[Region], shape: tuple[int, ...], name: str, path: Path) -> NDArray[np.bool_]:
    """Paint the corrected regions of an image: True where its labels are known.

    Parameters
    ----------
    regions : sequence of Region
    shape : (int, int)
    name : str
        Of the image, for errors.
    path : Path
        Of the file that lists them.

    Returns
    -------
    ndarray of bool, shape (Y, X)

    Raises
    ------
    DatasetError
        If a region lies outside of the image, or there is none.
    """
    known = np.zeros(shape, np.bool_)
    for region in regions:
        inside = known[region.top : region.top + region.height, region.left : region.left + region.width]
        if not inside.size:
            sizes = f"the image has {shape[0]} x {shape[1]} pixels"
            raise DatasetError(f"{name}: a region lies outside of the image: {sizes}", path=path, remedy="correct it")
        inside[...] = True
    if not regions:
        raise DatasetError(f"{name}: lists no region", path=path, remedy="leave the image out, or list what is known")
    return known


def clear_unknown(labels: NDArray[np.int32], known: NDArray[np.bool_] | None) -> NDArray[np.int32]:
    """Clear objects of which less than half is known; on both sides of a comparison, they do not count.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
    known : ndarray of bool, shape (Y, X), or None
        None: everywhere.

    Returns
    -------
    ndarray of int32, shape (Y, X)
        The ids stay.
    """
    if known is None:
        return labels
    area = np.bincount(labels.ravel())
    inside = np.bincount(labels[known], minlength=len(area))
    return np.where((2 * inside >= area)[labels], labels, 0).astype(np.int32)
