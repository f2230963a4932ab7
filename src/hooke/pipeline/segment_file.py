"""Segments one file of a run, plane by plane, and writes its results."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError, HookeError
from hooke.io import ImageFile, open_image, write_labels
from hooke.io.file_runner import OnShare
from hooke.io.lazy_plane import LazyPlane
from hooke.io.levels import check_region
from hooke.measure import cytoplasm_labels
from hooke.models import Model
from hooke.pipeline.given_sizes import with_pixel_size, with_z_step
from hooke.pipeline.large.plan import needs_blocks
from hooke.pipeline.large.segment_blocks import BlockJob, Elsewhere, find_shared_blocks, segment_blocks
from hooke.pipeline.ledger import Ledger
from hooke.pipeline.memory import check_job
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.result_files import ImageResult, cytoplasm_path, failure, labels_path
from hooke.pipeline.segmentation import Segmentation, object_table, summary_row, write_overlay
from hooke.pipeline.shards import Shard
from hooke.pipeline.stack_planes import segment_planes
from hooke.pipeline.stack_segmentation import collect_stack, stack_work
from hooke.pipeline.stitching import check_depth
from hooke.pipeline.work import Content, Origin, Work


class Remote(Protocol):
    """The workers of a cluster: `hooke.pipeline.cluster_work`."""

    def blocks(self, job: Job, origin: Origin) -> Elsewhere:
        """Those for the blocks of an image."""


@dataclass(frozen=True)
class Job:
    """What is the same for all files of a run."""

    model: Model
    options: SegmentOptions
    axes: str | None
    max_memory: int
    overwrite: bool
    ledger: Ledger
    block: int | None = None
    picture: bool = True
    shard: Shard | None = None
    shared: list[Origin] = field(default_factory=list)
    remote: Remote | None = None
    given: str = ""

    @property
    def how(self) -> dict[str, Any]:
        """What is needed to continue a shard's images besides its options."""
        if self.shard is None:
            return {}
        shared = [
            {"name": each.name, "base": each.base, "path": each.key[0], "scene": each.scene} for each in self.shared
        ]
        return {
            "shard": str(self.shard),
            "given": self.given,
            "block": self.block,
            "overlays": self.picture,
            "settings": self.ledger.settings.hash,
            "shared": shared,
        }


def segment_file(job: Job, origin: Origin, on_share: OnShare, is_shared: bool = False) -> ImageResult:
    """Segment a file, or one scene of it; one that is done is taken as it is.

    Parameters
    ----------
    job : Job
    origin : Origin
    on_share : callable
        Given the share of the file that is done, 0..1.
    is_shared : bool
        Find the objects of the shard's share of the blocks, and leave the rest to the merge.

    Raises
    ------
    HookeError
        When the file can't be segmented.
    """
    path, ledger = origin.path, job.ledger
    assert path is not None
    content = ledger.content(path)
    done = None if job.overwrite else ledger.find(origin, content)
    if done is not None:
        return ImageResult(origin.name, path, ledger.keep(origin, done).rows, reused=True)
    merged = None if job.overwrite else ledger.find_merged(origin, content)
    if merged is not None:
        return ImageResult(origin.name, path, merged.rows, reused=True)
    if is_shared:
        job.shared.append(origin)
        file = open_origin(job, origin)
        find_shared_blocks(block_job(file, content, job, origin), origin.name, ledger.out, on_share)
        return ImageResult(origin.name, path, [])
    with ledger.writing(origin, content) as work:
        file = open_origin(job, origin)
        shape = check_region(job.options.parsed_region, file.plane_shape, path)[2:]
        if job.block is not None or needs_blocks(file, math.prod(shape), job.max_memory):
            segment_blocks(block_job(file, content, job, origin), origin.name, work, on_share)
        else:
            if job.options.region is None:
                check_job(file, job.max_memory)
            _segment(file, origin.name, job, work, on_share)
    return ImageResult(origin.name, path, work.rows)


def open_origin(job: Job, origin: Origin) -> ImageFile:
    """Open a file, with what the options say of it in place of what it says itself."""
    options, scene = job.options, origin.scene or None
    assert origin.path is not None
    file = job.ledger.channels.open(
        origin.path, axes=job.axes, scene=scene, level=options.level, max_memory=job.max_memory
    )
    return with_z_step(with_pixel_size(file, options.pixel_size), options.z_step)


def block_job(file: ImageFile, content: Content | None, job: Job, origin: Origin) -> BlockJob:
    """The one plane of a file, to be segmented in blocks."""
    if len(file) > 1:
        raise ConfigError("is a stack, which is not cut into blocks", path=file.path, remedy="leave --block out")
    plane = LazyPlane(file, 0, job.options.parsed_region)
    key = (job.ledger.settings.hash, "" if content is None else content.sha256, *origin.key)
    elsewhere = None if job.remote is None else job.remote.blocks(job, origin)
    return BlockJob(plane, job.model, job.options, job.block, job.max_memory, job.picture, key, job.shard, elsewhere)


def fail_file(job: Job, origin: Origin, message: str) -> ImageResult:
    """Record that a file, or one scene of it, could not be segmented."""
    assert origin.path is not None
    try:
        content = job.ledger.content(origin.path)
    except HookeError:  # a server that is gone
        content = None
    job.ledger.fail(origin, content, message)
    return failure(origin.name, origin.path, message)


def _segment(file: ImageFile, name: str, job: Job, work: Work, on_share: OnShare) -> None:
    """Write labels and overlays of a file, and collect its tables and rows."""
    labels = work.place(labels_path(work.out, name))
    if job.options.stitch is None:
        _write_stack(labels, _segment_planes(file, name, job, work, on_share), file)
    else:
        check_depth(file.axes, job.options.stitch, file.path)
        _write_stack(labels, _stitch_planes(file, name, job, work, on_share), file)
    if (width := job.options.expand) is not None:
        planes = (plane.pixels.astype(np.int32) for plane in open_image(labels, axes=file.axes + "YX"))
        _write_stack(
            work.place(cytoplasm_path(work.out, name)), (cytoplasm_labels(plane, width) for plane in planes), file
        )


def _write_stack(path: Path, planes: Iterator[NDArray[np.int32]], file: ImageFile) -> None:
    """Write label images with the axes and sizes of the file that they are of."""
    write_labels(
        path,
        planes,
        axes=file.axes,
        shape=file.stack_shape,
        pixel_size_um=file.pixel_size_um,
        z_step_um=file.z_step_um,
        time_step_s=file.time_step_s,
    )


def _segment_planes(file: ImageFile, name: str, job: Job, work: Work, on_share: OnShare) -> Iterator[NDArray[np.int32]]:
    """Segment plane by plane; overlays are written, tables and rows collected on the way, labels handed on."""
    base = job.ledger.plane_base(name) if file.axes else name
    for segmentation in _segmented(file, name, job, work, on_share):
        if job.picture:
            write_overlay(work, base, segmentation)
        work.tables.append(object_table(segmentation, name))
        yield segmentation.labels


def _segmented(file: ImageFile, name: str, job: Job, work: Work, on_share: OnShare) -> Iterator[Segmentation]:
    """Segment plane by plane, and collect the rows of the summary."""

    def progress(index: int, share: float) -> None:
        on_share((index + share) / len(file))

    start = time.perf_counter()
    for segmentation in segment_planes(file, job.model, job.options, name=name, progress=progress):
        row = summary_row(segmentation.summary, name, file.path)
        work.rows.append(row | {"seconds": round(time.perf_counter() - start, 4)})
        yield segmentation
        start = time.perf_counter()


def _stitch_planes(file: ImageFile, name: str, job: Job, work: Work, on_share: OnShare) -> Iterator[NDArray[np.int32]]:
    """Segment all planes, join their objects in depth, and hand on the labels plane by plane."""
    stack = stack_work(file, job.options)
    for segmentation in _segmented(file, name, job, work, on_share):
        stack.add(segmentation)
    base = job.ledger.plane_base(name)
    yield from collect_stack(stack, work, name, base if job.picture else None)
