"""Finds letters and scale bars that were drawn into an image, so that they are not counted as nuclei unnoticed.

Drawn text has one colour, hard edges and thin strokes of even width, and its letters are about equally high and stand
in a row; a scale bar is an exact rectangle along the axes. A nucleus, even a saturated one, is neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from hooke.labels.runs import find_runs

# How far a pixel may differ from the colour drawn: exactly that, at a smoothed edge, and half-way to the background.
_REACH = (0.05, 0.35, 0.6)  # shares of the colour's distance from the background
_COLOUR_REACH = (0.12, 0.35, 0.6)  # the same in colour, of which JPEG halves the resolution
_LEAST = 0.12  # share of the range of intensity by which drawings differ from the background
_CONTRAST = 0.4  # ... where they are neither the brightest nor the darkest
_LARGEST_PICTURE = 50_000_000  # pixels; mosaics of fields hold no drawn text
_FEWEST = 24  # pixels of one letter's colour, below which nothing was drawn
_LARGEST = 0.3  # a colour that more of the picture has is its background
_LOWEST, _HIGHEST = 5, 150  # height of letters, pixels
_CROWD = 20_000  # more pieces than this are noise
_PURE = 0.15  # share of a letter that has its very colour, the rest being smoothed edge
_RING = 3  # pixels from a letter, where no blur of it should reach
_SOFT = 0.35  # share of that ring that may be bright for another reason
_FULL = 0.97  # share of its box that a scale bar fills
_ROW = 3  # letters that make a line of text
_CHANCE = 0.2  # share of the pieces like letters that stand in rows, below which they do so by chance
_LEVEL = 0.2  # share of their height by which letters of one line may differ in their foot or head
_INK = 0.05  # share of an object that has the colour of the letter; of objects that are letters, 0.1 or more has it
_MOST = 3000  # letters; a printed page is a question of its own
_SAMPLE = 20_000  # pixels whose colours are counted
_FLAT_COLOURS = 3  # number of colours tried that several neighbouring pixels share
_DIM = 0.06  # share of the range by which a value that neighbours share strikingly often must differ
_PEAK = 4.0  # times as many neighbours share it as share the values next to it: a dim drawing's only sign
_STEPS = 24  # different values that neighbours share, with fewer of which any is striking
_BESIDE = 4  # values to each side of one, among those that neighbours share
_VALUES = 256  # an image of no more was stored with 8 bits once
_COARSE = 4  # pixels, between those that are read for that
_BOX = np.ones((3, 3), np.uint8)

Boxes = NDArray[np.int64]  # top, left, bottom, right of each, pixels; bottom and right are outside


def count_lettering(pixels: NDArray[np.generic], labels: NDArray[np.int32]) -> int:
    """Count the objects that are letters or a scale bar.

    Parameters
    ----------
    pixels : ndarray, shape (Y, X) or (Y, X, 3)
        Of any type, as stored; 8 bits where they are colours.
    labels : ndarray of int32, shape (Y, X)

    Returns
    -------
    int
        Objects of which half or more lies in a line of text, or on a scale bar, and a part has its colour: nuclei
        beside gaps of a section, which look like white letters, have none of it.
    """
    drawn, ink = np.zeros(labels.shape, bool), np.zeros(labels.shape, bool)
    for layer, boxes in _found(pixels):
        for top, left, bottom, right in boxes:
            drawn[max(top - 2, 0) : bottom + 2, max(left - 2, 0) : right + 2] = True
            ink[top:bottom, left:right] |= layer.smoothed[top:bottom, left:right] > 0
    if not drawn.any():
        return 0
    area = np.bincount(labels.ravel())[1:]
    within, inked = (np.bincount(labels[mask], minlength=len(area) + 1)[1:] for mask in (drawn, ink))
    return int(((2 * within >= np.maximum(area, 1)) & (inked >= _INK * area)).sum())


def find_lettering(pixels: NDArray[np.generic]) -> Boxes:
    """Find lines of text and scale bars.

    Parameters
    ----------
    pixels : ndarray, shape (Y, X) or (Y, X, 3)

    Returns
    -------
    ndarray of int64, shape (n, 4)
        Top, left, bottom and right of each letter and bar; none in mosaics of more than 50 megapixels, nor where
        colours have other than 8 bits.
    """
    return np.concatenate([*(boxes for _, boxes in _found(pixels)), np.zeros((0, 4), np.int64)])


def _found(pixels: NDArray[np.generic]) -> Iterator[tuple[_Layer, Boxes]]:
    """Boxes of what was drawn in each colour."""
    coloured = pixels.ndim == 3
    if pixels.shape[0] * pixels.shape[1] > _LARGEST_PICTURE or (
        coloured and (pixels.shape[2] != 3 or pixels.dtype != np.uint8)
    ):
        return
    yield from ((layer, _drawn(layer)) for layer in _layers(pixels))


@dataclass(frozen=True, eq=False)
class _Layer:
    """Masks (255 where true) of pixels that may have been drawn in one colour; each holds the one before.

    Parameters
    ----------
    exact, smoothed, blurred : ndarray of uint8, shape (Y, X)
        Pixels of that colour; these with a smoothed edge; these with all that lies half-way to the background.
    """

    exact: NDArray[np.uint8]
    smoothed: NDArray[np.uint8]
    blurred: NDArray[np.uint8]


def _layers(pixels: NDArray[Any]) -> Iterator[_Layer]:
    """One layer for each colour that may have been drawn with."""
    for value, reach in _colours(pixels) if pixels.ndim == 3 else _values(pixels):
        found = cv2.countNonZero(_in_range(pixels[::2], value, reach[0]))
        if _FEWEST / 2 <= found <= _LARGEST * pixels.shape[0] * pixels.shape[1] / 2:
            yield _Layer(*(_in_range(pixels, value, near) for near in reach))


def _values(pixels: NDArray[Any]) -> Iterator[tuple[float, tuple[float, float, float]]]:
    """The extremes, and the values that neighbours share most often or strikingly often, with their reach."""
    lowest, highest, middle = float(pixels.min()), float(pixels.max()), float(np.median(pixels[::4, ::4]))
    exact, smoothed, blurred = _REACH if pixels.dtype == np.uint8 else (0.0, *_REACH[1:])
    # Of thousands of values, noise hardly gives three neighbours the same.
    many = pixels.dtype != np.uint8 and len(np.unique(pixels[::_COARSE, ::_COARSE])) > _VALUES
    values, often = _shared(pixels)
    span = highest - lowest
    reaches = {}
    if not many and len(values) >= _STEPS:
        beyond = np.abs(values - middle) > _DIM * span
        peaks = _most(values, np.where(beyond & (often > _PEAK * _around(often)), often, 0))
        reaches = dict.fromkeys(peaks, exact)
    contrast = (_LEAST if many else _CONTRAST) * span
    reaches |= {value: exact for value in _most(values, often) if abs(value - middle) > contrast}
    reaches |= {value: exact for value in (highest, lowest) if abs(value - middle) > _LEAST * span}
    for value, near in reaches.items():
        away = abs(value - middle)
        yield value, (away * near, away * smoothed, away * blurred)


def _shared(pixels: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Values that neighbours share, in order, and how often."""
    if pixels.dtype == np.uint8:
        often = cv2.calcHist([pixels[:-1, :-1]], [0], _flat(pixels), [256], [0, 256]).ravel().astype(np.int64)
        values = np.flatnonzero(often)
        return values.astype(np.float64), often[values]
    shared = pixels[:-1, :-1][_flat(pixels) > 0]
    values, often = np.unique(shared[:: max(1, len(shared) // _SAMPLE)], return_counts=True)
    return values.astype(np.float64), often


def _most(values: NDArray[np.float64], often: NDArray[np.int64]) -> list[float]:
    """The values that are there most often, without rare ones."""
    most = np.argsort(often)[::-1][:_FLAT_COLOURS]
    return [float(value) for value in values[most[often[most] >= _FEWEST]]]


def _around(often: NDArray[np.int64]) -> NDArray[np.float64]:
    """How often a value's neighbours among the values are there: the median of eight."""
    sides = sliding_window_view(np.pad(often.astype(np.float64), _BESIDE, mode="reflect"), 2 * _BESIDE + 1)
    return np.asarray(np.median(np.delete(sides, _BESIDE, axis=1), axis=1))


def _colours(pixels: NDArray[Any]) -> Iterator[tuple[NDArray[np.int64], tuple[float, float, float]]]:
    """The eight pure colours, and those that neighbours share most often, with their reach."""
    flat = cv2.bitwise_and(*(_flat(pixels[..., channel]) for channel in (0, 2)))
    shared = pixels[:-1, :-1][flat > 0]
    shared = shared[:: max(1, len(shared) // _SAMPLE)].astype(np.int64)
    values, often = np.unique(shared @ np.array([65536, 256, 1]), return_counts=True)
    most = np.argsort(often)[::-1][:_FLAT_COLOURS]
    common = [(value >> 16, value >> 8 & 255, value & 255) for value in values[most[often[most] >= _FEWEST]].tolist()]
    middle = np.median(pixels[::4, ::4], axis=(0, 1))
    for colour in dict.fromkeys([*product((0, 255), repeat=3), *common]):
        if (away := float(np.abs(np.array(colour) - middle).max())) > _LEAST * 255:
            exact, smoothed, blurred = (near * away for near in _COLOUR_REACH)
            yield np.array(colour), (exact, smoothed, blurred)


def _flat(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """255 for pixels that equal their right and their lower neighbour; shape (Y - 1, X - 1)."""
    here = pixels[:-1, :-1]
    return np.asarray(((here == pixels[:-1, 1:]) & (here == pixels[1:, :-1])).view(np.uint8) * np.uint8(255))


def _in_range(pixels: NDArray[Any], value: Any, near: float) -> NDArray[np.uint8]:
    """255 where a pixel's value, or each of its colours, differs from that given by `near` at most."""
    if pixels.ndim == 3 or pixels.dtype == np.uint8:
        low, high = np.clip(np.ceil(value - near), 0, 255), np.clip(np.floor(value + near), 0, 255)
        return np.asarray(cv2.inRange(pixels, *(np.atleast_1d(bound).astype(float) for bound in (low, high))), np.uint8)
    return np.asarray(((pixels >= value - near) & (pixels <= value + near)).view(np.uint8) * np.uint8(255))


def _drawn(layer: _Layer) -> Boxes:
    """Boxes of what was drawn in one colour."""
    no_boxes = np.zeros((0, 4), np.int64)
    exact, smoothed = layer.exact, layer.smoothed
    if cv2.countNonZero(smoothed) > _LARGEST * smoothed.size:
        return no_boxes
    # Not connectedComponentsWithStats, which takes six times as long as without statistics.
    count, found = cv2.connectedComponents(smoothed, connectivity=8)
    if count > _CROWD:
        return no_boxes
    pieces = np.asarray(found, np.int32)
    runs = find_runs(pieces)
    boxes, area = runs.boxes.T, runs.sum(runs.length)
    top, left, bottom, right = boxes.T
    height, width = bottom - top, right - left
    pure = np.bincount(pieces[exact > 0], minlength=count)[1:] / np.maximum(area, 1)
    inside = (top > 0) & (left > 0) & (bottom < exact.shape[0]) & (right < exact.shape[1])
    longest, shortest = np.maximum(height, width), np.minimum(height, width)
    candidate = inside & (pure > _PURE)
    bar = candidate & (area >= _FULL * height * width) & (longest >= 3 * shortest) & (longest >= 20)
    letter = candidate & ~bar & (longest >= _LOWEST) & (longest <= _HIGHEST)
    if letter.sum() > _MOST:
        letter[:] = False
    stroke = np.zeros(len(boxes))
    for index in np.flatnonzero(letter | bar):
        piece, blurred = _cut(pieces, boxes[index]) == index + 1, _cut(layer.blurred, boxes[index])
        stroke[index] = _stroke_width(piece)
        letter[index] &= stroke[index] <= 0.4 * longest[index] + 1
        if not _has_hard_edge(piece, blurred):
            letter[index] = bar[index] = False
    rows = _in_rows(boxes, stroke, letter) | _in_rows(boxes[:, [1, 0, 3, 2]], stroke, letter)
    if rows.sum() < _CHANCE * letter.sum():
        rows[:] = False
    return np.asarray(boxes[rows | bar])


def _cut(plane: NDArray[Any], box: NDArray[np.int64]) -> NDArray[Any]:
    """A box of a plane and `_RING` pixels on every side, less what lies outside the plane."""
    top, left, bottom, right = (int(side) for side in box)
    return plane[max(top - _RING, 0) : bottom + _RING, max(left - _RING, 0) : right + _RING]


def _has_hard_edge(piece: NDArray[np.bool_], blurred: NDArray[np.uint8]) -> bool:
    """Whether a piece ends within two pixels: what lies farther out is nearer to the background than to it."""
    inner = piece.view(np.uint8)
    ring = (cv2.dilate(inner, _BOX, iterations=_RING) > 0) & (cv2.dilate(inner, _BOX, iterations=_RING - 1) == 0)
    return bool(ring.any()) and float((blurred[ring] > 0).mean()) < _SOFT


def _stroke_width(piece: NDArray[np.bool_]) -> float:
    """Diameter of the largest disk within a piece that touches no side of its array, pixels."""
    framed = cv2.copyMakeBorder(piece.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return 2 * float(cv2.distanceTransform(framed, cv2.DIST_L2, 5).max()) - 1


def _in_rows(boxes: Boxes, stroke: NDArray[np.float64], letter: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which pieces stand in a row of at least `_ROW` letters of similar height and stroke on one line."""
    result = np.zeros(len(boxes), bool)
    ids = np.flatnonzero(letter)
    if not _ROW <= len(ids) <= _MOST:
        return result
    top, left, bottom, right = boxes[ids].T
    height, thick = bottom - top, stroke[ids]
    highest = np.maximum(height[:, None], height)
    alike = highest <= 2 * np.minimum(height[:, None], height)
    alike &= np.maximum(thick[:, None], thick) <= 2 * np.minimum(thick[:, None], thick) + 1
    level = np.minimum(np.abs(bottom[:, None] - bottom), np.abs(top[:, None] - top)) <= _LEVEL * highest
    gap = np.maximum(left[:, None], left) - np.minimum(right[:, None], right)
    near = alike & level & (gap <= highest) & (gap >= -1)
    following = np.where(near & (left[None, :] > left[:, None]), left[None, :], np.iinfo(np.int64).max)
    group = np.arange(len(ids))
    for index in np.argsort(left):
        nearest = int(np.argmin(following[index]))
        if near[index, nearest] and left[nearest] > left[index]:
            group[nearest] = group[index]
    result[ids] = np.bincount(group, minlength=len(ids))[group] >= _ROW
    return result
