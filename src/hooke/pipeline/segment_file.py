"""Segments one file of a run, plane by plane, and writes its results."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError, ImageReadError
from hooke.image import Image
from hooke.io import ImageFile, open_image, write_labels
from hooke.io.file_runner import OnShare
from hooke.io.lazy_plane import LazyPlane
from hooke.io.levels import check_region
from hooke.measure import cytoplasm_labels
from hooke.measure.image_table import parse_pixel_size
from hooke.models import Model
from hooke.pipeline.large.plan import needs_blocks
from hooke.pipeline.large.segment_blocks import BlockJob, segment_blocks
from hooke.pipeline.ledger import Ledger
from hooke.pipeline.memory import check_job
from hooke.pipeline.nuclear_channel import ChosenChannel
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.result_files import ImageResult, cytoplasm_path, failure, labels_path
from hooke.pipeline.segment_image import segment_image
from hooke.pipeline.segmentation import object_table, summary_row, write_overlay
from hooke.pipeline.view import choose_stack_channel
from hooke.pipeline.work import Origin, Work
from hooke.preprocess import describe_picture

_SPREAD = (0.25, 0.5, 0.75)  # planes of a stack that choose its channel: the ends are often empty or out of focus


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


def segment_file(job: Job, origin: Origin, on_share: OnShare) -> ImageResult:
    """Segment a file, or one scene of it; one that is done is taken as it is.

    Parameters
    ----------
    job : Job
    origin : Origin
    on_share : callable
        Given the share of the file that is done, 0..1.

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
    with ledger.writing(origin, content) as work:
        options, scene = job.options, origin.scene or None
        file = ledger.channels.open(path, axes=job.axes, scene=scene, level=options.level, max_memory=job.max_memory)
        if options.pixel_size is not None:
            file = replace(file, pixel_size_um=parse_pixel_size(options.pixel_size))
        shape = check_region(options.parsed_region, file.plane_shape, path)[2:]
        if job.block is not None or needs_blocks(file, math.prod(shape), job.max_memory):
            key = (ledger.settings.hash, "" if content is None else content.sha256, *origin.key)
            _segment_blocks(file, key, job, work, origin.name, on_share)
        else:
            if options.region is None:
                check_job(file, job.max_memory)
            _segment(file, origin.name, job, work, on_share)
    return ImageResult(origin.name, path, work.rows)


def _segment_blocks(file: ImageFile, key: tuple[str, ...], job: Job, work: Work, name: str, on_share: OnShare) -> None:
    """Segment the one plane of a file in blocks."""
    if len(file) > 1:
        raise ConfigError("is a stack, which is not cut into blocks", path=file.path, remedy="leave --block out")
    plane = LazyPlane(file, 0, job.options.parsed_region)
    segment_blocks(
        BlockJob(plane, job.model, job.options, job.block, job.max_memory, job.picture, key), name, work, on_share
    )


def fail_file(job: Job, origin: Origin, message: str) -> ImageResult:
    """Record that a file, or one scene of it, could not be segmented."""
    assert origin.path is not None
    job.ledger.fail(origin, job.ledger.content(origin.path), message)
    return failure(origin.name, origin.path, message)


def _segment(file: ImageFile, name: str, job: Job, work: Work, on_share: OnShare) -> None:
    """Write labels and overlays of a file, and collect its tables and rows."""
    labels = work.place(labels_path(work.out, name))
    _write_stack(labels, _segment_planes(file, name, job, work, on_share), file)
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

    def progress(share: float) -> None:
        on_share((len(work.rows) + share) / len(file))

    base = job.ledger.plane_base(name) if file.axes else name
    of_stack, region = _stack_channel(file, job), job.options.parsed_region
    cells = _choose_model(file, job, of_stack)
    for index in range(len(file)):
        image = LazyPlane(file, index, region).image() if region is not None else file.plane(index)
        start = time.perf_counter()
        segmentation = segment_image(
            replace(image, name=name), job.model, job.options, progress, of_stack=of_stack, cells=cells
        )
        if job.picture:
            write_overlay(work, base, segmentation)
        work.tables.append(object_table(segmentation, name))
        row = summary_row(segmentation.summary, name, file.path)
        work.rows.append(row | {"seconds": round(time.perf_counter() - start, 4)})
        yield segmentation.labels
    if not work.rows:
        raise ImageReadError("holds no image", path=file.path, remedy="check how it was saved")


def _stack_channel(file: ImageFile, job: Job) -> ChosenChannel | None:
    """The channel of all planes of a stack; None where there is nothing to choose."""
    if len(file) == 1 or len(file.plane_shape) == 2 or job.options.channel is not None:
        return None
    return choose_stack_channel(_spread_planes(file), job.model, job.options.resolved_threads)


def _choose_model(file: ImageFile, job: Job, of_stack: ChosenChannel | None) -> bool | None:
    """Whether all planes of a stack are handed to the model for cells: as most planes of a sample would be.

    None for single images, which are decided by themselves.
    """
    cells = job.model.for_cells
    if len(file) == 1 or cells is None:
        return None
    planes = [plane for plane in _spread_planes(file) if describe_picture(plane)[1].modality == "brightfield"]
    votes = [segment_image(plane, job.model, job.options, of_stack=of_stack).model is cells for plane in planes]
    return 2 * sum(votes) > len(votes)


def _spread_planes(file: ImageFile) -> Iterator[Image]:
    return map(file.plane, sorted({round(share * (len(file) - 1)) for share in _SPREAD}))
