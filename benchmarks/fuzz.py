"""Reads mutated files of every format that hooke reads, and counts files that are neither read nor refused by an error.

    python benchmarks/fuzz.py --count 20000 --seed 0 [--data ../shared/data]

Counted, and each a failure: exceptions that are not hooke's own, inputs that took more than 2 GiB or more than 10
seconds of processor time (however busy the machine is), those that wait without using any, and those that ended the
process. The inputs are made at run time from the seed and the
number of each, from small files that are written first and, with --data, some real ones; ``--only NUMBER`` repeats one
and shows its traceback. Memory is measured on Linux only.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import queue
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fuzzing.worker import Outcome, work

MOST_BYTES = 2 << 30
MOST_SECONDS = 10.0
IDLE_SECONDS = 120.0  # without a tick of processor time, as a process that waits for ever, until a worker is ended
HANG_SECONDS = 60.0  # of processor time until a worker is ended, so that one that is only slow can say why
START_SECONDS = 600.0  # of processor time for the sources that a worker writes first
PORTION = 1000  # inputs that one process reads, so that what leaks does not add up


def run(count: int, seed: int, data: Path | None, jobs: int = 1, first: int = 0) -> Iterator[Outcome]:
    """Read mutated inputs in processes of their own, as many at once as `jobs`.

    Yields
    ------
    Outcome
        Of each input, as it comes; ``crash`` or ``hang`` for one that ended its process.
    """
    context = multiprocessing.get_context("spawn")
    outcomes = context.Queue()
    waiting = [
        list(range(start, min(start + PORTION, first + count))) for start in range(first, first + count, PORTION)
    ]
    with tempfile.TemporaryDirectory(prefix="hooke-fuzz-") as folder:
        workers: list[_Worker] = []
        while waiting or workers:
            while waiting and len(workers) < jobs:
                workers.append(
                    _Worker(context, Path(folder) / f"worker{len(workers)}", seed, data, waiting.pop(0), outcomes)
                )
            try:
                outcome = outcomes.get(timeout=0.5)
                for worker in workers:
                    worker.note(outcome)
                yield outcome
            except queue.Empty:
                for worker in list(workers):
                    if (lost := worker.lost()) is not None:
                        yield lost
                    if worker.is_over:
                        workers.remove(worker)
                        if worker.left:
                            waiting.insert(0, worker.left)


class _Worker:
    """A process and what it has still to read."""

    def __init__(
        self, context: Any, folder: Path, seed: int, data: Path | None, indices: list[int], outcomes: Any
    ) -> None:
        self.left = indices
        self.is_over = False
        self.place = context.Value("q", -1)
        self.process = context.Process(
            target=work, args=(folder, seed, data, indices, self.place, outcomes), daemon=True
        )
        self.process.start()
        self._begun = self._used = processor_seconds(self.process.pid)
        self._used_at = time.monotonic()

    def note(self, outcome: Outcome) -> None:
        if self.left and outcome.index == self.left[0]:
            self.left = self.left[1:]
            self._begun = processor_seconds(self.process.pid)

    def lost(self) -> Outcome | None:
        """The input that ended the process, or that it has hung on for too long."""
        hangs = self._hangs()
        if self.process.is_alive() and not hangs:
            return None
        code = self.process.exitcode
        if hangs:
            self.process.kill()
        self.process.join()
        self.is_over = True
        if not self.left:
            return None
        if self.place.value < 0:
            raise RuntimeError("the sources can't be written")
        index, self.left = self.left[0], self.left[1:]
        return Outcome(index, "?", "?", "hang" if hangs else f"crash ({code})")

    def _hangs(self) -> bool:
        """Whether the input in work has taken too much processor time, or waits without using any."""
        used, now = processor_seconds(self.process.pid), time.monotonic()
        if used > self._used:
            self._used, self._used_at = used, now
        most = HANG_SECONDS if self.place.value >= 0 else START_SECONDS
        return used - self._begun > most or now - self._used_at > IDLE_SECONDS


def processor_seconds(process: int | None) -> float:
    """Processor time that a process has used, by Linux; elsewhere the time on the wall."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return time.monotonic() if not Path("/proc/self/stat").exists() else 0.0


def is_failure(outcome: Outcome) -> bool:
    """Whether an input did what none may do."""
    fine = outcome.kind in ("read", "refused")
    return not fine or outcome.bytes > MOST_BYTES or outcome.seconds > MOST_SECONDS


def table(outcomes: Sequence[Outcome]) -> str:
    """Count by format, as text."""
    by_format: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_format[outcome.format].append(outcome)
    lines = [
        f"{'format':10}{'inputs':>8}{'read':>8}{'refused':>9}{'foreign':>9}{'> 2 GiB':>9}{'> 10 s':>8}"
        f"{'peak MB':>9}{'most s':>8}"
    ]
    for name, some in [*sorted(by_format.items()), ("all", list(outcomes))]:
        kinds = Counter(one.kind for one in some)
        foreign = len(some) - kinds["read"] - kinds["refused"]
        large = sum(one.bytes > MOST_BYTES for one in some)
        slow = sum(one.seconds > MOST_SECONDS for one in some)
        peak = max((one.bytes for one in some), default=0) >> 20
        most = max((one.seconds for one in some), default=0.0)
        lines.append(
            f"{name:10}{len(some):8}{kinds['read']:8}{kinds['refused']:9}{foreign:9}{large:9}{slow:8}{peak:9}{most:8.2f}"
        )
    return "\n".join(lines)


def main() -> int:
    """Print failures as they come, then the table; 1 where there was a failure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first input, to continue a stopped run")
    parser.add_argument("--data", type=Path, help="folder with real data sets, of which some small files are taken")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    parser.add_argument("--only", type=int, help="repeat one input, and show its traceback")
    args = parser.parse_args()
    count, first = (args.count, args.first) if args.only is None else (1, args.only)
    outcomes = []
    for outcome in run(count, args.seed, args.data, args.jobs, first):
        outcomes.append(outcome)
        if is_failure(outcome) or args.only is not None:
            took = f"{outcome.seconds:.1f} s, {outcome.bytes >> 20} MB"
            print(f"{outcome.index}: {outcome.source}: {outcome.kind}, {took}\n{outcome.message}", flush=True)
    print(table(outcomes))
    failures = sum(map(is_failure, outcomes))
    print(f"{len(outcomes)} inputs of seed {args.seed}, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
