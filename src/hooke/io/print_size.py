"""Distinguishes a microscope's pixel size from the print size that other programs write."""

from __future__ import annotations

UM_PER_INCH = 25400.0
_SANE_UM = (0.01, 20.0)
_DOTS_PER_INCH = (
    72, 75, 90, 96, 120, 144, 150, 180, 200, 240, 300, 350, 360, 400, 600, 720, 1200, 1440, 2400, 2880, 3600, 4800,
    5760, 7200, 9600,
)  # fmt: skip
_DOTS_PER_CM = (72, 75, 90, 96, 150, 180, 300, 360, 600, 720, 1200, 1440, 2400)  # the same numbers with another unit


def microscope_size(size: tuple[float, float] | None) -> tuple[float, float] | None:
    """The size, unless it is a printer's or beyond what microscopes have.

    Parameters
    ----------
    size : (float, float), optional
        Height and width of a pixel in micrometres, as a file states them in dots per inch or centimetre.

    Examples
    --------
    >>> microscope_size((25400 / 300, 25400 / 300)), microscope_size((0.3225, 0.3225))
    (None, (0.3225, 0.3225))
    """
    low, high = _SANE_UM
    if size is None or not all(low <= length <= high for length in size) or is_print_size(size):
        return None
    return None if any(_is_close(length, 1e4 / dots) for length in size for dots in _DOTS_PER_CM) else size


def is_print_size(size: tuple[float, float]) -> bool:
    """Whether a pixel size in micrometres is a usual number of dots per inch in other words."""
    return any(_is_close(length, UM_PER_INCH / dots) for length in size for dots in _DOTS_PER_INCH)


def _is_close(length: float, other: float) -> bool:
    return abs(length / other - 1) < 1e-3
