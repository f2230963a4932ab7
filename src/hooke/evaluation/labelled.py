"""A label image with what is known of its objects, and what every source of such images offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hooke.io.name_match import some_names

__all__ = ["LabelSource", "LabelledImage", "summed_oddities"]


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


def summed_oddities(images: Iterable[tuple[str, str, Mapping[str, int]]]) -> list[str]:
    """Say what was odd about label images, a line for each kind and side; takes name, side and oddities of each."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for name, side, oddities in images:
        for oddity, count in oddities.items():
            counts.setdefault((side, oddity), {})[name] = count
    return [
        f"{side}: {sum(named.values())} {oddity}, in {len(named)} images: {some_names(named)}"
        for (side, oddity), named in counts.items()
    ]
