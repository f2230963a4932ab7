"""Takes the size of a pixel and the distance of planes as a user gives them, and says where a file states others."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from hooke.image import Image
from hooke.io import ImageFile
from hooke.measure.image_table import PixelSize, parse_pixel_size

_Sized = TypeVar("_Sized", Image, ImageFile)
_EQUAL = 0.01  # share by which lengths may differ that are meant to be the same


def with_pixel_size(source: _Sized, given: PixelSize | None) -> _Sized:
    """Give an image, or a file, the size of a pixel that was asked for, if one was.

    Examples
    --------
    >>> import numpy as np
    >>> with_pixel_size(Image(np.zeros((2, 2)), pixel_size_um=(0.5, 0.5)), 0.25).notes
    ('the file states 0.5 x 0.5 um a pixel, and --pixel-size (pixel_size) 0.25 x 0.25, which was taken',)
    """
    if given is None:
        return source
    size, stated = parse_pixel_size(given), source.pixel_size_um
    notes = source.notes
    if stated is not None and any(_differ(own, other) for own, other in zip(size, stated, strict=True)):
        texts = [f"{height:.3g} x {width:.3g}" for height, width in (stated, size)]
        notes += (f"the file states {texts[0]} um a pixel, and --pixel-size (pixel_size) {texts[1]}, which was taken",)
    return replace(source, pixel_size_um=size, notes=notes)


def with_z_step(file: ImageFile, given: float | None) -> ImageFile:
    """Give a file the distance of planes that was asked for, if one was; say so where there are no planes in depth."""
    if given is None:
        return file
    if "Z" in file.axes:
        stated, notes = file.z_step_um, file.notes
        if stated is not None and _differ(given, stated):
            notes += (f"the file states {stated:.3g} um between planes, and --z-step (z_step) {given:.3g} was taken",)
        return replace(file, z_step_um=given, notes=notes)
    if not file.axes:
        why = "this is a single plane"
    else:
        why = f'its axes besides the plane are {file.axes}, none of them depth (--axes, axes="ZYX", names them)'
    return replace(file, notes=(*file.notes, f"--z-step (z_step) has no effect: {why}"))


def _differ(one: float, other: float) -> bool:
    return abs(one / other - 1) > _EQUAL
