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
from hooke.io import ImageFile, atomic_path, find_images, open_image, unique_names, write_labels, write_png
from hooke.models import Model, load_model
from hooke.pipeline.classes import CLASS_COUNTS, write_counts
from hooke.pipeline.ledger import Entry, Ledger, write_measurements
from hooke.pipeline.one import segment_image
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.record import write_record
from hooke.pipeline.segmentation import Segmentation

__all__ = ["FolderResult", "ImageResult", "save_one", "segment_folder"]

_SMALL = 1_000_000  # pixels of an image that one thread segments


@dataclass(frozen=True)
class ImageResult:
    """One input file after its turn.

    Parameters
    ----------
    name : str
        What its results are named after.
    path : Path
    rows : list of dict
        Its rows of ``summary.csv``.
    error : str
        Empty when all went well.
    reused : bool
        True when the results of an earlier run were still good.
    """

    name: str
    path: Path
    rows: list[dict[str, Any]]
    error: str = ""
    reused: bool = False

    @property
    def count(self) -> int:
        """Objects found."""
        return sum(int(row["count"] or 0) for row in self.rows)


@dataclass(frozen=True)
class FolderResult:
    """All inputs after their turns."""

    out: Path
    images: list[ImageResult]

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
    out = Path(out)
    paths = find_images(inputs, exclude=[out])
    model = load_model(options.model)
    ledger = Ledger(out, model, options, axes)
    started = time.time()
    # Written first, too: a folder that can't be written to is found before any work is done.
    write_record(out, paths, model, options, axes, command, started, [])
    if on_start:
        on_start(len(paths))
    results: list[ImageResult] = []
    try:
        job = _Job(out, model, options, axes, overwrite, ledger)
        for result in _segment_files(job, paths, on_share):
            results.append(result)
            if on_image:
                on_image(result)
    finally:
        # Also when stopped halfway: the tables then hold what is done.
        ledger.write_tables([result.name for result in results if not result.error])
        _write_summary(results, out)
        write_record(out, paths, model, options, axes, command, started, [row for r in results for row in r.rows])
    return FolderResult(out, results)


def save_one(segmentation: Segmentation, out: Path) -> Path:
    """Write one segmentation as `segment_folder` would."""
    image = segmentation.image
    write_labels(
        _labels_path(out, image.name),
        [segmentation.labels],
        pixel_size_um=image.pixel_size_um,
        max_label=segmentation.count,
    )
    write_png(_overlay_path(out, image.name, {}), segmentation.overlay())
    write_measurements([_table(segmentation, image.name)], out / "measurements.csv")
    path = image.path or Path(image.name)
    _write_summary([ImageResult(image.name, path, [_summary_row(segmentation, image.name, path)])], out)
    return out


def _reuse(ledger: Ledger, out: Path, name: str, path: Path) -> ImageResult | None:
    entry: Entry | None = ledger.find(name, path)
    if entry is None or not _labels_path(out, name).exists():
        return None
    return ImageResult(name, path, entry.rows, reused=True)


@dataclass(frozen=True)
class _Job:
    """What is the same for all files of a run."""

    out: Path
    model: Model
    options: SegmentOptions
    axes: str | None
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
        for name, path in zip(unique_names(paths), paths, strict=True):
            if several and _is_small(path, job.axes):
                pending.append(pool.submit(_segment_file, alone, name, path, None))
                if len(pending) > 2 * threads:
                    yield pending.popleft().result()
                continue
            while pending:
                yield pending.popleft().result()
            yield _segment_file(job, name, path, on_share)
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _is_small(path: Path, axes: str | None) -> bool:
    """Whether a file holds one plane of few pixels; what can't be opened is left to be told of in its turn."""
    try:
        file = open_image(path, axes=axes)
    except Exception:
        return False
    return len(file) == 1 and math.prod(file.plane_shape[:2]) <= _SMALL


def _segment_file(job: _Job, name: str, path: Path, on_share: Callable[[float], None] | None) -> ImageResult:
    """Segment one file, whatever becomes of it; one that is done is taken as it is."""
    out, ledger = job.out, job.ledger
    if not job.overwrite and (done := _reuse(ledger, out, name, path)) is not None:
        return done
    tables: list[pd.DataFrame] = []
    rows: list[dict[str, Any]] = []
    try:
        file = open_image(path, axes=job.axes)
        planes = _segment_planes(file, name, job, tables, rows, on_share)
        write_labels(
            _labels_path(out, name),
            planes,
            axes=file.axes,
            shape=file.stack_shape,
            pixel_size_um=file.pixel_size_um,
        )
        ledger.close_entry(name, path, tables, rows)
    except HookeError as error:
        return _failure(name, path, str(error))
    except MemoryError:
        return _failure(name, path, f"{path}: does not fit into memory; cut it into parts, or use a machine with more")
    except Exception as error:  # a fault of ours on one image must not cost the user the others
        if debugging():
            raise
        return _failure(name, path, unexpected(path, error))
    return ImageResult(name, path, rows)


def _failure(name: str, path: Path, error: str) -> ImageResult:
    row = dict.fromkeys(_SUMMARY_COLUMNS, "") | {"image": name, "file": str(path), "error": error}
    return ImageResult(name, path, [row], error)


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
        write_png(_overlay_path(job.out, name, image.plane), segmentation.overlay())
        tables.append(_table(segmentation, name))
        rows.append(_summary_row(segmentation, name, file.path) | {"seconds": round(time.perf_counter() - start, 4)})
        yield segmentation.labels
    if not rows:
        raise ImageReadError("holds no image", path=file.path, remedy="check how it was saved")


def _labels_path(out: Path, name: str) -> Path:
    return out / "labels" / f"{name}.tif"


def _overlay_path(out: Path, name: str, plane: dict[str, int]) -> Path:
    suffix = "".join(f"_{axis}{index}" for axis, index in plane.items())
    return out / "overlays" / f"{name}{suffix}.png"


def _table(segmentation: Segmentation, name: str) -> pd.DataFrame:
    table = segmentation.table.copy(deep=False)
    table.insert(0, "image", name)
    for position, (axis, index) in enumerate(segmentation.image.plane.items(), 1):
        table.insert(position, axis, index)
    return table


_SUMMARY_COLUMNS = (
    "image",
    "file",
    "count",
    "median_area",
    "diameter",
    "scale",
    "modality",
    "channel",
    "channel_reason",
    "low",
    "high",
    "min_size",
    "seconds",
    "model",
    "warning",
    "error",
)


def _summary_row(segmentation: Segmentation, name: str, path: Path) -> dict[str, Any]:
    normalisation = segmentation.normalisation
    area = np.bincount(segmentation.labels.ravel())[1:]
    return {
        "image": name,
        "file": str(path),
        **segmentation.image.plane,
        "count": segmentation.count,
        "median_area": float(np.median(area)) if area.size else "",
        "diameter": "" if segmentation.diameter is None else round(segmentation.diameter, 2),
        "scale": round(segmentation.scale, 4),
        "modality": normalisation.modality,
        "channel": (normalisation.channel or 0) if normalisation.mode == "grey" else normalisation.mode,
        "channel_reason": normalisation.why,
        "low": normalisation.low,
        "high": normalisation.high,
        "min_size": round(segmentation.min_size, 2),
        "seconds": round(segmentation.seconds, 4),
        "model": segmentation.model.name,
        "warning": "; ".join(segmentation.warnings),
        "error": "",
        **({} if segmentation.classes is None else {CLASS_COUNTS: segmentation.classes.counts}),
    }


def _write_summary(results: list[ImageResult], out: Path) -> None:
    """Write ``summary.csv``, and ``counts.csv`` where classes are known."""
    rows = [row for result in results for row in result.rows]
    planes = sorted({key for row in rows for key in row if key not in (*_SUMMARY_COLUMNS, CLASS_COUNTS)})
    columns = [*_SUMMARY_COLUMNS[:2], *planes, *_SUMMARY_COLUMNS[2:]]
    with atomic_path(out / "summary.csv") as partial:
        pd.DataFrame(rows, columns=columns).to_csv(partial, index=False)
    told = ("image", *planes, CLASS_COUNTS)
    counted = [{key: row[key] for key in told if key in row} for row in rows if CLASS_COUNTS in row]
    if counted:
        write_counts(counted, out / "counts.csv")
