"""Cuts a large image into blocks, and says which objects of a block's window are its own.

Each object belongs to the block that holds its last pixel, in the order of rows. That pixel is the same in each window
that shows all of the object, so that exactly one block takes it, wherever the window ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.labels.anchors import last_pixels

#: Sides of blocks are multiples of this, the side of the tiles in which results are written.
TILE = 512

Window = tuple[slice, slice]


@dataclass(frozen=True)
class Block:
    """One block: its number in the order of rows, and the rows and columns that are its own."""

    number: int
    rows: slice
    columns: slice

    @property
    def pixels(self) -> int:
        """Its area."""
        return len(range(self.rows.start, self.rows.stop)) * len(range(self.columns.start, self.columns.stop))

    def grown(self, halo: int, shape: Sequence[int]) -> Window:
        """Rows and columns with a margin of `halo` pixels around, as far as the image reaches."""
        rows, columns = (
            slice(max(0, part.start - halo), min(length, part.stop + halo))
            for part, length in zip((self.rows, self.columns), shape[:2], strict=True)
        )
        return rows, columns


@dataclass(frozen=True)
class BlockGrid:
    """The blocks of an image.

    Parameters
    ----------
    shape : (int, int)
        Of the image.
    side : int
        Of a block, pixels; a multiple of `TILE`.

    Raises
    ------
    ConfigError
        If the side is none.

    Examples
    --------
    >>> grid = BlockGrid((1200, 600), 512)
    >>> len(grid.blocks), grid.neighbours(3)
    (6, [0, 1, 2, 4, 5])
    """

    shape: tuple[int, int]
    side: int

    def __post_init__(self) -> None:
        if self.side < TILE or self.side % TILE:
            raise ConfigError(f"block is {self.side}", remedy=f"give a multiple of {TILE} pixels")

    @property
    def across(self) -> int:
        """Blocks side by side."""
        return -(-self.shape[1] // self.side)

    @property
    def blocks(self) -> list[Block]:
        """All blocks, row by row."""
        rows, columns = (
            [slice(start, min(start + self.side, length)) for start in range(0, length, self.side)]
            for length in self.shape
        )
        places = [(row, column) for row in rows for column in columns]
        return [Block(number, row, column) for number, (row, column) in enumerate(places)]

    def neighbours(self, number: int) -> list[int]:
        """Numbers of the blocks beside a block and at its corners."""
        row, column = divmod(number, self.across)
        down = -(-self.shape[0] // self.side)
        return [
            other_row * self.across + other_column
            for other_row in range(max(0, row - 1), min(down, row + 2))
            for other_column in range(max(0, column - 1), min(self.across, column + 2))
            if (other_row, other_column) != (row, column)
        ]


def find_owned(
    labels: NDArray[np.int32], window: Window, block: Block, shape: Sequence[int]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which objects of a window belong to the block in its middle, and which of those in it the window cuts.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        Objects 1..n of the window.
    window : (slice, slice)
        Rows and columns of the image that it shows.
    block : Block
    shape : sequence of int
        Of the image.

    Returns
    -------
    owned, cut : ndarray of bool, shape (n + 1,)
        By label, the background's being false. Of what is cut the true last pixel is not known: a larger window shows
        it.
    """
    rows, columns = window
    last = last_pixels(labels)
    y, x = np.divmod(last, max(1, labels.shape[1]))
    y, x = y + rows.start, x + columns.start
    inside = (y >= block.rows.start) & (y < block.rows.stop) & (x >= block.columns.start) & (x < block.columns.stop)
    owned = np.concatenate([[False], inside & (labels.ravel()[last] == np.arange(1, len(last) + 1))])
    at_side, in_block = np.zeros_like(owned), np.zeros_like(owned)
    sides = (
        (labels[0], rows.start > 0),
        (labels[-1], rows.stop < shape[0]),
        (labels[:, 0], columns.start > 0),
        (labels[:, -1], columns.stop < shape[1]),
    )
    for side, is_cut in sides:
        if is_cut:
            at_side[side] = True
    at_side[0] = False
    if at_side.any():
        top, left = block.rows.start - rows.start, block.columns.start - columns.start
        height, width = block.rows.stop - block.rows.start, block.columns.stop - block.columns.start
        in_block[labels[top : top + height, left : left + width]] = True
    return owned, at_side & in_block
