"""Puts the objects of neighbouring blocks together: a block's final labels, its picture, and its table."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.image import Image
from hooke.io import atomic_path
from hooke.io.lazy_plane import LazyPlane
from hooke.labels.classes import Classes
from hooke.measure import IntensityCensus, cytoplasm_labels
from hooke.pipeline.large.block_objects import BlockObjects
from hooke.pipeline.large.blocks import Block, BlockGrid, Window
from hooke.pipeline.large.settle import Settled
from hooke.pipeline.large.survey import Survey
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.segmentation import DOUBTFUL, complete_table
from hooke.report.overlay import overlay
from hooke.report.palette import OUTLINES

_MARGIN = 24  # pixels around a block's objects that drawing outlines needs
_QUALITY = 92  # of the pictures that are kept until all are there
_SHIFTED = {  # columns that count from the image's first row or column
    "centroid_y": 0, "bbox_top": 0, "bbox_bottom": 0, "centroid_x": 1, "bbox_left": 1, "bbox_right": 1,
}  # fmt: skip


@dataclass(frozen=True)
class BlockParts:
    """What one block adds to the results.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        Numbers in the whole image of the objects in the block's own pixels.
    columns : dict of str to ndarray
        The table of the objects that belong to the block.
    picture : bytes
        The block with outlines, as JPEG; empty where no picture is wanted.
    census : IntensityCensus
        Of the block's own pixels.
    rings : ndarray of int32, shape (Y, X), optional
        The rings around objects in the block's own pixels that are measured as cytoplasm.
    """

    labels: NDArray[np.int32]
    columns: dict[str, NDArray[Any]]
    picture: bytes
    census: IntensityCensus
    rings: NDArray[np.int32] | None = None

    def save(self, path: Path) -> None:
        """Write it; a killed run leaves no half file."""
        columns = {f"column_{number}": values for number, values in enumerate(self.columns.values())}
        images = {"labels": self.labels} | ({} if self.rings is None else {"rings": self.rings})
        packed = {
            kind: np.frombuffer(zlib.compress(np.ascontiguousarray(ids).data, 1), np.uint8)
            for kind, ids in images.items()
        }
        with atomic_path(path) as part, part.open("wb") as file:
            np.savez(
                file,
                shape=self.labels.shape,
                picture=np.frombuffer(self.picture, np.uint8),
                names=np.array(list(self.columns), np.str_),
                census=np.array(self.census.counts),
                range=np.stack([self.census.least, self.census.most, self.census.at_most]),
                allow_pickle=False,
                **packed,
                **columns,
            )

    @staticmethod
    def load_labels(path: Path, kind: str) -> NDArray[np.int32]:
        """Read the labels, or the rings, by their name here."""
        with np.load(path, allow_pickle=False) as stored:
            flat = np.frombuffer(zlib.decompress(stored[kind].tobytes()), np.int32)
            return flat.reshape(stored["shape"])

    @staticmethod
    def load_picture(path: Path) -> NDArray[np.uint8]:
        """Read the picture, shape (Y, X, 3)."""
        with np.load(path, allow_pickle=False) as stored:
            return np.asarray(imagecodecs.jpeg8_decode(stored["picture"].tobytes()), np.uint8)

    @staticmethod
    def load_table(path: Path) -> pd.DataFrame:
        """Read the table."""
        with np.load(path, allow_pickle=False) as stored:
            return pd.DataFrame({str(name): stored[f"column_{at}"] for at, name in enumerate(stored["names"])})

    @staticmethod
    def load_census(path: Path) -> IntensityCensus:
        """Read what makes intensities doubtful."""
        with np.load(path, allow_pickle=False) as stored:
            least, most, at_most = stored["range"]
            pixels, missing, infinite = stored["census"].tolist()
            return IntensityCensus(pixels, missing, infinite, least, most, at_most.astype(np.int64))


@dataclass(frozen=True)
class Composer:
    """Composes blocks once all are settled; may be used from several threads.

    Parameters
    ----------
    plane : LazyPlane
        The image as stored.
    found : Survey
    grid : BlockGrid
    settled : Settled
    load : callable
        Gives the objects of a block by its number.
    options : SegmentOptions
    picture : bool
        Whether a picture is wanted.
    """

    plane: LazyPlane
    found: Survey
    grid: BlockGrid
    settled: Settled
    load: Callable[[int], BlockObjects]
    options: SegmentOptions
    picture: bool

    def compose(self, block: Block) -> BlockParts:
        """Compose one block."""
        around = {number: self.load(number) for number in (block.number, *self.grid.neighbours(block.number))}
        window = self._window(block, around[block.number])
        labels, scores = self._paint(window, around)
        pixels: NDArray[np.generic] = self.plane[window]
        image = replace(self.found.image, pixels=pixels)
        inner = _within(window, (block.rows, block.columns))
        picture = b""
        if self.picture:
            picture = bytes(imagecodecs.jpeg8_encode(self._draw(image, labels, scores)[inner], level=_QUALITY))
        first, objects = self.settled.first[block.number], around[block.number]
        own = self.settled.numbers[block.number]
        kept = own[1:] > first
        table = self._table(image, labels, scores, own[1:][kept], objects.votes[kept], window)
        rings = self._rings(labels)
        columns = {str(name): _plain(table[name]) for name in table}
        census = IntensityCensus.of(labels[inner], pixels[inner])
        return BlockParts(labels[inner], columns, picture, census, None if rings is None else rings[inner])

    def _rings(self, labels: NDArray[np.int32]) -> NDArray[np.int32] | None:
        """The ring around each object that is measured as its cytoplasm, where that is wanted."""
        return None if self.options.expand is None else cytoplasm_labels(labels, self.options.expand)

    def measure_joined(self, number: int, window: Window, labels: NDArray[np.int32], score: float) -> pd.DataFrame:
        """Measure an object of several parts in a window that holds them all."""
        image = replace(self.found.image, pixels=self.plane[window])
        votes = np.zeros((1, 0), np.float32)
        return self._table(image, labels, {number: score}, np.array([number], np.int32), votes, window)

    def _window(self, block: Block, objects: BlockObjects) -> Window:
        """The block, all of its objects, and a margin."""
        spans = []
        for axis, own in ((0, block.rows), (1, block.columns)):
            start = min(own.start, objects.corner[axis]) if objects.labels.size else own.start
            stop = max(own.stop, objects.corner[axis] + objects.labels.shape[axis])
            margin = _MARGIN + 2 * math.ceil(max(self.options.surroundings, self.options.expand or 0))
            spans.append(slice(max(0, start - margin), min(self.grid.shape[axis], stop + margin)))
        return spans[0], spans[1]

    def _paint(self, window: Window, around: Mapping[int, BlockObjects]) -> tuple[NDArray[np.int32], dict[int, float]]:
        """Labels of a window, and the score of each object: where two share a pixel, the earlier block has it."""
        labels = np.zeros([part.stop - part.start for part in window], np.int32)
        scores: dict[int, float] = {}
        for number in sorted(around, reverse=True):
            objects = around[number]
            if not objects.labels.size:
                continue
            ends = [at + length for at, length in zip(objects.corner, objects.labels.shape, strict=True)]
            own = tuple(slice(at, end) for at, end in zip(objects.corner, ends, strict=True))
            here = _within(window, own)
            there = _within(own, window)
            if min(part.stop - part.start for part in (*here, *there)) <= 0:
                continue
            numbers = self.settled.numbers[number]
            painted = numbers[objects.labels[there]]
            np.copyto(labels[here], painted, where=painted > 0)
            scores.update(zip(numbers[1:].tolist(), objects.scores.tolist(), strict=True))
        return labels, scores

    def _table(
        self,
        image: Image,
        labels: NDArray[np.int32],
        scores: Mapping[int, float],
        own: NDArray[np.int32],
        votes: NDArray[np.float32],
        window: Window,
    ) -> pd.DataFrame:
        """Rows of a block's own objects, in the frame of the whole image."""
        present = np.unique(labels)
        present = present[present > 0]
        is_own = np.isin(present, own)
        classes = self._classes(image, labels, present, is_own, votes[np.isin(own, present)])
        values = np.array([scores.get(int(number), 0.0) for number in present], np.float32)
        rings = self._rings(labels)
        table = complete_table(image, labels, values, None, self.options, cytoplasm=rings)
        table = table[is_own].reset_index(drop=True)
        if classes is not None:
            at = table.columns.get_loc("doubtful")
            assert isinstance(at, int)
            for place, (name, column) in enumerate(classes.columns.items(), at + 1):
                table.insert(place, name, column)
        corner = [part.start for part in window]
        size = image.pixel_size_um or (1.0, 1.0)
        for name, axis in _SHIFTED.items():
            table[name] += corner[axis]
            if f"{name}_um" in table:
                table[f"{name}_um"] += corner[axis] * size[axis]
        height, width = self.grid.shape
        table["at_border"] = (
            (table["bbox_top"] == 0)
            | (table["bbox_left"] == 0)
            | (table["bbox_bottom"] == height)
            | (table["bbox_right"] == width)
        )
        return table

    def _classes(
        self,
        image: Image,
        labels: NDArray[np.int32],
        present: NDArray[np.int32],
        is_own: NDArray[np.bool_],
        votes: NDArray[np.float32],
    ) -> Classes | None:
        """Classes of the own objects: by the pixels' classes, or by the classifier that was given."""
        threshold = self.options.class_threshold
        if self.options.classify is None:
            names = tuple(self.found.model.settings.classes)
            return Classes(names, votes, threshold) if names and votes.shape[1] else None
        local = np.asarray(np.where(labels > 0, np.searchsorted(present, labels) + 1, 0), np.int32)
        channel = self.found.normalisation.channel
        classes, _ = self.options.classify.classify_objects(
            image, local, threshold=threshold, channel=channel, threads=1
        )
        return replace(classes, probabilities=classes.probabilities[is_own])

    def _draw(self, image: Image, labels: NDArray[np.int32], scores: Mapping[int, float]) -> NDArray[np.uint8]:
        """Picture of a window; an object has one colour in all blocks."""
        present = np.unique(labels)
        present = present[present > 0]
        doubtful = [number for number in present.tolist() if scores.get(number, 1.0) < DOUBTFUL]
        return overlay(
            image.pixels,
            labels,
            channel=self.found.normalisation.channel,
            dashed=doubtful,
            groups=present * 7 % len(OUTLINES),
            like=self.found.image.pixels,
        )


def _within(window: Window | tuple[slice, ...], part: Window | tuple[slice, ...]) -> tuple[slice, slice]:
    """The rows and columns of a window in which a part of the image lies."""
    rows, columns = (
        slice(max(0, inner.start - outer.start), min(outer.stop, inner.stop) - outer.start)
        for outer, inner in zip(window, part, strict=True)
    )
    return rows, columns


def _plain(values: pd.Series[Any]) -> NDArray[Any]:
    """A column as an array that is stored without pickling."""
    array = values.to_numpy()
    return array.astype(np.str_) if array.dtype.kind not in "biuf" else array
