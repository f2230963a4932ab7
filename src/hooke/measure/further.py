"""Gathers the columns that come after the first ones of a table: further shape, surroundings, intensity, texture."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.labels.runs import Runs
from hooke.measure.feret import convex_perimeters, feret_diameters
from hooke.measure.hull import ConvexImages
from hooke.measure.intensity import ChannelIntensity
from hooke.measure.median import medians
from hooke.measure.moments import Moments, ellipse_axes
from hooke.measure.neighbours import find_surroundings, nearest_distances
from hooke.measure.perimeter import Steps
from hooke.measure.texture import textures

Columns = dict[str, NDArray[np.generic]]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MeasuredObjects:
    """A label image, and what the first columns of its table were made from."""

    labels: NDArray[np.integer]
    runs: Runs
    moments: Moments
    steps: Steps
    hulls: ConvexImages


def further_columns(
    objects: MeasuredObjects,
    channels: Sequence[ChannelIntensity],
    pixel: tuple[float, float] | None,
    distance: float,
    threads: int = 1,
) -> Columns:
    """Gather shape, surroundings and intensities: see `hooke.measure.measure`, whose `more` they are."""
    planes = [channel.plane for channel in channels]

    def measure_around() -> tuple[Ints, list[Floats]]:
        around = find_surroundings(objects.labels, objects.runs.ids, distance, threads)
        return around.neighbours, [medians(plane, around.ring, threads) for plane in planes]

    def measure_inside() -> tuple[Floats, Columns, Columns, list[Floats]]:
        apart = nearest_distances(objects.moments.y, objects.moments.x)
        of_objects = [medians(plane, objects.runs, threads) for plane in planes]
        return apart, _shapes(objects, pixel, threads), _physical(objects, pixel, threads), of_objects

    # While one of them is in what only a single thread does, the other one has the rest.
    with ThreadPoolExecutor(min(2, threads)) as pool:
        around, inside = pool.submit(measure_around), pool.submit(measure_inside)
        (neighbours, background), (apart, shapes, physical, middle) = around.result(), inside.result()
    columns = shapes | {"neighbours": neighbours, "neighbour_distance": apart}
    for values in zip(channels, middle, background, strict=True):
        columns |= _intensities(*values)
    return columns | physical


def _shapes(objects: MeasuredObjects, pixel: tuple[float, float] | None, threads: int) -> Columns:
    """Gather the further columns of the objects' shape."""
    greatest, least = feret_diameters(objects.hulls, threads=threads)
    return _ratios(objects, pixel) | {
        "feret_max": greatest,
        "feret_min": least,
        "convexity": _ratio(*_perimeters(objects, pixel, threads)),
        "at_border": objects.runs.at_border(objects.labels.shape),
    }


def _physical(objects: MeasuredObjects, pixel: tuple[float, float] | None, threads: int) -> Columns:
    """Gather the further columns in micrometres; none where the size of a pixel is not known."""
    if pixel is None:
        return {}
    greatest, least = feret_diameters(objects.hulls, *pixel, threads)
    apart = nearest_distances(objects.moments.y * pixel[0], objects.moments.x * pixel[1])
    return {"feret_max_um": greatest, "feret_min_um": least, "neighbour_distance_um": apart}


def texture_columns(runs: Runs, channels: Sequence[ChannelIntensity]) -> Columns:
    """Gather the texture of each channel."""
    columns: Columns = {}
    for channel in channels:
        least, greatest = channel.statistics["min"], channel.statistics["max"]
        for name, values in textures(channel.plane, runs, least, greatest).items():
            columns[f"texture_{name}{channel.ending}"] = values
    return columns


def _ratios(objects: MeasuredObjects, pixel: tuple[float, float] | None) -> Columns:
    """Form factor and aspect ratio, of what the object is in micrometres where its pixels are not square."""
    height, width = _sides(pixel)
    moments = objects.moments
    major, minor = ellipse_axes(moments.yy * height**2, moments.xx * width**2, moments.yx * height * width)
    perimeter = objects.steps.length(height, width)
    # The axis of a line is rounding error.
    return {
        "form_factor": _ratio(4 * np.pi * moments.area * height * width, perimeter**2),
        "aspect_ratio": _ratio(major, np.where(minor > 1e-6 * major, minor, 0)),
    }


def _perimeters(objects: MeasuredObjects, pixel: tuple[float, float] | None, threads: int) -> tuple[Floats, Floats]:
    """Perimeters of the convex images and of the objects."""
    height, width = _sides(pixel)
    return convex_perimeters(objects.hulls, height, width, threads), objects.steps.length(height, width)


def _sides(pixel: tuple[float, float] | None) -> tuple[float, float]:
    """Height and width of a pixel, of which only the ratio matters: 1 and 1 where they are equal."""
    return (1.0, 1.0) if pixel is None or pixel[0] == pixel[1] else pixel


def _ratio(above: Floats, below: Floats) -> Floats:
    """Divide, and give NaN where there is nothing to divide by."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, above / below, np.nan)


def _intensities(channel: ChannelIntensity, middle: Floats, background: Floats) -> Columns:
    """Sum, median and what is above the background of one channel."""
    with np.errstate(invalid="ignore", over="ignore"):
        values = {
            "intensity_sum": channel.total,
            "intensity_median": middle,
            "background": background,
            "corrected_mean": channel.statistics["mean"] - background,
            "corrected_sum": channel.total - background * channel.pixels,
        }
    return {f"{name}{channel.ending}": column for name, column in values.items()}
