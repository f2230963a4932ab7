"""Shows the pictures of a run, small and with their outlines, each with a link to the full one."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.report.html.markup import attributes, counted, element
from hooke.report.picture_size import shrunk

#: Pixels of the longer side of a small picture.
THUMBNAIL_SIDE = 256
_QUALITY = 78  # of its JPEG coding, percent


def encode_thumbnail(picture: NDArray[np.uint8], side: int = THUMBNAIL_SIDE) -> bytes:
    """Shrink a picture to what a page shows of it.

    Parameters
    ----------
    picture : ndarray of uint8, shape (Y, X, 3)
        Red, green, blue; outlines in it stay visible.
    side : int
        Most pixels of the longer side.

    Returns
    -------
    bytes
        A JPEG file.
    """
    picture = shrunk(picture, side)
    _, code = cv2.imencode(".jpg", np.ascontiguousarray(picture[..., ::-1]), (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    return code.tobytes()


@dataclass(frozen=True)
class Thumbnail:
    """An image of a run, as the page shows it.

    Parameters
    ----------
    name : str
        Of the image.
    caption : str
        What was found in it.
    remarks : sequence of str
        Why it should be checked.
    picture : callable
        Gives the JPEG file's bytes, or None where there is none.
    link : str
        The full picture, relative to the page; empty where there is none.
    """

    name: str
    caption: str
    remarks: Sequence[str]
    picture: Callable[[], bytes | None]
    link: str = ""


class Gallery:
    """Draws thumbnails until their pictures take as many bytes as the page has room for.

    Parameters
    ----------
    room : int
        Characters.
    """

    def __init__(self, room: int) -> None:
        self.room = room

    def draw(self, thumbnails: Iterable[Thumbnail], *, share: float = 1.0) -> str:
        """Draw a gallery in a share of the room that is left; what has no room is counted below it."""
        figures, left_out, floor = "", 0, (1 - share) * self.room
        for thumbnail in thumbnails:
            code = thumbnail.picture() if self.room > floor else None
            if code is None and (self.room <= floor or not thumbnail.remarks):
                left_out += 1
                continue
            figures += self._figure(thumbnail, code)
        note = (
            f"{counted(left_out, 'more image')} without a picture here; the table below lists them." if left_out else ""
        )
        shown = element("ul", figures, class_="thumbs") if figures else ""
        return shown + (element("p", note, class_="note") if note else "")

    def _figure(self, thumbnail: Thumbnail, code: bytes | None) -> str:
        alt = f"{thumbnail.name} with outlines: {thumbnail.caption}"
        shown = ""
        if code is not None:
            address = "data:image/jpeg;base64," + base64.b64encode(code).decode("ascii")
            shown = f"<img{attributes(src=address, alt=alt)}>"
            self.room -= len(shown)
        if shown and thumbnail.link:
            shown = element("a", shown, href=quote(thumbnail.link), title="Open the full picture")
        words = element("code", escape(thumbnail.name)) + element("span", escape(thumbnail.caption))
        remarks = "".join(element("span", escape(remark), class_="remark") for remark in thumbnail.remarks)
        return element("li", element("figure", shown + element("figcaption", words + remarks), class_="picture"))
