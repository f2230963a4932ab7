"""Paints masks that may overlap into one label image, by a named rule, and notes every conflict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError, DatasetError
from hooke.limits import check_memory, check_promise

#: Which of several masks gets a pixel; ties go to the first.
Rule = Literal["first", "smallest", "highest_score"]

LEFT_TO = {"first": "left to the first", "smallest": "left to the smaller", "highest_score": "left to the higher score"}
DROPPED = "dropped"
KEPT_WHOLE = "kept as one nucleus"
KINDS = {
    "overlap": "overlaps of two masks",
    "hidden": "masks hidden by others",
    "pieces": "masks in several pieces",
    "empty": "masks without a pixel",
}
_NOTHING = np.zeros(0, np.int32)
_PIXELS_PER_BYTE = 2000  # of an image that a text describes only by where a few objects are
_BYTES_PER_PIXEL = 12  # labels, a sorted copy of them, and masks


@dataclass(frozen=True)
class Conflict:
    """A mask that could not be taken as it is, and what was done; a row of the data set's ``conflicts.csv``.

    Attributes
    ----------
    kind : str
        ``overlap`` of two masks, ``hidden`` by others (no pixel of its own), ``pieces`` (more than one), ``empty``.
    mask : str
        The mask: the name of its file, or its place in the source.
    other : str
        The mask that it overlaps; empty where there is none.
    pixels : int
        Shared pixels; the mask's own where no other is concerned.
    resolution : str
        What was done.
    """

    kind: str
    mask: str
    other: str
    pixels: int
    resolution: str


@dataclass(frozen=True, eq=False)
class Mask:
    """One object: its pixels in a window of the image, and what is known of it.

    Parameters
    ----------
    window : ndarray of bool, shape (H, W)
        True inside.
    top, left : int
        Row and column of the image where the window begins; may be negative.
    name : str
        Its file, or its place in the source.
    class_name : str, optional
    score : float, optional
    """

    window: NDArray[np.bool_]
    top: int = 0
    left: int = 0
    name: str = ""
    class_name: str | None = None
    score: float | None = None

    @classmethod
    def crop(
        cls,
        pixels: NDArray[np.bool_],
        top: int = 0,
        left: int = 0,
        *,
        name: str = "",
        class_name: str | None = None,
        score: float | None = None,
    ) -> Mask:
        """Crop to the bounding box; full-size masks would exhaust memory."""
        as_bytes = np.ascontiguousarray(pixels).view(np.uint8)
        column, row, width, height = cv2.boundingRect(as_bytes) if pixels.size else (0, 0, 0, 0)
        window = pixels[row : row + height, column : column + width].copy()
        return cls(window, top + row, left + column, name, class_name, score)


@dataclass(frozen=True, eq=False)
class Painting:
    """A label image and the masks that it was painted from.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        0 background; ``masks[n - 1]`` is the mask of label n.
    masks : sequence of Mask
    hidden : sequence of int
        Labels of the masks that have no pixel.
    conflicts : sequence of Conflict
        What was odd, in the order of painting.
    shared : int
        Pixels of masks that another mask has.
    """

    labels: NDArray[np.int32]
    masks: Sequence[Mask]
    hidden: Sequence[int] = ()
    conflicts: Sequence[Conflict] = ()
    shared: int = 0

    @property
    def classes(self) -> dict[int, str]:
        """Class name by label, of the masks that have one."""
        return {label: mask.class_name for label, mask in enumerate(self.masks, 1) if mask.class_name is not None}

    @property
    def oddities(self) -> dict[str, int]:
        """How many conflicts of each kind, in the words of a summary."""
        return dict(Counter(f"{KINDS[odd.kind]}, {odd.resolution} (see conflicts.csv)" for odd in self.conflicts))

    def renumber(self) -> Painting:
        """Leave out the hidden masks, and number the others from 1 in their order."""
        if not self.hidden:
            return self
        seen = np.ones(len(self.masks) + 1, np.int32)
        seen[[0, *self.hidden]] = 0
        ids = np.cumsum(seen, dtype=np.int32) * seen
        masks = [mask for mask, is_seen in zip(self.masks, seen[1:], strict=True) if is_seen]
        return Painting(ids[self.labels], masks, (), self.conflicts, self.shared)


def paint(masks: Sequence[Mask], shape: tuple[int, ...], rule: Rule, *, note_conflicts: bool = True) -> Painting:
    """Join masks to a label image; labels count from 1 in the order given.

    Parameters
    ----------
    masks : sequence of Mask
        What lies outside the image is cut off.
    shape : (int, int)
        Height and width of the image.
    rule : {"first", "smallest", "highest_score"}
        Which mask gets a pixel that lies in several: the first; the smallest, so that a nucleus drawn on a cell stays
        whole; or the one with the highest score, where no score counts as 0. Ties go to the first.
    note_conflicts : bool
        False, which is faster, where the number of shared pixels is enough.

    Examples
    --------
    >>> painting = paint([Mask(np.array([[True, True]]), 0, at, name) for at, name in enumerate("ab")], (1, 4), "first")
    >>> painting.labels.tolist()
    [[1, 1, 2, 0]]
    >>> [(conflict.kind, conflict.mask, conflict.other, conflict.pixels) for conflict in painting.conflicts]
    [('overlap', 'b', 'a', 1)]
    """
    labels = np.zeros(shape, np.int32)
    hidden: list[int] = []
    conflicts: list[Conflict] = []
    shared = 0
    for place in _in_order(masks, rule):
        inside, window = _within(masks[place], labels)
        free = inside & (window == 0)
        area, own = int(np.count_nonzero(inside)), int(np.count_nonzero(free))
        if note_conflicts:
            covered = window[inside] if own < area else _NOTHING
            conflicts += _conflicts_of(place, inside, area, covered, masks, rule)
        if own == 0:
            hidden.append(place + 1)
        shared += area - own
        window[free] = place + 1
    return Painting(labels, masks, hidden, conflicts, shared)


def _conflicts_of(
    place: int, inside: NDArray[np.bool_], area: int, covered: NDArray[np.int32], masks: Sequence[Mask], rule: Rule
) -> Iterator[Conflict]:
    """What is odd about one mask, from the labels that lie under it where some do."""
    name = masks[place].name
    if area == 0:
        yield Conflict("empty", name, "", 0, DROPPED)
        return
    found, _ = cv2.connectedComponents(np.ascontiguousarray(inside).view(np.uint8), connectivity=8)
    if found > 2:  # the background counts as one
        yield Conflict("pieces", name, "", area, KEPT_WHOLE)
    shared = np.bincount(covered)[1:]
    others = np.flatnonzero(shared).tolist()
    for other in sorted(others, key=lambda other: _rank(masks[other], rule)):
        yield Conflict("overlap", name, masks[other].name, int(shared[other]), LEFT_TO[rule])
    if shared.sum() == area:
        yield Conflict("hidden", name, "", area, DROPPED)


def check_canvas(size: tuple[int, ...], held: int) -> None:
    """Refuse the size of an image that a text states, where the text is too short for it, or the memory too small.

    Parameters
    ----------
    size : (int, int)
        Height and width in pixels.
    held : int
        Bytes of the text.

    Raises
    ------
    DatasetError
        Which names no file.
    """
    if min(size) < 1:
        raise DatasetError(f"an image of {size[0]} x {size[1]} pixels", remedy="give height and width")
    pixels = size[0] * size[1]
    what = f"an image of {size[0]} x {size[1]} pixels"
    check_promise(4 * pixels, held, 4 * _PIXELS_PER_BYTE, what=what, error=DatasetError)
    check_memory(_BYTES_PER_PIXEL * pixels, error=DatasetError)


def _in_order(masks: Sequence[Mask], rule: Rule) -> Sequence[int]:
    """Places of the masks, those first that keep their pixels."""
    if rule not in LEFT_TO:
        raise ConfigError(f"no rule {rule!r}", remedy=f"choose one of: {', '.join(LEFT_TO)}")
    ranks = [_rank(mask, rule) for mask in masks]
    return sorted(range(len(masks)), key=ranks.__getitem__)


def _rank(mask: Mask, rule: Rule) -> float:
    """The lower, the earlier is a mask painted."""
    if rule == "first":
        return 0
    return float(np.count_nonzero(mask.window)) if rule == "smallest" else -(mask.score or 0.0)


def _within(mask: Mask, labels: NDArray[np.int32]) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """The part of a mask's window that lies in the image, and the view on the labels there."""
    height, width = labels.shape
    y, x = max(0, -mask.top), max(0, -mask.left)
    inside = mask.window[y : max(y, height - mask.top), x : max(x, width - mask.left)]
    y, x = y + mask.top, x + mask.left
    return inside, labels[y : y + inside.shape[0], x : x + inside.shape[1]]
