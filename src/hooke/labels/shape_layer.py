"""Collects the annotated shapes of one image, polygons and masks, and paints them.

A pixel in several shapes goes to the smallest of them, among equal ones to the first: so a nucleus drawn on a cell
stays whole, and the cell keeps the rest. Every overlap is noted as a `Conflict`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from hooke.labels.painter import Mask, Painting, paint
from hooke.labels.polygons import Ring, crosses_itself, fill_rings, ring_area

TOO_FEW_POINTS = "shapes of fewer than 3 points, skipped"
OUTSIDE = "shapes wholly outside the image, skipped"
TINY = (
    "shapes that cover the centre of no pixel, skipped (are they in pixels, not in micrometres or shares of the image?)"
)
CROSSED = "outlines that cross themselves, filled where they go round an odd number of times"
CUT = "shapes that reach beyond the image, cut off at its border"


class ShapeLayer:
    """The annotated objects of one image, added in the order of the source, then painted.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the image.

    Attributes
    ----------
    notes : Counter of str
        What was skipped or cut, in the words of a summary: how often.
    masks : list of Mask
        What was added.

    Examples
    --------
    >>> from hooke.labels.polygons import rectangle
    >>> layer = ShapeLayer((2, 4))
    >>> layer.add_polygon("cell", [[rectangle(0, 0, 4, 2)]], "cell")
    >>> layer.add_polygon("nucleus", [[rectangle(1, 0, 2, 1)]], "nucleus")
    >>> painting = layer.paint()
    >>> painting.labels.tolist(), painting.classes
    ([[1, 2, 1, 1], [1, 1, 1, 1]], {1: 'cell', 2: 'nucleus'})
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.height, self.width = shape
        self.notes: Counter[str] = Counter()
        self.masks: list[Mask] = []

    def add_polygon(
        self, name: str, parts: Iterable[Sequence[Ring]], class_name: str | None = None, *, score: float | None = None
    ) -> None:
        """Add an object of one or more polygons, each a sequence of an outline and its holes.

        Rings of fewer than 3 points are left out; an object that has no other, or none within the image, is skipped
        and noted; one that reaches beyond the image is cut off, one whose outline crosses itself filled, and both are
        noted, as is one that covers no pixel.
        """
        polygons = [[ring for ring in part if len(ring) >= 3] for part in parts]
        polygons = [polygon for polygon in polygons if polygon]
        if not polygons:
            self.notes[TOO_FEW_POINTS] += 1
            return
        left, top, right, bottom = _box([ring for polygon in polygons for ring in polygon])
        if not self._is_within(top, left, bottom, right):
            return
        top, left, bottom, right = max(top, 0), max(left, 0), min(bottom, self.height), min(right, self.width)
        mask = np.zeros((bottom - top, right - left), bool)
        for polygon in polygons:
            x0, y0, x1, y1 = _box(polygon)
            y0, y1 = (min(max(edge - top, 0), bottom - top) for edge in (y0, y1))
            x0, x1 = (min(max(edge - left, 0), right - left) for edge in (x0, x1))
            filled = fill_rings(polygon, y1 - y0, x1 - x0, top + y0, left + x0)
            mask[y0:y1, x0:x1] |= filled
            if _crosses(polygon, int(np.count_nonzero(filled))):
                self.notes[CROSSED] += 1
        if not mask.any():
            self.notes[TINY] += 1
        self.masks.append(Mask(mask, top, left, name, class_name, score))

    def add_mask(
        self,
        name: str,
        mask: NDArray[np.bool_],
        class_name: str | None = None,
        *,
        top: int = 0,
        left: int = 0,
        score: float | None = None,
    ) -> None:
        """Add an object given as a mask over a window of the image, which is cut off where it reaches beyond.

        Parameters
        ----------
        name : str
            Its place in the source.
        mask : ndarray of bool, shape (H, W)
            True inside.
        class_name : str, optional
            Its class.
        top, left : int
            Row and column of the image where the window begins; may be negative.
        score : float, optional
            Confidence, 0..1.
        """
        added = Mask.crop(mask, top, left, name=name, class_name=class_name, score=score)
        height, width = added.window.shape
        if width and not self._is_within(added.top, added.left, added.top + height, added.left + width):
            return
        self.masks.append(added)

    def paint(self) -> Painting:
        """Paint all objects; labels count from 1 in the order of the source, over the objects that have pixels."""
        return paint(self.masks, (self.height, self.width), "smallest").renumber()

    def _is_within(self, top: int, left: int, bottom: int, right: int) -> bool:
        """Whether some of a bounding box lies in the image; note where not all of it does."""
        if top >= self.height or left >= self.width or bottom <= 0 or right <= 0:
            self.notes[OUTSIDE] += 1
            return False
        if top < 0 or left < 0 or bottom > self.height or right > self.width:
            self.notes[CUT] += 1
        return True


def _box(rings: Sequence[Ring]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom edge of the pixels that rings reach."""
    corners = np.concatenate(rings)
    (left, top), (right, bottom) = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    return int(left), int(top), int(right), int(bottom)


def _crosses(polygon: Sequence[Ring], pixels: int) -> bool:
    """Whether a ring of a polygon that fills this many pixels crosses itself.

    Of most the area says that they don't, which takes less time than to compare all edges: that of the outline less its
    holes or, of several pieces in one, whose holes go round the other way, that of all.
    """
    areas = [ring_area(ring) for ring in polygon]
    known = abs(areas[0]) - sum(map(abs, areas[1:])), abs(sum(areas))
    return all(abs(pixels - area) > 1 for area in known) and any(map(crosses_itself, polygon))
