"""Cut or scale samples to squares of one size, for programs that need that.

*Tiles* lie side by side, moved inwards at the right and bottom edge so that all are full; there they overlap. *Resized*
images keep their proportions, the longer side filling the square. What is smaller than the square is filled up at the
right and bottom with the image's median and background.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.datasets.adapter import Sample
from hooke.errors import ConfigError
from hooke.labels.numbering import number_with_classes

SizeBy = Literal["tile", "resize"]
SIZE_BY: tuple[SizeBy, ...] = get_args(SizeBy)
SMALLEST, LARGEST = 16, 8192
LOST = "nuclei lost when the image was made smaller"


def standardise(sample: Sample, size: int, by: SizeBy) -> Iterator[tuple[str, Sample]]:
    """Cut or scale a sample.

    Parameters
    ----------
    sample : Sample
        Of any size.
    size : int
        Pixels of the square's side.
    by : {"tile", "resize"}
        Whether it is cut or scaled.

    Yields
    ------
    name : str
        To add to the sample's id: ``_y0_x256``, the tile's first row and column; empty for a scaled image.
    sample : Sample
        ``size`` by ``size`` pixels; ids count from 1 without gaps. Conflicts stay with the first; an object that a
        tile's edge cuts is in both tiles.
    """
    if by == "resize":
        yield "", _resized(sample, size)
    else:
        yield from _tiles(sample, size)


def check_size(size: int, by: SizeBy) -> None:
    """Refuse what `standardise` can't do.

    Raises
    ------
    ConfigError
        If the size is out of range or `by` unknown.
    """
    if not SMALLEST <= size <= LARGEST:
        raise ConfigError(f"size is {size}", remedy=f"give {SMALLEST} to {LARGEST} pixels")
    if by not in SIZE_BY:
        raise ConfigError(f"sizing by {by!r} is unknown", remedy=f"choose one of: {', '.join(SIZE_BY)}")


def _tiles(sample: Sample, size: int) -> Iterator[tuple[str, Sample]]:
    """Cut a sample, row by row."""
    height, width = sample.labels.shape
    rest = sample
    for top in _starts(height, size):
        for left in _starts(width, size):
            window = (slice(top, top + size), slice(left, left + size))
            cut = replace(rest, image=sample.image[window], labels=sample.labels[window])
            yield f"_y{top}_x{left}", _renumbered(_filled(cut, size))
            rest = replace(sample, conflicts=(), oddities={})


def _starts(length: int, size: int) -> list[int]:
    """Where the tiles of a side begin."""
    return [min(index * size, max(0, length - size)) for index in range(max(1, math.ceil(length / size)))]


def _resized(sample: Sample, size: int) -> Sample:
    """Scale a sample, its image by areas when it gets smaller, its labels to the nearest."""
    height, width = sample.labels.shape
    scale = size / max(height, width, 1)
    new = max(1, round(height * scale)), max(1, round(width * scale))
    rows, columns = (((np.arange(n) + 0.5) * old / n).astype(int) for n, old in zip(new, (height, width), strict=True))
    image = _scaled(sample.image, new, cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    scaled = _renumbered(_filled(replace(sample, image=image, labels=sample.labels[np.ix_(rows, columns)]), size))
    lost = int(sample.labels.max(initial=0)) - int(scaled.labels.max(initial=0))
    return replace(scaled, oddities={**sample.oddities, LOST: lost})


def _scaled(image: NDArray[np.generic], new: tuple[int, int], interpolation: int) -> NDArray[np.generic]:
    """Scale an image of any type; those that OpenCV doesn't scale go by way of float64."""
    is_known = image.dtype in (np.uint8, np.uint16, np.float32)
    source: NDArray[Any] = image if is_known else image.astype(np.float64)
    scaled = np.asarray(cv2.resize(source, new[::-1], interpolation=interpolation))
    return (np.rint(scaled) if image.dtype.kind in "biu" else scaled).astype(image.dtype)


def _filled(sample: Sample, size: int) -> Sample:
    """Fill a sample up to a square at the right and bottom."""
    height, width = sample.labels.shape
    if (height, width) == (size, size):
        return sample
    median = np.median(sample.image.astype(np.float64), axis=(0, 1)).astype(sample.image.dtype)
    image = np.full((size, size, *sample.image.shape[2:]), median, sample.image.dtype)
    labels = np.zeros((size, size), np.int32)
    image[:height, :width], labels[:height, :width] = sample.image, sample.labels
    return replace(sample, image=image, labels=labels)


def _renumbered(sample: Sample) -> Sample:
    """Give the objects that are left new ids, 1..n, in the order of the old; classes follow."""
    labels, classes = number_with_classes(sample.labels, sample.classes)
    return replace(sample, labels=labels, classes=classes)
