"""Puts pictures into a page, so that it needs no file beside it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.report.html.markup import attributes, element


def picture(rgb: NDArray[np.uint8], alt: str, form: Literal["png", "jpeg"] = "png", columns: Sequence[str] = ()) -> str:
    """Show a picture, as wide as the page allows.

    Parameters
    ----------
    rgb, form : ndarray, str
        As `picture_address` takes them.
    alt : str
        What the picture shows, for who can't see it.
    columns : sequence of str
        Where it is made of pictures side by side: a name above each.
    """
    shown = f"<img{attributes(src=picture_address(rgb, form), alt=alt)}>"
    names = "".join(element("span", escape(name)) for name in columns)
    return element("div", (element("div", names, class_="names") if names else "") + shown, class_="wide")


def picture_address(rgb: NDArray[np.uint8], form: Literal["png", "jpeg"] = "png", quality: int = 85) -> str:
    """Write a picture as a data URI (RFC 2397), for an image's ``src``.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (Y, X, 3)
    form : {"png", "jpeg"}
        PNG loses nothing; JPEG is several times smaller for photographs.
    quality : int
        Of the JPEG, percent.
    """
    ending, settings = (".png", ()) if form == "png" else (".jpg", (cv2.IMWRITE_JPEG_QUALITY, quality))
    _, code = cv2.imencode(ending, np.ascontiguousarray(rgb[..., ::-1]), settings)
    return f"data:image/{form};base64," + base64.b64encode(code.tobytes()).decode("ascii")
