"""Reads label images of ids, and binary masks, whose objects are their connected components.

A binary mask has one value for all objects: 255, 1, true, or a colour on black. It is split into its 8-connected
components, as ImageJ's particle analysis does it, where it has more than one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.errors import DatasetError, ImageReadError
from hooke.image import has_equal_channels
from hooke.io import open_image, read_labels
from hooke.labels.pieces import count_scattered, looks_unfilled
from hooke.labels.recognition import holds_labels

SPLIT = "objects made of binary masks by connected components, so that nuclei that touch are one object"
BLURRED = "binary masks of blurred edges, cut at half of their highest value"
STACKS = "stacks of one value for all objects, which are one object each: give binary masks plane by plane"
SPLIT_IDS = "objects made of label images by connected components"
KEPT = "binary masks in several pieces, kept as one object each (--split-components makes each piece an object)"
CLASSES = (
    "label images of few values in many pieces, which looks like masks of classes, kept as they are "
    "(--split-components makes each piece an object)"
)
INTENSITIES = (
    "label images whose neighbouring pixels differ as in images of intensities, each value taken for an object: give "
    "the labels, not the images"
)
SCATTERED = (
    "objects in pieces far apart, which share one number, as where more than 255 objects were saved in 8 bits "
    "(--split-components makes each piece an object)"
)
UNFILLED = "label images whose objects are hollow, as outlines that were not filled: fill them"
_TELLING = 4096  # pixels, from which on equal neighbours say what an image holds
_FEW_VALUES, _MANY_PIECES = 8, 4  # up to 8 values, each in 4 pieces on average, look like a mask of classes
_ODD_PIECES = 3  # an only object in 3 pieces is reported where the file is known to hold ids
_JPEG = b"\xff\xd8\xff"
_EQUAL_IN_BLUR = 0.5  # of the pixels at blurred edges, fewer equal their left neighbour
_BIMODAL = 0.98  # of the pixels of a mask that JPEG has blurred lie near black or white


@dataclass(frozen=True)
class LabelFile:
    """A label image, and what had to be decided about it.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        0 background.
    oddities : mapping of str to int
        In the words of a summary: how many.
    """

    labels: NDArray[np.int32]
    oddities: Mapping[str, int] = field(default_factory=dict)


def read_label_file(path: str | Path, split: bool | None = None, *, holds_ids: bool = False) -> LabelFile:
    """Read a label image, or a binary mask.

    Parameters
    ----------
    path : str or Path
        As `hooke.io.read_labels` takes it; also a picture of one colour on black.
    split : bool, optional
        Whether each connected component of each value becomes an object. By default it does where there is one value
        in several components.
    holds_ids : bool
        Whether the file is known to hold ids, so that a single 1 is one object, in one piece or several.

    Returns
    -------
    LabelFile

    Raises
    ------
    ImageReadError
        If the file can't be read, or is neither ids nor a binary mask.
    DatasetError
        If it is a binary mask whose objects are 0, or its background has an id.
    """
    path = Path(path)
    return take_apart(_read(path), split, holds_ids=holds_ids, path=path)


def take_apart(
    labels: NDArray[np.int32], split: bool | None = None, *, holds_ids: bool = False, path: Path | None = None
) -> LabelFile:
    """Split a label image into connected components where it is a binary mask; see `read_label_file`.

    Raises
    ------
    DatasetError
        If it is a binary mask whose objects are 0, or its background has an id.
    """
    read = _take_apart(labels, split, holds_ids, path)
    if labels.ndim != 2 or read.oddities.keys() & {KEPT, CLASSES, INTENSITIES}:
        return read
    found = {SCATTERED: count_scattered(read.labels), UNFILLED: int(looks_unfilled(read.labels))}
    return replace(read, oddities={**read.oddities, **{odd: count for odd, count in found.items() if count}})


def _take_apart(labels: NDArray[np.int32], split: bool | None, holds_ids: bool, path: Path | None) -> LabelFile:
    """Split where it is to be, and say what had to be decided."""
    values = _few_values(labels)
    if labels.ndim != 2:
        return LabelFile(labels, {STACKS: 1} if values is not None and len(values) == 1 and not holds_ids else {})
    _refuse_numbered_background(labels, path)
    if not labels.any():
        return LabelFile(labels)
    if values is None and not split:
        if not holds_ids and _is_blurred(labels):
            return _cut_at_half(labels, path)
        return LabelFile(labels, {INTENSITIES: 1} if labels.size >= _TELLING and holds_labels(labels) is False else {})
    is_binary = values is not None and len(values) == 1
    if is_binary:
        _refuse_inverted(labels, path)
    pieces = _components(labels, np.unique(labels[labels > 0]) if values is None else values)
    count = int(pieces.max())
    single = holds_ids and values == [1]
    if split or (split is None and is_binary and count > 1 and not single):
        return LabelFile(pieces, {SPLIT if is_binary else SPLIT_IDS: count})
    if is_binary:
        return LabelFile(labels, {KEPT: 1} if count >= (_ODD_PIECES if single else 2) else {})
    many = split is None and not holds_ids and count >= _MANY_PIECES * len(values or ())
    return LabelFile(labels, {CLASSES: 1} if many else {})


def _read(path: Path) -> NDArray[np.int32]:
    """Read ids, also from three equal colours; of a mask in one colour, or as JPEG, 1 where it is not black."""
    with path.open("rb") as file:
        is_jpeg = file.read(len(_JPEG)) == _JPEG
    if is_jpeg:
        return _without_blur(path)
    try:
        return read_labels(path)
    except ImageReadError as error:
        picture = open_image(path)
        if len(picture) > 1 or not picture.is_rgb:
            raise
        pixels = picture.plane(0).pixels
        if has_equal_channels(pixels) and holds_labels(pixels[..., 0]):
            return np.asarray(pixels[..., 0], np.int32)
        marked = (pixels != 0).any(axis=2)
        colours = pixels[marked]
        if not len(colours) or (not marked.all() and (colours == colours[0]).all()):
            return np.asarray(marked, np.int32)
        cause = "is a picture in colours: not a label image, nor a binary mask of one colour on black"
        raise ImageReadError(cause, path=path, remedy=error.remedy) from error


def _without_blur(path: Path) -> NDArray[np.int32]:
    """Read a binary mask that was saved as JPEG, which changes values; anything else in JPEG is refused."""
    pixels = open_image(path).plane(0).pixels
    grey = np.asarray(pixels if pixels.ndim == 2 else pixels.max(axis=2), np.float32)
    bright = float(grey.max())
    near = (grey < 0.25 * bright) | (grey > 0.75 * bright)
    if near.mean() < _BIMODAL:
        remedy = "save the ids as PNG or TIFF, 0 for background and 1 to n for objects"
        raise ImageReadError("is a JPEG, which changes ids: not a label image", path=path, remedy=remedy)
    return np.asarray(grey > 0.5 * bright, np.int32) if bright else np.zeros(grey.shape, np.int32)


def _is_blurred(labels: NDArray[np.int32]) -> bool:
    """Whether most of what is set has the highest value, and the other values change from pixel to pixel, as no ids do.

    Interpolation makes such edges, where a mask was resized or its outlines drawn smoothly.
    """
    highest = int(labels.max())
    others = (labels > 0) & (labels < highest)
    if 2 * np.count_nonzero(labels == highest) < np.count_nonzero(labels):
        return False
    equal = others[:, 1:] & (labels[:, 1:] == labels[:, :-1])
    return bool(np.count_nonzero(equal) < _EQUAL_IN_BLUR * np.count_nonzero(others))


def _cut_at_half(labels: NDArray[np.int32], path: Path | None) -> LabelFile:
    """Take a blurred mask for set where it is brighter than half."""
    read = take_apart(np.asarray(2 * labels > labels.max(), np.int32), path=path)
    return LabelFile(read.labels, {BLURRED: 1, **read.oddities})


def _few_values(labels: NDArray[np.int32]) -> list[int] | None:
    """Values other than 0, sorted; None where there are more than a mask of classes has."""
    values: list[int] = []
    rest = labels[labels > 0]
    while len(rest):
        if len(values) == _FEW_VALUES:
            return None
        values.append(int(rest[0]))
        rest = rest[rest != rest[0]]
    return sorted(values)


def _components(labels: NDArray[np.int32], values: list[int] | NDArray[np.int32]) -> NDArray[np.int32]:
    """Number the 8-connected components of each value from 1, value by value."""
    pieces = np.zeros(labels.shape, np.int32)
    before = 0
    for value in values:
        count, found = cv2.connectedComponents((labels == value).astype(np.uint8), connectivity=8)
        pieces[found > 0] = found[found > 0] + before
        before += count - 1
    return pieces


def _refuse_numbered_background(labels: NDArray[np.int32], path: Path | None) -> None:
    """Refuse ids of which one lies in all corners and none is 0: it is the background."""
    corners = labels[[0, 0, -1, -1], [0, -1, 0, -1]] if labels.size else labels
    if not corners.all() or np.ptp(corners) or not labels.all() or (labels == corners[0]).all():
        return
    cause = f"holds no 0, but {corners[0]} in all corners: its background is not 0"
    raise DatasetError(cause, path=path, remedy=f"set {corners[0]} to 0, and keep other numbers for the objects")


def _refuse_inverted(labels: NDArray[np.int32], path: Path | None) -> None:
    """Refuse a mask that is set in all corners and most of the image, with holes in it: these are its objects."""
    marked = labels > 0
    if not marked[[0, 0, -1, -1], [0, -1, 0, -1]].all() or marked.mean() < 0.5:
        return
    holes, _ = cv2.connectedComponents((~marked).astype(np.uint8), connectivity=4)
    if holes > 2:  # what is set counts as one
        cause = f"is set everywhere but in {holes - 1} places: its background is not 0"
        raise DatasetError(cause, path=path, remedy="invert it, so that objects are set and the background is 0")
