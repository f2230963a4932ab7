"""Writes label images in OME-Zarr 0.4, with the colour and the measurements of each object.

::

    NAME.ome.zarr/labels/nuclei/0          the label image (Y, X)
    NAME.ome.zarr/labels/nuclei/1, 2...    coarser levels, down to 1024 pixels, each of every second pixel of the finer

The metadata ``image-label`` holds colours and, as ``properties``, class, score and measurements, which napari shows.
A pixel of a coarser level has its centre where that of the finer one is, so that the scale alone places it. Labels
that are read window by window are written chunk by chunk, without colours and properties: json is for thousands.

https://ngff.openmicroscopy.org/0.4/#label-md. Needs the package zarr, of the optional extra ``zarr``.
"""

from __future__ import annotations

import importlib
import json
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hooke.errors import DatasetError, OutputError
from hooke.extras import how_to_install
from hooke.io.annotations.annotated_plane import AnnotatedPlane
from hooke.io.atomic import output_error
from hooke.io.lazy_plane import LazyPlane

SUFFIX = ".ome.zarr"
_VERSION, _LABELS, _CREATOR = "0.4", "nuclei", "hooke"
_CHUNK = 1024


def write_ome_zarr(path: Path, plane: AnnotatedPlane) -> None:
    """Write a store with the label image of one plane.

    Parameters
    ----------
    path : Path
        Its folder; replaced if it is one that hooke wrote.
    plane : AnnotatedPlane

    Raises
    ------
    DatasetError
        If the package zarr is not installed.
    OutputError
        If it can't be written, or something else is there.
    """
    with _replaced(path) as root:
        root.attrs["_creator"] = _creator(plane.image_file or plane.name, plane.position)
        group = _write_levels(root, _Held(plane.labels), max(plane.ids, default=0), plane.pixel_size_um)
        group.attrs["image-label"] = {
            "version": _VERSION,
            "colors": [{"label-value": label, "rgba": [*map(int, plane.colour(label)), 255]} for label in plane.ids],
            "properties": [_properties(plane, label) for label in plane.ids],
        }


def stream_ome_zarr(path: Path, labels: LazyPlane, image_file: str = "") -> None:
    """Write a label image of any size in the memory of some chunks; see `write_ome_zarr`.

    Parameters
    ----------
    path : Path
    labels : LazyPlane, shape (Y, X)
    image_file : str
        Name of the file that they are of.
    """
    with _replaced(path) as root:
        root.attrs["_creator"] = _creator(image_file or labels.file.name, {})
        group = _write_levels(root, labels, int(np.iinfo(labels.dtype).max), labels.file.pixel_size_um)
        group.attrs["image-label"] = {"version": _VERSION}


@contextmanager
def _replaced(path: Path) -> Iterator[Any]:
    """Give the root of a new store, which takes its place when all has gone well."""
    zarr = _require_zarr()
    if path.exists() and not _is_own(path):
        raise OutputError("is there, and not a store that hooke wrote", path=path, remedy="choose another name")
    part, old = (path.with_name(f".{uuid.uuid4().hex}.{kind}.hooke-part") for kind in ("new", "old"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield zarr.open_group(str(part), mode="w", zarr_format=2)
        if path.exists():
            path.rename(old)
        part.rename(path)
    except OSError as error:
        raise output_error(error, path) from error
    finally:
        for folder in (part, old):
            shutil.rmtree(folder, ignore_errors=True)


def _creator(image: str, position: Mapping[str, int]) -> dict[str, Any]:
    """Metadata by which hooke knows its own stores."""
    return {"name": _CREATOR, "image": image, "plane": dict(position)}


class _Labels(Protocol):
    """Labels that are read window by window."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, key: Any) -> NDArray[np.generic]: ...


class _Held:
    """Labels in memory."""

    def __init__(self, pixels: NDArray[np.int32]) -> None:
        self._pixels = pixels
        self.shape: tuple[int, ...] = pixels.shape

    def __getitem__(self, key: Any) -> NDArray[np.generic]:
        return np.asarray(self._pixels[key])


def _write_levels(root: Any, labels: _Labels, most: int, pixel_size_um: tuple[float, float] | None) -> Any:
    """Write the groups and all levels of the label image; give the group of these."""
    outer = root.create_group("labels")
    outer.attrs["labels"] = [_LABELS]
    group = outer.create_group(_LABELS)
    height, width = pixel_size_um or (1.0, 1.0)
    unit = {} if pixel_size_um is None else {"unit": "micrometer"}
    dtype, finer = np.dtype(np.uint16 if most < 2**16 else np.uint32), labels
    levels: list[dict[str, Any]] = []
    while True:
        step = 2 ** len(levels)
        coarsened = 1 if not levels else 2
        shape = tuple(-(-side // coarsened) for side in finer.shape[:2])
        array = group.create_array(
            str(len(levels)), shape=shape, dtype=dtype, chunks=tuple(min(_CHUNK, side) for side in shape), fill_value=0
        )
        _copy(finer, array, coarsened)
        scale = [{"type": "scale", "scale": [float(height) * step, float(width) * step]}]
        levels.append({"path": str(len(levels)), "coordinateTransformations": scale})
        if max(shape) <= _CHUNK:
            break
        finer = array
    group.attrs["multiscales"] = [
        {
            "version": _VERSION,
            "name": _LABELS,
            "axes": [{"name": axis, "type": "space", **unit} for axis in "yx"],
            "datasets": levels,
        }
    ]
    return group


def _copy(labels: _Labels, array: Any, step: int) -> None:
    """Copy every step-th row and column, chunk by chunk; chunks without labels are left out."""
    height, width = array.shape
    for top in range(0, height, _CHUNK):
        for left in range(0, width, _CHUNK):
            bottom, right = min(top + _CHUNK, height), min(left + _CHUNK, width)
            rows, columns = slice(top * step, bottom * step), slice(left * step, right * step)
            window = np.asarray(labels[rows, columns])[::step, ::step]
            if window.any():
                array[top:bottom, left:right] = window


def _properties(plane: AnnotatedPlane, label: int) -> dict[str, Any]:
    """What is known of an object."""
    class_name = plane.content.classes.get(label)
    named = {} if class_name is None else {"class": class_name}
    return {"label-value": label, **named, **plane.measurements.get(label, {})}


def _is_own(path: Path) -> bool:
    """Whether a folder is a store that hooke wrote."""
    with suppress(OSError, ValueError, AttributeError, RecursionError):
        creator = json.loads((path / ".zattrs").read_bytes()).get("_creator")
        return isinstance(creator, dict) and creator.get("name") == _CREATOR
    return False


def _require_zarr() -> Any:
    try:
        return importlib.import_module("zarr")
    except ImportError as error:
        raise DatasetError("OME-Zarr needs the package zarr", remedy=how_to_install("zarr")) from error
