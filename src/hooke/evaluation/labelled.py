"""A label image with what is known of its objects, and what every source of such images offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["LabelSource", "LabelledImage"]


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
    """

    labels: NDArray[np.int32]
    scores: Mapping[int, float] = field(default_factory=dict)
    classes: Mapping[int, str] = field(default_factory=dict)
    probabilities: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    note: str = ""


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
