"""Label images with corrections: pixels that get another label when a frame is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hooke.tracking.planes import Ints

#: What was done to an object, as the table says it.
SPLIT, JOINED, FILLED = "split", "joined", "filled"

_HELD = 8  # frames


@dataclass(eq=False)
class EditedPlanes(Sequence[NDArray[np.integer]]):
    """Label images, read one at a time, with corrections.

    Parameters
    ----------
    source : sequence of ndarray of integer, shape (Y, X)

    Attributes
    ----------
    repairs : dict of (int, int) to str
        What was done, by frame and label.
    origin : dict of (int, int) to int
        The label that a new one was part of in the source, by frame and new label; 0 for none.
    """

    source: Sequence[NDArray[np.integer]]
    repairs: dict[tuple[int, int], str] = field(default_factory=dict)
    origin: dict[tuple[int, int], int] = field(default_factory=dict)
    _pixels: dict[int, list[tuple[Ints, Ints, int]]] = field(default_factory=dict)
    _highest: dict[int, int] = field(default_factory=dict)
    _held: dict[int, NDArray[np.int32]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> NDArray[np.int32]:  # type: ignore[override]
        """A frame; not to be changed, since the next few that are asked for are held."""
        index = range(len(self))[index]
        if index not in self._held:
            plane = np.asarray(self.source[index], np.int32)
            if index in self._pixels:
                plane = plane.copy()
                for rows, columns, label in self._pixels[index]:
                    plane[rows, columns] = label
            while len(self._held) >= _HELD:
                del self._held[next(iter(self._held))]
            self._held[index] = plane
        return self._held[index]

    @property
    def changed(self) -> list[int]:
        """Frames with corrections."""
        return sorted(self._pixels)

    def paint(self, frame: int, pixels: tuple[Ints, Ints], label: int) -> None:
        """Give pixels (rows, columns) of a frame a label."""
        self._pixels.setdefault(frame, []).append((*pixels, label))
        self._held.pop(frame, None)

    def new_label(self, frame: int, origin: int = 0) -> int:
        """A label that no object of a frame has."""
        if frame not in self._highest:
            self._highest[frame] = int(self[frame].max(initial=0))
        self._highest[frame] += 1
        self.origin[frame, self._highest[frame]] = origin
        return self._highest[frame]
