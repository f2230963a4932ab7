"""Measures size, place, shape and intensity of every object of a label image.

Definitions are scikit-image's (`skimage.measure.regionprops_table`) where it has them; the work is done on runs
(stretches of one label in one row) of the whole image at once, in bands of rows, because a call per object would cost
a millisecond each.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.labels.column_names import name_columns
from hooke.labels.recognition import holds_labels
from hooke.labels.runs import Runs, find_runs
from hooke.measure.further import MeasuredObjects, further_columns, texture_columns
from hooke.measure.hull import ConvexImages, convex_images
from hooke.measure.image_table import (
    MeasureOptions,
    cytoplasm_labels,
    cytoplasm_table,
    known_channels,
    parse_pixel_size,
)
from hooke.measure.intensity import measure_channels
from hooke.measure.intensity_doubts import IntensityCensus, intensity_doubts
from hooke.measure.moments import Moments, ellipse_axes, find_moments, orientation
from hooke.measure.perimeter import Steps, count_contour_steps
from hooke.measure.relation import count_children, drop_covered, relate_objects
from hooke.measure.volume import measure_stack

__all__ = [
    "FIRST_OF_MORE",
    "IntensityCensus",
    "MeasureOptions",
    "count_children",
    "cytoplasm_labels",
    "cytoplasm_table",
    "drop_covered",
    "intensity_doubts",
    "known_channels",
    "measure",
    "measure_stack",
    "name_columns",
    "relate_objects",
]

#: The first column of those that `measure` gives with `more`.
FIRST_OF_MORE = "form_factor"

Columns = dict[str, NDArray[np.generic]]


def measure(
    labels: NDArray[np.integer],
    image: NDArray[np.generic] | None,
    *,
    pixel_size_um: float | tuple[float, float] | None = None,
    channel_names: Sequence[str] = (),
    scores: NDArray[np.floating] | None = None,
    more: bool = True,
    surroundings: float = 6.0,
    texture: bool = False,
    threads: int = 1,
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
    more : bool
        Whether to measure what is marked so below.
    surroundings : float
        Distance in pixels up to which the background and the other objects around an object are measured.
    texture : bool
        Whether to measure texture, which takes longer than everything else together.
    threads : int
        Threads to measure a large image with.

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

        With `more`: ``form_factor`` (4 pi area over perimeter squared, CellProfiler's; 1 for a circle),
        ``aspect_ratio`` (major over minor axis), ``feret_max``, ``feret_min`` (greatest and least distance of two
        parallel lines around the object), ``convexity`` (perimeter of the convex image over that of the object),
        ``at_border`` (whether it touches the edge of the image), ``neighbours`` (objects that it would touch if all
        grew by `surroundings`), ``neighbour_distance`` (between the centroids of it and the nearest other object); of
        each channel ``intensity_sum``, ``intensity_median``, ``background`` (median of the background pixels
        that are nearest to this object, further than 2 pixels and no further than `surroundings`),
        ``corrected_mean`` and ``corrected_sum`` (mean and sum less that background); then
        ``feret_max_um``, ``feret_min_um`` and ``neighbour_distance_um``. Ratios of an object without width or
        perimeter are NaN. With pixels that are not square, ratios are those in micrometres.

        With `texture`, of each channel: ``texture_contrast``, ``_homogeneity``, ``_energy``, ``_correlation``,
        ``_entropy``: see `hooke.measure.texture`.

    Raises
    ------
    ConfigError
        If shapes, the number of names or the number of scores do not fit together, labels are not integers, or below
        0, or labels and image are exchanged.

    Examples
    --------
    >>> table = measure(np.array([[0, 2, 2], [0, 2, 2]]), None)
    >>> table[["label", "area", "centroid_x", "solidity"]].values.tolist()
    [[2.0, 4.0, 1.5, 1.0]]
    """
    labels, image = np.asarray(labels), None if image is None else np.asarray(image)  # lists, tensors, lazy arrays
    _check(labels, image, channel_names)
    runs = find_runs(labels, threads)
    _refuse_exchanged(labels, image, runs)
    with ThreadPoolExecutor(threads) as pool:  # none needs another's result
        intensities = pool.submit(measure_channels, labels, image, runs, channel_names)
        convex = pool.submit(convex_images, runs)
        border = pool.submit(count_contour_steps, labels, runs.ids)
        moments = find_moments(runs)
        channels, hulls, steps = intensities.result(), convex.result(), border.result()
    columns = _shape_columns(runs, moments, steps, hulls)
    for channel in channels:
        columns |= channel.columns
    if scores is not None:
        if np.shape(scores) != (len(runs.ids),):
            raise ConfigError(f"{np.size(scores)} scores for {len(runs.ids)} objects", remedy="give one per object")
        columns["score"] = np.asarray(scores)
    pixel = None if pixel_size_um is None else parse_pixel_size(pixel_size_um)
    if pixel is not None:
        columns |= _physical_columns(moments, steps, pixel)
    if more:
        objects = MeasuredObjects(labels, runs, moments, steps, hulls)
        columns |= further_columns(objects, channels, pixel, surroundings, threads)
    if texture:
        columns |= texture_columns(runs, channels)
    return pd.DataFrame(columns)


def _check(labels: NDArray[np.integer], image: NDArray[np.generic] | None, channel_names: Sequence[str]) -> None:
    """Refuse inputs that do not fit together."""
    if labels.ndim != 2:
        raise ConfigError(f"labels have {labels.ndim} dimensions", remedy="give one (Y, X) plane")
    if labels.dtype.kind not in "iub":
        raise ConfigError(f"labels are {labels.dtype}", remedy="give an integer label image")
    if labels.dtype.kind == "i" and labels.size and (least := labels.min()) < 0:
        raise ConfigError(f"labels hold {least}", remedy="number objects from 1, and give the background 0")
    if image is None:
        return
    if image.shape[:2] != labels.shape or image.ndim not in (2, 3):
        raise ConfigError(f"image of shape {image.shape} with labels of shape {labels.shape}", remedy="give one plane")
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channel_names and len(channel_names) != channels:
        raise ConfigError(f"{len(channel_names)} channel names for {channels} channels", remedy="give one per channel")


def _refuse_exchanged(labels: NDArray[np.integer], image: NDArray[np.generic] | None, runs: Runs) -> None:
    """Refuse an image given for its labels, and these for the image: each grey value would be an object."""
    # Only objects of hardly more than a pixel are worth comparing all pixels.
    if image is None or not runs.are_specks:
        return
    if holds_labels(labels) is False and holds_labels(image):
        cause = "labels hold intensities, and the image holds labels"
        raise ConfigError(cause, remedy="give the label image first: measure(labels, image)")


def _shape_columns(runs: Runs, moments: Moments, steps: Steps, hulls: ConvexImages) -> Columns:
    """Gather the columns in pixels."""
    major, minor = ellipse_axes(moments.yy, moments.xx, moments.yx)
    with np.errstate(invalid="ignore", divide="ignore"):
        eccentricity = np.where(major > 0, np.sqrt(1 - (minor / major) ** 2), 0.0)
    return {
        "label": runs.ids,
        "area": moments.area.astype(np.int64),
        "perimeter": steps.length(1.0, 1.0),
        "centroid_y": moments.y,
        "centroid_x": moments.x,
        "bbox_top": runs.boxes[0],
        "bbox_left": runs.boxes[1],
        "bbox_bottom": runs.boxes[2],
        "bbox_right": runs.boxes[3],
        "major_axis": major,
        "minor_axis": minor,
        "orientation": orientation(moments),
        "eccentricity": eccentricity,
        "solidity": moments.area / hulls.areas,
        "equivalent_diameter": np.sqrt(4 * moments.area / np.pi),
    }


def _physical_columns(moments: Moments, steps: Steps, pixel: tuple[float, float]) -> Columns:
    """Gather the columns in micrometres."""
    height, width = pixel
    area = moments.area * height * width
    major, minor = ellipse_axes(moments.yy * height**2, moments.xx * width**2, moments.yx * height * width)
    return {
        "area_um2": area,
        "perimeter_um": steps.length(height, width),
        "centroid_y_um": moments.y * height,
        "centroid_x_um": moments.x * width,
        "major_axis_um": major,
        "minor_axis_um": minor,
        "equivalent_diameter_um": np.sqrt(4 * area / np.pi),
    }
