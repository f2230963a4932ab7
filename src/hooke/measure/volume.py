"""Measures objects in 3-D: volume, surface, place, roundness, and intensity in each channel.

Planes are read two at a time. The surface is Crofton's: along lines of 13 directions it is counted how often an object
begins. The directions' weights are the shares of a sphere that lie nearest to each, so that planes farther apart than
pixels are wide give the surface that the object has (Lang & Ohser; Lehmann & Legland 2012, "Efficient N-dimensional
surface estimation using Crofton formula and run-length encoding").
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.labels.runs import find_runs
from hooke.measure.intensity import measure_channels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_POINTS = 50_000  # of a sphere, by which the directions are weighted
#: Half of the 26 neighbours of a voxel: one of each direction and its opposite, as (z, y, x).
_DIRECTIONS = tuple(step for step in itertools.product((0, 1), (-1, 0, 1), (-1, 0, 1)) if step > (0, 0, 0))


def measure_stack(
    labels: Iterable[NDArray[np.integer]],
    images: Iterable[NDArray[np.generic]] | None = None,
    *,
    pixel_size_um: float | tuple[float, float] | None = None,
    z_step_um: float | None = None,
    channel_names: Sequence[str] = (),
) -> pd.DataFrame:
    """Measure the objects of a label stack in 3-D.

    Parameters
    ----------
    labels : iterable of ndarray of integer, shape (Y, X)
        Label images in the order of their depth; one number is one object in all planes, 0 is background.
    images : iterable of ndarray, shape (Y, X) or (Y, X, C), optional
        Intensities of the planes; NaN is left out.
    pixel_size_um : float or (float, float), optional
        Height and width of a pixel in micrometres.
    z_step_um : float, optional
        Distance of two planes in micrometres. Without it or the pixel size, planes count as one pixel apart.
    channel_names : sequence of str
        One per channel, as `hooke.measure.measure` takes them.

    Returns
    -------
    pandas.DataFrame
        In the order of increasing label: ``label``; ``volume`` (voxels); ``surface``, ``equivalent_diameter`` (of the
        sphere of that volume) in pixels' widths; ``sphericity`` (surface of that sphere over the object's own; 1 for a
        sphere, a little above for objects of few voxels); ``centroid_z`` (planes), ``centroid_y``, ``centroid_x``
        (pixels); ``first_plane``, ``last_plane``, ``planes`` (from the first to the last); ``largest_area`` (pixels of
        its largest cross-section); ``at_border`` (whether it touches a side of the stack, and may continue there);
        of each channel ``intensity_mean``, ``_min``, ``_max``, ``_std`` and ``_sum``; and where pixel size and z step
        are known ``volume_um3``, ``surface_um2``, ``equivalent_diameter_um``, ``centroid_z_um``, ``centroid_y_um`` and
        ``centroid_x_um``.

    Raises
    ------
    ConfigError
        If planes, images and names do not fit together, labels are not whole numbers, or a size is not above 0.

    Examples
    --------
    >>> stack = np.zeros((4, 6, 6), int)
    >>> stack[1:3, 1:4, 1:5] = 7
    >>> table = measure_stack(stack, pixel_size_um=0.5, z_step_um=2)
    >>> table[["label", "volume", "planes", "centroid_z", "volume_um3"]].values.tolist()
    [[7.0, 24.0, 2.0, 1.5, 12.0]]
    """
    size = _sizes(pixel_size_um, z_step_um)
    pixel = (1.0, 1.0, 1.0) if size is None else (size[0] / size[2], size[1] / size[2], 1.0)
    read = _gather(labels, images, channel_names)
    sections = read.sections
    voxels = read.sum(sections.area)
    columns: dict[str, NDArray[np.generic]] = {"label": read.ids, "volume": voxels.astype(np.int64)}
    columns |= _shape(read.begins, voxels, pixel)
    columns["centroid_z"] = read.sum(sections.plane * sections.area) / voxels
    columns |= {"centroid_y": read.sum(sections.row) / voxels, "centroid_x": read.sum(sections.column) / voxels}
    first = read.extreme(np.minimum, sections.plane, np.inf).astype(np.int64)
    last = read.extreme(np.maximum, sections.plane, -1).astype(np.int64)
    columns |= {"first_plane": first, "last_plane": last, "planes": last - first + 1}
    columns["largest_area"] = read.extreme(np.maximum, sections.area, 0).astype(np.int64)
    columns["at_border"] = np.isin(read.ids, list(read.edge)) | (first == 0) | (last == read.planes - 1)
    columns |= read.intensities()
    if size is not None:
        physical = _shape(read.begins, voxels, size)
        columns |= {"volume_um3": voxels * math.prod(size), "surface_um2": physical["surface"]}
        columns["equivalent_diameter_um"] = physical["equivalent_diameter"]
        for name, step in zip("zyx", size, strict=True):
            columns[f"centroid_{name}_um"] = np.asarray(columns[f"centroid_{name}"], np.float64) * step
    return pd.DataFrame(columns)


def _sizes(pixel_size_um: float | tuple[float, float] | None, z_step_um: float | None) -> tuple[float, ...] | None:
    """Depth, height and width of a voxel in micrometres; None where one of them is not known."""
    for name, given in (("pixel size", pixel_size_um), ("z step", z_step_um)):
        if given is not None and not all(0 < one < math.inf for one in np.ravel(given).tolist()):
            raise ConfigError(f"{name} is {given}", remedy="give micrometres, above 0")
    if pixel_size_um is None or z_step_um is None:
        return None
    return (float(z_step_um), *np.broadcast_to(np.asarray(pixel_size_um, float), (2,)).tolist())


def _shape(begins: NDArray[np.int64], voxels: Floats, pixel: tuple[float, ...]) -> dict[str, NDArray[np.generic]]:
    """Surface, diameter and roundness for voxels of a size."""
    volume = voxels * math.prod(pixel)
    weights = np.array(_weights(pixel))
    lengths = np.array(
        [math.hypot(*(step * side for step, side in zip(way, pixel, strict=True))) for way in _DIRECTIONS]
    )
    # A line of a direction stands for the voxel's volume over the step along it.
    surface = 4 * (begins * (weights * math.prod(pixel) / lengths)).sum(axis=1)
    diameter = np.cbrt(6 * volume / math.pi)
    return {
        "surface": surface,
        "equivalent_diameter": diameter,
        "sphericity": math.pi * diameter**2 / surface,
    }


@lru_cache(maxsize=8)
def _weights(pixel: tuple[float, ...]) -> tuple[float, ...]:
    """Share of all directions that are nearest to each of the 13."""
    place = np.arange(_POINTS) + 0.5
    height, turn = 1 - place / _POINTS, math.pi * (1 + math.sqrt(5)) * place  # half a sphere, evenly
    ring = np.sqrt(1 - height**2)
    points = np.stack([height, ring * np.sin(turn), ring * np.cos(turn)], axis=1)
    ways = np.array(_DIRECTIONS) * np.array(pixel)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    nearest = np.abs(points @ ways.T).argmax(axis=1)
    return tuple((np.bincount(nearest, minlength=len(ways)) / _POINTS).tolist())


@dataclass(frozen=True, eq=False)
class _Sections:
    """Cross-sections of all planes; arrays of one number per cross-section.

    Parameters
    ----------
    ids : ndarray of int64
        The objects that they are of.
    plane, area : ndarray of float64
    row, column : ndarray of float64
        Sums over the pixels.
    channels : dict of str to dict
        By the ending of their columns: pixels, total and statistics.
    """

    ids: Ints
    plane: Floats
    area: Floats
    row: Floats
    column: Floats
    channels: dict[str, dict[str, Floats]]

    @classmethod
    def joined(cls, parts: Sequence[_Sections]) -> _Sections:
        """Those of all planes."""
        endings = parts[0].channels
        channels = {
            ending: {name: np.concatenate([part.channels[ending][name] for part in parts]) for name in endings[ending]}
            for ending in endings
        }
        return cls(
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.plane for part in parts]),
            np.concatenate([part.area for part in parts]),
            np.concatenate([part.row for part in parts]),
            np.concatenate([part.column for part in parts]),
            channels,
        )


def _section(
    labels: NDArray[np.integer], image: NDArray[np.generic] | None, index: int, channel_names: Sequence[str]
) -> _Sections:
    """Measure the cross-sections of one plane."""
    runs = find_runs(labels)
    channels = [] if image is None else measure_channels(labels, image, runs, channel_names)
    return _Sections(
        runs.ids,
        np.full(len(runs.ids), float(index)),
        runs.sum(runs.length),
        runs.sum(runs.row * runs.length),
        runs.sum((runs.start + runs.stop - 1) * runs.length) / 2,
        {one.ending: {"pixels": one.pixels, "total": one.total, **one.statistics} for one in channels},
    )


@dataclass(frozen=True, eq=False)
class _Gathered:
    """What was read of a stack: cross-sections, the places of their objects among all, and beginnings by direction."""

    sections: _Sections
    ids: Ints
    index: Ints
    begins: Ints
    planes: int
    edge: set[int]

    def sum(self, per_section: NDArray[np.generic]) -> Floats:
        """Add up over each object."""
        return np.bincount(self.index, weights=per_section, minlength=len(self.ids)).astype(np.float64)

    def extreme(self, ufunc: np.ufunc, per_section: Floats, start: float) -> Floats:
        """The least or the greatest of each object."""
        best = np.full(len(self.ids), start)
        ufunc.at(best, self.index, per_section)
        return best

    def intensities(self) -> dict[str, NDArray[np.generic]]:
        """Columns of each channel."""
        columns: dict[str, NDArray[np.generic]] = {}
        for ending, channel in self.sections.channels.items():
            pixels, here = self.sum(channel["pixels"]), channel["pixels"] > 0
            known = {name: np.where(here, values, 0.0) for name, values in channel.items()}
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = self.sum(known["total"]) / pixels
                # Around each cross-section's own mean, and of these means around the object's: no digits are lost.
                apart = known["std"] ** 2 + np.where(here, known["mean"] - mean[self.index], 0.0) ** 2
                std = np.sqrt(self.sum(channel["pixels"] * apart) / pixels)
            least = self.extreme(np.minimum, np.where(here, channel["min"], np.inf), np.inf)
            most = self.extreme(np.maximum, np.where(here, channel["max"], -np.inf), -np.inf)
            columns |= {
                f"intensity_mean{ending}": mean,
                f"intensity_min{ending}": np.where(pixels > 0, least, np.nan),
                f"intensity_max{ending}": np.where(pixels > 0, most, np.nan),
                f"intensity_std{ending}": std,
                f"intensity_sum{ending}": np.where(pixels > 0, self.sum(known["total"]), np.nan),
            }
        return columns


def _gather(
    labels: Iterable[NDArray[np.integer]],
    images: Iterable[NDArray[np.generic]] | None,
    channel_names: Sequence[str],
) -> _Gathered:
    """Read all planes once, in their order."""
    parts: list[_Sections] = []
    counts: Counter[tuple[int, int]] = Counter()
    edge: set[int] = set()
    pictures = itertools.repeat(None) if images is None else iter(images)
    before: NDArray[np.integer] | None = None
    for index, plane in enumerate(labels):
        here = np.asarray(plane)
        image = next(pictures, _END)
        _check(here, before, image, channel_names, index)
        assert not isinstance(image, str)
        parts.append(_section(here, image, index, channel_names))
        edge |= {int(one) for side in (here[0], here[-1], here[:, 0], here[:, -1]) for one in np.unique(side)}
        if before is not None:
            _count_ends(counts, before, here)
        before = here
    if before is None:
        raise ConfigError("no plane to measure", remedy="give one label image or more")
    _count_ends(counts, before, np.zeros_like(before))
    sections = _Sections.joined(parts)
    ids, index_of = np.unique(sections.ids, return_inverse=True)
    begins = np.zeros((len(ids), len(_DIRECTIONS)), np.int64)
    for (id_, way), count in counts.items():
        begins[np.searchsorted(ids, id_), way] = count
    return _Gathered(sections, ids, index_of, begins, len(parts), edge)


def _check(
    labels: NDArray[np.integer],
    before: NDArray[np.integer] | None,
    image: NDArray[np.generic] | str | None,
    names: Sequence[str],
    index: int,
) -> None:
    """Refuse a plane that does not fit."""
    if labels.ndim != 2 or labels.dtype.kind not in "iub":
        cause = f"plane {index} of the labels has the shape {labels.shape} and the type {labels.dtype}"
        raise ConfigError(cause, remedy="give label images (Y, X) of whole numbers")
    if before is not None and before.shape != labels.shape:
        raise ConfigError(f"plane {index} is {labels.shape}, plane 0 {before.shape}", remedy="give planes of one size")
    if isinstance(image, str):
        raise ConfigError(f"there is no image of plane {index}", remedy="give one image per plane")
    if image is None:
        return
    channels = 1 if image.ndim == 2 else image.shape[-1]
    if image.shape[:2] != labels.shape or (names and len(names) != channels):
        cause = f"the image of plane {index} has the shape {image.shape}, {len(names)} names, its labels {labels.shape}"
        raise ConfigError(cause, remedy="give images (Y, X) or (Y, X, C), and a name per channel")


_END = "no image"


def _count_ends(counts: Counter[tuple[int, int]], plane: NDArray[np.integer], below: NDArray[np.integer]) -> None:
    """Count the voxels of a plane at which an object ends along each direction.

    On any line an object ends as often as it begins.
    """
    height, width = plane.shape
    rows, columns = np.nonzero(plane)
    own = plane[rows, columns]
    ids, index = np.unique(own, return_inverse=True)
    padded = {depth: np.pad(part, 1) for depth, part in ((0, plane), (1, below))}
    for way, (z, y, x) in enumerate(_DIRECTIONS):
        ends = padded[z][1 + y : 1 + y + height, 1 + x : 1 + x + width][rows, columns] != own
        found = np.bincount(index[ends], minlength=len(ids))
        counts.update({(id_, way): count for id_, count in zip(ids.tolist(), found.tolist(), strict=True) if count})
