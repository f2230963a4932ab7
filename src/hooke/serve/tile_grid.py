"""Says how planes are cut into tiles: 256 pixels wide and high, on levels of which each halves the one before."""

from __future__ import annotations

from dataclasses import dataclass

from hooke.serve.answers import not_there

TILE = 256


@dataclass(frozen=True)
class TilePlace:
    """Where a tile is.

    Parameters
    ----------
    step : int
        Pixels of the plane per pixel of the tile.
    rows, columns : slice
        Of the plane, within it.
    height, width : int
        Pixels of the tile that are in the plane; the rest is empty.
    """

    step: int
    rows: slice
    columns: slice
    height: int
    width: int


def count_levels(height: int, width: int) -> int:
    """Number of levels: the coarsest is one tile.

    Examples
    --------
    >>> count_levels(256, 100), count_levels(257, 100), count_levels(20000, 20000)
    (1, 2, 8)
    """
    return max(1, (-(-max(height, width) // TILE) - 1).bit_length() + 1)


def find_tile(height: int, width: int, level: int, x: int, y: int) -> TilePlace:
    """Find the pixels of a tile.

    Parameters
    ----------
    height, width : int
        Of the plane.
    level : int
        0 is the finest.
    x, y : int
        Column and row of the tile on its level.

    Raises
    ------
    ApiError
        When there is no such tile.
    """
    step = 1 << level if 0 <= level < count_levels(height, width) else 0
    side = TILE * step
    if not step or x < 0 or y < 0 or x * side >= width or y * side >= height:
        raise not_there("such tile")
    rows = slice(y * side, min((y + 1) * side, height))
    columns = slice(x * side, min((x + 1) * side, width))
    return TilePlace(
        step, rows, columns, -(-(rows.stop - rows.start) // step), -(-(columns.stop - columns.start) // step)
    )
