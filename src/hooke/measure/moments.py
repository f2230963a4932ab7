"""Area, centroid and second moments of objects, and the ellipse that has the same moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.labels.runs import Runs

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Area, centroid and central second moments over the area, of each object, in pixels."""

    area: Floats
    y: Floats
    x: Floats
    yy: Floats
    xx: Floats
    yx: Floats


def find_moments(runs: Runs) -> Moments:
    """Sum the powers of the coordinates, run by run in closed form, from each box's corner to stay exact."""
    length = runs.length
    y = runs.row - runs.boxes[0, runs.index]
    first, last = runs.start - runs.boxes[1, runs.index], runs.stop - runs.boxes[1, runs.index] - 1
    x_sum = length * (first + last) // 2
    x_squares = (last * (last + 1) * (2 * last + 1) - (first - 1) * first * (2 * first - 1)) // 6
    area, sum_y, sum_x = runs.sum(length), runs.sum(y * length), runs.sum(x_sum)
    sum_yy, sum_xx, sum_yx = runs.sum(y * y * length), runs.sum(x_squares), runs.sum(y * x_sum)
    return Moments(
        area=area,
        y=runs.boxes[0] + sum_y / area,
        x=runs.boxes[1] + sum_x / area,
        yy=(area * sum_yy - sum_y**2) / area**2,
        xx=(area * sum_xx - sum_x**2) / area**2,
        yx=(area * sum_yx - sum_y * sum_x) / area**2,
    )


def ellipse_axes(yy: Floats, xx: Floats, yx: Floats) -> tuple[Floats, Floats]:
    """Return the full major and minor axis of the ellipse with these second moments."""
    middle, half_gap = (yy + xx) / 2, np.hypot((yy - xx) / 2, yx)
    return 4 * np.sqrt(middle + half_gap), 4 * np.sqrt(np.maximum(middle - half_gap, 0))


def orientation(moments: Moments) -> Floats:
    """Return the angle from the y axis to the major axis; where no axis is longer, -pi/4 or pi/4 as scikit-image."""
    angle = 0.5 * np.arctan2(2 * moments.yx, moments.yy - moments.xx)
    even = moments.yy == moments.xx
    return np.where(even, np.where(moments.yx > 0, np.pi / 4, -np.pi / 4), angle)
