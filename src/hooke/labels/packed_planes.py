"""Keeps label images compressed in memory, about a hundredth of their size."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class PackedPlanes(Sequence[NDArray[np.int32]]):
    """Label images that wait compressed, each unpacked when it is read.

    Examples
    --------
    >>> planes = PackedPlanes()
    >>> planes.append(np.array([[0, 7]]))
    >>> len(planes), planes[0].tolist()
    (1, [[0, 7]])
    """

    def __init__(self) -> None:
        self._packed: list[tuple[bytes, tuple[int, ...]]] = []

    def append(self, plane: NDArray[np.integer]) -> None:
        """Add one."""
        self._packed.append((zlib.compress(np.ascontiguousarray(plane, np.int32).data, 1), plane.shape))

    def __len__(self) -> int:
        return len(self._packed)

    def __getitem__(self, index: int) -> NDArray[np.int32]:  # type: ignore[override]
        data, shape = self._packed[index]
        return np.frombuffer(zlib.decompress(data), np.int32).reshape(shape)
