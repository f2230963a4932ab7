"""Masks that may overlap, each with its score and class, in; one label image, in which none does, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.errors import DatasetError
from hooke.evaluation.labelled import LabelledImage
from hooke.limits import check_memory, check_promise

__all__ = ["Mask", "check_canvas", "paint"]

_PIXELS_PER_BYTE = 2000  # of an image of which a text says no more than where a few objects are
_BYTES_PER_PIXEL = 12  # labels, a sorted copy of them, and masks


@dataclass(frozen=True, eq=False)
class Mask:
    """One object: the window of its pixels, where that begins, and what is known of the object."""

    window: NDArray[np.bool_]
    top: int
    left: int
    score: float | None = None
    class_name: str | None = None

    @classmethod
    def cut(cls, pixels: NDArray[np.bool_], score: float | None = None, class_name: str | None = None) -> Mask:
        """Keep of an image's pixels, shape (Y, X), those around the object: hundreds of whole images fill a memory."""
        as_bytes = np.ascontiguousarray(pixels).view(np.uint8)
        left, top, width, height = cv2.boundingRect(as_bytes) if pixels.size else (0, 0, 0, 0)
        return cls(pixels[top : top + height, left : left + width].copy(), top, left, score, class_name)


def check_canvas(size: tuple[int, ...], held: int) -> None:
    """Refuse the size of an image that a text states, where the text is too short for it, or the memory too small.

    Parameters
    ----------
    size : (int, int)
        Height and width in pixels.
    held : int
        Bytes of the text.

    Raises
    ------
    DatasetError
        Which names no file.
    """
    if min(size) < 1:
        raise DatasetError(f"an image of {size[0]} x {size[1]} pixels", remedy="give height and width")
    pixels = size[0] * size[1]
    what = f"an image of {size[0]} x {size[1]} pixels"
    check_promise(4 * pixels, held, 4 * _PIXELS_PER_BYTE, what=what, error=DatasetError)
    check_memory(_BYTES_PER_PIXEL * pixels, error=DatasetError)


def paint(masks: Sequence[Mask], shape: tuple[int, ...]) -> LabelledImage:
    """Join masks to a label image; labels count from 1 in the order given.

    A pixel in several masks goes to the one with the highest score; without scores to the smallest, so that a nucleus
    drawn on a cell stays whole; of equals to the first. `LabelledImage.note` says how many pixels that concerns.

    Parameters
    ----------
    masks : sequence of Mask
        Either all with a score or none.
    shape : (int, int)
        Height and width of the image.

    Returns
    -------
    LabelledImage
    """
    labels = np.zeros(shape, np.int32)
    ranked = bool(masks) and all(mask.score is not None for mask in masks)
    rank = [mask.score or 0.0 if ranked else -np.count_nonzero(mask.window) for mask in masks]
    shared = 0
    # Painted from the last in rank to the first, which so comes out on top.
    for place in sorted(range(len(masks)), key=lambda place: (rank[place], -place)):
        mask = masks[place]
        height, width = mask.window.shape
        under = labels[mask.top : mask.top + height, mask.left : mask.left + width]
        shared += int(np.count_nonzero(under[mask.window]))
        under[mask.window] = place + 1
    hidden = len(masks) - np.count_nonzero(np.unique(labels))
    note = f"{shared} pixels lie in several masks, {hidden} objects have none of their own" if shared or hidden else ""
    return LabelledImage(
        labels=labels,
        scores={k: float(mask.score) for k, mask in enumerate(masks, 1) if mask.score is not None},
        classes={k: mask.class_name for k, mask in enumerate(masks, 1) if mask.class_name},
        note=note,
    )
