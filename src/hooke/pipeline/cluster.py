"""Runs tasks on the workers of a Dask cluster: one that is there already, or processes of this machine.

Needs the package distributed. Workers see the same files under the same paths as the process that asks; what is sent is
paths and options.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hooke.errors import ClusterError, ConfigError
from hooke.extras import how_to_install

Task = TypeVar("Task")
Result = TypeVar("Result")

_CONNECT = 20  # seconds
_WAITING = 4  # tasks per worker that are sent before the results of others are here
_MOST_WORKERS = 1000
# A terminal sends Ctrl-C to the workers, too; it is for the run to end them, without a traceback from each.
_IGNORE = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"


@dataclass(frozen=True)
class Cluster:
    """Workers, and how they are reached.

    Parameters
    ----------
    client : distributed.Client
    address : str
        Of the scheduler.
    link : str
        Of its page in a browser; empty where there is none.
    threads : int
        That each worker may use; 0 where the run has not started them and leaves it to them.
    """

    client: Any
    address: str
    link: str
    threads: int

    @property
    def workers(self) -> int:
        """How many workers there are now, one at least."""
        with self._watching():
            return max(1, len(self.client.ncores()))

    def run_in_order(
        self, work: Callable[[Task], Result], tasks: Iterable[Task], lost: Callable[[Task, str], Result] | None = None
    ) -> Generator[tuple[Task, Result], None, None]:
        """Work on tasks, and yield each with its result in their order.

        A task whose worker ends is done by another one. An error of a task is raised in its turn.

        Parameters
        ----------
        work : callable
            A function of a module that the workers have, too.
        tasks : iterable
        lost : callable, optional
            Given a task during which several workers have ended, and what to say; gives its result.

        Raises
        ------
        ClusterError
            When the scheduler is gone, or a task ended several workers and nothing else was asked for.
        """
        from distributed.scheduler import KilledWorker

        waiting: deque[tuple[Task, Any]] = deque()

        def next_finished() -> tuple[Task, Result]:
            task, future = waiting.popleft()
            try:
                with self._watching():
                    return task, future.result()
            except KilledWorker as error:
                cause = "the workers that did it ended, one after the other: perhaps they have too little memory"
                if lost is None:
                    raise ClusterError(cause, remedy="give workers more memory, or fewer threads") from error
                return task, lost(task, cause)

        at_once = _WAITING * self.workers
        try:
            for task in tasks:
                with self._watching():
                    waiting.append((task, self.client.submit(work, task, pure=False)))
                if len(waiting) >= at_once:
                    yield next_finished()
            while waiting:
                yield next_finished()
        finally:
            if waiting:
                self._cancel([future for _, future in waiting])

    def _cancel(self, futures: list[Any]) -> None:
        """Let go of tasks; those in work come to their end, and write nothing any more (`hooke.pipeline.ledger`)."""
        with contextlib.suppress(Exception):  # the scheduler may be gone
            self.client.cancel(futures, force=True)

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """Say that the scheduler is gone where distributed says it in one of many ways."""
        from distributed import CancelledError
        from distributed.comm.core import CommClosedError

        gone: tuple[type[BaseException], ...] = (CommClosedError, CancelledError, TimeoutError, ConnectionError)
        try:
            yield
        except gone as error:
            raise ClusterError(
                f"the scheduler at {self.address} does not answer any more",
                remedy="start it again; the same command continues from what is done",
            ) from error


@contextmanager
def open_cluster(scheduler: str | None, workers: int | None, threads: int = 1) -> Iterator[Cluster | None]:
    """Connect to a scheduler, or start workers on this machine, for the length of a block.

    Parameters
    ----------
    scheduler : str, optional
        Its address, such as ``tcp://10.0.0.5:8786``, or the path of its scheduler file.
    workers : int, optional
        Processes to start.
    threads : int
        That each of them may use.

    Yields
    ------
    Cluster or None
        None where neither is given.

    Raises
    ------
    ConfigError
        When both are given, distributed is not installed, or the number of workers is out of range.
    ClusterError
        When the scheduler does not answer.
    """
    if scheduler is None and workers is None:
        yield None
        return
    if scheduler is not None and workers is not None:
        raise ConfigError("a scheduler and a number of workers are given", remedy="give one of them")
    if workers is not None and not 1 <= workers <= _MOST_WORKERS:
        raise ConfigError(f"workers is {workers}", remedy=f"give a number from 1 to {_MOST_WORKERS}")
    if importlib.util.find_spec("distributed") is None:
        raise ConfigError("the package distributed is not installed", remedy=how_to_install("dask"))
    from distributed import Client, LocalCluster

    # What it has to say of lost connections is said by hooke.
    for name in ("distributed", "distributed.client", "distributed.worker", "distributed.nanny"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    has_page = importlib.util.find_spec("bokeh") is not None
    if workers is not None:
        with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                memory_limit=0,  # the run plans its memory itself
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0" if has_page else None,
                preload=[_IGNORE],
                silence_logs=logging.CRITICAL,
                env={"OMP_NUM_THREADS": str(threads)},
            ) as local,
            Client(local, set_as_default=False) as client,
        ):
            yield Cluster(client, local.scheduler_address, client.dashboard_link if has_page else "", threads)
        return
    assert scheduler is not None
    is_file = scheduler.endswith(".json")
    try:
        if is_file and not Path(scheduler).is_file():  # distributed would wait for it for ever
            raise FileNotFoundError(scheduler)
        given = {"scheduler_file": scheduler} if is_file else {"address": scheduler}
        client = Client(**given, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:  # a wrong address or file is one of these
        raise ClusterError(
            f"no scheduler answers at {scheduler}",
            remedy="start one (dask scheduler), and workers (dask worker ADDRESS) where hooke is installed",
        ) from error
    try:
        yield Cluster(client, str(scheduler), client.dashboard_link, 0)
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=2)
