"""Takes the outlines of bright objects as far outside as they are visible.

A network outlines objects as people outlined those that it was trained on: where an object is a little over half as
bright as within. Other people outline them further outside, and large nuclei most of all, whose rim is seen where it is
faint. Where the image is sharp, as in a confocal one, all of these are the same.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.image import Pixels
from hooke.labels.bands import for_each_band
from hooke.labels.runs import find_runs
from hooke.measure.median import medians
from hooke.preprocess import Normalisation
from hooke.targets.fixed_point import threshold_16bit

# Diameters of the typical object, image pixels, and how bright the rim must be there: its share of the object's own
# brightness, both above the background. docs/explanation/experiments.md says what they were chosen on.
_DIAMETERS = (42.0, 52.0, 84.0)
_SHARES = (0.45, 0.4, 0.3)

_FOREGROUND = 0.25  # probability that the rim must have
_EMPTY = 0.05  # probability below which a pixel belongs to the background
_REACH = 0.12  # of the diameter: the rim is no wider
_SMOOTHING = 0.02  # of the diameter
_TRACE = 1e-3  # share of what is around a pixel
_SIDES, _CORNERS = ((-1, 0), (0, -1), (0, 1), (1, 0)), ((-1, -1), (-1, 1), (1, -1), (1, 1))  # down, right


def follows_rim(normalisation: Normalisation) -> bool:
    """Whether an image's objects are outlined by their visible rim: they are bright on a dark background, in grey."""
    return normalisation.is_on_dark and normalisation.mode == "grey"


def take_rims(
    labels: NDArray[np.int32],
    foreground: NDArray[np.uint16],
    pixels: Pixels,
    normalisation: Normalisation,
    diameter: float,
    threads: int = 1,
) -> NDArray[np.int32]:
    """Let objects grow over their visible rims; none grows into another.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
    foreground : ndarray of uint16, shape (Y, X)
        Probability that a pixel belongs to an object; 65535 for 1.
    pixels : Pixels, shape (Y, X) or (Y, X, C)
    normalisation : Normalisation
        Of an image that `follows_rim` holds for.
    diameter : float
        Typical diameter of the objects, image pixels.
    threads : int

    Returns
    -------
    ndarray of int32, shape (Y, X)
    """
    inside = labels > 0
    wanted = np.flatnonzero((foreground > threshold_16bit(_FOREGROUND)) & ~inside)
    if not inside.any() or not wanted.size:
        return labels
    above: NDArray[np.float32] = np.empty(labels.shape, np.float32)
    around = round(diameter) + 2  # pixels that a pixel's background and smoothing come from

    def compare(band: slice) -> None:
        rows = slice(max(0, band.start - around), band.stop + around)
        empty = (foreground[rows] < threshold_16bit(_EMPTY)) & ~inside[rows]
        values = _finite(normalisation.select(np.asarray(pixels[rows, :])), normalisation)
        compared = _above_background(values, empty, normalisation.low, diameter)
        above[band] = compared[band.start - rows.start :][: band.stop - band.start]

    for_each_band(compare, labels, threads)
    runs = find_runs(labels, threads)
    typical = medians(above, runs, threads)
    needed: NDArray[np.float32] = np.full(int(runs.ids.max()) + 1, np.inf, np.float32)
    bright = typical > 0  # else no rim is visible
    needed[runs.ids[bright]] = float(np.interp(diameter, _DIAMETERS, _SHARES)) * typical[bright]
    return _grow(labels, wanted, above, needed, round(_REACH * diameter))


def _finite(values: NDArray[np.generic], normalisation: Normalisation) -> NDArray[np.generic]:
    """Values as OpenCV takes them: as stored, or else in 32 bits, and finite."""
    if values.dtype in (np.uint8, np.uint16):
        return values
    light = np.asarray(values, np.float32)
    if not np.isfinite(light).all():
        light = np.nan_to_num(light, nan=normalisation.low, posinf=normalisation.high, neginf=normalisation.low)
    return light


def _above_background(
    values: NDArray[np.generic], empty: NDArray[np.bool_], usual: float, diameter: float
) -> NDArray[np.float32]:
    """Smoothed light less that of the background around, which is the `usual` one where all is covered."""
    smooth = cv2.GaussianBlur(values.astype(np.float32, copy=False), (0, 0), _SMOOTHING * diameter)
    return np.asarray(cv2.subtract(smooth, _background(values, empty, usual, diameter)), np.float32)


def _background(
    values: NDArray[np.generic], empty: NDArray[np.bool_], usual: float, diameter: float
) -> NDArray[np.float32]:
    """Mean light of the empty pixels up to a diameter from each pixel; the usual one where all are covered.

    What is further away has no part in it, so that blocks of an image give what the whole image gives.
    """
    side = 2 * round(diameter) + 1
    total, count = (
        np.asarray(cv2.boxFilter(plane, cv2.CV_32F, (side, side), normalize=False), np.float32)
        for plane in (np.where(empty, values, values.dtype.type(0)), empty.view(np.uint8))
    )
    # In place: these planes are as large as the image. (total + trace * usual) / (count + trace)
    trace = np.float32(_TRACE * side**2)
    total += trace * np.float32(usual)
    count += trace
    total /= count
    return total


def _grow(
    labels: NDArray[np.int32],
    wanted: NDArray[np.int64],
    above: NDArray[np.float32],
    needed: NDArray[np.float32],
    steps: int,
) -> NDArray[np.int32]:
    """Let objects take the pixels beside them that are as bright as each needs, step by step.

    Every other step reaches over corners too, so that objects grow as far in all directions.
    """
    grown = labels.copy()
    ids, light = grown.ravel(), above.ravel()[wanted]
    bright = light > needed.min()
    place, light = wanted[bright], light[bright]
    (height, width), (y, x) = labels.shape, np.divmod(place, labels.shape[1])
    rows, columns = ([np.clip(at + by, 0, last - 1) for by in (-1, 0, 1)] for at, last in ((y, height), (x, width)))
    # A pixel at the image's border is beside itself there, or beside what it is beside anyway.
    sides, corners = (
        [rows[1 + down] * width + columns[1 + right] for down, right in ways] for ways in (_SIDES, _CORNERS)
    )
    for step in range(steps):
        taken = np.zeros(len(place), np.int32)
        for beside_place in (*sides, *corners) if step % 2 else sides:
            beside = ids[beside_place]
            taken = np.where((taken == 0) & (light > needed[beside]), beside, taken)
        changed = taken > 0
        if not changed.any() and step % 2:
            break
        ids[place[changed]] = taken[changed]
        light[changed] = -np.inf
    return grown
