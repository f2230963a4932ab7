"""Runs one task on many files, in order and in threads, with progress; a file that fails does not stop the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from hooke.errors import HookeError, debugging, unexpected
from hooke.io.gate import Gate

Item = TypeVar("Item")
Result = TypeVar("Result")
Shown = TypeVar("Shown", covariant=True)


class OnShare(Protocol):
    """Takes the share of a file that is done, 0..1, and how much of what that is, in words, where a file is large."""

    def __call__(self, share: float, amount: str = "", /) -> None:
        """Take them."""


class _File(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def path(self) -> Path | None: ...


File = TypeVar("File", bound=_File)


@dataclass(frozen=True)
class InputFile:
    """A file, and the name of its results."""

    name: str
    path: Path


@dataclass(frozen=True)
class Progress(Generic[Shown]):
    """How far a run over many files has come: reported at its start, after each file, and during large files.

    Parameters
    ----------
    done, total : int
        Files.
    share : float
        How much of the current file is done, 0..1.
    name : str
        The file that has just been finished; empty at the start and during a file.
    result : optional
        Of that file.
    error : str
        Why that file failed; empty when all went well.
    amount : str
        How much of a large file is done, in words.
    note : str
        What the user should know at once.
    """

    done: int
    total: int
    share: float = 0.0
    name: str = ""
    result: Shown | None = None
    error: str = ""
    amount: str = ""
    note: str = ""


OnProgress = Callable[[Progress[Result]], None]


def run_files(
    work: Callable[[File, OnShare], Result],
    files: Iterable[File],
    failed: Callable[[File, str], Result],
    *,
    total: int,
    threads: int = 1,
    alone: Callable[[File], bool] = lambda _: True,
    progress: OnProgress[Result] | None = None,
) -> Generator[Result, None, None]:
    """Work on files, and yield the result of each in their order.

    Parameters
    ----------
    work : callable
        Given a file and what to call with the share of it that is done.
    files : iterable
        Each with a ``name`` and a ``path``.
    failed : callable
        Given a file and its error message; makes the result of a file that `work` raised an error for.
    total : int
        Number of files, for the progress.
    threads : int
        Files to work on at the same time.
    alone : callable
        Whether no other file may be worked on at the same time as this one.
    progress : callable, optional
    """
    done = 0

    def report(
        share: float = 0.0, amount: str = "", name: str = "", result: Result | None = None, error: str = ""
    ) -> None:
        if progress is not None:
            progress(Progress(done, total, share, name, result, error, amount))

    def report_share(share: float, amount: str = "", /) -> None:
        report(share, amount)

    def attempt(file: File) -> tuple[Result, str]:
        # Of several files at the same time, the shares would contradict each other.
        on_share: OnShare = report_share if alone(file) else _ignore
        try:
            return work(file, on_share), ""
        except Exception as error:
            message = _message(file, error)
        return failed(file, message), message

    report()
    # Closed at once when it is left early: what follows a stopped run must not meet threads that still write.
    with closing(run_in_order(attempt, files, threads, alone)) as finished:
        for file, (result, error) in finished:
            done += 1
            report(0.0, "", file.name, result, error)
            yield result


def run_in_order(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    threads: int,
    alone: Callable[[Item], bool] = lambda _: False,
) -> Generator[tuple[Item, Result], None, None]:
    """Work on items in threads, and yield each with its result in their order.

    At most twice as many items as threads are in work or wait, so that results do not pile up in memory. An error is
    raised in its turn, and ends the run. When the run ends, also by Ctrl-C, nothing is in work any more.

    Examples
    --------
    >>> list(run_in_order(abs, [-3, 2, -1], threads=2))
    [(-3, 3), (2, 2), (-1, 1)]
    """
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    gate = Gate()

    def work_inside(item: Item) -> Result:
        with gate.inside():
            return work(item)

    def next_finished() -> tuple[Item, Result]:
        item, future = waiting.popleft()
        return item, future.result()

    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                if alone(item):
                    while waiting:
                        yield next_finished()
                    yield item, work(item)
                    continue
                waiting.append((item, pool.submit(work_inside, item)))
                if len(waiting) >= 2 * threads:
                    yield next_finished()
            while waiting:
                yield next_finished()
        finally:
            pool.shutdown(cancel_futures=True)
            gate.close()  # the pool does not know of a thread during whose start Ctrl-C arrived


def _message(file: _File, error: Exception) -> str:
    """What to say about an error on one file."""
    where = file.path or file.name
    if isinstance(error, HookeError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"{where}: does not fit into memory; cut it into parts, or use a machine with more"
    if debugging():
        raise error
    return unexpected(where, error)


def _ignore(share: float, amount: str = "", /) -> None:
    pass
