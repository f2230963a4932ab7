"""What a run sends to workers, and what they do: whole images, or blocks of a large one.

A worker writes the results of an image itself, into the folder of the run; only what the tables need comes back.
"""

from __future__ import annotations

import pickle
import platform
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hooke.addresses import Access, absolute_path, access_to, grant, is_url, path_text
from hooke.errors import ClusterError, ConfigError
from hooke.io.channel_files import ChannelFiles
from hooke.io.file_runner import OnProgress, OnShare, Progress, run_files
from hooke.models import load_model
from hooke.pipeline.cluster import Cluster
from hooke.pipeline.large.segment_blocks import BlockTask, blocks_of_another
from hooke.pipeline.ledger import Ledger
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.result_files import ImageResult
from hooke.pipeline.segment_file import Job, block_job, fail_file, open_origin, segment_file
from hooke.pipeline.settings import run_settings
from hooke.pipeline.turns import Turn
from hooke.pipeline.work import Origin, Settings

_CHUNK = 8  # blocks, neighbours, that a worker does in one task at most
_SHARES = 4  # tasks per worker, at least, into which the blocks of an image are cut


@dataclass(frozen=True)
class ImageTask:
    """One image for a worker: all that it needs to know, as paths and options.

    Parameters
    ----------
    origin : Origin
    out : Path
    options : SegmentOptions
    axes : str or None
    max_memory : int
        Bytes that it may take.
    overwrite : bool
    block : int or None
    picture : bool
    channels : ChannelFiles
        Those of the image.
    settings : Settings
        Of the run: a worker that would decide otherwise refuses.
    prefixes : frozenset of str
        See `hooke.pipeline.ledger.Ledger.plane_base`.
    token : str
        Of the run: see `hooke.pipeline.ledger.Ledger`.
    access : mapping of Path to Access
        What requests for files on servers need besides their URL.
    """

    origin: Origin
    out: Path
    options: SegmentOptions
    axes: str | None
    max_memory: int
    overwrite: bool
    block: int | None
    picture: bool
    channels: ChannelFiles
    settings: Settings
    prefixes: frozenset[str]
    token: str
    access: Mapping[Path, Access] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """What its results are named after."""
        return self.origin.name

    @property
    def path(self) -> Path | None:
        """Its file."""
        return self.origin.path

    def job(self) -> Job:
        """The same as a run has it.

        Raises
        ------
        ClusterError
            When the worker has another version, model or runtime.
        """
        for path, access in self.access.items():
            grant(path, access)
        model = load_model(self.options.model).with_runtime(self.options.resolved_runtime)
        settings = run_settings(model, self.options, self.axes)
        if settings.hash != self.settings.hash:
            raise ClusterError(
                f"a worker on {platform.node()} would give other results: its hooke ({settings.version}), model or "
                "runtime differs",
                remedy="install the same versions on all machines, and give --runtime",
            )
        ledger = Ledger(self.out, self.settings, only=self.origin.name, token=self.token, prefixes=self.prefixes)
        ledger.channels = self.channels
        return Job(model, self.options, self.axes, self.max_memory, self.overwrite, ledger, self.block, self.picture)


@dataclass(frozen=True)
class Done:
    """What a worker says of an image.

    Parameters
    ----------
    result : ImageResult
    contents : dict
        SHA-256 of the files that were read.
    set_aside : list of Path
        Label images that were moved.
    """

    result: ImageResult
    contents: dict[tuple[str, int, int], str] = field(default_factory=dict)
    set_aside: list[Path] = field(default_factory=list)


def segment_task(task: ImageTask) -> Done:
    """Segment an image on a worker; what is wrong with it is in the result."""
    job = task.job()
    (result,) = run_files(
        lambda each, on_share: segment_file(job, each.origin, on_share),
        [task],
        lambda each, message: fail_file(job, each.origin, message),
        total=1,
    )
    return Done(result, job.ledger.contents, job.ledger.set_aside)


def work_on_blocks(task: tuple[ImageTask, BlockTask]) -> list[int]:
    """Find or compose blocks of an image on a worker; their numbers."""
    image, blocks = task
    key = (str(image.out), image.name, blocks.digest)
    with _LOCK:
        work = _AT_HAND.get(key)
        if work is None:
            job = image.job()
            file = open_origin(job, image.origin)
            content = job.ledger.content(image.origin.path) if image.origin.path is not None else None
            planned = block_job(file, content, replace(job, block=blocks.side), image.origin)
            _AT_HAND.clear()  # one image at a time: a worker's memory is for its blocks
            work = _AT_HAND[key] = blocks_of_another(planned, image.name, image.out, blocks.digest)
    work(blocks)
    return list(blocks.numbers)


_LOCK = threading.Lock()
_AT_HAND: dict[tuple[str, str, str], Callable[[BlockTask], None]] = {}


@dataclass(frozen=True)
class Remote:
    """The workers of a run.

    Parameters
    ----------
    cluster : Cluster
    """

    cluster: Cluster

    def task(self, job: Job, origin: Origin) -> ImageTask:
        """One image as a worker needs it."""
        assert origin.path is not None
        path, channels = absolute_path(origin.path), job.ledger.channels
        if origin.path in channels.groups:
            files = {name: absolute_path(file) for name, file in channels.groups[origin.path].items()}
            channels = replace(channels, groups={path: files})
        else:
            channels = ChannelFiles()
        here = self.cluster.workers if self.cluster.threads else 1
        return ImageTask(
            replace(origin, path=path),
            absolute_path(job.ledger.out),
            replace(job.options, threads=self.cluster.threads or job.options.threads),
            job.axes,
            job.max_memory // here,
            job.overwrite,
            job.block,
            job.picture,
            channels,
            job.ledger.settings,
            job.ledger.prefixes_of(origin.name),
            job.ledger.token,
            {file: access_to(file) for file in channels.files(path) if is_url(file)},
        )

    def blocks(self, job: Job, origin: Origin) -> BlockWorkers:
        """The workers for the blocks of an image."""
        return BlockWorkers(self.cluster, self.task(job, origin))


@dataclass(frozen=True)
class BlockWorkers:
    """Workers for the blocks of one image; follows `hooke.pipeline.large.segment_blocks.Elsewhere`."""

    cluster: Cluster
    task: ImageTask

    def do(self, step: str, numbers: Sequence[int], side: int, digest: str) -> Iterator[Sequence[int]]:
        """Do a step for blocks; yield their numbers as they are done."""
        size = max(1, min(_CHUNK, len(numbers) // (_SHARES * self.cluster.workers)))
        parts = [tuple(numbers[start : start + size]) for start in range(0, len(numbers), size)]
        tasks = [(self.task, BlockTask(step, part, side, digest)) for part in parts]
        for _, done in self.cluster.run_in_order(work_on_blocks, tasks):
            yield done


def segment_on_cluster(
    job: Job, remote: Remote, turns: Sequence[Turn], progress: OnProgress[ImageResult] | None
) -> Generator[ImageResult, None, None]:
    """Segment files on workers: first those that one worker does, then the blocks of each larger one on all of them."""
    ledger, done = job.ledger, 0

    def show(**facts: Any) -> None:
        if progress is not None:
            progress(Progress(done, len(turns), **facts))

    def lost(task: ImageTask, cause: str) -> Done:
        return Done(fail_file(job, task.origin, f"{task.path}: {cause}"))

    with ledger.with_workers():
        show(note=f"the cluster's page: {remote.cluster.link}" if remote.cluster.link else "")
        origins = {turn.name: turn.origin for turn in turns}
        tasks = (remote.task(job, turn.origin) for turn in turns if not turn.is_shared)
        with closing(remote.cluster.run_in_order(segment_task, tasks, lost)) as finished:
            for task, each in finished:
                ledger.contents.update(each.contents)
                ledger.set_aside += each.set_aside
                ledger.reload(task.name)
                result = _under_given_path(job, origins[task.name], task, each.result)
                done += 1
                show(name=task.name, result=result, error=result.error)
                yield result
        for turn in turns:
            if turn.is_shared:
                yield from _segment_shared(job, turn, done, len(turns), progress)
                done += 1


def _under_given_path(job: Job, origin: Origin, task: ImageTask, result: ImageResult) -> ImageResult:
    """A worker's result and entry under the path that the run was given, where the worker had the whole of it."""
    assert origin.path is not None
    entry = job.ledger.entries.get(origin.name)
    if result.error:
        return fail_file(job, origin, result.error.replace(path_text(task.path or ""), path_text(origin.path)))
    if entry is not None:
        job.ledger.keep(origin, entry)
    rows = [{**row, "file": path_text(origin.path)} for row in result.rows]
    return replace(result, path=origin.path, rows=rows)


def _segment_shared(
    job: Job, turn: Turn, done: int, total: int, progress: OnProgress[ImageResult] | None
) -> Iterator[ImageResult]:
    """Segment an image whose blocks workers do. Where these are gone the run ends: it is not the image."""

    def show(at: Progress[ImageResult]) -> None:
        if progress is not None:
            progress(replace(at, done=at.done + done, total=total))

    gone: list[ClusterError] = []

    def segment(turn: Turn, on_share: OnShare) -> ImageResult:
        try:
            return segment_file(job, turn.origin, on_share)
        except ClusterError as error:
            gone.append(error)
            raise

    def failed(turn: Turn, message: str) -> ImageResult:
        if gone:
            raise gone[0]
        return fail_file(job, turn.origin, message)

    yield from run_files(segment, [turn], failed, total=1, progress=show)


def remote_of(cluster: Cluster | None, options: SegmentOptions) -> Remote | None:
    """The workers of a run; None where there is none.

    Raises
    ------
    ConfigError
        When the classifier can't be sent.
    """
    if cluster is None:
        return None
    try:
        pickle.dumps(options)
    except Exception as error:
        raise ConfigError(
            "this classifier can't be sent to workers", remedy="segment without it, then: hooke classify images"
        ) from error
    return Remote(cluster)
