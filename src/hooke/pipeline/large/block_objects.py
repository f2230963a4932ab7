"""Finds the objects of one block: maps of its window, decoded, and of these the objects that are the block's own."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.io import atomic_path
from hooke.io.labels import label_type
from hooke.labels import offset_outlines
from hooke.labels.classes import aggregate_pixel_classes
from hooke.labels.window import bounding_window
from hooke.pipeline.large.blocks import Block, Window, find_owned
from hooke.pipeline.large.survey import Survey
from hooke.pipeline.view import find_real
from hooke.targets.decoded import find_large
from hooke.targets.flooding import renumber

_HALO = 4.0  # diameters around a block that its window shows
_LEAST_HALO = 64  # pixels
_LEVEL = 1  # of compression: labels shrink to a hundredth anyhow

#: Gives the maps of a window; True where it is the window that every block starts with.
MapsOf = Callable[[Window, bool], NDArray[np.uint16]]


@dataclass(frozen=True)
class BlockObjects:
    """The objects that belong to one block.

    Parameters
    ----------
    corner : (int, int)
        Row and column in the image of the first pixel of `labels`.
    labels : ndarray of uint16 or int32, shape (Y, X)
        The block's own objects, 1..n; of the smallest window that holds them all.
    scores : ndarray of float32, shape (n,)
    cut : ndarray of bool, shape (n,)
        Which are larger than any window: other blocks have more of them.
    votes : ndarray of float32, shape (n, K)
        Probabilities of the classes, for models that predict them.
    dropped : (int, int, int, int)
        Candidates left out for their size, for their score, as dirt, and as red blood cells.
    """

    corner: tuple[int, int]
    labels: NDArray[np.integer]
    scores: NDArray[np.float32]
    cut: NDArray[np.bool_]
    votes: NDArray[np.float32]
    dropped: tuple[int, int, int, int]

    def save(self, path: Path) -> None:
        """Write it; a killed run leaves no half file."""
        labels = np.ascontiguousarray(self.labels, label_type(len(self.scores)))
        packed = zlib.compress(labels.data, _LEVEL)
        with atomic_path(path) as part, part.open("wb") as file:
            np.savez(
                file,
                corner=self.corner,
                shape=self.labels.shape,
                labels=np.frombuffer(packed, np.uint8),
                scores=self.scores,
                cut=self.cut,
                votes=self.votes,
                dropped=self.dropped,
            )

    @classmethod
    def load(cls, path: Path) -> BlockObjects:
        """Read it."""
        with np.load(path, allow_pickle=False) as stored:
            dtype = label_type(len(stored["scores"]))
            flat = np.frombuffer(zlib.decompress(stored["labels"].tobytes()), dtype)
            (top, left), (small, unsure, dirt, red) = stored["corner"].tolist(), stored["dropped"].tolist()
            return cls(
                (top, left),
                flat.reshape(stored["shape"]),
                stored["scores"],
                stored["cut"],
                stored["votes"],
                (small, unsure, dirt, red),
            )


def block_halo(diameter: float, side: int) -> int:
    """Pixels around a block that its window shows: room for some objects and their neighbours, at most half a block."""
    return int(min(max(_HALO * diameter, _LEAST_HALO), side // 2))


class ObjectFinder:
    """Finds the objects of blocks; may be used from several threads.

    Parameters
    ----------
    found : Survey
    side : int
        Of the blocks, pixels.
    maps_of : callable
        See `MapsOf`.
    """

    def __init__(self, found: Survey, side: int, maps_of: MapsOf) -> None:
        assert found.diameter is not None
        self._found = found
        self._maps_of = maps_of
        self._diameter = found.diameter
        self.halo = block_halo(found.diameter, side)
        self._widest = side // 2 + self.halo
        self._wide = threading.Lock()  # one large window at a time, for the memory's sake

    def find(self, block: Block) -> BlockObjects:
        """Find the objects that belong to a block.

        Where its window cuts an object that lies in the block, a window with room for objects half a block long is
        taken instead. What even that one cuts belongs to every block in which it lies, and is put together later.
        """
        result, is_cut = self._look(block, self.halo, first=True)
        if is_cut and self._widest > self.halo:
            with self._wide:
                result, _ = self._look(block, self._widest, first=False)
        return result

    def _look(self, block: Block, halo: int, *, first: bool) -> tuple[BlockObjects, bool]:
        found, shape = self._found, self._found.view.pixels.shape
        window = block.grown(halo, shape)
        maps = self._maps_of(window, first)
        decoded = found.segmenter.scheme.decode(maps, min_size=0.0, diameter=self._diameter, min_score=0.0)
        labels = decoded.labels
        owned, cut = find_owned(labels, window, block, shape)
        area = np.bincount(labels.ravel(), minlength=len(owned))
        large = area >= max(found.segmenter.least_decoded(found.min_size, found.normalisation), 1)
        sure = np.concatenate([[False], decoded.scores >= found.min_score])
        is_cut = bool((cut & large & sure).any())
        if not first:
            owned |= cut
        candidates = large & sure
        candidates[0] = False
        keep = owned & candidates
        too_unsure = int((owned & large & ~sure).sum())
        if found.grow or found.segmenter.follows_rim(found.normalisation):
            # Next to all objects of the window, whichever block they belong to.
            renumber(labels, candidates)
            labels, large[candidates] = self._move_outlines(labels, maps, window)
            candidates &= large
            keep &= large
            renumber(labels, np.concatenate([[False], keep[candidates]]))
        else:
            renumber(labels, keep)
        too_small = int((owned & sure & ~large & (area > 0)).sum())
        scores, cut = decoded.scores[keep[1:]], cut[keep]
        labels, real, dirt, red = find_real(labels, len(scores), found.view, window)
        if not real.all():
            renumber(labels, np.concatenate([[False], real]))
        names = found.model.settings.classes
        votes = np.zeros((int(real.sum()), 0), np.float32)
        if names:
            votes = aggregate_pixel_classes(maps[len(found.model.scheme.maps) :], labels, names).probabilities
        top, left, cropped = _crop(labels, window)
        counts = too_small, too_unsure, dirt, red
        return BlockObjects((top, left), cropped, scores[real], cut[real], votes, counts), is_cut

    def _move_outlines(
        self, labels: NDArray[np.int32], maps: NDArray[np.uint16], window: Window
    ) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Outline the objects of a window as those of a whole image are.

        Returns
        -------
        labels : ndarray of int32, shape (Y, X)
            Of those that are large enough over their rims.
        large : ndarray of bool, shape (objects,)
            Which these are.
        """
        found, count = self._found, int(labels.max(initial=0))
        pixels = found.view.pixels[window]
        labels = found.segmenter.take_rims(labels, maps, pixels, found.normalisation, self._diameter)
        large = find_large(labels, count, found.min_size)
        renumber(labels, large)
        return offset_outlines(labels, found.grow) if found.grow else labels, large[1:]


def _crop(labels: NDArray[np.int32], window: Window) -> tuple[int, int, NDArray[np.int32]]:
    """Cut labels to their bounding box; its first row and column in the image."""
    rows, columns = bounding_window(labels)
    return window[0].start + rows.start, window[1].start + columns.start, np.ascontiguousarray(labels[rows, columns])
