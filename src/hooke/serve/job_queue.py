"""Runs jobs one after the other in a bounded queue, keeps them on disk, and stops those that are cancelled."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hooke.errors import HookeError
from hooke.io import atomic_path
from hooke.serve.answers import ApiError, api_error, busy, not_there
from hooke.serve.api_models import JobInfo, JobRequest, JobState

_LOG = logging.getLogger("hooke.serve")
_ENDED = ("done", "failed", "cancelled")
_GRACE = 15.0  # seconds that a page may be away, as when it is loaded again
_KEPT = 1000  # ended jobs that are remembered
_LOOK = 0.5  # seconds between two looks for jobs whose page is gone
_STEP = 0.005  # of progress that is worth an event


class Cancelled(BaseException):
    """Stops the work on a job; not an `Exception`, so that no handler of errors of files keeps it."""


class Job:
    """A job; its `info` is replaced as a whole, so that readers need no lock."""

    def __init__(self, info: JobInfo) -> None:
        self.info = info
        self.version = 0
        self._lock = threading.Lock()
        self.cancel = threading.Event()
        self.stopping = False
        self.followers = 0
        self.left: float | None = None

    @property
    def id(self) -> str:
        """Its name in the interface."""
        return self.info.id

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.info.state in _ENDED

    def update(self, **values: Any) -> None:
        """Change what clients see; a job that has ended stays as it is."""
        with self._lock:
            if not self.is_over:
                self.info = self.info.model_copy(update=values)
                self.version += 1

    def report(self, progress: float, message: str | None = None) -> None:
        """Say how far it is.

        Raises
        ------
        Cancelled
            When it is to stop.
        """
        self.check()
        said = self.info.message if message is None else message
        if said != self.info.message or progress - self.info.progress >= _STEP or progress >= 1:
            self.update(progress=min(max(progress, 0.0), 1.0), message=said)

    def check(self) -> None:
        """Stop where it was cancelled.

        Raises
        ------
        Cancelled
            When it is to stop.
        """
        if self.cancel.is_set():
            raise Cancelled


Work = Callable[[Job], dict[str, Any]]


class JobQueue:
    """Jobs that wait, run and have ended; `start` begins the work.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    works : mapping of str to callable
        What to do, by kind; gives the result.
    lanes : mapping of str to str
        In which lane each kind waits; lanes run side by side.
    workers : mapping of str to int
        How many jobs of a lane run at the same time.
    limit : int
        Jobs that wait or run, of all lanes.
    """

    def __init__(
        self,
        folder: Path,
        works: Mapping[str, Work],
        lanes: Mapping[str, str],
        workers: Mapping[str, int],
        limit: int,
    ) -> None:
        self.folder = folder
        self.limit = limit
        self._works = works
        self._lanes = lanes
        self._jobs: dict[str, Job] = {}
        self._waiting: dict[str, deque[Job]] = {lane: deque() for lane in workers}
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._read()
        self._threads = [
            threading.Thread(target=self._work, args=(lane,), name=f"hooke-{lane}", daemon=True)
            for lane, count in workers.items()
            for _ in range(count)
        ]
        self._threads.append(threading.Thread(target=self._watch, name="hooke-watch", daemon=True))

    def start(self) -> None:
        """Begin to work on what waits."""
        for thread in self._threads:
            thread.start()

    def add(self, request: JobRequest, *, kept: bool = True) -> Job:
        """Put a job at the end of its lane.

        Parameters
        ----------
        request : JobRequest
        kept : bool
            Whether a restart does it again if it is not finished by then.

        Raises
        ------
        ApiError
            When as many jobs as may be wait or run already.
        OutputError
            When it can't be written.
        """
        info = JobInfo(
            id=secrets.token_hex(8), kind=request.kind, state="waiting", progress=0.0, message="waiting", error="",
            result=None, images=request.images, options=request.options.model_dump(exclude_defaults=True),
            created=time.time(),
        )  # fmt: skip
        job = Job(info)
        with self._changed:
            if self.active >= self.limit or self._closed.is_set():
                raise busy(f"{self.limit} jobs wait or run already")
            self._jobs[job.id] = job
        try:
            if kept:
                self._write(job)
        except BaseException:
            with self._changed:
                del self._jobs[job.id]
            raise
        with self._changed:
            self._waiting[self._lanes[request.kind]].append(job)
            self._changed.notify_all()
        return job

    @property
    def active(self) -> int:
        """Jobs that wait or run."""
        return sum(not job.is_over for job in self._jobs.values())

    def running(self, lane: str) -> int:
        """Jobs of a lane that wait or run."""
        return sum(not job.is_over and self._lanes[job.info.kind] == lane for job in list(self._jobs.values()))

    def images_in_use(self) -> set[str]:
        """Ids of the images of jobs that wait or run."""
        return {id_ for job in list(self._jobs.values()) if not job.is_over for id_ in job.info.images}

    def models_in_use(self) -> set[str]:
        """Names of the models that jobs that wait or run were given."""
        options = [job.info.options for job in list(self._jobs.values()) if not job.is_over]
        return {str(given[key]) for given in options for key in ("model", "classify") if given.get(key)}

    def forget_before(self, created: float) -> None:
        """Forget the jobs that have ended and are older than a time in seconds since 1970."""
        for job in self.all():
            if job.is_over and job.info.created < created:
                self.forget(job)

    def all(self) -> list[Job]:
        """All jobs, the newest first."""
        with self._changed:
            return sorted(self._jobs.values(), key=lambda job: job.info.created, reverse=True)

    def get(self, id_: str) -> Job:
        """Give a job.

        Raises
        ------
        ApiError
            When there is none of this id.
        """
        job = self._jobs.get(id_)
        if job is None:
            raise not_there("such job")
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job: at once where it waits, soon where it runs."""
        job.cancel.set()
        with self._changed:
            waiting = self._waiting[self._lanes[job.info.kind]]
            if job in waiting:
                waiting.remove(job)
                job.update(state="cancelled", message="cancelled")
        job.update(message="stopping")
        if job.is_over:
            self._keep(job)

    def forget(self, job: Job) -> None:
        """Remove a job that has ended from the list and the disk."""
        with self._changed:
            self._jobs.pop(job.id, None)
        self._path(job).unlink(missing_ok=True)

    def follow(self, job: Job) -> None:
        """Note that a page listens to a job."""
        with self._changed:
            job.followers += 1
            job.left = None

    def leave(self, job: Job) -> None:
        """Note that a page does not listen any more; a job that no page comes back to is cancelled."""
        with self._changed:
            job.followers -= 1
            if job.followers == 0:
                job.left = time.monotonic()

    def close(self) -> None:
        """Stop all work; jobs that are not finished are done again after a restart."""
        with self._changed:
            self._closed.set()
            for job in self._jobs.values():
                job.stopping = not job.is_over
                if job.stopping:
                    job.cancel.set()
            for waiting in self._waiting.values():
                waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=30)

    def _work(self, lane: str) -> None:
        while True:
            with self._changed:
                while not self._waiting[lane] and not self._closed.is_set():
                    self._changed.wait()
                if self._closed.is_set():
                    return
                job = self._waiting[lane].popleft()
            self._do(job)
            self._keep(job)
            self._forget_old()

    def _do(self, job: Job) -> None:
        """Do a job; in all cases it ends in a state, and the thread continues."""
        job.update(state="running", message="starting")
        state: JobState = "failed"
        try:
            result = self._works[job.info.kind](job)
            job.update(state="done", progress=1.0, message="done", result=result)
            return
        except Cancelled:
            state, error, remedy = "cancelled", "", ""
        except Exception as error_:
            if not isinstance(error_, HookeError | ApiError):
                _LOG.exception("job %s failed", job.id)
            said = api_error(error_)
            error, remedy = said.error, said.remedy
        if job.stopping:
            job.update(state="waiting", message="waiting", progress=0.0)
        else:
            job.update(
                state=state, message="cancelled" if state == "cancelled" else "failed", error=error, remedy=remedy
            )

    def _watch(self) -> None:
        """Cancel jobs that a page followed and has left."""
        while not self._closed.wait(_LOOK):
            now = time.monotonic()
            for job in self.all():
                if job.left is not None and not job.is_over and now - job.left > _GRACE and not job.cancel.is_set():
                    _LOG.info("job %s is cancelled: its page is gone", job.id)
                    self.cancel(job)

    def _keep(self, job: Job) -> None:
        """Write a job that was written before; where the disk is full, it stays in memory."""
        try:
            if self._path(job).exists():
                self._write(job)
        except (OSError, HookeError):
            _LOG.warning("job %s can't be written", job.id)

    def _write(self, job: Job) -> None:
        with atomic_path(self._path(job)) as part:
            part.write_text(job.info.model_dump_json(), encoding="utf-8")

    def _read(self) -> None:
        """Find the jobs of before a restart; those that were not finished wait again."""
        for path in self.folder.glob("*.json"):
            try:
                job = Job(JobInfo.model_validate_json(path.read_bytes()))
            except (OSError, ValidationError):
                _LOG.warning("a job in the work folder can't be read and is left out: %s", path)
                continue
            self._jobs[job.id] = job
        for job in sorted(self._jobs.values(), key=lambda job: job.info.created):
            if not job.is_over:
                job.update(state="waiting", progress=0.0, message="waiting")
                self._waiting[self._lanes[job.info.kind]].append(job)

    def _forget_old(self) -> None:
        ended = [job for job in self.all() if job.is_over]
        for job in ended[_KEPT:]:
            self.forget(job)

    def _path(self, job: Job) -> Path:
        return self.folder / f"{job.id}.json"
