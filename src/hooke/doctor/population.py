"""Finds images that differ from the rest of the data set in size or brightness of their objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.doctor.dataset_images import DatasetImage
from hooke.doctor.findings import Finding
from hooke.doctor.shapes import SPREAD

ENOUGH_IMAGES = 12  # of one modality; below this, nothing is called an outlier
SPREADS = 4.0  # robust standard deviations of the logarithm
FACTOR = 3.0  # and at least this many times more or less than the median


@dataclass(frozen=True)
class ImageFigures:
    """What is compared between images.

    Attributes
    ----------
    member : DatasetImage
    diameter : float
        Median equivalent diameter of its objects in pixels; NaN without objects.
    brightness : float
        Mean intensity as a share of the largest value that its unsigned type can hold, 0..1; of other types, as stored.
    """

    member: DatasetImage
    diameter: float
    brightness: float


def image_figures(member: DatasetImage, pixels: NDArray[np.generic], table: pd.DataFrame) -> ImageFigures:
    """Measure an image and its `hooke.measure.measure` table."""
    top = 2.0 ** (8 * pixels.dtype.itemsize) - 1 if pixels.dtype.kind == "u" else 1.0
    diameter = float(table["equivalent_diameter"].median()) if len(table) else float("nan")
    return ImageFigures(member, diameter, float(np.nanmean(pixels.astype(np.float32))) / top)


def find_odd_images(figures: Sequence[ImageFigures]) -> list[Finding]:
    """Find images whose objects' size, or whose brightness, is far from that of their modality.

    Returns
    -------
    list of Finding
        Of the kinds size-outlier and brightness-outlier, about the whole image.
    """
    findings = []
    for modality in sorted({image.member.entry.modality or "" for image in figures}):
        group = [image for image in figures if (image.member.entry.modality or "") == modality]
        name = modality or "the other"
        sizes = [image.diameter for image in group]
        for index, factor in _outliers(sizes):
            message = f"median diameter {sizes[index]:.1f} pixels, {factor:.2g} times that of {name} images"
            findings.append(_image_finding("size-outlier", group[index].member, message, factor))
        shades = [image.brightness for image in group]
        for index, factor in _outliers(shades):
            message = f"mean intensity {shades[index]:.3g} of 1, {factor:.2g} times that of {name} images"
            findings.append(_image_finding("brightness-outlier", group[index].member, message, factor))
    return findings


def _image_finding(kind: str, member: DatasetImage, message: str, factor: float) -> Finding:
    return Finding.of_kind(kind, member.id, message, split=member.split, value=abs(float(np.log(factor))))


def _outliers(values: Iterable[float]) -> list[tuple[int, float]]:
    """List the values far from the median on a logarithmic scale, each with its ratio to it."""
    array = np.fromiter(values, np.float64)
    known = np.isfinite(array) & (array > 0)
    if known.sum() < ENOUGH_IMAGES:
        return []
    logs = np.log(np.where(known, array, 1.0))
    away = logs - np.median(logs[known])
    spread = SPREAD * float(np.median(np.abs(away[known])))
    odd = known & (np.abs(away) > max(np.log(FACTOR), SPREADS * spread))
    return [(int(index), float(np.exp(away[index]))) for index in np.flatnonzero(odd)]
