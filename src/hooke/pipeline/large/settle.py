"""Settles what the blocks found: each object once, and one number for it in the whole image.

Nearly always nothing is left to settle, since each object belongs to one block. Two blocks may both have an object, or
a part of it, where it is longer than half a block, or where their windows cut a dense tissue at different places. Of
two objects that share more than half of the smaller, a part is joined to the other, and a second copy dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ImageReadError
from hooke.io import atomic_path
from hooke.labels import count_overlap
from hooke.pipeline.large.block_objects import BlockObjects
from hooke.pipeline.large.blocks import BlockGrid

_SAME = 0.5  # share of the smaller of two objects from which both are one
_MOST = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Settled:
    """The numbers of all objects.

    Parameters
    ----------
    numbers : list of ndarray of int32, shape (n + 1,)
        By block: the number in the image of each of its objects, 0 for the background and for what is dropped.
    first : list of int
        By block: the number before that of the first object that is counted as its own.
    count : int
        Objects in all.
    joined : dict of int to list of int
        Objects of several parts: their number, and the blocks that have a part.
    """

    numbers: list[NDArray[np.int32]]
    first: list[int]
    count: int
    joined: dict[int, list[int]]

    def save(self, path: Path) -> None:
        """Write it for other processes."""
        pairs = [(number, block) for number, blocks in self.joined.items() for block in blocks]
        with atomic_path(path) as part, part.open("wb") as file:
            np.savez(
                file,
                allow_pickle=False,
                lengths=np.array([len(each) for each in self.numbers], np.int64),
                numbers=np.concatenate([*self.numbers, np.zeros(0, np.int32)]),
                first=np.array(self.first, np.int64),
                count=np.array(self.count),
                joined=np.array(pairs, np.int64).reshape(-1, 2),
            )

    @classmethod
    def load(cls, path: Path) -> Settled:
        """Read it."""
        with np.load(path, allow_pickle=False) as stored:
            numbers = np.split(stored["numbers"], np.cumsum(stored["lengths"])[:-1])
            joined: dict[int, list[int]] = {}
            for number, block in stored["joined"].tolist():
                joined.setdefault(number, []).append(block)
            return cls(numbers, stored["first"].tolist(), int(stored["count"]), joined)


def settle(grid: BlockGrid, load: Callable[[int], BlockObjects]) -> Settled:
    """Compare each block's objects with those of its neighbours, and number all.

    Parameters
    ----------
    grid : BlockGrid
    load : callable
        Gives the objects of a block by its number.

    Raises
    ------
    ImageReadError
        When there are more objects than numbers.
    """
    counts = [len(load(block.number).scores) for block in grid.blocks]
    parent: dict[tuple[int, int], tuple[int, int]] = {}
    dropped: set[tuple[int, int]] = set()
    for block in grid.blocks:
        for other in grid.neighbours(block.number):
            if other > block.number and counts[block.number] and counts[other]:
                _compare(block.number, other, load, parent, dropped)
    return _number(counts, parent, dropped)


def _compare(
    one: int,
    other: int,
    load: Callable[[int], BlockObjects],
    parent: dict[tuple[int, int], tuple[int, int]],
    dropped: set[tuple[int, int]],
) -> None:
    """Join and drop objects of two blocks."""
    first, second = load(one), load(other)
    for a, b in _same(first, second):
        if first.cut[a - 1] or second.cut[b - 1]:
            root, child = sorted((_root(parent, (one, a)), _root(parent, (other, b))))
            if root != child:
                parent[child] = root
        else:
            dropped.add((other, b))


def _same(first: BlockObjects, second: BlockObjects) -> list[tuple[int, int]]:
    """Pairs of objects that share more than half of the smaller."""
    spans = []
    for axis in (0, 1):
        start = max(first.corner[axis], second.corner[axis])
        stop = min(each.corner[axis] + each.labels.shape[axis] for each in (first, second))
        if stop <= start:
            return []
        spans.append((start, stop))
    parts = []
    for each in (first, second):
        rows, columns = (slice(a - at, b - at) for (a, b), at in zip(spans, each.corner, strict=True))
        parts.append(each.labels[rows, columns])
    overlap = count_overlap(*parts)
    a, b = overlap.pred_ids[overlap.pair_pred], overlap.true_ids[overlap.pair_true]
    if not len(a):
        return []
    areas = [np.bincount(each.labels.ravel()) for each in (first, second)]  # whole, not only where windows overlap
    same = overlap.intersection > _SAME * np.minimum(areas[0][a], areas[1][b])
    return sorted(zip(a[same].tolist(), b[same].tolist(), strict=True))


def _root(parent: dict[tuple[int, int], tuple[int, int]], node: tuple[int, int]) -> tuple[int, int]:
    while node in parent:
        node = parent[node]
    return node


def _number(
    counts: list[int], parent: dict[tuple[int, int], tuple[int, int]], dropped: set[tuple[int, int]]
) -> Settled:
    """Number the objects block by block."""
    gone: dict[int, set[int]] = {}
    for block, label in (*dropped, *parent):
        gone.setdefault(block, set()).add(label)
    if sum(counts) - sum(map(len, gone.values())) > _MOST:  # before there are arrays of that many
        raise ImageReadError(f"holds more than {_MOST} objects", remedy="segment it region by region: --region")
    numbers = [np.zeros(count + 1, np.int32) for count in counts]
    first, total = [], 0
    for block, count in enumerate(counts):
        keep = np.ones(count + 1, np.bool_)
        keep[[0, *gone.get(block, [])]] = False
        first.append(total)
        kept = int(keep.sum())
        numbers[block][keep] = np.arange(total + 1, total + kept + 1)
        total += kept
    joined: dict[int, list[int]] = {}
    for child in parent:
        root = _root(parent, child)
        if root in dropped:
            continue
        number = int(numbers[root[0]][root[1]])
        numbers[child[0]][child[1]] = number
        joined.setdefault(number, [root[0]]).append(child[0])
    return Settled(numbers, first, total, joined)
