"""Converts between a layer's scale and units and hooke's micrometres and seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_UM = {
    "micrometer": 1.0, "micrometre": 1.0, "micron": 1.0, "um": 1.0, "µm": 1.0, "μm": 1.0,
    "nanometer": 1e-3, "nanometre": 1e-3, "nm": 1e-3, "millimeter": 1e3, "millimetre": 1e3, "mm": 1e3,
    "centimeter": 1e4, "cm": 1e4, "meter": 1e6, "m": 1e6,
}  # fmt: skip
_SECONDS = {"second": 1.0, "s": 1.0, "millisecond": 1e-3, "ms": 1e-3, "minute": 60.0, "min": 60.0, "hour": 3600.0}


@dataclass(frozen=True)
class PhysicalSize:
    """Sizes of a layer's pixels, steps between its planes; None where they are not known.

    Parameters
    ----------
    pixel_size_um : (float, float), optional
        Height and width of a pixel in micrometres.
    z_step_um, time_step_s : float, optional
        Distance of planes in micrometres, time between frames in seconds.
    """

    pixel_size_um: tuple[float, float] | None = None
    z_step_um: float | None = None
    time_step_s: float | None = None

    def placement(self, letters: str) -> dict[str, Any]:
        """Attributes of a layer: scale, and units where all sizes are known, and names of the axes.

        Parameters
        ----------
        letters : str
            One per axis, Y and X last.

        Examples
        --------
        >>> PhysicalSize((0.5, 0.5), 2.0).placement("ZYX")["scale"]
        (2.0, 0.5, 0.5)
        """
        labels = tuple(letter.lower() for letter in letters)
        if self.pixel_size_um is None:
            return {"axis_labels": labels}
        known = {"Y": self.pixel_size_um[0], "X": self.pixel_size_um[1], "Z": self.z_step_um, "T": self.time_step_s}
        units = tuple(
            ("second" if letter == "T" else "micrometer") if known.get(letter) else "pixel" for letter in letters
        )
        # A step that is not known is shown as one pixel's width, so that planes are not far off in 3-D.
        other = {"Z": self.pixel_size_um[1]}
        scale = tuple(float(known.get(letter) or other.get(letter, 1.0)) for letter in letters)
        return {"scale": scale, "units": units, "axis_labels": labels}


def physical_size(scale: Sequence[float], units: Sequence[object], letters: str) -> PhysicalSize:
    """Read sizes from a layer's scale and units.

    Parameters
    ----------
    scale : sequence of float
    units : sequence
        What `str` gives the name of: napari's units. ``pixel`` says nothing of sizes.
    letters : str
        One per axis.

    Examples
    --------
    >>> physical_size((2, 500, 500), ("pixel", "nanometer", "nanometer"), "ZYX")
    PhysicalSize(pixel_size_um=(0.5, 0.5), z_step_um=None, time_step_s=None)
    """
    if len(scale) != len(letters) or len(units) != len(letters):
        return PhysicalSize()
    sizes: dict[str, float] = {}
    for letter, step, unit in zip(letters, scale, units, strict=True):
        factor = (_SECONDS if letter == "T" else _UM).get(str(unit))
        if factor is not None and float(step) > 0:
            sizes[letter] = float(step) * factor
    pixel = (sizes["Y"], sizes["X"]) if {"Y", "X"} <= set(sizes) else None
    return PhysicalSize(pixel, sizes.get("Z"), sizes.get("T"))
