"""Writes label images in OME-Zarr 0.4, with the colour and the measurements of each object.

::

    NAME.ome.zarr/labels/nuclei/0      the label image (Y, X)

The metadata ``image-label`` holds colours and, as ``properties``, class, score and measurements, which napari shows.
There is one level: smaller ones would lie half a pixel off in readers that pass over translations.

https://ngff.openmicroscopy.org/0.4/#label-md. Needs the package zarr, of the optional extra ``zarr``.
"""

from __future__ import annotations

import importlib
import json
import shutil
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from hooke.errors import DatasetError, OutputError
from hooke.extras import how_to_install
from hooke.io.annotations.annotated_plane import AnnotatedPlane
from hooke.io.atomic import output_error

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
    zarr = _require_zarr()
    if path.exists() and not _is_own(path):
        raise OutputError("is there, and not a store that hooke wrote", path=path, remedy="choose another name")
    part, old = (path.with_name(f".{uuid.uuid4().hex}.{kind}.hooke-part") for kind in ("new", "old"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _fill(zarr.open_group(str(part), mode="w", zarr_format=2), plane)
        if path.exists():
            path.rename(old)
        part.rename(path)
    except OSError as error:
        raise output_error(error, path) from error
    finally:
        for folder in (part, old):
            shutil.rmtree(folder, ignore_errors=True)


def _fill(root: Any, plane: AnnotatedPlane) -> None:
    """Write the groups and the label image."""
    root.attrs["_creator"] = {"name": _CREATOR, "image": plane.image_file or plane.name, "plane": dict(plane.position)}
    labels = root.create_group("labels")
    labels.attrs["labels"] = [_LABELS]
    group = labels.create_group(_LABELS)
    height, width = plane.pixel_size_um or (1.0, 1.0)
    unit = {} if plane.pixel_size_um is None else {"unit": "micrometer"}
    scale = [{"type": "scale", "scale": [float(height), float(width)]}]
    group.attrs["multiscales"] = [
        {
            "version": _VERSION,
            "name": _LABELS,
            "axes": [{"name": axis, "type": "space", **unit} for axis in "yx"],
            "datasets": [{"path": "0", "coordinateTransformations": scale}],
        }
    ]
    group.attrs["image-label"] = {
        "version": _VERSION,
        "colors": [{"label-value": label, "rgba": [*map(int, plane.colour(label)), 255]} for label in plane.ids],
        "properties": [_properties(plane, label) for label in plane.ids],
    }
    pixels = plane.labels.astype(np.uint16 if max(plane.ids, default=0) < 2**16 else np.uint32)
    chunks = tuple(min(_CHUNK, side) for side in pixels.shape)
    array = group.create_array("0", shape=pixels.shape, dtype=pixels.dtype, chunks=chunks, fill_value=0)
    array[...] = pixels


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
