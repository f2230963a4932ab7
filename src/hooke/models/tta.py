"""Test-time augmentation: predict each tile more than once, mirrored, and take the mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hooke.models.predict import Network

# Axes that are turned round; tiles need not be square, so none are swapped.
MIRRORS = ((2,), (3,), (2, 3))
HALF_TURN = ((2, 3),)


def with_mirror_tta(network: Network, mirrors: Sequence[tuple[int, ...]] = MIRRORS) -> Network:
    """Average a network's maps over an image and its mirror images.

    No map of hooke's target schemes depends on direction, so they only need to be mirrored back. It takes as many times
    as long as there are images.

    Parameters
    ----------
    network : callable
    mirrors : sequence of tuple of int
        Of each mirror image the axes of a batch (N, C, Y, X) that are turned round.
    """

    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        total = network(batch).copy()
        for axes in mirrors:
            total += np.flip(network(np.ascontiguousarray(np.flip(batch, axes))), axes)
        return total / np.float32(1 + len(mirrors))

    return run
