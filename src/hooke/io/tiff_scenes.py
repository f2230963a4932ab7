"""Finds the scenes of a TIFF file: its images that are not smaller copies of another, nor the label of a slide.

Images of one shape and type are one scene with a stack axis ``P``; images of other sizes are scenes of their own. What
is left out: pages marked as reduced, images that a slide scanner names label, macro or thumbnail, and images that
show the same as the largest one in fewer pixels (levels of a pyramid, thumbnails), which is decided by their pixels.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from hooke.io.tiff_limits import check_page

_NOT_SCENES = re.compile(r"(label|macro|thumb(nail)?)([ _]?image)?([ _]?\d+)?", re.IGNORECASE)  # the whole name
_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 40
_COMPARED = 64  # longer side, in pixels, of the pictures that are compared
_LARGEST_COMPARED = 50_000_000  # pixels: of a larger image only the shape is compared
_SAME_SHAPE = 0.03
_SAME_CONTENT = 0.9  # correlation


@dataclass(frozen=True)
class Scene:
    """One scene of a file.

    Parameters
    ----------
    name : str
        Its name in the file, fit for a file name, or ``image1``, ``image2``...
    series : tuple of TiffPageSeries
        One, or several of one shape that are positions of a stack.
    number : int
        Place of the first of them among the file's images, 0 for the first: its place in OME-XML.
    """

    name: str
    series: tuple[tifffile.TiffPageSeries, ...]
    number: int

    @property
    def size(self) -> int:
        """Samples of one of its images."""
        return math.prod(self.series[0].shape)


def find_scenes(tif: tifffile.TiffFile, path: Path) -> list[Scene]:
    """List a file's scenes in stored order; empty where the file holds no image.

    Parameters
    ----------
    tif : TiffFile
        An open file.
    path : Path
        Named in errors.

    Raises
    ------
    ImageReadError
        If a page that has to be compared promises more pixels than the file can hold.
    """
    images = list(_images(tif))
    if len(images) > 1:
        for _, image in images:
            check_page(image.keyframe, path)
        largest = max((image for _, image in images), key=lambda image: math.prod(image.shape))
        full = functools.cache(lambda: _first_plane(largest))
        images = [(number, image) for number, image in images if image is largest or _is_scene(image, largest, full)]
    groups: dict[object, list[tuple[int, tifffile.TiffPageSeries]]] = {}
    for number, image in images:
        groups.setdefault((image.shape, image.axes, image.dtype), []).append((number, image))
    names = _names([group[0][1].name for group in groups.values()])
    return [
        Scene(name, tuple(image for _, image in group), group[0][0])
        for name, group in zip(names, groups.values(), strict=True)
    ]


def _images(tif: tifffile.TiffFile) -> Iterator[tuple[int, tifffile.TiffPageSeries]]:
    """Walk the file's images; tifffile takes any plain page of half the size for a level of a pyramid."""
    for number, series in enumerate(tif.series):
        if series.keyframe.shape:
            yield number, series
            if series.kind == "generic":
                yield from ((number, level) for level in series.levels[1:] if not _is_marked(level))


def _is_marked(image: tifffile.TiffPageSeries) -> bool:
    return bool(image.keyframe.is_reduced or image.keyframe.is_subifd)


def _is_scene(
    image: tifffile.TiffPageSeries, largest: tifffile.TiffPageSeries, full: Callable[[], NDArray[np.float32]]
) -> bool:
    if _is_marked(image) or _NOT_SCENES.fullmatch(image.name.strip()):
        return False
    return not _is_smaller_copy(image, largest, full)


def _is_smaller_copy(
    image: tifffile.TiffPageSeries, largest: tifffile.TiffPageSeries, full: Callable[[], NDArray[np.float32]]
) -> bool:
    """Whether an image shows in fewer pixels what the largest shows, whose first plane `full` reads."""
    (height, width), (full_height, full_width) = _sides(image), _sides(largest)
    if height >= full_height or abs(height / full_height * full_width / width - 1) > _SAME_SHAPE:
        return False
    if full_height * full_width > _LARGEST_COMPARED:
        return True
    small = _first_plane(image)
    shape = (min(width, _COMPARED), min(height, _COMPARED))
    # Some writers average the pixels of a smaller copy, others take every second one.
    return any(
        _correlation(*(np.asarray(cv2.resize(page, shape, interpolation=way), np.float32) for page in (small, full())))
        > _SAME_CONTENT
        for way in (cv2.INTER_AREA, cv2.INTER_NEAREST)
    )


def _sides(image: tifffile.TiffPageSeries) -> tuple[int, int]:
    page = image.keyframe
    return page.imagelength, page.imagewidth


def _first_plane(image: tifffile.TiffPageSeries) -> NDArray[np.float32]:
    """First page as grey values."""
    page = image.keyframe
    pixels = np.asarray(page.asarray(), np.float32)
    return np.nan_to_num(pixels.reshape(-1, *pixels.shape[-2:])[0] if "S" not in page.axes else _grey(pixels, page))


def _grey(pixels: NDArray[np.float32], page: tifffile.TiffPage) -> NDArray[np.float32]:
    return np.asarray(pixels.mean(axis=page.axes.index("S")), np.float32)


def _correlation(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    if first.std() == 0 or second.std() == 0:
        return float(first.std() == second.std())
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def _names(given: Sequence[str]) -> list[str]:
    """The names of the file where each has one of its own that is fit for a file name, else numbers."""
    names = [_UNSAFE.sub("_", name).strip("_.") for name in given]
    if len({name.casefold() for name in names}) == len(names) and all(0 < len(name) <= _LONGEST_NAME for name in names):
        return names
    return [f"image{number}" for number in range(1, len(given) + 1)]
