"""Draws the outlines of objects on an image.

Each object gets a bright line on the inside of its edge and a dark casing around it, so that the outline is seen on
black, on white and on every stain; objects that lie against each other get different colours.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.report.object_numbers import write_ids
from hooke.report.palette import OUTLINES

UInt8 = NDArray[np.uint8]
Ints = NDArray[np.int64]

LOW_PERCENTILE, HIGH_PERCENTILE = 0.5, 99.7
SAMPLES = 200_000  # pixels that the percentiles are taken from
_DASH = 3  # length of a dash in line widths
CASING = 0.25  # brightness that is left under the casing
PIXELS_PER_LINE_WIDTH = 1000  # a picture this wide, filling a screen, needs a line of one pixel


def overlay(
    image: NDArray[np.generic],
    labels: NDArray[np.integer],
    *,
    channel: int | None = None,
    dashed: Sequence[int] | NDArray[np.integer] = (),
    groups: Sequence[int] | NDArray[np.integer] | None = None,
    ids: bool = False,
    like: NDArray[np.generic] | None = None,
) -> UInt8:
    """Stretch an image to 8 bits and draw the outline of every object on it.

    Parameters
    ----------
    image : ndarray, shape (Y, X) or (Y, X, C)
        Any numeric type. Three channels are shown as red, green and blue; any other number as their mean, each
        stretched on its own. NaN and infinities are shown as black and as white.
    labels : ndarray of integer, shape (Y, X)
        0 background; ids may have gaps.
    channel : int, optional
        Show this channel alone, in grey.
    dashed : sequence of int
        Ids of objects that are outlined by dashes, as doubtful ones are.
    groups : sequence of int, optional
        For each object, by increasing id, the place in the palette that it takes its colour from, as its class does;
        otherwise neighbours differ.
    ids : bool
        Whether to write the number of each object on it; the picture is enlarged, at most 4 times, where the objects
        are too small for that.
    like : ndarray, shape (Y', X') or (Y', X', C), optional
        The image that this one is a part of, or a sample of its pixels: parts stretched like it fit together.

    Returns
    -------
    ndarray, uint8, shape (Y, X, 3)
        Red, green, blue. Line width is one pixel and grows with the image, but never so that it fills the objects.

    Raises
    ------
    ConfigError
        If image and labels differ in size, or there is no such channel.

    Examples
    --------
    >>> labels = np.zeros((9, 9), int)
    >>> labels[2:7, 2:7] = 1
    >>> picture = overlay(np.full((9, 9), 7), labels)
    >>> picture[2, 2].tolist(), picture[4, 4].tolist()
    ([255, 225, 25], [128, 128, 128])
    """
    if image.ndim not in (2, 3) or image.shape[:2] != labels.shape:
        raise ConfigError(
            f"image of shape {image.shape} with labels of shape {labels.shape}", remedy="give two of the same size"
        )
    picture = to_rgb(image, channel, like)
    edge = _edges(labels)
    at_edge = np.flatnonzero(edge)
    if len(at_edge) == 0:
        return picture
    found = np.unique(labels.ravel()[at_edge])
    foreground = (labels > 0).view(np.uint8)
    width = _line_width(labels.shape, int(np.count_nonzero(foreground)), len(found))
    if groups is None:
        colours = _colour_objects(labels, found, at_edge, reach=2 * width + 2)
    else:
        colours = (np.asarray(groups) % len(OUTLINES)).astype(np.uint8)
    _draw_casing(picture, foreground, width)
    _draw_lines(picture, labels, found, colours, edge, foreground, width, dashed)
    return write_ids(picture, labels) if ids else picture


# --- the picture below --------------------------------------------------------------------------------------------


def to_rgb(image: NDArray[np.generic], channel: int | None, like: NDArray[np.generic] | None = None) -> UInt8:
    """Stretch any image to an 8-bit RGB picture.

    Parameters
    ----------
    image, channel, like : ndarray, int or None, ndarray or None
        As `overlay` takes them.

    Returns
    -------
    ndarray, uint8, shape (Y, X, 3)

    Raises
    ------
    ConfigError
        If there is no such channel.
    """
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channel is not None and not 0 <= channel < channels:
        raise ConfigError(f"no channel {channel}", remedy=f"choose one from 0 to {channels - 1}")
    like = image if like is None else like
    if image.ndim == 3 and channels == 3 and channel is None:
        return _stretch(image, *_range(like))
    if image.ndim == 2:
        planes = [(image, like)]
    else:
        shown = [channel] if channel is not None else range(channels)
        planes = [(image[..., index], like[..., index]) for index in shown]
    total = np.zeros(image.shape[:2], np.uint8 if len(planes) == 1 else np.uint16)
    for plane, whole in planes:
        total += _stretch(plane, *_range(whole))
    grey = (total // max(1, len(planes))).astype(np.uint8, copy=False)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)


def _range(pixels: NDArray[np.generic]) -> tuple[float, float]:
    """Find the values to show as black and as white: robust percentiles of a regular sample of the pixels."""
    step = max(1, int(np.sqrt(pixels.shape[0] * pixels.shape[1] / SAMPLES)))
    sample = np.asarray(pixels[::step, ::step], np.float64)
    sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        return 0.0, 0.0
    low, high = np.percentile(sample, (LOW_PERCENTILE, HIGH_PERCENTILE))
    if low == high:  # a few bright objects on a flat background
        low, high = sample.min(), sample.max()
    return float(low), float(high)


def _stretch(pixels: NDArray[np.generic], low: float, high: float) -> UInt8:
    """Map low..high to 0..255; an image of one value becomes mid-grey."""
    if low >= high:
        return np.full(pixels.shape, 128, np.uint8)
    if pixels.dtype == np.uint8:
        return np.asarray(cv2.LUT(np.ascontiguousarray(pixels), _scale(np.arange(256), low, high)), np.uint8)
    out = np.empty(pixels.shape, np.uint8)
    for row in range(0, len(pixels), 256):
        out[row : row + 256] = _scale(pixels[row : row + 256], low, high)
    return out


def _scale(values: NDArray[np.generic], low: float, high: float) -> UInt8:
    """Scale and round a piece of the image."""
    floats: NDArray[np.floating] = np.asarray(values, np.float32 if values.dtype.itemsize <= 2 else np.float64)
    scaled: NDArray[np.floating] = np.clip((floats - low) * (255 / (high - low)) + 0.5, 0, 255)
    if values.dtype.kind == "f":
        np.nan_to_num(scaled, copy=False, nan=0.0)
    return scaled.astype(np.uint8)


# --- the outlines -------------------------------------------------------------------------------------------------


def _edges(labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Mark the outermost pixels of every object: those with another label, or none, above, below or beside them."""
    edge = np.zeros(labels.shape, np.bool_)
    differs = labels[1:] != labels[:-1]
    edge[1:] |= differs
    edge[:-1] |= differs
    differs = labels[:, 1:] != labels[:, :-1]
    edge[:, 1:] |= differs
    edge[:, :-1] |= differs
    edge &= labels > 0
    return edge


def _line_width(shape: tuple[int, ...], covered: int, objects: int) -> int:
    """Choose a width that is seen when the whole image is on a screen, and leaves most of an object free."""
    diameter = np.sqrt(covered / max(1, objects))
    return max(1, min(round(max(shape) / PIXELS_PER_LINE_WIDTH), int(diameter / 10)))


def _colour_objects(labels: NDArray[np.integer], ids: NDArray[np.integer], at_edge: Ints, reach: int) -> UInt8:
    """Give each object one of the palette's colours, another one than its neighbours' within `reach` pixels."""
    neighbours: dict[int, set[int]] = {}
    for a, b in _neighbour_pairs(labels, ids, at_edge, reach).tolist():
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    colours = (np.arange(len(ids)) % len(OUTLINES)).tolist()
    done: set[int] = set()
    for index, near in neighbours.items():
        taken = {colours[other] for other in near & done}
        choices = ((index + turn) % len(OUTLINES) for turn in range(len(OUTLINES)))
        colours[index] = next((choice for choice in choices if choice not in taken), index % len(OUTLINES))
        done.add(index)
    return np.asarray(colours, np.uint8)


def _neighbour_pairs(labels: NDArray[np.integer], ids: NDArray[np.integer], at_edge: Ints, reach: int) -> Ints:
    """List the pairs of objects that lie against each other or nearly so, as indices into `ids`, shape (pairs, 2)."""
    height, width = labels.shape
    flat = labels.ravel()
    y, x = np.divmod(at_edge, width)
    own = flat[at_edge]
    own_index = np.searchsorted(ids, own)
    found = [np.zeros(0, np.int64)]
    for distance in sorted({1, reach}):
        for dy, dx in ((0, distance), (distance, 0), (distance, distance), (distance, -distance)):
            within = (y + dy < height) & (x + dx >= 0) & (x + dx < width)
            other = flat[np.where(within, at_edge + dy * width + dx, at_edge)]
            pair = np.flatnonzero((other != own) & (other > 0))
            found.append(np.unique(own_index[pair] * len(ids) + np.searchsorted(ids, other[pair])))
    codes = np.unique(np.concatenate(found))
    return np.stack(np.divmod(codes, len(ids)), axis=1)


def _disc(radius: int) -> UInt8:
    """Make the structuring element that thickens by `radius` pixels."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2), np.uint8)


def _draw_casing(picture: UInt8, foreground: UInt8, width: int) -> None:
    """Darken the background next to the objects."""
    casing = cv2.dilate(foreground, _disc(width)) > foreground
    at = np.flatnonzero(casing)
    pixels = picture.reshape(-1, 3)
    pixels[at] = (pixels[at] * np.float32(CASING)).astype(np.uint8)


def _draw_lines(
    picture: UInt8,
    labels: NDArray[np.integer],
    ids: NDArray[np.integer],
    colours: UInt8,
    edge: NDArray[np.bool_],
    foreground: UInt8,
    width: int,
    dashed: Sequence[int] | NDArray[np.integer],
) -> None:
    """Colour each object's rim; a rim thickened from its neighbour's edge is the object's own rim all the same."""
    line = edge.view(np.uint8)
    if width > 1:
        line = np.asarray(cv2.dilate(line, _disc(width - 1)), np.uint8) & foreground
    at = np.flatnonzero(line)
    if len(dashed):
        # A chequerboard breaks a line of any direction.
        dash = _DASH * width
        y, x = np.divmod(at, labels.shape[1])
        gap = (y // dash + x // dash) % 2 == 0
        at = at[~(gap & np.isin(labels.ravel()[at], dashed))]
    picture.reshape(-1, 3)[at] = OUTLINES[colours[np.searchsorted(ids, labels.ravel()[at])]]
