"""Finds pixels that were not recorded: frames, gaps of mosaics, and the outside of a drawn region.

Such fill has exactly the value 0 or the largest value of its data type (all colours of it), or is not a number; in
numbers with a sign it may be the smallest, and in floats any value beyond all others. So have
the dark background of a clipped fluorescence image, saturated nuclei and the glass of an overexposed slide; fill
differs from them in its shape (solid, along the border or a rectangle) and its edge: values change at once, and where
they do depends on nothing in the image.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.image import sample_grid
from hooke.labels.window import bounding_window

_SAMPLE = 65_536  # pixels that show whether there may be any fill
_WORTH = 0.002  # share of them below which there is none
_THINNEST = 3  # pixels: side of the squares that fill is made of
_LEAST_AREA = 0.001  # share of the image, of one piece of fill
_MOST_PIECES = 256
_CONTACT = 0.02  # share of the image's border that a piece of any shape must take
_RECTANGLE = 0.98  # share of its bounding box that a rectangle takes
_STRAIGHT = 0.75  # share of a piece's edge that lies on long straight lines or wide arcs, for a frame
_LONG = 30.0  # pixels, of such a line
_SMOOTH = 9  # pixels: detail in an outline that a person does not draw
_ROUGH = 0.3  # share of a piece's edge that such detail takes; 1 and more along a clipped background
_JUMP = 0.015  # of the range of intensities: smaller steps at the edge are a clipped image's own
_INDIFFERENT = (0.15, 0.85)  # rank of the edge's values among all: an edge that does not depend on the content
_LARGE = 0.2  # share of the image that its largest part takes, where an edge of any shape is believed
_CONTRAST = 0.1  # range of intensities over their median: less is not an image
_DRAWING = 8  # different intensities: a drawing has no more
_LARGEST = (1.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0)  # values to which cameras and types reach
_NEARLY_BLACK = 32  # of 255, in all colours: what JPEG makes of black beside something bright
_FAR = 80.0  # ... and the least brightness of that
_BLOCK = 9  # pixels that JPEG disturbs
_LEAST_LEFT = 0.02  # share of the image that must be left


@dataclass(frozen=True)
class Recorded:
    """The part of an image that was recorded.

    Parameters
    ----------
    window : (slice, slice)
        Its bounding box.
    fill : ndarray of bool, shape (Y, X) of the window
        Pixels within that were not recorded.
    """

    window: tuple[slice, slice]
    fill: NDArray[np.bool_]

    def replace_fill(self, pixels: NDArray[np.generic], *, dark: bool) -> NDArray[np.generic]:
        """Give fill the colour of the background.

        Parameters
        ----------
        pixels : ndarray, shape (Y, X) or (Y, X, C)
            Of the window.
        dark : bool
            Whether the background is darker than the objects.

        Returns
        -------
        ndarray, shape of the window
        """
        if not self.fill.any():
            return pixels
        filled = pixels.copy()
        filled[self.fill] = self.background(pixels, dark=dark)
        return filled

    def background(self, pixels: NDArray[np.generic], *, dark: bool) -> NDArray[np.generic]:
        """Colour of the background, of shape () or (C,); see `replace_fill`."""
        values = pixels[~self.fill]
        values = values[:: max(1, len(values) // _SAMPLE)].astype(np.float64)
        background = np.nanpercentile(np.where(np.isfinite(values), values, np.nan), 25 if dark else 90, axis=0)
        return np.asarray(background.astype(pixels.dtype))

    def restore(self, labels: NDArray[np.int32], shape: tuple[int, int]) -> NDArray[np.int32]:
        """Put labels of the window back into an image of a shape (Y, X)."""
        whole = np.zeros(shape, np.int32)
        whole[self.window] = labels
        return whole


def find_recorded(pixels: NDArray[np.generic]) -> Recorded | None:
    """Find the recorded part of an image.

    Parameters
    ----------
    pixels : ndarray, shape (Y, X) or (Y, X, C)

    Returns
    -------
    Recorded or None
        None for an image without fill, as nearly all are; that takes a few milliseconds to say.
    """
    fill = np.zeros(pixels.shape[:2], np.uint8)
    for candidate in _candidates(pixels):
        for piece, place in _pieces(candidate.mask):
            if np.isnan(candidate.value) or _is_drawn(piece, place, candidate, pixels):
                fill[place] |= piece
    if not fill.any() or 1 - fill.mean() < _LEAST_LEFT:
        return None
    window = bounding_window(fill == 0)
    return Recorded(window, fill[window].view(np.bool_))


@dataclass(frozen=True)
class _Candidate:
    """Pixels that may be fill.

    Parameters
    ----------
    mask : ndarray of uint8, shape (Y, X)
        1 for these.
    value : float
        Which they have; NaN for missing numbers, which are fill wherever many of them lie together.
    others : ndarray of float32, shape (n,)
        Brightness of a sample of the other pixels.
    step : float
        The least step in brightness at the edge of fill.
    """

    mask: NDArray[np.uint8]
    value: float
    others: NDArray[np.float32]
    step: float


def _candidates(pixels: NDArray[np.generic]) -> Iterator[_Candidate]:
    """Find pixels that have an extreme value, where there are enough of them."""
    if pixels.dtype.kind not in "uif":
        return
    lines = (sample_grid(pixels, _SAMPLE), pixels[:, -1:], pixels[-1:])
    sample = np.concatenate([part.reshape(-1, *pixels.shape[2:]) for part in lines])

    def worth(found: NDArray[np.bool_]) -> bool:
        # Channel by channel: a reduction over an axis of three takes ten times as long.
        channels = [found] if found.ndim == 1 else list(found.T)
        return bool(np.logical_and.reduce(channels).mean() >= _WORTH)

    if pixels.dtype.kind == "f" and not np.isfinite(sample).all():
        missing = ~np.isfinite(pixels)
        mask = np.asarray((missing.all(axis=2) if pixels.ndim == 3 else missing).view(np.uint8))
        yield _Candidate(mask, np.nan, np.zeros(0, np.float32), 0.0)
        if not np.isfinite(sample).any():
            return
    for value in _fill_values(sample):
        if worth(sample == value):
            yield from _candidate(_where(pixels, value), value, pixels)
    if pixels.dtype == np.uint8 and pixels.ndim == 3 and worth(sample <= _NEARLY_BLACK):
        lit = sample.max(axis=1)
        lit = lit[lit > _NEARLY_BLACK]
        if lit.size and np.percentile(lit, 25) > _FAR:  # not fluorescence
            mask = (pixels.max(axis=2) <= _NEARLY_BLACK).view(np.uint8)
            mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((_BLOCK, _BLOCK), np.uint8))
            yield from _candidate(np.asarray(mask, np.uint8), 0.0, pixels, _FAR)


def _fill_values(sample: NDArray[np.generic]) -> list[float]:
    """Values that fill may have, given a sample of the pixels."""
    finite = sample[np.isfinite(sample)]
    smallest, largest = float(finite.min()), float(finite.max())
    floats = sample.dtype.kind == "f"
    # Floats have no largest value of a camera, and programs mark what is missing by -1, -9999 or their type's own ends.
    values = {0.0, *([smallest] if smallest < 0 else []), *([largest] if floats or largest in _LARGEST else [])}
    return sorted(values)


def _candidate(
    mask: NDArray[np.uint8], value: float, pixels: NDArray[np.generic], step: float = 0.0
) -> Iterator[_Candidate]:
    """Describe pixels that may be fill, unless what is left is not an image."""
    others = _brightness(sample_grid(pixels, _SAMPLE)[sample_grid(mask, _SAMPLE) == 0])
    if not others.size:
        return
    low, middle, high = (float(value) for value in np.percentile(others, (0.2, 50, 99.8)))
    if high - low > _CONTRAST * abs(middle) and len(np.unique(others)) > _DRAWING:
        yield _Candidate(mask, value, others, max(_JUMP * max(abs(high - value), abs(low - value)), step))


def _where(pixels: NDArray[np.generic], value: float) -> NDArray[np.uint8]:
    """1 where all channels have a value."""
    if pixels.ndim == 2:
        return np.asarray((pixels == value).view(np.uint8))
    found = pixels[..., 0] == value
    for channel in range(1, pixels.shape[2]):
        found &= pixels[..., channel] == value
    return np.asarray(found.view(np.uint8))


def _pieces(mask: NDArray[np.uint8]) -> Iterator[tuple[NDArray[np.uint8], tuple[slice, slice]]]:
    """Solid, large connected pieces of a mask: each cut out, and its place."""
    solid = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((_THINNEST, _THINNEST), np.uint8))
    # Not connectedComponentsWithStats, whose statistics of all pieces take four times as long as finding these.
    count, labels = cv2.connectedComponents(solid, connectivity=4)
    area = np.bincount(labels[solid > 0], minlength=count)
    large = np.flatnonzero(area >= _LEAST_AREA * mask.size)
    for piece in large[np.argsort(-area[large], kind="stable")][:_MOST_PIECES]:
        place = bounding_window(labels == piece)
        yield (labels[place] == piece).view(np.uint8), place


def _is_drawn(
    piece: NDArray[np.uint8],
    place: tuple[slice, slice],
    candidate: _Candidate,
    pixels: NDArray[np.generic],
) -> bool:
    """Whether a piece has the shape and the edge of fill."""
    mask = candidate.mask
    height, width = mask.shape
    rectangle = bool(piece.mean() >= _RECTANGLE)
    rows, columns = place
    contact = (
        (rows.start == 0) * int(piece[0].sum())
        + (rows.stop == height) * int(piece[-1].sum())
        + (columns.start == 0) * int(piece[:, 0].sum())
        + (columns.stop == width) * int(piece[:, -1].sum())
    )
    if not rectangle and contact < _CONTACT * 2 * (height + width):
        return False
    edge = _edge_values(piece, place, mask, pixels)
    if not edge.size or np.percentile(np.abs(edge - candidate.value), 25) <= candidate.step:
        return False
    if _roughness(piece, edge.size) > _ROUGH:
        return False
    if rectangle or _straightness(piece, place, mask.shape) >= _STRAIGHT:
        return True
    return _is_indifferent(float(np.median(edge)), candidate.others, mask)


def _is_indifferent(edge: float, others: NDArray[np.float32], mask: NDArray[np.uint8]) -> bool:
    """Whether an edge of any shape cuts through the image as a drawn one does, rather than follow its objects."""
    left = 1 - sample_grid(mask, _SAMPLE)
    _, _, stats, _ = cv2.connectedComponentsWithStats(left, connectivity=8)
    if not len(stats) > 1 or stats[1:, cv2.CC_STAT_AREA].max() < _LARGE * left.size:
        return False
    rank = float((others < edge).mean() + (others <= edge).mean()) / 2
    return _INDIFFERENT[0] <= rank <= _INDIFFERENT[1]


def _edge_values(
    piece: NDArray[np.uint8], place: tuple[slice, slice], mask: NDArray[np.uint8], pixels: NDArray[np.generic]
) -> NDArray[np.float32]:
    """Brightness of the pixels beside a piece."""
    height, width = mask.shape
    rows, columns = place
    above, before = int(rows.start > 0), int(columns.start > 0)
    below, after = int(rows.stop < height), int(columns.stop < width)
    wider = np.s_[rows.start - above : rows.stop + below, columns.start - before : columns.stop + after]
    padded = np.pad(piece, ((above, below), (before, after)))
    beside = (cv2.dilate(padded, np.ones((3, 3), np.uint8)) > 0) & (mask[wider] == 0)
    return _brightness(pixels[wider][beside])


def _brightness(values: NDArray[np.generic]) -> NDArray[np.float32]:
    brightness = values.astype(np.float32)
    brightness = brightness.mean(axis=1) if brightness.ndim == 2 else brightness
    return brightness[np.isfinite(brightness)]


def _roughness(piece: NDArray[np.uint8], edge: int) -> float:
    """Pixels that change when a piece is smoothed, per pixel along its edge: near 0 for a drawn outline."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_SMOOTH, _SMOOTH))
    padded = np.pad(piece, _SMOOTH, mode="edge")
    smooth = cv2.morphologyEx(cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel), cv2.MORPH_OPEN, kernel)
    return float(np.count_nonzero(smooth != padded)) / max(edge, 1)


def _straightness(piece: NDArray[np.uint8], place: tuple[slice, slice], shape: tuple[int, ...]) -> float:
    """Share of a piece's outline, without the image's border, that long straight lines or wide arcs make up."""
    rows, columns = place
    outlines, _ = cv2.findContours(piece, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    total = long = 0.0
    for outline in outlines:
        corners = cv2.approxPolyDP(outline, 1.0, closed=True)[:, 0, :] + (columns.start, rows.start)
        following = np.roll(corners, -1, axis=0)
        length = np.hypot(*(following - corners).T)
        last = (shape[1] - 1, shape[0] - 1)
        on_border = [((corners == at) & (following == at)).any(axis=1) for at in ((0, 0), last)]
        length = length[~(on_border[0] | on_border[1])]
        total += float(length.sum())
        long += float(length[length >= _LONG].sum())
    return long / max(total, 1.0)
