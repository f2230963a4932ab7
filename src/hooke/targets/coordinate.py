"""Target scheme `coordinate`: whether each position is in an object, and positions back to points and label image.

The network answers for single places: is there a cell, and how near is its middle? Asked on a grid, its answers are
maps, in this order along the first axis:

=============  ============================================================================================
cell           1 inside any object
centre         distance to the object's edge, divided by the largest such distance in that object: 0..1
=============  ============================================================================================

Decoding turns them into points, by smoothing and local maxima or by connected components, and floods the cells from
these points by a watershed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.labels.bands import bands
from hooke.targets.decoded import Decoded, keep_candidates, measure_traits
from hooke.targets.fixed_point import as_16_bit, threshold_16bit
from hooke.targets.flooding import fill_holes, flood, make_seeds
from hooke.targets.splitline import SplitLine


@dataclass(frozen=True)
class Coordinate:
    """The scheme with its parameters.

    Parameters
    ----------
    nominal_diameter : float
        Typical diameter of the objects, network pixels.
    cell : float
        Probability from which a place belongs to a cell.
    centre : float
        A point's place has a centre map above this.
    points : {"maxima", "components"}
        Points are the local maxima of the smoothed centre map, or the connected components above `centre`.
    smoothing : float
        Sigma of the smoothing, as a share of the objects' diameter.
    apart : float
        Local maxima closer than this share of the diameter, along either axis, are one point.
    min_score : float
        Instances whose score, the mean probability of a cell, lies below this are dropped.
    """

    nominal_diameter: float = 18.0
    cell: float = 0.5
    centre: float = 0.35
    points: Literal["maxima", "components"] = "maxima"
    smoothing: float = 0.12
    apart: float = 0.4
    min_score: float = 0.0

    name = "coordinate"
    maps = ("cell", "centre")
    decoded = 2
    first_pass_maps = 0  # no diameter map
    loss = "coordinate"

    def encode(self, labels: NDArray[np.integer], diameters: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Label image to maps.

        Parameters
        ----------
        labels : ndarray of int, shape (Y, X)
            0 background; ids need not be consecutive.
        diameters : ndarray of float32, shape (max id + 1,), optional
            Of the whole objects; not used, since no map depends on them.

        Returns
        -------
        ndarray of float32, shape (2, Y, X)
        """
        foreground, _, distance, _ = SplitLine().encode(labels)
        return np.stack([foreground, distance])

    def find_points(
        self, maps: NDArray[np.floating] | NDArray[np.uint16], *, diameter: float | None = None
    ) -> NDArray[np.float64]:
        """Turn maps into a point for each cell.

        Parameters
        ----------
        maps : ndarray of float or uint16, shape (2, Y, X)
            See `decode`.
        diameter : float, optional
            Typical diameter, pixels of the maps; the nominal one by default.

        Returns
        -------
        ndarray of float64, shape (n, 2)
            (y, x) in pixels: the middle of each local maximum, or of each component.
        """
        cell, centre = (as_16_bit(values) for values in maps[:2])
        return _middles(self._seeds(cell, centre, diameter or self.nominal_diameter))

    def decode(
        self,
        maps: NDArray[np.floating] | NDArray[np.uint16],
        *,
        min_size: float = 0.0,
        diameter: float | None = None,
        min_score: float | None = None,
        threads: int = 1,
    ) -> Decoded:
        """Turn maps into instances: points, and the watershed that floods the cells from them.

        Parameters
        ----------
        maps : ndarray of float or uint16, shape (2, Y, X)
            Probability of a cell and nearness of its middle, 0..1 as floats or 0..65535 as 16-bit integers.
        min_size : float
            Instances of fewer pixels are dropped.
        diameter : float, optional
            Typical diameter, pixels of the maps; the nominal one by default.
        min_score : float, optional
            Instead of the scheme's own.
        threads : int

        Returns
        -------
        Decoded
            Its scores are mean probabilities of a cell.
        """
        cell, centre = (as_16_bit(values) for values in maps[:2])
        diameter = diameter or self.nominal_diameter
        labels = self._seeds(cell, centre, diameter)
        seeded = int(labels.max(initial=0))
        flat = np.zeros_like(centre)
        flood(labels, cell > threshold_16bit(self.cell), flat, centre, threads)
        labels[labels > seeded] = 0  # a piece without a point is not a cell
        fill_holes(labels, diameter, threads)
        traits = measure_traits(labels, cell, flat, centre, threads)
        score = traits.mean_foreground
        lowest = self.min_score if min_score is None else min_score
        return keep_candidates(labels, traits.area, score, traits.table(), max(min_size, 1), lowest, threads)

    def _seeds(self, cell: NDArray[np.uint16], centre: NDArray[np.uint16], diameter: float) -> NDArray[np.int32]:
        """Number the places where a point lies: pieces of one or more pixels, all of them within the cells."""
        core = (cell > threshold_16bit(self.cell)) & (centre > threshold_16bit(self.centre))
        if self.points == "components":
            return make_seeds(core, min_area=1)
        smooth = cv2.GaussianBlur(centre.astype(np.float32), (0, 0), max(self.smoothing * diameter, 0.3))
        reach = 2 * max(1, round(self.apart * diameter)) + 1
        # A square window, since OpenCV does its maximum one axis at a time, at any size.
        highest = np.asarray(cv2.dilate(smooth, np.ones((reach, reach), np.uint8)))
        return make_seeds(core & (smooth >= highest), min_area=1)


def _middles(seeds: NDArray[np.int32]) -> NDArray[np.float64]:
    """Mean (y, x) of the pixels of each label 1..n."""
    count = int(seeds.max(initial=0)) + 1
    sums = np.zeros((count, 3))
    for band in bands(seeds):
        y, x = np.nonzero(seeds[band])
        owner = seeds[band][y, x]
        of_pixel = np.stack([y + band.start, x, np.ones_like(x)], axis=1)
        for axis in range(3):
            sums[:, axis] += np.bincount(owner, weights=of_pixel[:, axis], minlength=count)
    return np.asarray(sums[1:, :2] / sums[1:, 2:], np.float64)


def query_grid(height: int, width: int, step: int) -> NDArray[np.float32]:
    """Positions to query a network at: the middles of squares of `step` pixels, row by row.

    Returns
    -------
    ndarray of float32, shape (Q, 2)
        (x, y) in pixels.

    Examples
    --------
    >>> query_grid(2, 4, 2).tolist()
    [[0.5, 0.5], [2.5, 0.5]]
    """
    y, x = (np.arange(-(-length // step), dtype=np.float32) * step + (step - 1) / 2 for length in (height, width))
    return np.stack([np.tile(x, len(y)), np.repeat(y, len(x))], axis=1)


def as_maps(answers: NDArray[np.float32], height: int, width: int, step: int) -> NDArray[np.float32]:
    """Turn the answers at the places of `query_grid` into maps.

    Parameters
    ----------
    answers : ndarray of float32, shape (N, Q, K)
    height, width, step : int
        As given to `query_grid`.

    Returns
    -------
    ndarray of float32, shape (N, K, height, width)
        Linear between the places.
    """
    rows, columns = -(-height // step), -(-width // step)
    grids = answers.transpose(0, 2, 1).reshape(*answers.shape[::2], rows, columns)
    if step == 1:
        return grids
    # OpenCV enlarges by whole squares, of which the last may reach over the edge.
    size = columns * step, rows * step
    wide = [[cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR) for grid in image] for image in grids]
    return np.asarray(wide, np.float32)[:, :, :height, :width]
