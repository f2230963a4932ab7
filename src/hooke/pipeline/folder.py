"""The main job for many images: files in, a folder of labels, overlays and tables out.

```
OUT/
  labels/NAME.tif      label image, axes and pixel size kept
  overlays/NAME.png    outlines; one picture a plane for stacks (NAME_t0_z3.png)
  measurements.csv     a row per object
  counts.csv           a row per image or plane: objects of each class, where classes are known
  summary.csv          a row per image or plane: count, diameter, seconds, warning, error
  run.json             everything needed to do it again: see hooke.pipeline.record
  .hooke/              what is done so far, so that a run can be stopped and continued
```

Each image's results are written as soon as they are there, every file under a temporary name that is renamed when
complete. A run that is killed loses the images in work and nothing else: one, or of small ones as many as there are
threads.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import HookeError, ImageReadError, debugging, unexpected
from hooke.io import ImageFile, open_image, search_images, unique_names, write_labels, write_png
from hooke.limits import default_budget, parse_bytes
from hooke.models import Model, load_model
from hooke.pipeline.ledger import Entry, Ledger
from hooke.pipeline.memory import check_job
from hooke.pipeline.one import segment_image
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.record import write_record
from hooke.pipeline.results import (
    ImageResult,
    failure,
    labels_path,
    object_table,
    overlay_path,
    summary_row,
    write_summary,
)

__all__ = ["FolderResult", "segment_folder"]

_SMALL = 1_000_000  # pixels, of 16 bytes or less, of an image that one thread segments


@dataclass(frozen=True)
class FolderResult:
    """All inputs after their turns.

    Parameters
    ----------
    out : Path
    images : list of ImageResult
    notes : tuple of str
        What was left out of the folders searched.
    """

    out: Path
    images: list[ImageResult]
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> list[ImageResult]:
        """Those that could not be segmented."""
        return [image for image in self.images if image.error]


def segment_folder(
    inputs: Sequence[str | Path],
    out: str | Path,
    options: SegmentOptions | None = None,
    *,
    axes: str | None = None,
    max_memory: int | str | None = None,
    overwrite: bool = False,
    command: Sequence[str] = (),
    on_start: Callable[[int], None] | None = None,
    on_image: Callable[[ImageResult], None] | None = None,
    on_share: Callable[[float], None] | None = None,
) -> FolderResult:
    """Segment files, folders and patterns, and write the results.

    Parameters
    ----------
    inputs : sequence of str or Path
        Files, folders (searched with their subfolders) and patterns.
    out : str or Path
        Folder for the results.
    options : SegmentOptions, optional
    axes : str, optional
        Axes of the files, such as ``"TZYX"``, where they do not state them.
    max_memory : int or str, optional
        Bytes, or an amount such as ``"8G"``, that segmenting may take: an image that needs more is reported and left
        out. Three quarters of the memory that is free when not given.
    overwrite : bool
        Do images again that are done already with the same options.
    command : sequence of str
        The command line, for the record.
    on_start : callable, optional
        Told the number of files.
    on_image : callable, optional
        Told each file's result as it is there.
    on_share : callable, optional
        Told, while a file is in work, how much of it is done, 0..1.

    Returns
    -------
    FolderResult

    Raises
    ------
    HookeError
        When there is no image, the model is unknown, or the folder can't be written to. What is wrong with a single
        file is told in its result, and the others go on.
    """
    options = options or SegmentOptions()
    allowed = default_budget() if max_memory is None else parse_bytes(max_memory)
    out = Path(out)
    found = search_images(inputs, exclude=[out])
    paths = found.paths
    model = load_model(options.model)
    ledger = Ledger(out, model, options, axes)
    started = time.time()
    # Written first, too: a folder that can't be written to is found before any work is done.
    write_record(out, paths, model, options, axes, command, started, [])
    if on_start:
        on_start(len(paths))
    results: list[ImageResult] = []
    try:
        job = _Job(out, model, options, axes, allowed, overwrite, ledger)
        for result in _segment_files(job, paths, on_share):
            results.append(result)
            if on_image:
                on_image(result)
    finally:
        # Also when stopped halfway: the tables then hold what is done.
        ledger.write_tables([result.name for result in results if not result.error])
        write_summary(results, out)
        write_record(out, paths, model, options, axes, command, started, [row for r in results for row in r.rows])
    return FolderResult(out, results, tuple(found.notes))


def _reuse(ledger: Ledger, out: Path, name: str, path: Path) -> ImageResult | None:
    entry: Entry | None = ledger.find(name, path)
    if entry is None or not labels_path(out, name).exists():
        return None
    return ImageResult(name, path, entry.rows, reused=True)


@dataclass(frozen=True)
class _Job:
    """What is the same for all files of a run."""

    out: Path
    model: Model
    options: SegmentOptions
    axes: str | None
    max_memory: int
    overwrite: bool
    ledger: Ledger


def _segment_files(job: _Job, paths: Sequence[Path], on_share: Callable[[float], None] | None) -> Iterator[ImageResult]:
    """Segment files in their order: small ones side by side, one thread each; each larger one by all threads.

    A network gains little from a second thread on an image of a few tiles, and what surrounds it nothing.
    """
    threads = job.options.resolved_threads
    alone = replace(job, options=replace(job.options, threads=1))
    several = len(paths) >= threads > 1
    pool, pending = ThreadPoolExecutor(threads), deque[Future[ImageResult]]()
    try:
        for name, path, scene, is_small in _scenes(paths, job.axes):
            if several and is_small:
                pending.append(pool.submit(_segment_file, alone, name, path, scene, None))
                if len(pending) > 2 * threads:
                    yield pending.popleft().result()
                continue
            while pending:
                yield pending.popleft().result()
            yield _segment_file(job, name, path, scene, on_share)
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _scenes(paths: Sequence[Path], axes: str | None) -> Iterator[tuple[str, Path, str | None, bool]]:
    """Walk the scenes of all files: what each one's results are named, file, scene, and whether it is small.

    A file of one scene has None for it. What can't be opened is left to be reported in its turn.
    """
    names = unique_names(paths)
    taken = {name.casefold() for name in names}
    for name, path in zip(names, paths, strict=True):
        try:
            file = open_image(path, axes=axes)
        except Exception:
            yield name, path, None, False
            continue
        if not file.scenes:
            yield (
                name,
                path,
                None,
                len(file) == 1 and max(math.prod(file.plane_shape[:2]), file.read_bytes // 16) <= _SMALL,
            )
        for scene in file.scenes:
            own = f"{name}_{scene}"
            while own.casefold() in taken:
                own += "_scene"
            taken.add(own.casefold())
            yield own, path, scene, False


def _segment_file(
    job: _Job, name: str, path: Path, scene: str | None, on_share: Callable[[float], None] | None
) -> ImageResult:
    """Segment one scene of a file, whatever becomes of it; one that is done is taken as it is."""
    out, ledger = job.out, job.ledger
    if not job.overwrite and (done := _reuse(ledger, out, name, path)) is not None:
        return done
    tables: list[pd.DataFrame] = []
    rows: list[dict[str, Any]] = []
    try:
        file = open_image(path, axes=job.axes, scene=scene, max_memory=job.max_memory)
        check_job(file, job.max_memory)
        planes = _segment_planes(file, name, job, tables, rows, on_share)
        write_labels(
            labels_path(out, name),
            planes,
            axes=file.axes,
            shape=file.stack_shape,
            pixel_size_um=file.pixel_size_um,
            z_step_um=file.z_step_um,
            time_step_s=file.time_step_s,
        )
        ledger.close_entry(name, path, tables, rows)
    except HookeError as error:
        return failure(name, path, str(error))
    except MemoryError:
        return failure(name, path, f"{path}: does not fit into memory; cut it into parts, or use a machine with more")
    except Exception as error:  # a fault of ours on one image must not cost the user the others
        if debugging():
            raise
        return failure(name, path, unexpected(path, error))
    return ImageResult(name, path, rows)


def _segment_planes(
    file: ImageFile,
    name: str,
    job: _Job,
    tables: list[pd.DataFrame],
    rows: list[dict[str, Any]],
    on_share: Callable[[float], None] | None,
) -> Iterator[NDArray[np.int32]]:
    """Segment plane by plane; overlays are written, tables and rows collected on the way, labels handed on."""

    def progress(share: float) -> None:
        if on_share:
            on_share((len(rows) + share) / len(file))

    for image in file:
        start = time.perf_counter()
        segmentation = segment_image(replace(image, name=name), job.model, job.options, progress)
        write_png(overlay_path(job.out, name, image.plane), segmentation.overlay())
        tables.append(object_table(segmentation, name))
        rows.append(summary_row(segmentation, name, file.path) | {"seconds": round(time.perf_counter() - start, 4)})
        yield segmentation.labels
    if not rows:
        raise ImageReadError("holds no image", path=file.path, remedy="check how it was saved")
