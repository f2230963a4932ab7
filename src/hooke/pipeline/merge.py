"""Merges the results of several runs, such as the jobs of an array, into one folder.

Shards of the folder move up into it. Results in folders of their own are linked, or copied where the file system has no
links, and stay. An image takes its place with all that belongs to it, or not at all; nothing is removed from where it
was before it is in its new place, so that a merge that was killed is completed by the same command.

Of images whose blocks the jobs have shared, the blocks are gathered and the image is finished here.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hooke import __version__
from hooke.errors import ConfigError, HookeError, readable
from hooke.io.annotations import parse_formats, write_formats
from hooke.io.channel_files import find_channels
from hooke.io.file_runner import OnProgress, OnShare, run_files
from hooke.io.lock import only_run
from hooke.io.set_aside import SET_ASIDE
from hooke.models import load_model
from hooke.pipeline.image_facts import differing_images
from hooke.pipeline.large.plan import SIDE
from hooke.pipeline.ledger import Ledger
from hooke.pipeline.memory import job_budget
from hooke.pipeline.merge_sources import Gathered, SharedImage, find_sources, gather, missing_shards
from hooke.pipeline.plate_tables import PlateRequest, request_plate, write_plate
from hooke.pipeline.record import LoadClassifier, load_record, merge_records, options_as_given
from hooke.pipeline.result_files import ImageResult
from hooke.pipeline.results_page import write_results_page
from hooke.pipeline.segment_file import Job, fail_file, segment_file
from hooke.pipeline.settings import run_settings
from hooke.pipeline.tables import write_tables
from hooke.pipeline.work import Settings


@dataclass(frozen=True)
class MergedFolder:
    """What a merge has put together.

    Parameters
    ----------
    out : Path
    images : int
        Images in the folder, those that failed among them.
    objects : int
    failed : int
        Images that could not be segmented.
    notes : tuple of str
        What the user should know.
    complete : bool
        Whether all that was given is in the folder, and no shard is missing.
    """

    out: Path
    images: int
    objects: int
    failed: int
    notes: tuple[str, ...] = ()
    complete: bool = True


@dataclass
class _State:
    """What a merge has found so far."""

    notes: list[str] = field(default_factory=list)
    complete: bool = True

    def lacks(self, note: str) -> None:
        self.notes.append(note)
        self.complete = False


def merge_results(
    inputs: Sequence[str | Path],
    out: str | Path | None = None,
    *,
    write: str | Sequence[str] = (),
    layout: str | Path | None = None,
    wells: str | None = None,
    page: bool = True,
    threads: int = 0,
    max_memory: int | str | None = None,
    load_classifier: LoadClassifier | None = None,
    command: Sequence[str] = (),
    progress: OnProgress[ImageResult] | None = None,
) -> MergedFolder:
    """Merge the results of several runs into one folder, with tables, record and page.

    Parameters
    ----------
    inputs : sequence of str or Path
        Output folders of runs; of jobs of an array the folder that all of them were given.
    out : str or Path, optional
        Where to merge them; the one folder given, when not given.
    write : str or sequence of str
        Formats of other programs to write the objects in, too.
    layout, wells : str or Path, str, optional
        The images are of a plate: see `segment_folder`.
    page : bool
        Write ``results.html``, too.
    threads : int
        To finish images whose blocks were shared; 0 takes all cores.
    max_memory : int or str, optional
        Bytes that this may take.
    load_classifier : callable, optional
        Loads the classifier that the runs used, such as `hooke.classify.load_classifier`; needed where blocks were
        shared.
    command : sequence of str
        The command line, for the record.
    progress : callable, optional
        Given a `hooke.io.Progress` while images whose blocks were shared are finished.

    Returns
    -------
    MergedFolder

    Raises
    ------
    ConfigError
        When a folder holds no results, or blocks were found with settings or software that are not those here.
    OutputError
        When a run still writes to one of the folders, or they can't be written to.
    """
    folders = [Path(path) for path in inputs]
    if out is None and len(folders) != 1:
        raise ConfigError("no folder to merge into", remedy="add -o FOLDER")
    target = folders[0] if out is None else Path(out)
    formats, plate = parse_formats(write), request_plate(layout, wells)
    with ExitStack() as locks:
        sources = find_sources([*folders, target] if target.is_dir() else folders, target)
        locks.enter_context(only_run(target))
        for source in sources:
            locks.enter_context(only_run(source.path))
        state = _State()
        for note in missing_shards(sources):
            state.lacks(note)
        ledger = Ledger(target, Settings("", "", __version__))
        before = load_record(target / "run.json") if ledger.entries else None
        gathered = gather(sources, ledger)
        for note in gathered.notes:
            state.lacks(note)
        if gathered.shared and state.complete:
            _finish_shared(gathered, ledger, state, threads, max_memory, load_classifier, progress)
        elif gathered.shared:
            names = ", ".join(readable(image.name) for image in gathered.shared)
            state.notes.append(f"not finished until all of their blocks are there: {names}")
        records = [record for record in (before, *(source.record for source in sources)) if record is not None]
        kept = [source for source in sources if source.is_own and source.is_kept]
        state.notes += [f"label images set aside in {readable(str(source.path / SET_ASIDE))} stay" for source in kept]
        rows = _write_all(ledger, records, plate, page, state, command)
        for source in sources:
            if source.is_own and state.complete and not source.is_kept:
                source.remove()
        state.notes += write_formats(target, formats)
    failed = sum(bool(entry.error) for entry in ledger.entries.values())
    objects = sum(int(row["count"] or 0) for row in rows)
    return MergedFolder(target, len(ledger.entries), objects, failed, tuple(state.notes), state.complete)


def _finish_shared(
    gathered: Gathered,
    ledger: Ledger,
    state: _State,
    threads: int,
    max_memory: int | str | None,
    load_classifier: LoadClassifier | None,
    progress: OnProgress[ImageResult] | None,
) -> None:
    """Finish the images whose blocks have been found by several jobs; where one can't be, its blocks are kept."""
    jobs: dict[str, Job] = {}
    for image in gathered.shared:
        try:
            jobs[image.name] = _job(image, ledger, threads, max_memory, load_classifier)
        except HookeError as error:
            state.lacks(str(error))

    def finish(image: SharedImage, on_share: OnShare) -> ImageResult:
        job = jobs[image.name]
        ledger.settings = run_settings(job.model, job.options, job.axes)
        return segment_file(job, image.origin, on_share)

    def failed(image: SharedImage, message: str) -> ImageResult:
        state.complete = False
        return fail_file(jobs[image.name], image.origin, message)

    images = [image for image in gathered.shared if image.name in jobs]
    for _ in run_files(finish, images, failed, total=len(images), progress=progress):
        pass


def _job(
    image: SharedImage,
    ledger: Ledger,
    threads: int,
    max_memory: int | str | None,
    load_classifier: LoadClassifier | None,
) -> Job:
    """How an image is segmented whose blocks are there: with the options of the jobs that found them."""
    record, path = image.record, image.source / "run.json"
    options = options_as_given(path, threads, load_classifier)
    axes, channels_from = record["options"]["axes"], record["options"]["channels_from"]
    model = load_model(options.model).with_runtime(options.resolved_runtime)
    ledger.settings = run_settings(model, options, axes)
    if ledger.settings.hash != record["settings"]:
        raise ConfigError(
            "its blocks were found with another version of hooke, of the model, or by another runtime",
            path=image.origin.path,
            remedy="merge where the jobs ran, or give all jobs the same --runtime",
        )
    _, ledger.channels = find_channels([Path(source["path"]) for source in record["inputs"]], channels_from)
    block, picture = record["block"] or SIDE, bool(record["overlays"])
    return Job(model, options, axes, job_budget(max_memory), False, ledger, block, picture)


def _write_all(
    ledger: Ledger,
    records: Sequence[dict[str, Any]],
    plate: PlateRequest | None,
    page: bool,
    state: _State,
    command: Sequence[str],
) -> list[dict[str, Any]]:
    """Write tables, record and page of all that is in the folder now."""
    names = str(records[0]["options"]["names"]) if records else "hooke"
    rows = write_tables(ledger, names)
    if records and not merge_records(records, ledger.out, command, rows, state.complete):
        state.notes.append(
            "not all images were segmented in the same way (see the columns options, version and model), so that "
            "run.json can't be replayed"
        )
    state.notes += differing_images(rows)
    results = None
    if plate is not None:
        try:
            results = write_plate(ledger, rows, plate)
            state.notes += results.notes
        except ConfigError as error:
            state.notes.append(f"there is no table of wells: {error}")
    if page:
        write_results_page(ledger, rows, notes=state.notes, plate=results)
    return rows
