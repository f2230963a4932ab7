"""Defines the output of every network: maps for the target scheme, and classes if it has such heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor


@dataclass(frozen=True)
class Heads:
    """What a network predicts.

    Parameters
    ----------
    maps : int
        Maps of the target scheme.
    classes : int
        Classes per pixel, background not counted; 0 for no such head.
    image_classes : int
        Classes of the whole image; 0 for no such head.
    """

    maps: int
    classes: int = 0
    image_classes: int = 0


class Outputs(NamedTuple):
    """Raw values (logits) for one batch.

    Attributes
    ----------
    maps : Tensor, shape (N, M, Y, X)
    classes : Tensor, shape (N, K, Y, X), or None
    image_classes : Tensor, shape (N, I), or None
    """

    maps: Tensor
    classes: Tensor | None = None
    image_classes: Tensor | None = None
