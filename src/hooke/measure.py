"""Measure objects: a label image and its intensities in; a table with one row per object out.

Definitions are scikit-image's (`skimage.measure.regionprops_table`); the work is done on runs (stretches of one label
in one row) of the whole image at once, in bands of rows, because a call per object would cost a millisecond each.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import ConfigError

__all__ = ["measure"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Columns = dict[str, NDArray[np.generic]]

BAND_PIXELS = 2**20  # pixels looked at together: bounds the memory of temporaries


def measure(
    labels: NDArray[np.integer],
    image: NDArray[np.generic] | None,
    *,
    pixel_size_um: float | tuple[float, float] | None = None,
    channel_names: Sequence[str] = (),
    scores: NDArray[np.floating] | None = None,
) -> pd.DataFrame:
    """Measure size, place, shape and intensity of every object.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X)
        0 is background; ids may have gaps and be of any size. Pixels of one id are one object, in however many pieces.
    image : ndarray, shape (Y, X) or (Y, X, C), or None
        Intensities; NaN is left out of the statistics. None: no intensity columns.
    pixel_size_um : float or (float, float), optional
        Pixel height and width in micrometres. When given, columns ending in ``_um`` and ``_um2`` are added.
    channel_names : sequence of str
        One per channel, for the names of the intensity columns; channels are numbered from 0 without it. Equal names
        get the channel's number after them.
    scores : ndarray, shape (objects,), optional
        A score per object, in the order of increasing id.

    Returns
    -------
    pandas.DataFrame
        In the order of increasing id: ``label``; ``area`` (pixels); ``perimeter`` (Benkrid & Crookes' estimate on the
        4-connected border); ``centroid_y``, ``centroid_x``; ``bbox_top``, ``bbox_left``, ``bbox_bottom``,
        ``bbox_right`` (half-open); ``major_axis``, ``minor_axis``, ``orientation`` and ``eccentricity`` of the ellipse
        with the same second moments (orientation in radians from the y axis, -pi/2..pi/2); ``solidity`` (area over the
        pixels whose centre lies in the convex hull of the pixels' diamonds); ``equivalent_diameter``; then
        ``intensity_mean``, ``_min``, ``_max``, ``_std`` (with ``_<channel>`` after it where there are several
        channels; NaN where an object has no valid pixel); then ``score`` when scores are given; then
        ``area_um2``, ``perimeter_um``, ``centroid_y_um``, ``centroid_x_um``, ``major_axis_um``, ``minor_axis_um``,
        ``equivalent_diameter_um``. With pixels that are not square the second moments are scaled before the ellipse is
        fitted, and each step of the perimeter has the length of its direction.

    Raises
    ------
    ConfigError
        If shapes, the number of names or the number of scores do not fit together, or labels are not integers.

    Examples
    --------
    >>> table = measure(np.array([[0, 2, 2], [0, 2, 2]]), None)
    >>> table[["label", "area", "centroid_x", "solidity"]].values.tolist()
    [[2.0, 4.0, 1.5, 1.0]]
    """
    _check(labels, image, channel_names)
    runs = _find_runs(labels)
    boxes = _bounding_boxes(runs)
    moments = _moments(runs, boxes)
    steps = _contour_steps(labels, runs.ids)
    columns = _shape_columns(runs, boxes, moments, steps)
    if image is not None:
        columns |= _intensity_columns(labels, image, runs, channel_names)
    if scores is not None:
        if np.shape(scores) != (len(runs.ids),):
            raise ConfigError(f"{np.size(scores)} scores for {len(runs.ids)} objects", remedy="give one per object")
        columns["score"] = np.asarray(scores)
    if pixel_size_um is not None:
        columns |= _physical_columns(moments, steps, pixel_size_um)
    return pd.DataFrame(columns)


def _check(labels: NDArray[np.integer], image: NDArray[np.generic] | None, channel_names: Sequence[str]) -> None:
    """Refuse inputs that do not fit together."""
    if labels.ndim != 2:
        raise ConfigError(f"labels have {labels.ndim} dimensions", remedy="give one (Y, X) plane")
    if labels.dtype.kind not in "iub":
        raise ConfigError(f"labels are {labels.dtype}", remedy="give an integer label image")
    if image is None:
        return
    if image.shape[:2] != labels.shape or image.ndim not in (2, 3):
        raise ConfigError(f"image of shape {image.shape} with labels of shape {labels.shape}", remedy="give one plane")
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channel_names and len(channel_names) != channels:
        raise ConfigError(f"{len(channel_names)} channel names for {channels} channels", remedy="give one per channel")


# --- runs: stretches of one label in one row ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Runs:
    """All runs of an image, top to bottom and left to right.

    `ids` are the labels, increasing; `index` says for each run which of them it belongs to.
    """

    ids: Ints
    index: Ints
    row: Ints
    start: Ints
    stop: Ints

    @property
    def length(self) -> Ints:
        """Pixels in each run."""
        return self.stop - self.start

    def sum(self, per_run: NDArray[np.generic]) -> Floats:
        """Add up a quantity of the runs over each object; exact for integers below 2**53."""
        return np.bincount(self.index, weights=per_run, minlength=len(self.ids)).astype(np.float64, copy=False)

    def extreme(self, ufunc: np.ufunc, per_run: NDArray[np.generic], start: float) -> NDArray[np.generic]:
        """Take the least or the greatest (`ufunc`) of a quantity of the runs over each object."""
        best = np.full(len(self.ids), start, per_run.dtype)
        ufunc.at(best, self.index, per_run)
        return best


def _bands(shape: tuple[int, ...]) -> Iterator[slice]:
    """Walk down an image in bands of whole rows."""
    rows = max(1, BAND_PIXELS // max(1, shape[1]))
    for top in range(0, shape[0], rows):
        yield slice(top, min(top + rows, shape[0]))


def _find_runs(labels: NDArray[np.integer]) -> _Runs:
    """Cut the label image into runs."""
    width = labels.shape[1]
    found: list[tuple[Ints, Ints, Ints, Ints]] = []
    for band in _bands(labels.shape):
        if width == 0:
            break
        part = np.ascontiguousarray(labels[band])
        changes = np.ones(part.shape, np.bool_)
        np.not_equal(part[:, 1:], part[:, :-1], out=changes[:, 1:])
        starts = np.flatnonzero(changes)
        lengths = np.diff(starts, append=part.size)
        values = part.ravel()[starts]
        keep = values > 0
        starts, lengths = starts[keep], lengths[keep]
        row, start = np.divmod(starts, width)
        found.append((values[keep].astype(np.int64), row + band.start, start, start + lengths))
    joined = [np.concatenate(pieces) for pieces in zip(*found, strict=True)] or [np.zeros(0, np.int64)] * 4
    ids, index = np.unique(joined[0], return_inverse=True)
    return _Runs(ids, index, joined[1], joined[2], joined[3])


# --- size, place, ellipse -----------------------------------------------------------------------------------------


def _bounding_boxes(runs: _Runs) -> Ints:
    """Return (top, left, bottom, right) of each object, half-open, shape (4, objects)."""
    far = np.iinfo(np.int64).max
    return np.stack(
        [
            runs.extreme(np.minimum, runs.row, far),
            runs.extreme(np.minimum, runs.start, far),
            runs.extreme(np.maximum, runs.row, -1) + 1,
            runs.extreme(np.maximum, runs.stop, -1),
        ]
    ).astype(np.int64)


@dataclass(frozen=True)
class _Moments:
    """Area, centroid and central second moments over the area, of each object, in pixels."""

    area: Floats
    y: Floats
    x: Floats
    yy: Floats
    xx: Floats
    yx: Floats


def _moments(runs: _Runs, boxes: Ints) -> _Moments:
    """Sum the powers of the coordinates, run by run in closed form, from each box's corner to stay exact."""
    length = runs.length
    y = runs.row - boxes[0, runs.index]
    first, last = runs.start - boxes[1, runs.index], runs.stop - boxes[1, runs.index] - 1
    x_sum = length * (first + last) // 2
    x_squares = (last * (last + 1) * (2 * last + 1) - (first - 1) * first * (2 * first - 1)) // 6
    area, sum_y, sum_x = runs.sum(length), runs.sum(y * length), runs.sum(x_sum)
    sum_yy, sum_xx, sum_yx = runs.sum(y * y * length), runs.sum(x_squares), runs.sum(y * x_sum)
    return _Moments(
        area=area,
        y=boxes[0] + sum_y / area,
        x=boxes[1] + sum_x / area,
        yy=(area * sum_yy - sum_y**2) / area**2,
        xx=(area * sum_xx - sum_x**2) / area**2,
        yx=(area * sum_yx - sum_y * sum_x) / area**2,
    )


def _axes(yy: Floats, xx: Floats, yx: Floats) -> tuple[Floats, Floats]:
    """Return the full major and minor axis of the ellipse with these second moments."""
    middle, half_gap = (yy + xx) / 2, np.hypot((yy - xx) / 2, yx)
    return 4 * np.sqrt(middle + half_gap), 4 * np.sqrt(np.maximum(middle - half_gap, 0))


def _orientation(moments: _Moments) -> Floats:
    """Return the angle from the y axis to the major axis; where no axis is longer, -pi/4 or pi/4 as scikit-image."""
    angle = 0.5 * np.arctan2(2 * moments.yx, moments.yy - moments.xx)
    even = moments.yy == moments.xx
    return np.where(even, np.where(moments.yx > 0, np.pi / 4, -np.pi / 4), angle)


def _shape_columns(runs: _Runs, boxes: Ints, moments: _Moments, steps: _Steps) -> Columns:
    """Gather the columns in pixels."""
    major, minor = _axes(moments.yy, moments.xx, moments.yx)
    with np.errstate(invalid="ignore", divide="ignore"):
        eccentricity = np.where(major > 0, np.sqrt(1 - (minor / major) ** 2), 0.0)
    return {
        "label": runs.ids,
        "area": moments.area.astype(np.int64),
        "perimeter": steps.length(1.0, 1.0),
        "centroid_y": moments.y,
        "centroid_x": moments.x,
        "bbox_top": boxes[0],
        "bbox_left": boxes[1],
        "bbox_bottom": boxes[2],
        "bbox_right": boxes[3],
        "major_axis": major,
        "minor_axis": minor,
        "orientation": _orientation(moments),
        "eccentricity": eccentricity,
        "solidity": moments.area / _convex_area(runs, boxes),
        "equivalent_diameter": np.sqrt(4 * moments.area / np.pi),
    }


def _physical_columns(moments: _Moments, steps: _Steps, pixel_size_um: float | tuple[float, float]) -> Columns:
    """Gather the columns in micrometres."""
    height, width = np.broadcast_to(np.asarray(pixel_size_um, float), (2,)).tolist()
    if not (0 < height < np.inf and 0 < width < np.inf):
        raise ConfigError(f"pixel size is {pixel_size_um}", remedy="give a height and a width above 0 in micrometres")
    area = moments.area * height * width
    major, minor = _axes(moments.yy * height**2, moments.xx * width**2, moments.yx * height * width)
    return {
        "area_um2": area,
        "perimeter_um": steps.length(height, width),
        "centroid_y_um": moments.y * height,
        "centroid_x_um": moments.x * width,
        "major_axis_um": major,
        "minor_axis_um": minor,
        "equivalent_diameter_um": np.sqrt(4 * area / np.pi),
    }


# --- perimeter ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Steps:
    """The border of each object as a number of steps up or down, sideways, and diagonally."""

    vertical: Floats
    horizontal: Floats
    diagonal: Floats

    def length(self, height: float, width: float) -> Floats:
        """Add the steps up, each with the length that a pixel's height and width give it."""
        steps: Floats = self.vertical * height + self.horizontal * width + self.diagonal * np.hypot(height, width)
        return steps


def _step_table() -> Floats:
    """Tabulate the steps that a border pixel stands for, by its neighbours on the border.

    Indexed [vertical, horizontal, diagonal neighbours] and giving (vertical, horizontal, diagonal) steps. The cases
    are those of Benkrid & Crookes, "Design and FPGA implementation of a perimeter estimator", as in scikit-image.
    """
    straight = {(2, 0), (3, 0), (2, 1), (3, 1), (2, 2), (3, 2)}  # (neighbours up, down, left, right; diagonal ones)
    slanted = {(0, 2), (1, 3)}
    half_half = {(1, 1), (1, 2)}
    table = np.zeros((3, 3, 5, 3))
    for vertical, horizontal, diagonal in np.ndindex(3, 3, 5):
        case = (vertical + horizontal, diagonal)
        along = np.array([vertical, horizontal, 0]) / max(1, vertical + horizontal)
        if case in straight:
            table[vertical, horizontal, diagonal] = along
        elif case in slanted:
            table[vertical, horizontal, diagonal] = (0, 0, 1)
        elif case in half_half:
            table[vertical, horizontal, diagonal] = along / 2 + (0, 0, 0.5)
    return table.reshape(45, 3)


_STEPS = _step_table()


def _contour_steps(labels: NDArray[np.integer], ids: Ints) -> _Steps:
    """Count the steps along the border of every object, each seen as if it were alone in the image."""
    total = np.zeros((3, len(ids)))
    for band in _bands(labels.shape):
        part = _with_halo(labels, band)
        inner = part[1:-1, 1:-1]
        border = inner > 0
        border &= (
            (inner != part[:-2, 1:-1])
            | (inner != part[2:, 1:-1])
            | (inner != part[1:-1, :-2])
            | (inner != part[1:-1, 2:])
        )
        at = np.flatnonzero(border[1:-1]) + border.shape[1]  # the band without its halo rows
        value, flat = np.ascontiguousarray(inner).ravel(), border.ravel()
        of_label = np.searchsorted(ids, value[at])
        cases = _STEPS[_neighbour_case(value, flat, at, border.shape[1])]
        for direction in range(3):
            total[direction] += np.bincount(of_label, weights=cases[:, direction], minlength=len(ids))
    return _Steps(*total)


def _with_halo(labels: NDArray[np.integer], band: slice) -> NDArray[np.integer]:
    """Copy a band with two more rows and columns all round, background where the image has ended."""
    top, bottom = max(0, band.start - 2), min(labels.shape[0], band.stop + 2)
    part = np.zeros((band.stop - band.start + 4, labels.shape[1] + 4), labels.dtype)
    offset = top - band.start + 2
    part[offset : offset + bottom - top, 2:-2] = labels[top:bottom]
    return part


def _neighbour_case(value: NDArray[np.integer], border: NDArray[np.bool_], at: Ints, width: int) -> Ints:
    """Return the row of the step table for each border pixel: which neighbours are border of the same object."""
    own = value[at]

    def shared(offset: int) -> Ints:
        near = at + offset
        return np.asarray(border[near] & (value[near] == own), np.int64)

    vertical = shared(-width) + shared(width)
    horizontal = shared(-1) + shared(1)
    diagonal = shared(-width - 1) + shared(-width + 1) + shared(width - 1) + shared(width + 1)
    return np.asarray((vertical * 3 + horizontal) * 5 + diagonal)


# --- solidity -----------------------------------------------------------------------------------------------------


def _convex_area(runs: _Runs, boxes: Ints) -> Floats:
    """Count the pixels in each object's convex hull, where a pixel is a diamond of height and width 1.

    The hull of the pixels' centres is found first and its extent read in each row. That of the diamonds follows: a
    diamond adds half a pixel sideways, and reaches half a row up and down.
    """
    heights = boxes[2] - boxes[0]
    offset = np.concatenate([[0], np.cumsum(heights)])
    least, greatest = _hull_extents(runs, boxes, offset)
    first, last = offset[:-1], offset[1:] - 1
    least, greatest = _widen(least, first, last), -_widen(-greatest, first, last)
    # The extents are ratios of small integers: a billionth decides which side of a pixel's centre they are meant to be.
    inside = np.maximum(np.floor(greatest + 1e-9) - np.ceil(least - 1e-9) + 1, 0)
    return np.asarray(np.add.reduceat(inside, first)) if len(first) else np.zeros(0)


def _widen(extent: Floats, first: Ints, last: Ints) -> Floats:
    """Move the left extent of the centres' hull to that of the diamonds' hull."""
    middle = (extent[1:] + extent[:-1]) / 2
    above, below = np.append(np.inf, middle), np.append(middle, np.inf)
    above[first], below[last] = np.inf, np.inf  # the neighbour in the array belongs to another object
    return np.asarray(np.minimum(np.minimum(above, below), extent - 0.5))


def _hull_extents(runs: _Runs, boxes: Ints, offset: Ints) -> tuple[Floats, Floats]:
    """Return the least and the greatest x of the centres' hulls in every row of every object, end to end."""
    slot = offset[runs.index] + runs.row - boxes[0, runs.index]
    left, right = np.full(offset[-1], np.iinfo(np.int64).max), np.full(offset[-1], -1)
    np.minimum.at(left, slot, runs.start)
    np.maximum.at(right, slot, runs.stop - 1)
    filled = right >= 0  # an object in pieces may have empty rows
    hull_slot, hull_x, is_last, opening = _hulls(left, right, filled, offset)
    least, greatest = np.full(offset[-1], np.inf), np.full(offset[-1], -np.inf)
    following = np.where(is_last, opening, np.arange(1, len(hull_x) + 1))
    at, x = _walk_edges(hull_slot, hull_x, hull_slot[following], hull_x[following])
    np.minimum.at(least, at, x)
    np.maximum.at(greatest, at, x)
    return least, greatest


def _hulls(
    left: Ints, right: Ints, filled: NDArray[np.bool_], offset: Ints
) -> tuple[Ints, Ints, NDArray[np.bool_], Ints]:
    """Find each object's convex hull; return its corners' slot and x, whether the last of it, and its first's index."""
    slots = np.flatnonzero(filled)
    ends = np.searchsorted(slots, offset)
    points = np.empty((2 * len(slots), 2), np.int32)
    points[0::2, 0], points[1::2, 0] = left[slots], right[slots]
    points[0::2, 1] = points[1::2, 1] = slots
    bounds = (2 * ends).tolist()
    hulls = [cv2.convexHull(points[begin:end]) for begin, end in itertools.pairwise(bounds)]
    corners = np.concatenate(hulls)[:, 0].astype(np.int64) if hulls else np.zeros((0, 2), np.int64)
    sizes = np.array([len(hull) for hull in hulls], np.int64)
    closing = np.cumsum(sizes) - 1
    is_last = np.zeros(len(corners), np.bool_)
    is_last[closing] = True
    return corners[:, 1], corners[:, 0], is_last, np.repeat(closing - sizes + 1, sizes)


def _walk_edges(slot: Ints, x: Ints, next_slot: Ints, next_x: Ints) -> tuple[Ints, Floats]:
    """Visit every row that each hull edge passes, both ends included; return the rows' slots and the edge's x there."""
    rise = np.abs(next_slot - slot)
    edge = np.repeat(np.arange(len(slot)), rise + 1)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(rise + 1) - rise - 1, rise + 1)
    at = slot[edge] + step * np.sign(next_slot - slot)[edge]
    along = step / np.maximum(rise, 1)[edge]
    return at, np.asarray(x[edge] + (next_x - x)[edge] * along)


# --- intensity ----------------------------------------------------------------------------------------------------


def _intensity_columns(
    labels: NDArray[np.integer], image: NDArray[np.generic], runs: _Runs, channel_names: Sequence[str]
) -> Columns:
    """Gather mean, least, greatest and standard deviation of each channel."""
    planes = [image] if image.ndim == 2 else [image[..., channel] for channel in range(image.shape[2])]
    names = [""] if len(planes) == 1 else [f"_{name}" for name in _distinct_names(channel_names, len(planes))]
    columns: Columns = {}
    for plane, name in zip(planes, names, strict=True):
        for statistic, values in _intensity(labels, plane, runs).items():
            columns[f"intensity_{statistic}{name}"] = values
    return columns


def _distinct_names(channel_names: Sequence[str], channels: int) -> list[str]:
    """Names for the channels' columns: cleaned of white space, and numbered from 0 where two would be the same.

    Names that differ by case alone are the same to some programs that read the table.
    """
    names = [" ".join(str(name).split()) for name in channel_names] or [""] * channels
    names = [name or str(number) for number, name in enumerate(names)]
    while len({name.casefold() for name in names}) < channels:
        count = Counter(name.casefold() for name in names)
        names = [f"{name}_{number}" if count[name.casefold()] > 1 else name for number, name in enumerate(names)]
    return names


def _intensity(labels: NDArray[np.integer], plane: NDArray[np.generic], runs: _Runs) -> dict[str, Floats]:
    """Gather the statistics of one channel: of each run first, then of the runs of each object."""
    count, mean, least, greatest, squares = (np.zeros(len(runs.index)) for _ in range(5))
    for band in _bands(labels.shape):
        here = slice(*np.searchsorted(runs.row, (band.start, band.stop)))
        if here.start == here.stop:
            continue
        values = plane[band][labels[band] > 0].astype(np.float64)
        length = runs.length[here]
        opening = np.cumsum(length) - length
        valid = ~np.isnan(values)
        count[here] = np.add.reduceat(valid, opening, dtype=np.int64)
        least[here] = np.minimum.reduceat(np.where(valid, values, np.inf), opening)
        greatest[here] = np.maximum.reduceat(np.where(valid, values, -np.inf), opening)
        values[~valid] = 0
        with np.errstate(invalid="ignore", over="ignore"):
            mean[here] = np.add.reduceat(values, opening) / np.maximum(count[here], 1)
            values -= np.repeat(mean[here], length)
            values[~valid] = 0
            squares[here] = np.add.reduceat(values * values, opening)
    return _combine(runs, count, mean, least, greatest, squares)


def _combine(
    runs: _Runs, count: Floats, mean: Floats, least: Floats, greatest: Floats, squares: Floats
) -> dict[str, Floats]:
    """Combine runs into objects; deviations are taken from each run's own mean, so large offsets lose no digits.

    Chan, Golub & LeVeque (1983), "Algorithms for computing the sample variance".
    """
    pixels = runs.sum(count)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        overall = runs.sum(count * mean) / pixels
        between = count * (mean - overall[runs.index]) ** 2
        deviation = np.sqrt(runs.sum(squares + np.where(count > 0, between, 0)) / pixels)
    measured = pixels > 0
    return {
        "mean": overall,
        "min": np.where(measured, runs.extreme(np.minimum, least, np.inf), np.nan),
        "max": np.where(measured, runs.extreme(np.maximum, greatest, -np.inf), np.nan),
        "std": deviation,
    }
