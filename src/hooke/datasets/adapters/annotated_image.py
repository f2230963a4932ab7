"""Reads the image of an annotation in the orientation in which the annotation tool showed it.

Browsers, labelme and CVAT show a picture as its tag says; Fiji, Cellpose and most scripts show the pixels as stored.
The size that an annotation states shows which of the two it was, unless both are of one size.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hooke.datasets.adapters.image_search import read_plane
from hooke.errors import ConfigError, DatasetError
from hooke.io import open_image
from hooke.io.orientation import orient, swaps_sides

#: ``shown``: as viewers turn the picture; ``stored``: its tag is left out of account.
Orientation = Literal["shown", "stored"]
ORIENTATIONS: tuple[Orientation, ...] = ("shown", "stored")
_INVERSE = {6: 8, 8: 6}  # of the others, each undoes itself


def parse_orientation(text: str) -> Orientation | None:
    """Read the option ``orientation`` of a layout; empty text is None.

    Raises
    ------
    ConfigError
        If it is something else than ``shown`` or ``stored``.
    """
    known = next((known for known in ORIENTATIONS if known == text), None)
    if text and known is None:
        raise ConfigError(f"orientation is {text!r}", remedy=f"use {' or '.join(ORIENTATIONS)}")
    return known


def read_annotated(
    path: Path,
    size: tuple[int, ...] | None,
    orientation: Orientation | None = None,
    *,
    usual: Orientation | None = None,
    stains: bool = False,
) -> NDArray[np.generic]:
    """Read an image that is one plane, turned as the annotation is.

    Parameters
    ----------
    path : Path
        The image.
    size : tuple of int, optional
        Height and width of the annotation, where it states them.
    orientation : {"shown", "stored"}, optional
        How the annotation was drawn, where the user has said it.
    usual : {"shown", "stored"}, optional
        How the annotation's tool draws; decides where sizes don't.
    stains : bool
        As `read_plane` takes it.

    Returns
    -------
    ndarray, shape (Y, X) or (Y, X, C)
        Of another size than stated where neither way gives that size.

    Raises
    ------
    DatasetError
        As `read_plane`; and where a tag turns the picture and nothing says whether it did so for the annotation.
    ImageReadError
        If the image is damaged.
    """
    pixels = read_plane(path, stains=stains)
    tag = open_image(path).orientation
    if tag == 1:
        return pixels
    height, width = pixels.shape[:2]
    stored_size = (width, height) if swaps_sides(tag) else (height, width)
    if orientation is None and stored_size != (height, width) and size in ((height, width), stored_size):
        orientation = "shown" if size == (height, width) else "stored"
    orientation = orientation or usual
    if orientation is None:
        cause = f"its orientation tag ({tag}) turns the picture, and nothing says whether the annotation was drawn so"
        remedy = (
            "add --option orientation=shown where the annotation fits the picture as viewers show it, else --option "
            "orientation=stored; or save the picture without the tag"
        )
        raise DatasetError(cause, path=path, remedy=remedy)
    return pixels if orientation == "shown" else orient(pixels, _INVERSE.get(tag, tag))
