"""Segments an image block by block and writes its results: memory does not grow with the image, a killed run continues.

1. `survey` decides for the whole image what each block needs.
2. Each block's objects are found: the network's tiles lie at fixed places of the image, so that the maps do not depend
   on the blocks; an object belongs to one block.
3. `settle` numbers all objects.
4. Each block's labels, table and picture are composed of its objects and its neighbours'.
5. The results are written: labels and picture as pyramids, the table row by row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.io.file_runner import OnShare, run_in_order
from hooke.io.lazy_plane import LazyPlane
from hooke.io.pyramid_writer import write_label_pyramid, write_picture_pyramid
from hooke.io.spreadsheet import stream_table
from hooke.measure import IntensityCensus, known_channels
from hooke.measure.neighbours import nearest_distances
from hooke.models import Model
from hooke.models.predict import TileGrid, predict_tile
from hooke.models.tile_store import Place, TileStore
from hooke.pipeline.examination import nothing_found
from hooke.pipeline.large.block_files import BLOCKS, BlockFiles, BlockMosaic
from hooke.pipeline.large.block_objects import ObjectFinder
from hooke.pipeline.large.blocks import Block, BlockGrid, Window
from hooke.pipeline.large.compose import BlockParts, Composer
from hooke.pipeline.large.plan import SIDE, Plan, plan_blocks
from hooke.pipeline.large.settle import Settled, settle
from hooke.pipeline.large.survey import Survey, survey
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.result_files import cytoplasm_path, labels_path, picture_path, thumbnail_path
from hooke.pipeline.segmentation import Summary, summary_row
from hooke.pipeline.shards import Shard
from hooke.pipeline.trust import dropped_candidates
from hooke.pipeline.view import red_warnings
from hooke.pipeline.work import Work
from hooke.report.html.thumbnails import encode_thumbnail
from hooke.targets.decoded import Decoded

_FLAT = 0.02  # of the range of intensities: where 8 x 8 pixels vary by less there is nothing to see
_SQUARE = 8
_SHARES = (0.86, 0.97)  # of the time: until all objects are found, and until all blocks are composed
_KEPT = 24  # blocks whose objects are held while their neighbours are settled and composed
_LARGEST_JOINED = 1 << 26  # pixels around an object of several parts, up to which all of it is measured


FIND, COMPOSE = "find", "compose"


class Elsewhere(Protocol):
    """Workers in other processes, for the blocks of one image."""

    def do(self, step: str, numbers: Sequence[int], side: int, digest: str) -> Iterator[Sequence[int]]:
        """Find or compose blocks; yield the numbers of those that are done."""


@dataclass(frozen=True)
class BlockTask:
    """Blocks of one image for a worker.

    Parameters
    ----------
    step : str
        `FIND` or `COMPOSE`.
    numbers : tuple of int
    side : int
        Of a block, pixels.
    digest : str
        See `hooke.pipeline.large.block_files.BlockFiles`.
    """

    step: str
    numbers: tuple[int, ...]
    side: int
    digest: str


@dataclass(frozen=True)
class BlockJob:
    """One image and how it is segmented.

    Parameters
    ----------
    plane : LazyPlane
    model : Model
    options : SegmentOptions
    side : int or None
        Of a block, pixels; chosen by the memory when None.
    budget : int
        Bytes that it may take.
    picture : bool
        Whether a picture with outlines is wanted.
    key : tuple of str
        What decides the results: settings and content. Blocks of an earlier run are used where it is the same.
    shard : Shard, optional
        Which of several jobs that share the blocks this is.
    elsewhere : Elsewhere, optional
        Workers that do the blocks.
    """

    plane: LazyPlane
    model: Model
    options: SegmentOptions
    side: int | None
    budget: int
    picture: bool
    key: tuple[str, ...]
    shard: Shard | None = None
    elsewhere: Elsewhere | None = None

    @property
    def chosen_side(self) -> int | None:
        """Of a block: not chosen by the memory where several jobs have to agree."""
        is_alone = self.shard is None and self.elsewhere is None
        return SIDE if self.side is None and not is_alone else self.side


def segment_blocks(job: BlockJob, name: str, work: Work, on_share: OnShare) -> None:
    """Segment an image and write its labels, picture, table and row.

    Parameters
    ----------
    job : BlockJob
    name : str
        What the results are named after.
    work : Work
    on_share : callable
        Given the share that is done, 0..1, and how many megapixels of how many.

    Raises
    ------
    HookeError
        When it can't be read or written, or not even one block fits into memory.
    """
    start = time.perf_counter()
    run = _examine(job, name, work.out, on_share)
    if run.found.diameter is None:
        run.write_nothing(name, work, start)
    else:
        run.find(run.grid.blocks)
        run.settle()
        run.compose(run.grid.blocks)
        run.write(name, work, start)
    work.parts.callback(run.files.remove)


def find_shared_blocks(job: BlockJob, name: str, out: Path, on_share: OnShare) -> None:
    """Find the objects of a shard's share of the blocks; `segment_blocks` continues once those of all are there.

    Raises
    ------
    HookeError
        As `segment_blocks`.
    """
    assert job.shard is not None
    run = _examine(job, name, out, on_share)
    if run.found.diameter is not None:
        run.find(job.shard.run_of(run.grid.blocks))


def blocks_of_another(job: BlockJob, name: str, out: Path, digest: str) -> Callable[[BlockTask], None]:
    """Examine an image on behalf of another process; gives what does its blocks.

    Raises
    ------
    ClusterError
        When the blocks would be others.
    HookeError
        As `segment_blocks`.
    """
    return _examine(job, name, out, lambda share, amount="": None, digest).do


def _examine(job: BlockJob, name: str, out: Path, on_share: OnShare, digest: str | None = None) -> _Run:
    """Decide what all blocks need, and find those that are done."""
    found = survey(job.plane, job.model, job.options)
    height, width = job.plane.shape[:2]
    plan = plan_blocks(job.plane, job.budget, job.options.resolved_threads, job.chosen_side)
    grid = BlockGrid((height, width), plan.side)
    key = (*job.key, str(plan.side), str(job.picture), found.decisions)
    return _Run(job, found, grid, BlockFiles(out / ".hooke" / f"{name}{BLOCKS}", key, digest), plan, on_share)


class _Run:
    """The steps of one image's segmentation."""

    def __init__(
        self, job: BlockJob, found: Survey, grid: BlockGrid, files: BlockFiles, plan: Plan, on_share: OnShare
    ) -> None:
        self.job = job
        self.found = found
        self.grid = grid
        self.files = files
        self.mosaic = BlockMosaic(files, grid)
        self._on_share = on_share
        self._megapixels = grid.shape[0] * grid.shape[1] / 1e6
        self.plan = plan
        self._load = lru_cache(maxsize=min(_KEPT, 2 * grid.across + 3))(files.load_objects)

    @property
    def settled(self) -> Settled:
        """Numbers of all objects."""
        return self._settled

    def settle(self) -> None:
        """Number the objects of all blocks."""
        self._settled = settle(self.grid, self._load)
        if self.job.elsewhere is not None:
            self._settled.save(self.files.settled)

    def do(self, task: BlockTask) -> None:
        """Do blocks on behalf of another process."""
        blocks = [self.grid.blocks[number] for number in task.numbers]
        if task.step == FIND:
            self.find(blocks)
            return
        if not hasattr(self, "_settled"):
            self._settled = Settled.load(self.files.settled)
        self.compose(blocks)

    def _send(self, step: str, blocks: Sequence[Block], *, report: tuple[float, float], done: int) -> None:
        """Let workers do blocks."""
        assert self.job.elsewhere is not None
        for numbers in self.job.elsewhere.do(
            step, [block.number for block in blocks], self.grid.side, self.files.digest
        ):
            done += sum(self.grid.blocks[number].pixels for number in numbers)
            self._report(*report, done)

    def find(self, blocks: Sequence[Block]) -> None:
        """Find the objects of those of the blocks that are not done."""
        todo = [block for block in blocks if not self.files.has(self.files.objects(block.number))]
        self._megapixels = sum(block.pixels for block in blocks) / 1e6
        done = sum(block.pixels for block in blocks) - sum(block.pixels for block in todo)
        self._report(0.0, _SHARES[0], done)
        if self.job.elsewhere is not None:
            self._send(FIND, todo, report=(0.0, _SHARES[0]), done=done)
            return
        maps = _Maps(self.found, todo, self.grid.side, self.plan.tile_bytes)
        finder = ObjectFinder(self.found, self.grid.side, maps.of_window)

        def find(block: Block) -> None:
            finder.find(block).save(self.files.objects(block.number))

        for block, _ in run_in_order(find, todo, self.plan.workers):
            done += block.pixels
            self._report(0.0, _SHARES[0], done)

    def compose(self, blocks: Sequence[Block]) -> None:
        """Compose those of the blocks that an earlier run has not done."""
        todo = [block for block in blocks if not self.files.has(self.files.parts(block.number))]
        done = sum(block.pixels for block in blocks) - sum(block.pixels for block in todo)
        if self.job.elsewhere is not None:
            self._send(COMPOSE, todo, report=_SHARES, done=done)
            return

        def compose(block: Block) -> None:
            self._composer.compose(block).save(self.files.parts(block.number))

        for block, _ in run_in_order(compose, todo, self.plan.workers):
            done += block.pixels
            self._report(*_SHARES, done)

    @cached_property
    def _composer(self) -> Composer:
        job = self.job
        return Composer(job.plane, self.found, self.grid, self.settled, self._load, job.options, job.picture)

    def write(self, name: str, work: Work, start: float) -> None:
        """Write labels, picture and table, and the row of the summary."""
        write_label_pyramid(
            work.place(labels_path(work.out, name)),
            self.mosaic.labels,
            self.grid.shape,
            max_label=self.settled.count,
            pixel_size_um=self.found.image.pixel_size_um,
            on_share=lambda share: self._on_share(_SHARES[1] + share * (1 - _SHARES[1]) / 2, "writing"),
        )
        if self.job.options.expand is not None:
            write_label_pyramid(
                work.place(cytoplasm_path(work.out, name)),
                self.mosaic.rings,
                self.grid.shape,
                max_label=self.settled.count,
                pixel_size_um=self.found.image.pixel_size_um,
            )
        if self.job.picture:
            write_picture_pyramid(work.place(picture_path(work.out, name)), self.mosaic.picture, self.grid.shape)
            work.place(thumbnail_path(work.out, name, {})).write_bytes(encode_thumbnail(self._small_picture()))
        facts = _Facts()
        stream_table(
            (_with_name(table, name) for table in facts.gathered(self._tables())),
            work.place(work.out / ".hooke" / f"{name}.csv"),
            float_format="%.8g",
        )
        work.rows.append(summary_row(self._result(facts, start), name, self.job.plane.file.path))

    def _small_picture(self) -> NDArray[np.uint8]:
        """All of the picture, at most 1024 pixels a side."""
        step = 1
        while max(self.grid.shape) > 1024 * step:
            step *= 2
        height, width = (-(-length // step) for length in self.grid.shape)
        return np.asarray(self.mosaic.picture(slice(0, height), slice(0, width), step), np.uint8)

    def write_nothing(self, name: str, work: Work, start: float) -> None:
        """Write the results of an image without objects."""
        labels = np.zeros((1, 1), np.int32)
        write_label_pyramid(
            work.place(labels_path(work.out, name)),
            lambda rows, columns, step: np.broadcast_to(labels, (rows.stop - rows.start, columns.stop - columns.start)),
            self.grid.shape,
            max_label=0,
            pixel_size_um=self.found.image.pixel_size_um,
        )
        stream_table([pd.DataFrame(columns=["image", "label"])], work.place(work.out / ".hooke" / f"{name}.csv"))
        work.rows.append(summary_row(self._result(_Facts(), start), name, self.job.plane.file.path))

    def _report(self, first: float, last: float, pixels: int) -> None:
        megapixels = pixels / 1e6
        share = first + (last - first) * megapixels / max(self._megapixels, 1e-6)
        step = "" if first == 0 else "composing "
        self._on_share(share, f"{step}{megapixels:.0f} of {self._megapixels:.0f} megapixels")

    def _tables(self) -> Iterator[pd.DataFrame]:
        """The table of each block, with the distance to the nearest of all objects."""
        paths = [self.files.parts(block.number) for block in self.grid.blocks]
        centres = [BlockParts.load_table(path)[["centroid_y", "centroid_x"]].to_numpy(np.float64) for path in paths]
        height, width = self.found.image.pixel_size_um or (1.0, 1.0)
        y, x = np.concatenate(centres).T
        distances = {"neighbour_distance": nearest_distances(y, x)}
        if self.found.image.pixel_size_um is not None:
            distances["neighbour_distance_um"] = nearest_distances(y * height, x * width)
        start = 0
        for path in paths:
            table = BlockParts.load_table(path)
            part = slice(start, start + len(table))
            start += len(table)
            table = table.assign(**{column: values[part] for column, values in distances.items() if column in table})
            yield self._with_whole_joined(table)

    def _with_whole_joined(self, table: pd.DataFrame) -> pd.DataFrame:
        """The same table with objects of several parts measured whole."""
        for number, blocks in self.settled.joined.items():
            at = np.flatnonzero(table["label"].to_numpy() == number)
            window = self._window_of(number, blocks) if len(at) else None
            if window is None:
                continue
            row = table.iloc[int(at[0])]
            labels = np.asarray(self.mosaic.labels(*window), np.int32)
            whole = self._composer.measure_joined(number, window, np.where(labels == number, labels, 0), row["score"])
            kept = ["neighbours", "neighbour_distance", "neighbour_distance_um", "doubtful"]
            for column in whole.columns.intersection(table.columns).difference(kept):
                table.loc[table.index[at[0]], column] = whole[column].iloc[0]
        return table

    def _window_of(self, number: int, blocks: list[int]) -> Window | None:
        """Rows and columns that hold an object of several parts; None where it is too large to be measured at once."""
        spans = []
        for axis in (0, 1):
            ends = []
            for block in blocks:
                objects = self._load(block)
                own = np.isin(self.settled.numbers[block][objects.labels], number)
                where = np.flatnonzero(own.any(axis=1 - axis)) + objects.corner[axis]
                ends += [int(where[0]), int(where[-1]) + 1] if len(where) else []
            spans.append(slice(max(0, min(ends) - 8), min(self.grid.shape[axis], max(ends) + 8)))
        area = (spans[0].stop - spans[0].start) * (spans[1].stop - spans[1].start)
        return (spans[0], spans[1]) if area <= _LARGEST_JOINED else None

    def _result(self, facts: _Facts, start: float) -> Summary:
        found = self.found
        small = unsure = dirt = red = 0
        if found.diameter is not None:
            every = [self._load(block.number).dropped for block in self.grid.blocks]
            small, unsure, dirt, red = (sum(dropped[at] for dropped in every) for at in range(4))
        count = facts.count
        scored = Decoded(np.zeros((0, 0), np.int32), np.ones(count, np.float32), np.zeros((0, 3)), small, unsure)
        dropped = dropped_candidates(scored)
        unreal = (*found.view.dirt_warnings(dirt), *red_warnings(red))
        image = self.job.plane.with_notes(found.image)
        warnings = found.warnings
        if not count and found.diameter is not None:
            warnings = (*found.view.warnings, *nothing_found(found.model))
        doubts = self._intensity_doubts() if count else []
        names = self.job.options.classify.classes if self.job.options.classify else found.model.settings.classes
        return Summary(
            image,
            found.model,
            found.normalisation,
            count,
            small + unsure,
            facts.median_area,
            found.diameter,
            found.scale,
            found.min_size,
            time.perf_counter() - start,
            (*image.notes, *warnings, *unreal, *([dropped] if dropped else []), *doubts),
            facts.class_counts(tuple(names)) if names else None,
        )

    def _intensity_doubts(self) -> list[str]:
        """What is wrong with the intensities of all objects."""
        image, fit = self.found.image, self.found.normalisation
        if fit.keeps_colours:
            return []
        parts = [BlockParts.load_census(self.files.parts(block.number)) for block in self.grid.blocks]
        shown = 0 if image.channels == 1 else fit.channel
        return IntensityCensus.joined(parts).doubts(known_channels(image), seen=shown)


class _Maps:
    """Maps of windows, from tiles that are predicted once and kept while blocks need them."""

    def __init__(self, found: Survey, todo: list[Block], side: int, tile_bytes: int) -> None:
        self._found = found
        self._grid = TileGrid(found.view.pixels.shape, found.scale, found.segmenter.tiling)
        self._network = found.segmenter.network_for(found.view.pixels.shape, 1)
        assert found.diameter is not None
        halo = ObjectFinder(found, side, self.of_window).halo
        windows = [block.grown(halo, found.view.pixels.shape) for block in todo]
        wanted = (place for window in windows for place in self._grid.places(*window))
        self._store = TileStore(self._predict, wanted, tile_bytes)

    def of_window(self, window: Window, planned: bool) -> NDArray[np.uint16]:
        """Maps of a window; `planned` where its tiles were counted."""
        rows, columns = window
        canvas = np.zeros((self._found.maps, rows.stop - rows.start, columns.stop - columns.start), np.uint16)
        for place in self._grid.places(rows, columns):
            output = self._store.get(place) if planned else self._predict(place)
            if output.any():
                result = self._grid.to_image(output, place)
                self._grid.blend(canvas, (rows.start, columns.start), place, result)
        return canvas

    def _predict(self, place: Place) -> NDArray[np.float32]:
        pixels = self._found.normalisation.apply(self._grid.read(self._found.view.pixels, place))
        if _is_flat(pixels):
            sides = (max(1, round(length * self._grid.scale)) for length in pixels.shape[:2])
            return np.zeros((self._found.maps, *sides), np.float32)
        return predict_tile(self._network, pixels, self._grid, self._found.maps)


def _is_flat(pixels: NDArray[np.float32]) -> bool:
    """Whether a tile shows nothing at all, such as the glass around a tissue."""
    height, width = (max(1, length // _SQUARE) for length in pixels.shape[:2])
    means = np.asarray(cv2.resize(pixels[..., :3], (width, height), interpolation=cv2.INTER_AREA))
    means = means.reshape(height * width, -1)
    return bool((means.max(axis=0) - means.min(axis=0)).max() < _FLAT)


class _Facts:
    """What the summary says of the tables that went by."""

    def __init__(self) -> None:
        self.count = 0
        self._areas: list[NDArray[np.int64]] = []
        self._classes: dict[str, int] = {}

    def gathered(self, tables: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Hand tables on and count."""
        for table in tables:
            self.count += len(table)
            self._areas.append(table["area"].to_numpy(np.int64))
            for name, times in table["class"].value_counts().items() if "class" in table else ():
                self._classes[str(name)] = self._classes.get(str(name), 0) + int(times)
            yield table

    @property
    def median_area(self) -> float | None:
        """Pixels; None where there are no objects."""
        areas = np.concatenate(self._areas) if self._areas else np.zeros(0)
        return float(np.median(areas)) if areas.size else None

    def class_counts(self, names: tuple[str, ...]) -> dict[str, int]:
        """Objects of each class, those unknown last."""
        return {name: self._classes.get(name, 0) for name in (*names, "unknown")}


def _with_name(table: pd.DataFrame, name: str) -> pd.DataFrame:
    table = table.copy(deep=False)
    table.insert(0, "image", name)
    return table
