"""Test-time augmentation: predict each tile four times, mirrored, and take the mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hooke.models.predict import Network

_MIRRORS = ((2,), (3,), (2, 3))  # axes that are turned round; tiles need not be square, so none are swapped


def with_mirror_tta(network: Network) -> Network:
    """Average a network's maps over an image and its three mirror images.

    No map of hooke's target schemes depends on direction, so they only need to be mirrored back. It takes four times as
    long.
    """

    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        total = network(batch).copy()
        for axes in _MIRRORS:
            total += np.flip(network(np.ascontiguousarray(np.flip(batch, axes))), axes)
        return total / np.float32(1 + len(_MIRRORS))

    return run
