"""Builds sequences of squares for tests of tracking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

__all__ = ["links_of", "squares"]

Place = tuple[float, float, int]


def squares(frames: Sequence[Mapping[int, Place]], shape: tuple[int, int] = (64, 64)) -> np.ndarray:
    """Label images of squares: for each frame the (y, x, side) of each label; later ones lie on top."""
    stack = np.zeros((len(frames), *shape), np.int32)
    for plane, places in zip(stack, frames, strict=True):
        for label, (y, x, side) in places.items():
            top, left = round(y - side / 2), round(x - side / 2)
            plane[max(0, top) : top + side, max(0, left) : left + side] = label
    return stack


def links_of(tracks) -> list[list[int]]:
    """Labels of each track, in the order of frames; 0 where it is filled in."""
    return [group["label"].tolist() for _, group in tracks.table.groupby("track")]
