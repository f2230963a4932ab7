"""Defines a label image with scores and classes of its objects, and the protocol of every source of such images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hooke.labels.painter import Mask, paint


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """A label image and what is known of its objects.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        0 is background, every other value one object.
    scores : mapping of int to float
        Confidence 0..1 by label; empty where unknown.
    classes : mapping of int to str
        Class name by label; empty where unknown.
    probabilities : mapping of int to mapping of str to float
        Probability of each class by label; empty where unknown.
    note : str
        What had to be decided to make it a label image; empty where nothing.
    oddities : mapping of str to int
        The same in the words of a summary, which counts them over all images: how many.
    """

    labels: NDArray[np.int32]
    scores: Mapping[int, float] = field(default_factory=dict)
    classes: Mapping[int, str] = field(default_factory=dict)
    probabilities: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    note: str = ""
    oddities: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_masks(cls, masks: Sequence[Mask], shape: tuple[int, ...]) -> LabelledImage:
        """Paint masks that may overlap; labels count from 1 in the order given.

        A pixel in several masks goes to the one with the highest score; without scores to the smallest, so that a
        nucleus drawn on a cell stays whole; among equal ones to the first. The note says how many pixels that concerns.

        Parameters
        ----------
        masks : sequence of Mask
            Either all with a score or none.
        shape : (int, int)
            Height and width of the image.
        """
        are_ranked = bool(masks) and all(mask.score is not None for mask in masks)
        painting = paint(masks, shape, "highest_score" if are_ranked else "smallest", note_conflicts=False)
        shared, hidden = painting.shared, len(painting.hidden)
        note = f"{shared} pixels lie in several masks, {hidden} objects have none of their own"
        return cls(
            labels=painting.labels,
            scores={label: float(mask.score) for label, mask in enumerate(masks, 1) if mask.score is not None},
            classes={label: name for label, name in painting.classes.items() if name},
            note=note if shared or hidden else "",
        )


class LabelSource(Protocol):
    """Named label images; one file per kind of source implements it."""

    @property
    def names(self) -> list[str]:
        """Names of all images, sorted."""

    def __contains__(self, name: str) -> bool:
        """Whether it holds an image of this name."""

    def read(self, name: str, shape: tuple[int, ...] | None = None) -> LabelledImage:
        """Read one; `shape` is that of the image where the source itself may not know it.

        Raises
        ------
        HookeError
            When this image can't be read.
        """
