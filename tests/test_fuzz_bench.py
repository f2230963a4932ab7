"""`benchmarks/fuzz.py`: sources are read, a few hundred mutated ones are read or refused, and faults are counted."""

from __future__ import annotations

import contextlib
import importlib
import mmap
import os
import time
import types
from pathlib import Path

import numpy as np
import pytest

from hooke.errors import HookeError

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def fuzzing(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setenv("HOOKE_DEBUG", "1")  # a fault of hooke's own is raised, not turned into a message
    return importlib.import_module("fuzzing.worker")


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """One workshop for all tests: it puts its sources back after each input."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        return importlib.import_module("fuzzing.worker").Workshop(tmp_path_factory.mktemp("sources"), seed=0)


@pytest.fixture
def workshop(fuzzing, sources):
    return sources


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_sources_are_read_as_they_are(fuzzing, workshop, monkeypatch):
    for name in ("readers", "results"):
        monkeypatch.setattr(f"fuzzing.{name}.tried", contextlib.nullcontext)  # a refusal would show
    for name, sources in workshop.sources.items():
        for source in sources:
            for target in source.targets:
                fuzzing.READERS[name](source.folder, target)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("count", [100, pytest.param(400, marks=pytest.mark.slow)])
def test_a_few_hundred_inputs(workshop, count):
    fuzz = importlib.import_module("fuzz")
    outcomes = [workshop.try_one(index) for index in range(count)]
    assert not [outcome for outcome in outcomes if fuzz.is_failure(outcome)]
    kinds = {outcome.kind for outcome in outcomes}
    assert kinds == {"read", "refused"}
    assert f"{count} " in fuzz.table(outcomes).splitlines()[-1]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_same_number_is_the_same_input(fuzzing, workshop, tmp_path):
    mutate = importlib.import_module("fuzzing.mutations").mutate
    data = b"II*\0" + bytes(range(256))
    for suffix in (".tif", ".json", ".zip", ""):
        one, same = (mutate(data, suffix, np.random.default_rng([3, 4])) for _ in range(2))
        assert one == same
    first, second = workshop.try_one(7), fuzzing.Workshop(tmp_path / "again", seed=0).try_one(7)
    assert (first.source, first.kind) == (second.source, second.kind)


def test_faults_are_counted(fuzzing):
    fuzz = importlib.import_module("fuzz")

    def fail():
        raise ZeroDivisionError

    def refuse():
        raise HookeError("no")

    def fill():
        # Pages of their own: an allocator may serve an array from memory that the process holds already.
        with mmap.mmap(-1, 40 << 20) as pages:
            for start in range(0, len(pages), mmap.PAGESIZE):
                pages[start] = 1

    assert fuzzing._measured(0, "a", "b", refuse).kind == "refused"
    failed = fuzzing._measured(0, "a", "b", fail)
    assert failed.kind == "ZeroDivisionError"
    assert "in fail" in failed.message
    assert fuzz.is_failure(failed)
    if Path("/proc/self/clear_refs").exists():
        assert fuzzing._measured(0, "a", "b", fill).bytes > 30 << 20
    assert fuzz.is_failure(fuzzing.Outcome(0, "a", "b", "read", 11.0, 0))
    assert fuzz.is_failure(fuzzing.Outcome(0, "a", "b", "read", 0.0, 3 << 30))
    assert not fuzz.is_failure(fuzzing.Outcome(0, "a", "b", "read", 9.0, 1 << 30))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not say what others use")
def test_hangs_are_judged_by_processor_time(fuzzing, monkeypatch):
    fuzz = importlib.import_module("fuzz")
    worker = object.__new__(fuzz._Worker)
    worker.process = worker.place = types.SimpleNamespace(pid=os.getpid(), value=0)
    worker._begun = worker._used = fuzz.processor_seconds(os.getpid())
    now = worker._used_at = time.monotonic()
    monkeypatch.setattr(fuzz.time, "monotonic", lambda: now + 0.9 * fuzz.IDLE_SECONDS)
    assert not worker._hangs()  # a busy machine may let it wait
    used = worker._used
    monkeypatch.setattr(fuzz, "processor_seconds", lambda _: used + 0.01)
    assert not worker._hangs()
    monkeypatch.setattr(fuzz.time, "monotonic", lambda: now + 1.8 * fuzz.IDLE_SECONDS)
    assert not worker._hangs()  # it has used some since
    monkeypatch.setattr(fuzz.time, "monotonic", lambda: now + 2 * fuzz.IDLE_SECONDS)
    assert worker._hangs()
    monkeypatch.setattr(fuzz, "processor_seconds", lambda _: used + 1 + fuzz.HANG_SECONDS)
    assert worker._hangs()


def test_processor_time_is_read(fuzzing):
    fuzz = importlib.import_module("fuzz")
    before = fuzz.processor_seconds(os.getpid())
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    assert 0.05 <= fuzz.processor_seconds(os.getpid()) - before < 30
