"""One mask a nucleus in, a label image out, with a note of the masks that overlap, lie in pieces or are empty."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.datasets.adapter import Conflict

__all__ = ["LabelPainter"]

KINDS = {
    "overlap": "overlaps of two masks",
    "hidden": "masks hidden by others",
    "pieces": "masks in several pieces",
    "empty": "masks without a pixel",
}
LEFT_TO_FIRST = "left to the first"
DROPPED = "dropped"
KEPT_WHOLE = "kept as one nucleus"


class LabelPainter:
    """Joins masks to a label image, one after the other; a pixel in two masks stays with the first.

    Ids count from 1 in the order of the masks; a mask without a pixel of its own gets none.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the image.

    Attributes
    ----------
    labels : ndarray, int32, shape (Y, X)
        0 background, 1..n.
    names : list of str
        Name of each id's mask, ``names[0]`` that of id 1.
    conflicts : list of Conflict
        What was odd.

    Examples
    --------
    >>> painter = LabelPainter((1, 4))
    >>> painter.add("a", np.array([[True, True]])), painter.add("b", np.array([[True, True]]), left=1)
    (1, 2)
    >>> painter.labels.tolist()
    [[1, 1, 2, 0]]
    >>> [(conflict.kind, conflict.mask, conflict.other, conflict.pixels) for conflict in painter.conflicts]
    [('overlap', 'b', 'a', 1)]
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.labels: NDArray[np.int32] = np.zeros(shape, np.int32)
        self.names: list[str] = []
        self.conflicts: list[Conflict] = []

    @property
    def oddities(self) -> dict[str, int]:
        """How many conflicts of each kind, in the words of a summary."""
        counts: dict[str, int] = {}
        for conflict in self.conflicts:
            what = f"{KINDS[conflict.kind]}, {conflict.resolution} (see conflicts.csv)"
            counts[what] = counts.get(what, 0) + 1
        return counts

    def add(self, name: str, mask: NDArray[np.bool_], top: int = 0, left: int = 0) -> int | None:
        """Paint one mask.

        Parameters
        ----------
        name : str
            The mask's file, or its place in the source.
        mask : ndarray of bool, shape (H, W)
            True inside; a window of the image is enough. What lies outside the image is cut off.
        top, left : int
            Row and column of the image where the window begins; may be negative.

        Returns
        -------
        int or None
            The id that the mask got; None where it has no pixel of its own.
        """
        inside, window = self._window(mask, top, left)
        area = int(np.count_nonzero(inside))
        if area == 0:
            self.conflicts.append(Conflict("empty", name, "", 0, DROPPED))
            return None
        self._note_pieces(name, inside, area)
        free = inside & (window == 0)
        if not free.all():
            self._note_overlaps(name, window[inside])
        if not free.any():
            self.conflicts.append(Conflict("hidden", name, "", area, DROPPED))
            return None
        self.names.append(name)
        window[free] = len(self.names)
        return len(self.names)

    def _window(self, mask: NDArray[np.bool_], top: int, left: int) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
        """Crop to the mask's bounding box within the image; return the mask there, and the view on the labels."""
        height, width = self.labels.shape
        y, x = max(0, -top), max(0, -left)
        cut = mask[y : max(y, height - top), x : max(x, width - left)]
        column, row, columns, rows = cv2.boundingRect(np.ascontiguousarray(cut).view(np.uint8)) if cut.size else [0] * 4
        y, x = y + row + top, x + column + left
        return cut[row : row + rows, column : column + columns], self.labels[y : y + rows, x : x + columns]

    def _note_pieces(self, name: str, inside: NDArray[np.bool_], area: int) -> None:
        """Note a mask whose pixels are not all 8-connected."""
        found, _ = cv2.connectedComponents(np.ascontiguousarray(inside).view(np.uint8), connectivity=8)
        if found > 2:  # the background counts as one
            self.conflicts.append(Conflict("pieces", name, "", area, KEPT_WHOLE))

    def _note_overlaps(self, name: str, under: NDArray[np.int32]) -> None:
        """Note each mask that holds some of these pixels already."""
        shared = np.bincount(under)
        for id_ in np.flatnonzero(shared[1:]) + 1:
            self.conflicts.append(Conflict("overlap", name, self.names[id_ - 1], int(shared[id_]), LEFT_TO_FIRST))
