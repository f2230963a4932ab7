"""Target scheme `splitline`: label image to maps for training, and maps to label image when a model is used.

Maps, in this order along the first axis:

=============  ============================================================================================
foreground     1 inside any object
split          1 on the line between touching (or nearly touching) objects, as wide as the smaller one needs
distance       distance to the object's edge, divided by the largest such distance in that object: 0..1
diameter       the object's equivalent diameter on a log scale: 0 for an eighth of the nominal one, 1 for 8 times
=============  ============================================================================================

The first two follow the winners of the Data Science Bowl 2018 (Buslaev, Durnov and Seferbekov, who added the border
between touching nuclei to the foreground); the distance gives the watershed a floor to flood; the diameter gives the
pipeline the scale of the image. Decoding is a seeded watershed: seeds are what remains of the foreground
without the split lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.targets.confidence import predict_score
from hooke.targets.decoded import Decoded, keep_candidates, measure_traits
from hooke.targets.fixed_point import as_16_bit, threshold_16bit
from hooke.targets.flooding import fill_holes, flood, make_seeds

MAPS = ("foreground", "split", "distance", "diameter")

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_OCTAVES = 3  # the diameter map spans this many doublings to either side of the nominal diameter

# A split line reaches this many pixels to either side for objects at least this wide (pixels). Below the first
# width a line would leave nothing of the object: there the distance alone keeps neighbours apart.
_REACH = ((1, 4.0), (2, 18.0), (3, 40.0))


@dataclass(frozen=True)
class SplitLine:
    """The scheme with its parameters.

    Parameters
    ----------
    nominal_diameter : float
        Diameter (pixels) at which the diameter map is one half.
    foreground : float
        Probability from which a pixel belongs to an object.
    seed : float
        A seed's pixels have foreground minus split probability above this ...
    seed_distance : float
        ... and a normalised distance above this.
    min_seed_area : int
        Smaller seeds (pixels) are dropped.
    min_score : float
        Instances whose score lies below this are dropped.
    score_weights : sequence of 4 floats, optional
        Weights of the score, fitted on validation images: see `hooke.targets.confidence`.
    """

    nominal_diameter: float = 24.0
    foreground: float = 0.5
    seed: float = 0.5
    seed_distance: float = 0.3
    min_seed_area: int = 3
    min_score: float = 0.0
    score_weights: Sequence[float] | None = None

    name = "splitline"
    maps = MAPS
    decoded = 3  # the diameter map is for the choice of the scale
    first_pass_maps = 4
    loss = "splitline"

    def encode(self, labels: NDArray[np.integer], diameters: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Label image to maps.

        Parameters
        ----------
        labels : ndarray of int, shape (Y, X)
            0 background; ids need not be consecutive.
        diameters : ndarray of float32, shape (max id + 1,), optional
            Equivalent diameter of each id in pixels. Give it where objects are cut by the edge of a crop, so that the
            diameter map gives the whole object's size.

        Returns
        -------
        ndarray of float32, shape (4, Y, X)
        """
        # OpenCV's minimum and maximum filters take float32, exact up to 2**24 ids.
        ids = labels.astype(np.float32)
        if diameters is None:
            diameters = equivalent_diameters(labels)
        diameter = diameters[labels]
        inside = labels > 0
        maps = np.zeros((len(MAPS), *labels.shape), np.float32)
        maps[0] = inside
        maps[1] = _split_lines(ids, diameter)
        maps[2] = _normalised_distance(ids, labels, len(diameters))
        maps[3] = np.where(inside, np.clip(np.log2(diameter / self.nominal_diameter) / (2 * _OCTAVES) + 0.5, 0, 1), 0)
        return maps

    def diameter_of(self, value: Any) -> Any:
        """Diameter in pixels that a value of the diameter map stands for: of a number, an array or a tensor."""
        return self.nominal_diameter * 2.0 ** ((value - 0.5) * 2 * _OCTAVES)

    def decode(
        self,
        maps: NDArray[np.floating] | NDArray[np.uint16],
        *,
        min_size: float = 0.0,
        diameter: float | None = None,
        min_score: float | None = None,
        threads: int = 1,
    ) -> Decoded:
        """Turn maps into instances.

        Parameters
        ----------
        maps : ndarray of float or uint16, shape (3 or 4, Y, X)
            Foreground and split probability and normalised distance, 0..1 as floats or 0..65535 as 16-bit integers;
            further maps are not used. Floats are rounded to 16 bits first, so that both give the same.
        min_size : float
            Instances of fewer pixels are dropped.
        diameter : float, optional
            Typical diameter in pixels; holes smaller than such an object's tenth are filled.
        min_score : float, optional
            Instead of the scheme's own.
        threads : int

        Returns
        -------
        Decoded
        """
        foreground, split, distance = (as_16_bit(values) for values in maps[:3])
        mask = foreground > threshold_16bit(self.foreground)
        # cv2.subtract stops at 0 where NumPy would wrap around.
        core = (
            mask
            & (cv2.subtract(foreground, split) > threshold_16bit(self.seed))
            & (distance > threshold_16bit(self.seed_distance))
        )
        labels = make_seeds(core, self.min_seed_area, threads)
        flood(labels, mask, split, distance, threads)
        fill_holes(labels, diameter, threads)
        traits = measure_traits(labels, foreground, split, distance, threads)
        table = traits.table()
        score = traits.mean_foreground if self.score_weights is None else predict_score(table, self.score_weights)
        lowest = self.min_score if min_score is None else min_score
        return keep_candidates(labels, traits.area, score, table, max(min_size, 1), lowest, threads)


def equivalent_diameters(labels: NDArray[np.integer]) -> NDArray[np.float32]:
    """Diameter of the disk of equal area, for every id from 0 to the largest.

    Parameters
    ----------
    labels : ndarray of int, shape (Y, X)

    Returns
    -------
    ndarray of float32, shape (max id + 1,)
        Pixels; 1 for ids that do not occur and for the background.
    """
    area = np.bincount(labels.ravel(), minlength=1).astype(np.float32)
    area[0] = 0
    return np.asarray(np.maximum(np.sqrt(area * (4 / np.pi)), 1.0), np.float32)


def _split_lines(ids: NDArray[np.float32], diameter: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Pixels within reach of two objects or more, the reach being what the smallest of them needs."""
    far = np.float32(np.inf)
    lowest = np.where(ids > 0, ids, far)
    widths = np.where(ids > 0, diameter, far)
    split = np.zeros(ids.shape, bool)
    for reach, width in _REACH:
        window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        first = cv2.erode(lowest, window)
        last = cv2.dilate(ids, window)
        smallest = cv2.erode(widths, window)
        split |= (last > first) & (last > 0) & (smallest >= width)
    return split


def _normalised_distance(ids: NDArray[np.float32], labels: NDArray[np.integer], count: int) -> NDArray[np.float32]:
    inner = (cv2.erode(ids, _CROSS) == ids) & (cv2.dilate(ids, _CROSS) == ids) & (ids > 0)
    distance = cv2.distanceTransform(inner.astype(np.uint8), cv2.DIST_L2, 5)
    if not (ids == 0).any() and inner.all():  # one object fills the frame: no edge in sight
        distance = np.ones_like(distance)
    distance = np.where(ids > 0, distance + 1, 0).astype(np.float32)
    furthest = np.ones(count, np.float32)
    np.maximum.at(furthest, labels.ravel(), distance.ravel())
    return np.asarray(distance / furthest[labels], np.float32)
