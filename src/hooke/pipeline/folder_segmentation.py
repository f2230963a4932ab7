"""Segments many images and writes a folder of labels, overlays and tables.

```
OUT/
  labels/NAME.tif      label image, axes and pixel size kept
  cytoplasm/NAME.tif   with the option expand, the ring around each object, under its number
  overlays/NAME.png    outlines; one picture a plane for stacks (NAME_t0_z3.png); a pyramid NAME.tif of large images
  measurements.csv     a row per object
  counts.csv           a row per image or plane: objects of each class, where classes are known
  summary.csv          a row per image or plane: count, diameter, seconds, warning, error, options
  wells.csv, conditions.csv, plate.svg: of a plate, see hooke.plates
  results.html         the page of the folder: pictures, what is unusual, distributions
  run.json             everything needed to do it again: see hooke.pipeline.record
  geojson/NAME.geojson and so on: the formats asked for
  replaced/            label images that runs would have replaced without having made them, if any
  .hooke/              what is done so far, so that a run can be stopped and continued
```

Each image's results take their places together as soon as all are there. A run that is killed loses
only the images that it works on: one, or as many small ones as there are threads. The tables are made from ``.hooke``
at the end, also when a run is stopped, and hold the images of all runs into the folder; while results change there are
none.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hooke.addresses import real_path
from hooke.errors import ConfigError, readable
from hooke.io.annotations import parse_formats, write_formats
from hooke.io.channel_files import ChannelFiles, all_files, find_channels
from hooke.io.file_runner import OnProgress, run_files
from hooke.io.lock import only_run
from hooke.io.output_folder import search_inputs
from hooke.io.set_aside import SET_ASIDE
from hooke.models import load_model
from hooke.pipeline.cluster import open_cluster
from hooke.pipeline.cluster_work import Remote, remote_of, segment_on_cluster
from hooke.pipeline.image_facts import differing_channel, differing_images, possible_channels
from hooke.pipeline.ledger import Ledger
from hooke.pipeline.memory import job_budget
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.plate_tables import PlateRequest, PlateResults, request_plate, write_plate
from hooke.pipeline.record import write_record
from hooke.pipeline.result_files import ImageResult
from hooke.pipeline.results_page import write_results_page
from hooke.pipeline.segment_file import Job, fail_file, segment_file
from hooke.pipeline.settings import check_used, run_settings
from hooke.pipeline.shards import Shard
from hooke.pipeline.tables import changed_since, write_tables
from hooke.pipeline.tracked_results import check_trackable, track_results
from hooke.pipeline.turns import Turn, list_hash, own_turns, turns_of


@dataclass(frozen=True)
class FolderResult:
    """The results of all files.

    Parameters
    ----------
    out : Path
    images : list of ImageResult
    notes : tuple of str
        What was left out of the folders searched.
    untracked : int
        Sequences that could not be followed through time.
    """

    out: Path
    images: list[ImageResult]
    notes: tuple[str, ...] = ()
    untracked: int = 0

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
    channels_from: str | None = None,
    write: str | Sequence[str] = (),
    max_memory: int | str | None = None,
    overwrite: bool = False,
    layout: str | Path | None = None,
    wells: str | None = None,
    page: bool = True,
    block: int | None = None,
    overlays: bool = True,
    track: bool = False,
    shard: str | Shard | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    command: Sequence[str] = (),
    progress: OnProgress[ImageResult] | None = None,
) -> FolderResult:
    """Segment files, folders and patterns, and write the results.

    Parameters
    ----------
    inputs : sequence of str or Path
        Files, folders (searched with their subfolders), patterns, and URLs of images.
    out : str or Path
        Folder for the results.
    options : SegmentOptions, optional
    axes : str, optional
        Axes of the files, such as ``"TZYX"``, where they do not state them.
    channels_from : str, optional
        The part of a file's name that says which channel of an image it holds: see `hooke.io.channel_files`.
    write : str or sequence of str
        Formats of other programs to write the objects in, too: keys of `hooke.io.annotations.WRITERS`. Those that the
        folder holds already are written again.
    max_memory : int or str, optional
        Bytes, or an amount such as ``"8G"``, that segmenting may take: an image that needs more is segmented in blocks,
        and a stack that needs more is reported and left out. Three quarters of the memory that is free when not given.
    overwrite : bool
        Do images again that are done already with the same options.
    layout : str or Path, optional
        The images are of a plate; this csv has the condition of each well: see `hooke.plates.read_layout`.
    wells : str, optional
        How file names hold the well, such as ``"{plate}_{well}_{site}_*"``; ``"auto"``, the default where a layout is
        given, recognises the names of known microscopes. Given without a layout, the tables have no conditions but
        those of the pattern.
    page : bool
        Write ``results.html``, too.
    block : int, optional
        Segment in blocks of this side, pixels, a multiple of 512. When not given, images of more than 67 megapixels, or
        that need more memory than they may take, are segmented in blocks of 2048.
    overlays : bool
        Whether pictures with outlines are written.
    track : bool
        Follow the objects through time, too, and write ``OUT/tracks``: see `hooke.tracking.track_folder`, which has
        options for it.
    shard : str or Shard, optional
        Do one part of the images, such as ``"2/8"``, the second of eight, into ``OUT/shards``, while other processes
        or machines do the others; `merge_results` puts them together. Blocks of large images are shared in the same
        way: see `hooke.pipeline.large.plan.is_shared`.
    scheduler : str, optional
        Address of a Dask scheduler, or path of its scheduler file, whose workers do the images, and the blocks of large
        ones. They need hooke in the same version, and the same files under the same paths.
    workers : int, optional
        The same with this number of processes of this machine. In a script, call this below
        ``if __name__ == "__main__":``, since each process imports the script.
    command : sequence of str
        The command line, for the record.
    progress : callable, optional
        Given a `hooke.io.Progress` at the start, after each file with its result, and during large files.

    Returns
    -------
    FolderResult

    Raises
    ------
    HookeError
        When there is no image, the model is unknown, or the folder can't be written to. What is wrong with a single
        file is reported in its result, and the others continue.
    """
    options = options or SegmentOptions()
    allowed = job_budget(max_memory)
    out = Path(out)
    formats = parse_formats(write)
    plate = request_plate(layout, wells)
    part = None if shard is None else Shard.parse(shard)
    if part is not None:
        _check_sharded(track, write, scheduler, workers)
    paths, channels, found = _search(inputs, out, channels_from, plate)
    model = load_model(options.model).with_runtime(options.resolved_runtime)
    check_used(model, options)
    if track:
        check_trackable(paths, channels, axes, options)
    main, out = out, out if part is None else part.folder(out)
    with only_run(out), open_cluster(scheduler, workers, options.threads_each(workers or 1)) as cluster:
        ledger = Ledger(out, run_settings(model, options, axes), merged=None if part is None else main)
        ledger.channels = channels
        job = Job(
            model, options, axes, allowed, overwrite, ledger, block, overlays, part, remote=remote_of(cluster, options)
        )
        turns: Iterable[Turn] = turns_of(job, paths)
        if part is not None:
            turns = list(turns)
            job = replace(job, given=list_hash(turns))
            turns = own_turns(part, turns)
            paths = list(dict.fromkeys(turn.path for turn in turns))
        run = _Run(out, paths, job, command, time.time(), channels_from, page, plate, found)
        # Written first, too: a folder that can't be written to is found before any work is done.
        run.write_record([], finished=False)
        results = run.segment(turns, progress)
        written = [*write_formats(out, formats)]
    followed, untracked = track_results(out) if track else ([], 0)
    return FolderResult(out, results, (*run.found, *run.notes(), *written, *followed), untracked)


def _search(
    inputs: Sequence[str | Path], out: Path, channels_from: str | None, plate: PlateRequest | None
) -> tuple[list[Path], ChannelFiles, list[str]]:
    """Find the images, which files are channels of one, and what the user should know of that."""
    found = search_inputs(inputs, out)
    paths, previews = (found.paths, []) if plate is None else plate.without_previews(found.paths)
    paths, channels = find_channels(paths, channels_from)
    if plate is not None:
        plate.check(paths)
    return paths, channels, [*found.notes, *previews, *channels.notes]


@dataclass
class _Run:
    """One run: its files, how they are segmented, and its record."""

    out: Path
    paths: list[Path]
    job: Job
    command: Sequence[str]
    started: float
    channels_from: str | None
    page: bool
    plate: PlateRequest | None
    found: Sequence[str]

    def segment(self, turns: Iterable[Turn], progress: OnProgress[ImageResult] | None) -> list[ImageResult]:
        """Segment all files, and close the run, also one that was stopped."""
        ledger, results, finished = self.job.ledger, list[ImageResult](), False
        try:
            with closing(self._segmented(turns, progress)) as segmented:
                results.extend(segmented)
            finished = True
        except KeyboardInterrupt as stop:
            ledger.close()
            stop.add_note(
                f"{len(ledger.finished)} of {len(self.paths)} image(s) are done and kept in {readable(str(self.out))}; "
                "run the same command again to continue"
            )
            raise
        finally:
            self.close(finished)
        return results

    def _segmented(
        self, turns: Iterable[Turn], progress: OnProgress[ImageResult] | None
    ) -> Generator[ImageResult, None, None]:
        if isinstance(self.job.remote, Remote):
            return segment_on_cluster(self.job, self.job.remote, list(turns), progress)
        return _segment_files(self.job, turns, len(self.paths), progress)

    def close(self, finished: bool) -> None:
        """Write the tables and the record, also of a run that was stopped halfway."""
        self.job.ledger.close()
        try:
            rows = self._write_tables(finished)
        except KeyboardInterrupt:  # again, so that tables and labels agree
            self._write_tables(finished)
            raise
        self.found = (*self.found, *changed_since(rows))
        plate = self._write_plate(rows)
        if self.page:
            stopped = [] if finished else ["the run was stopped before its end: run the same command again to continue"]
            write_results_page(self.job.ledger, rows, notes=[*stopped, *self.found, *self.notes()], plate=plate)

    def _write_plate(self, rows: list[dict[str, Any]]) -> PlateResults | None:
        """Write the tables of wells; what is wrong with images of earlier runs does not cost this one its page."""
        if self.plate is None:
            return None
        try:
            plate = write_plate(self.job.ledger, rows, self.plate)
        except ConfigError as error:
            self.found = (*self.found, f"there is no table of wells: {error}")
            return None
        self.found = (*self.found, *plate.notes)
        return plate

    def _write_tables(self, finished: bool) -> list[dict[str, Any]]:
        rows = write_tables(self.job.ledger, self.job.options.names)
        self.write_record(rows, finished)
        return rows

    def write_record(self, rows: list[dict[str, Any]], finished: bool) -> None:
        """Write ``run.json``."""
        job = self.job
        files = all_files(self.paths, job.ledger.channels)
        contents = [(path, job.ledger.known_content(path)) for path in files]
        write_record(
            self.out, contents, job.model, job.options, job.axes, self.channels_from, self.command, self.started, rows,
            finished, job.how, plate=None if self.plate is None else self.plate.facts,
        )  # fmt: skip

    def notes(self) -> list[str]:
        """Report label images that were moved, and rows of the tables that are of earlier runs."""
        ledger = self.job.ledger
        moved = [
            f"{len(ledger.set_aside)} label image(s) that these runs had not made, or that were changed since, "
            f"are kept in {readable(str(self.out / SET_ASIDE))}"
        ]
        own = set(map(real_path, self.paths))
        kept = [entry for entry in ledger.ordered() if entry.path not in own]
        said = moved if ledger.set_aside else []
        said += _counted_from(self.job.options)
        done = [row for entry in ledger.ordered() if entry.path in own for row in entry.rows]
        said += possible_channels(done) if self.job.axes is None else []
        said += differing_channel(done, self.job.options.channel)
        said += differing_images(row for entry in ledger.ordered() for row in entry.rows)
        if not kept:
            return said
        others = sum(entry.settings != ledger.settings.hash for entry in kept)
        differ = f", {others} of them made with other options (see the column options)" if others else ""
        return [*said, f"the tables hold {len(kept)} image(s) of earlier runs, too{differ}"]


def _counted_from(options: SegmentOptions) -> list[str]:
    """Say what positions and outlines of a part, or of another resolution, count in."""
    region, finer = options.parsed_region, f"pixels of level {options.level}, not of the finest"
    if region is None:
        return [f"positions, outlines and areas are in {finer}"] if options.level else []
    more = f", in {finer}" if options.level else ""
    corner = f"row {region[0]} and column {region[1]}"
    return [f"positions and outlines count from the corner of the region, at {corner} of the image{more}"]


def _segment_files(
    job: Job, turns: Iterable[Turn], total: int, progress: OnProgress[ImageResult] | None
) -> Generator[ImageResult, None, None]:
    """Segment files in their order: small ones side by side, one thread each; each larger one by all threads.

    A second thread hardly speeds up the network on an image of a few tiles, and does not speed up anything else.
    """
    threads = job.options.resolved_threads
    several = total >= threads > 1
    single = replace(job, options=replace(job.options, threads=1))

    def alone(turn: Turn) -> bool:
        return not (several and turn.is_small)

    return run_files(
        lambda turn, on_share: segment_file(job if alone(turn) else single, turn.origin, on_share, turn.is_shared),
        turns,
        lambda turn, message: fail_file(job, turn.origin, message),
        total=total,
        threads=threads,
        alone=alone,
        progress=progress,
    )


def _check_sharded(track: bool, write: str | Sequence[str], scheduler: str | None, workers: int | None) -> None:
    """Refuse what needs all images at once: it is for the merge."""
    if track:
        raise ConfigError("a shard has a part of the images, which can't be followed", remedy="merge, then hooke track")
    if write:
        raise ConfigError("a shard writes no formats of other programs", remedy="give --write to hooke merge")
    if scheduler is not None or workers is not None:
        raise ConfigError("a shard is done by one process", remedy="give either --shard, or --scheduler or --workers")
