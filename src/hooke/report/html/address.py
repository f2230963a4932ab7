"""A picture in, the address that holds it out, so that a page needs no file beside it."""

from __future__ import annotations

import base64
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["picture_address"]


def picture_address(rgb: NDArray[np.uint8], form: Literal["png", "jpeg"] = "png", quality: int = 85) -> str:
    """Write a picture as a data URI (RFC 2397), for an image's ``src``.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (Y, X, 3)
    form : {"png", "jpeg"}
        PNG loses nothing; JPEG is several times smaller for photographs.
    quality : int
        Of the JPEG, percent.

    Returns
    -------
    str
    """
    ending, settings = (".png", ()) if form == "png" else (".jpg", (cv2.IMWRITE_JPEG_QUALITY, quality))
    _, code = cv2.imencode(ending, np.ascontiguousarray(rgb[..., ::-1]), settings)
    return f"data:image/{form};base64," + base64.b64encode(code.tobytes()).decode("ascii")
