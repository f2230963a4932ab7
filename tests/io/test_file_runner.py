"""Runs over many files: in order, with progress, one bad file costs no other, and nothing runs on after a stop."""

import threading
import time
from pathlib import Path

import pytest

from hooke.errors import ImageReadError
from hooke.io.file_runner import InputFile, Progress, run_files, run_in_order

FILES = [InputFile(str(number), Path(f"{number}.png")) for number in range(5)]


def make(file, on_share):
    on_share(0.5)
    if file.name == "1":
        raise ImageReadError("is empty", path=file.path)
    if file.name == "2":
        raise MemoryError
    if file.name == "3":
        raise KeyError("size")
    time.sleep(0.01 * (5 - int(file.name)))
    return file.name


def failed(file, error):
    return error


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("is_alone", [False, True])
def test_results_come_in_order_and_errors_cost_no_other_file(threads, is_alone):
    seen = []
    results = list(
        run_files(
            make,
            FILES,
            failed,
            total=5,
            threads=threads,
            alone=lambda file: is_alone or file.name == "2",
            progress=seen.append,
        )
    )
    assert results == [
        "0",
        "1.png: is empty",
        "2.png: does not fit into memory; cut it into parts, or use a machine with more",
        "3.png: unexpected KeyError: 'size'; --debug shows where",
        "4",
    ]
    assert seen[0] == Progress(0, 5)
    ended = [one for one in seen if one.name]
    assert [(one.done, one.name, one.result) for one in ended] == list(zip(range(1, 6), "01234", results, strict=True))
    assert [bool(one.error) for one in ended] == [False, True, True, True, False]
    # Shares are those of files that are worked on alone.
    assert len([one for one in seen if one.share]) == (5 if is_alone else 1)


def test_debugging_shows_unexpected_errors(monkeypatch):
    monkeypatch.setenv("HOOKE_DEBUG", "1")
    results = run_files(make, FILES, failed, total=5)
    assert len([next(results) for _ in range(3)]) == 3
    with pytest.raises(KeyError):
        next(results)


def test_nothing_runs_on_after_a_stop():
    begun, ended = [], []

    def work(item):
        begun.append(item)
        time.sleep(0.05)
        ended.append(item)

    def stop(progress):
        if progress.name:
            raise KeyboardInterrupt

    items = [InputFile(str(number), Path(str(number))) for number in range(50)]
    with pytest.raises(KeyboardInterrupt):
        list(
            run_files(
                lambda file, _: work(file), items, failed, total=50, threads=2, alone=lambda _: False, progress=stop
            )
        )
    assert {file.name for file in begun} == {file.name for file in ended}
    assert len(begun) < 8


def test_few_results_wait():
    made = []
    results = run_in_order(lambda item: made.append(item) or item, range(100), threads=2)
    assert next(results) == (0, 0)
    time.sleep(0.05)
    assert len(made) <= 4
    results.close()


def test_an_error_ends_a_run_in_its_turn():
    def work(item):
        return 1 / (item - 2)

    results = run_in_order(work, range(5), threads=2)
    assert [next(results)[0] for _ in range(2)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_nothing_runs_on_after_a_stop_while_a_thread_was_starting(monkeypatch):
    working, start = [], threading.Thread.start

    def work(item):
        working.append(item)
        time.sleep(0.1)
        working.remove(item)
        ended.append(item)

    def interrupted_start(thread):  # as by Ctrl-C: the pool does not know of this thread
        start(thread)
        monkeypatch.undo()
        while not working:
            time.sleep(0.001)
        raise KeyboardInterrupt

    ended = []
    monkeypatch.setattr(threading.Thread, "start", interrupted_start)
    with pytest.raises(KeyboardInterrupt):
        list(run_in_order(work, range(4), threads=2))
    assert (working, ended) == ([], [0])
    time.sleep(0.15)
    assert (working, ended) == ([], [0])
