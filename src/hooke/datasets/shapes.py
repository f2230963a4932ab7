"""Annotated shapes of one image in, its label image out: polygons with holes, ellipses and masks, whatever the format.

Coordinates are (x, y) in pixels, (0, 0) the outer corner of the top-left pixel, so that the centre of that pixel is at
(0.5, 0.5): so do COCO, QuPath, ImageJ and labelme's canvas. A pixel belongs to a shape that holds its centre; shapes
that share an edge share no pixel.

A pixel in several shapes goes to the smallest of them, of equal ones to the first: so a nucleus drawn on a cell stays
whole, and the cell keeps the rest. Every overlap is noted as a `Conflict`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.datasets.adapter import Sample
from hooke.datasets.masks import LabelPainter
from hooke.errors import DatasetError
from hooke.limits import check_memory

__all__ = ["Ring", "ShapeLayer", "ellipse", "fill_rings", "rectangle", "to_ring"]

#: Corners of a closed outline, float64, shape (N, 2), as (x, y) in pixels; the last is joined to the first.
Ring = NDArray[np.float64]

LEFT_TO_SMALLER = "left to the smaller"
TOO_FEW_POINTS = "shapes of fewer than 3 points, skipped"
OUTSIDE = "shapes wholly outside the image, skipped"
CUT = "shapes that reach beyond the image, cut off at its border"

ELLIPSE_CORNERS = 256  # the polygon is within 8e-5 of the radius
# A whole slide is 10^5 pixels wide; beyond 10^8 the sums below lose the pixel, and a number is a mistake anyway.
FARTHEST = 1e8
BYTES_PER_CROSSING = 64  # of an edge by a row of pixels, as a polygon is filled
REMEDY = "export the annotations again"


def to_ring(points: object) -> Ring:
    """Check corners as a file gives them.

    Parameters
    ----------
    points : sequence of (float, float), or flat sequence of float
        x and y of each corner, in pairs or one after the other; further coordinates of a pair (GeoJSON's height) are
        left out.

    Raises
    ------
    DatasetError
        If these are not pairs of finite numbers. The error names no file.

    Examples
    --------
    >>> to_ring([0, 0, 4, 0, 4, 3]).tolist() == to_ring([[0, 0], [4, 0], [4, 3]]).tolist()
    True
    """
    try:
        corners = np.asarray(points)
    except (TypeError, ValueError, OverflowError) as error:
        raise DatasetError("coordinates are not pairs of x and y", remedy=REMEDY) from error
    if corners.ndim == 1 and corners.size % 2 == 0:
        corners = corners.reshape(-1, 2)
    if corners.ndim == 0 or (corners.size and (corners.ndim != 2 or corners.shape[1] < 2)):
        raise DatasetError("coordinates are not pairs of x and y", remedy=REMEDY)
    if not corners.size:
        return np.empty((0, 2))
    # Text that looks like a number is no number.
    if corners.dtype.kind not in "iuf" or not (np.abs(corners) < FARTHEST).all():
        raise DatasetError("coordinates are not finite numbers", remedy=REMEDY)
    return corners[:, :2].astype(np.float64)


def ellipse(x: float, y: float, radius_x: float, radius_y: float) -> Ring:
    """Outline an ellipse with its axes along rows and columns, from its centre and radii in pixels."""
    angle = np.linspace(0, 2 * np.pi, ELLIPSE_CORNERS, endpoint=False)
    return np.stack([x + radius_x * np.cos(angle), y + radius_y * np.sin(angle)], axis=1)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> Ring:
    """Outline a rectangle from two opposite corners."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


def fill_rings(rings: Sequence[Ring], height: int, width: int, top: int = 0, left: int = 0) -> NDArray[np.bool_]:
    """Rasterise one polygon: each pixel whose centre lies inside by the even-odd rule, so that inner rings are holes.

    Parameters
    ----------
    rings : sequence of Ring
        Outline and holes, in any order and direction.
    height, width, top, left : int
        The window of the image to rasterise, in pixels.

    Returns
    -------
    ndarray of bool, shape (height, width)
        True inside.

    Notes
    -----
    Scan conversion: an edge is crossed by the rows whose centre y lies in [lower end, upper end); in such a row, all
    pixels right of the crossing change sides (Foley et al., Computer Graphics, 2nd ed., section 3.6).

    Examples
    --------
    >>> outer, hole = rectangle(0, 0, 4, 3), rectangle(1, 1, 2, 2)
    >>> fill_rings([outer, hole], 3, 5).astype(int).tolist()
    [[1, 1, 1, 1, 0], [1, 0, 1, 1, 0], [1, 1, 1, 1, 0]]
    """
    begin = np.concatenate([np.empty((0, 2)), *rings]) - (left, top)
    end = np.concatenate([np.empty((0, 2)), *(np.roll(ring, -1, axis=0) for ring in rings)]) - (left, top)
    (x0, y0), (x1, y1) = begin.T, end.T
    first = np.clip(np.ceil(np.minimum(y0, y1) - 0.5), 0, height).astype(np.intp)
    last = np.clip(np.ceil(np.maximum(y0, y1) - 0.5), 0, height).astype(np.intp)
    crossings = last - first
    check_memory(BYTES_PER_CROSSING * int(crossings.sum()), error=DatasetError)
    edge = np.repeat(np.arange(len(begin)), crossings)
    row = np.arange(len(edge)) + np.repeat(first - np.cumsum(crossings) + crossings, crossings)
    x = x0[edge] + (row + 0.5 - y0[edge]) * (x1 - x0)[edge] / (y1 - y0)[edge]
    column = np.clip(np.ceil(x - 0.5), 0, width).astype(np.intp)
    changes = np.bincount(row * (width + 1) + column, minlength=height * (width + 1)).reshape(height, width + 1)
    return np.asarray(np.cumsum(changes, axis=1)[:, :width] % 2 == 1)


@dataclass(frozen=True)
class _Shape:
    """One object: its name in the source, its pixels in a window of the image, and its class."""

    name: str
    mask: NDArray[np.bool_]
    top: int
    left: int
    class_name: str | None


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

    Examples
    --------
    >>> layer = ShapeLayer((2, 4))
    >>> layer.add_polygon("cell", [[rectangle(0, 0, 4, 2)]], "cell")
    >>> layer.add_polygon("nucleus", [[rectangle(1, 0, 2, 1)]], "nucleus")
    >>> sample = layer.sample(np.zeros((2, 4), np.uint8))
    >>> sample.labels.tolist(), sample.classes
    ([[1, 2, 1, 1], [1, 1, 1, 1]], {1: 'cell', 2: 'nucleus'})
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.height, self.width = shape
        self.notes: Counter[str] = Counter()
        self._shapes: list[_Shape] = []

    def add_polygon(self, name: str, parts: Iterable[Sequence[Ring]], class_name: str | None = None) -> None:
        """Add an object of one or more polygons, each a sequence of an outline and its holes.

        Rings of fewer than 3 points are left out; an object that has no other, or none within the image, is skipped
        and noted, and one that reaches beyond the image is cut off and noted.
        """
        polygons = [[ring for ring in part if len(ring) >= 3] for part in parts]
        polygons = [polygon for polygon in polygons if polygon]
        if not polygons:
            self.notes[TOO_FEW_POINTS] += 1
            return
        corners = np.concatenate([ring for polygon in polygons for ring in polygon])
        left, top = (int(edge) for edge in np.floor(corners.min(axis=0)))
        right, bottom = (int(edge) for edge in np.ceil(corners.max(axis=0)))
        if not self._is_within(top, left, bottom, right):
            return
        top, left, bottom, right = max(top, 0), max(left, 0), min(bottom, self.height), min(right, self.width)
        mask = np.zeros((bottom - top, right - left), bool)
        for polygon in polygons:
            mask |= fill_rings(polygon, *mask.shape, top, left)
        self._shapes.append(_Shape(name, mask, top, left, class_name))

    def add_mask(
        self, name: str, mask: NDArray[np.bool_], class_name: str | None = None, *, top: int = 0, left: int = 0
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
        """
        as_bytes = np.ascontiguousarray(mask).view(np.uint8)
        column, row, width, height = cv2.boundingRect(as_bytes) if mask.size else (0, 0, 0, 0)
        top, left = top + row, left + column
        if width and not self._is_within(top, left, top + height, left + width):
            return
        # A copy, so that the whole mask need not stay in memory.
        cropped = mask[row : row + height, column : column + width].copy()
        self._shapes.append(_Shape(name, cropped, top, left, class_name))

    def sample(self, image: NDArray[np.generic]) -> Sample:
        """Paint all objects; ids count from 1 in the order of the source, over the objects that have pixels.

        Returns
        -------
        Sample
            The image as given, with labels, classes, notes and conflicts.
        """
        painter = LabelPainter((self.height, self.width))
        ids: dict[int, int] = {}
        for place in sorted(range(len(self._shapes)), key=lambda place: np.count_nonzero(self._shapes[place].mask)):
            shape = self._shapes[place]
            id_ = painter.add(shape.name, shape.mask, shape.top, shape.left)
            if id_ is not None:
                ids[place] = id_
        renumbered = np.zeros(len(ids) + 1, np.int32)
        classes = {}
        for new, place in enumerate(sorted(ids), start=1):
            renumbered[ids[place]] = new
            class_name = self._shapes[place].class_name
            if class_name is not None:
                classes[new] = class_name
        painter.conflicts[:] = [
            replace(conflict, resolution=LEFT_TO_SMALLER) if conflict.kind == "overlap" else conflict
            for conflict in painter.conflicts
        ]
        return Sample(image, renumbered[painter.labels], {**self.notes, **painter.oddities}, classes, painter.conflicts)

    def _is_within(self, top: int, left: int, bottom: int, right: int) -> bool:
        """Whether some of a bounding box lies in the image; note where not all of it does."""
        if top >= self.height or left >= self.width or bottom <= 0 or right <= 0:
            self.notes[OUTSIDE] += 1
            return False
        if top < 0 or left < 0 or bottom > self.height or right > self.width:
            self.notes[CUT] += 1
        return True
