"""Checks labels against the image: objects without a label, labels without an object, odd brightness.

What an object looks like is learned from the image's own labels: which channel separates them best from the background,
and whether they are brighter or darker. Intensities are then measured as contrast: their difference from the local
background, in units of a typical object's.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.doctor.dataset_images import DatasetImage
from hooke.doctor.findings import Box, Finding
from hooke.doctor.shapes import ENOUGH_OBJECTS, SPREAD, box_of
from hooke.measure import measure

HALO = 2  # pixels around a label that are neither object nor background: blur and hasty outlines
REACH = 2.0  # the local background is averaged over this many typical diameters
REDUCED_DIAMETER = 8.0  # pixels of a typical object on the grid that the background is averaged on
CLEAR = 1.5  # labelled and unlabelled pixels must be this many standard deviations apart to be compared
FAINT = 0.5  # a pixel this share as strong as the fainter objects (their lower quartile) belongs to an object
NOISES = 3.0  # and this many times the noise of single background pixels; the measured plane is smoothed
LIKE_SIZE = (0.25, 3.0)  # of the median area
LIKE_SOLIDITY = 0.88
LIKE_CONTRAST = 0.75  # of the fainter objects
RING = 3  # pixels around a candidate that must be darker than it: else it is the edge of something larger
RING_CONTRAST = 0.55  # of the candidate's, at most
NO_SIGNAL = 0.12  # of a typical object
BRIGHT_FACTOR = 3.0
BRIGHT_SPREADS = 5.0

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Contrast:
    """How the objects of an image stand out from its background.

    Attributes
    ----------
    plane : ndarray of float32, shape (Y, X)
        Difference from the local background, towards the objects; 1 is typical of an object.
    noise : float
        Robust standard deviation of the background, in the same unit.
    """

    plane: Floats
    noise: float


def find_contrast(pixels: NDArray[np.generic], labels: NDArray[np.int32]) -> Contrast | None:
    """Learn from the labels what an object looks like.

    Parameters
    ----------
    pixels : ndarray, shape (Y, X) or (Y, X, C)
    labels : ndarray of int32, shape (Y, X)

    Returns
    -------
    Contrast or None
        None where there is no object or no background, or labelled pixels do not stand out.
    """
    inside = labels > 0
    outside = ~_grown(inside)
    if inside.sum() < ENOUGH_OBJECTS or outside.sum() < ENOUGH_OBJECTS:
        return None
    channels = np.nan_to_num(np.atleast_3d(pixels).astype(np.float32))
    apart = [_separation(channels[..., index], inside, outside) for index in range(channels.shape[2])]
    best = int(np.argmax(np.abs(apart)))
    if abs(apart[best]) < CLEAR:
        return None
    plane = np.float32(np.sign(apart[best])) * channels[..., best]
    diameter = float(np.sqrt(4 / np.pi * np.median(np.unique(labels[inside], return_counts=True)[1])))
    return _over_background(plane, inside, outside, diameter)


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    kernel = np.ones((2 * HALO + 1,) * 2, np.uint8)
    return np.asarray(cv2.dilate(mask.view(np.uint8), kernel) > 0, np.bool_)


def _separation(plane: Floats, inside: NDArray[np.bool_], outside: NDArray[np.bool_]) -> float:
    """Difference of the medians over the pooled spread; above 0 for bright objects."""
    sides = plane[inside], plane[outside]
    middles = float(np.median(sides[0])), float(np.median(sides[1]))
    spreads = (float(np.median(np.abs(values - middle))) for values, middle in zip(sides, middles, strict=True))
    return (middles[0] - middles[1]) / max(SPREAD * sum(spreads) / 2, 1e-6 * (1 + abs(middles[0])))


def _over_background(
    plane: Floats, inside: NDArray[np.bool_], outside: NDArray[np.bool_], diameter: float
) -> Contrast | None:
    """Subtract the local background, at first of all unlabelled pixels, then without those that look like objects."""
    taken = outside
    for _ in range(2):
        contrast = plane - _local_mean(plane, taken, diameter)
        typical = float(np.median(contrast[inside]))
        if typical <= 0:
            return None
        taken = outside & (contrast < FAINT * typical / 2)
        if not taken.any():
            return None
    contrast = plane - _local_mean(plane, taken, diameter)
    typical = float(np.median(contrast[inside]))
    if typical <= 0:
        return None
    noise = SPREAD * float(np.median(np.abs(contrast[taken] - np.median(contrast[taken]))))
    return Contrast(contrast / np.float32(typical), noise / typical)


def _local_mean(plane: Floats, taken: NDArray[np.bool_], diameter: float) -> Floats:
    """Average the pixels taken with Gaussian weights; far from any of them, take their median."""
    height, width = plane.shape
    factor = max(1.0, diameter / REDUCED_DIAMETER)
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    weight = taken.astype(np.float32)
    sigma = REACH * diameter / factor
    known = cv2.GaussianBlur(cv2.resize(weight, size, interpolation=cv2.INTER_AREA), (0, 0), sigma)
    middle = np.float32(np.median(plane[taken]))
    offset = cv2.resize((plane - middle) * weight, size, interpolation=cv2.INTER_AREA)
    offset = cv2.GaussianBlur(offset, (0, 0), sigma) / np.maximum(known, np.float32(1e-3))
    return np.asarray(cv2.resize(offset, (width, height), interpolation=cv2.INTER_LINEAR) + middle, np.float32)


def check_signal(
    member: DatasetImage, pixels: NDArray[np.generic], labels: NDArray[np.int32], table: pd.DataFrame
) -> list[Finding]:
    """Compare labels with what the image shows.

    Parameters
    ----------
    member : DatasetImage
    pixels : ndarray, shape (Y, X) or (Y, X, C)
    labels : ndarray of int32, shape (Y, X)
    table : pandas.DataFrame
        `hooke.measure.measure` of the labels.

    Returns
    -------
    list of Finding
        Of the kinds missing, no-signal and brightness-outlier; none where labelled pixels do not stand out from the
        rest, or there are too few objects to learn from.
    """
    if len(table) < ENOUGH_OBJECTS // 2:
        return []
    contrast = find_contrast(pixels, labels)
    if contrast is None:
        return []
    strength = measure(labels, contrast.plane, more=False)["intensity_mean"].to_numpy()
    return [
        *_unlabelled(member, contrast, labels, table, float(np.percentile(strength, 25))),
        *_odd_labels(member, table, strength, contrast.noise),
    ]


def _unlabelled(
    member: DatasetImage, contrast: Contrast, labels: NDArray[np.int32], table: pd.DataFrame, fainter: float
) -> list[Finding]:
    """Find connected pixels without a label that are as strong, as large and as round as the labelled objects."""
    smooth = cv2.GaussianBlur(contrast.plane, (0, 0), 1.0)
    candidate = (smooth > max(FAINT * fainter, NOISES * contrast.noise)) & ~_grown(labels > 0)
    candidate_mask = cv2.morphologyEx(candidate.view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    blobs = np.asarray(cv2.connectedComponents(candidate_mask, connectivity=4)[1], np.int32)
    found = measure(blobs, contrast.plane, more=False)
    smallest, largest = (share * float(table["area"].median()) for share in LIKE_SIZE)
    like = found["area"].between(smallest, largest) & (found["solidity"] > LIKE_SOLIDITY)
    like &= found["intensity_mean"] > LIKE_CONTRAST * max(fainter, 0)
    findings = []
    for _, row in found[like].iterrows():
        strength, box = float(row["intensity_mean"]), box_of(row)
        if _ring_strength(contrast.plane, blobs, int(row["label"]), box) < RING_CONTRAST * strength:
            message = f"{int(row['area'])} pixels, {strength:.2f} times the contrast of a typical object"
            findings.append(Finding.of_kind("missing", member.id, message, split=member.split, box=box, value=strength))
    return findings


def _ring_strength(plane: Floats, blobs: NDArray[np.int32], label: int, box: Box) -> float:
    """Mean contrast around a blob, a pixel of blur left out."""
    reach = RING + 1
    rows, columns = slice(max(0, box[0] - reach), box[2] + reach), slice(max(0, box[1] - reach), box[3] + reach)
    blob = (blobs[rows, columns] == label).view(np.uint8)
    near, far = (cv2.dilate(blob, np.ones((2 * step + 1,) * 2, np.uint8)) for step in (1, reach))
    around = plane[rows, columns][(far > near)]
    return float(around.mean()) if around.size else 0.0


def _odd_labels(
    member: DatasetImage, table: pd.DataFrame, strength: NDArray[np.float64], noise: float
) -> list[Finding]:
    """Find labels on what looks like background, and objects far brighter than the rest."""
    logs = np.log(np.maximum(strength, 1e-6))
    away = logs - np.median(logs)
    spread = SPREAD * float(np.median(np.abs(away)))
    bright = away > max(np.log(BRIGHT_FACTOR), BRIGHT_SPREADS * spread)
    # The mean of many noisy pixels is sharper than one; what matters is that it is no stronger than texture.
    nothing = strength < max(NO_SIGNAL, min(noise, NO_SIGNAL * 2))
    findings = []
    for index in np.flatnonzero(bright | nothing):
        row = table.iloc[index]
        kind = "no-signal" if nothing[index] else "brightness-outlier"
        message = f"{strength[index]:.2f} times the contrast of a typical object"
        label, box = int(row["label"]), box_of(row)
        value = float(strength[index] if bright[index] else -strength[index])
        findings.append(
            Finding.of_kind(kind, member.id, message, split=member.split, label=label, box=box, value=value)
        )
    return findings
