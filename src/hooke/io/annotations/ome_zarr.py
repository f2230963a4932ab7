"""Reads the metadata of OME-Zarr 0.4 and 0.5: levels, and the positions of their pixels.

https://ngff.openmicroscopy.org/0.5/#multiscale-md
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import DatasetError

_REMEDY = "write the metadata of OME-Zarr 0.4 or 0.5, for example with ome-zarr-py"
# In micrometres.
_UNITS = {
    "angstrom": 1e-4,
    "nanometer": 1e-3,
    "micrometer": 1.0,
    "millimeter": 1e3,
    "centimeter": 1e4,
    "meter": 1e6,
    "inch": 25400.0,
}


@dataclass(frozen=True)
class Frame:
    """Where the pixels of an image lie.

    Parameters
    ----------
    shape : (int, int)
        Height and width in pixels.
    scale : (float, float), optional
        Of y and x: size of a pixel, where it is stated.
    translation : (float, float), optional
        Where the centre of the first pixel lies, where it is stated.
    units : (float, float), optional
        Micrometres of a unit of these, where it is stated.
    """

    shape: tuple[int, int]
    scale: tuple[float, float] | None = None
    translation: tuple[float, float] | None = None
    units: tuple[float, float] | None = None


@dataclass(frozen=True)
class Level:
    """One resolution of an image: its array's path in the image's group, and where its pixels lie."""

    path: str
    frame: Frame
    z_step_um: float | None = None


def ome_metadata(group: Any) -> dict[str, Any]:
    """Metadata of a group, of 0.5 from below ``ome``; empty where there is none."""
    attributes = dict(group.attrs)
    inner = attributes.get("ome")
    return dict(inner) if isinstance(inner, dict) else attributes


def finest_level(group: Any, metadata: dict[str, Any]) -> Level:
    """Find the level of the smallest pixels.

    Parameters
    ----------
    group : zarr.Group
        Of the image.
    metadata : dict
        Its metadata, with ``multiscales``.

    Raises
    ------
    DatasetError
        If it is not as the specification has it, or a level is not there. The error names the group.
    """
    return all_levels(group, metadata)[0]


def all_levels(group: Any, metadata: dict[str, Any]) -> list[Level]:
    """List all levels, that of the smallest pixels first; see `finest_level`."""
    where = str(getattr(group, "store_path", group))
    try:
        image = metadata["multiscales"][0]
        axes = image.get("axes") or []
        common = image.get("coordinateTransformations") or []
        levels = [_level(group, dataset, axes, common) for dataset in image["datasets"]]
        if not levels:
            raise IndexError("no datasets")
        return sorted(levels, key=lambda level: math.prod(level.frame.scale or (1.0,)))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        cause = f"{where}: not the metadata of an image ({type(error).__name__}: {error})"
        raise DatasetError(cause, remedy=_REMEDY) from error


def _level(group: Any, dataset: dict[str, Any], axes: Sequence[Any], common: Sequence[Any]) -> Level:
    """Read one level; its own transformations come first, then those of all levels."""
    array = group[dataset["path"]]
    names = [axis["name"] if isinstance(axis, dict) else axis for axis in axes]
    if names and names[-2:] != ["y", "x"]:
        raise ValueError(f"axes {names} do not end in y, x")
    steps = [*(dataset.get("coordinateTransformations") or []), *common]
    scale, shift = np.ones(2), np.zeros(2)
    for step in steps:
        if step["type"] == "scale":
            factor = np.array(step["scale"][-2:], np.float64)
            scale, shift = scale * factor, shift * factor
        elif step["type"] == "translation":
            shift = shift + np.array(step["translation"][-2:], np.float64)
    if not (np.isfinite(scale).all() and np.isfinite(shift).all() and (scale > 0).all()):
        raise ValueError(f"scale {scale.tolist()}, translation {shift.tolist()}")
    kinds = {step["type"] for step in steps}
    units = [_UNITS.get(str(axis.get("unit"))) if isinstance(axis, dict) else None for axis in axes[-2:]]
    frame = Frame(
        shape=(array.shape[-2], array.shape[-1]),
        scale=_pair(scale) if "scale" in kinds else None,
        translation=_pair(shift) if "translation" in kinds else None,
        units=_pair(np.array(units)) if units and None not in units else None,
    )
    return Level(str(dataset["path"]), frame, _z_step_um(axes, names, steps))


def _z_step_um(axes: Sequence[Any], names: Sequence[Any], steps: Sequence[Any]) -> float | None:
    """Distance of planes along z in micrometres; None where it is not stated."""
    unit = _UNITS.get(str(axes[names.index("z")].get("unit"))) if "z" in names and isinstance(axes[0], dict) else None
    scales = [float(step["scale"][names.index("z")]) for step in steps if step["type"] == "scale"] if unit else []
    return math.prod(scales) * unit if unit and scales else None


def _pair(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def to_frame(labels: NDArray[np.int32], own: Frame, image: Frame) -> NDArray[np.int32]:
    """Bring labels to the pixels of the image that they belong to.

    Parameters
    ----------
    labels : ndarray of int32, shape (..., Y, X)
    own, image : Frame
        Where their pixels and those of the image lie.

    Returns
    -------
    ndarray of int32, shape (..., Y, X)
        The very array where the frames are equal; else of the image's shape, each pixel with the label that its centre
        lies in, 0 outside.

    Examples
    --------
    >>> half = Frame((1, 2), (2.0, 2.0), (0.5, 0.5))
    >>> to_frame(np.array([[3, 4]], np.int32), half, Frame((2, 4), (1.0, 1.0))).tolist()
    [[3, 3, 4, 4], [3, 3, 4, 4]]
    """
    if own.scale is None or image.scale is None:
        return labels
    places = [_places(own, image, axis) for axis in (0, 1)]
    sides = labels.shape[-2:]
    if own.shape == image.shape and not np.allclose(_sizes(own, image)[0], _sizes(own, image)[1], rtol=1e-3):
        return labels  # as many pixels of another size: one of the two was not written down
    if own.shape == image.shape and all((place == np.arange(n)).all() for place, n in zip(places, sides, strict=True)):
        return labels
    rows, columns = (np.flatnonzero((place >= 0) & (place < n)) for place, n in zip(places, sides, strict=True))
    placed = np.zeros((*labels.shape[:-2], *image.shape), np.int32)
    placed[..., rows[:, None], columns] = labels[..., places[0][rows][:, None], places[1][columns]]
    return placed


def _sizes(own: Frame, image: Frame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sizes of the pixels of both, in one unit where both state theirs."""
    known = own.units is not None and image.units is not None
    return tuple(  # type: ignore[return-value]
        np.array(frame.scale or (1.0, 1.0)) * (np.array(frame.units) if known else 1.0) for frame in (own, image)
    )


def _places(own: Frame, image: Frame, axis: int) -> NDArray[np.int64]:
    """Row or column of the labels in which each row or column of the image has its centre."""
    known = own.units is not None and image.units is not None
    (size, pixel) = (float(sizes[axis]) for sizes in _sizes(own, image))
    if own.translation is None and image.translation is None:  # then their corners are taken to agree
        return np.asarray(np.floor((np.arange(image.shape[axis]) + 0.5) * pixel / size + 1e-6), np.int64)
    start, first = (
        (frame.translation or (0.0, 0.0))[axis] * (frame.units[axis] if known and frame.units else 1.0)
        for frame in (own, image)
    )
    return np.asarray(np.floor((np.arange(image.shape[axis]) * pixel + first - start) / size + 0.5 + 1e-6), np.int64)
