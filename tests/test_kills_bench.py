"""`benchmarks/kills.py` in small: runs that are killed, and run again, lose nothing."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from hooke.io import write_labels

PATH = Path(__file__).parents[1] / "benchmarks" / "kills.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("kills_bench", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_killed_runs_lose_nothing(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "IMAGES", 3)
    counts = bench.kill_runs(4, seed=2, root=tmp_path, names=["segment", "segment over others"])
    assert {name: count[column] for name, count in counts.items() for column in bench.COUNTS if count[column]} == {}
    assert sum(count[number.name] for count in counts.values() for number in bench.SIGNALS) == 4


def test_tables_that_disagree_are_seen(bench, tmp_path):
    labels = np.zeros((8, 9), np.int32)
    labels[2, 2], labels[4, 4] = 1, 2
    write_labels(tmp_path / "labels" / "a.tif", [labels])
    (tmp_path / "summary.csv").write_text("image,count\na,2\n")
    (tmp_path / "measurements.csv").write_text("image,label\na,1\na,2\n")
    assert bench.segment_problems(tmp_path) == []
    (tmp_path / "measurements.csv").write_text("image,label\na,1\n")
    assert bench.segment_problems(tmp_path) == ["a: 2 labels, count 2, 1 rows"]
    (tmp_path / ".hooke-0.part.tif").write_bytes(b"")
    assert len(bench.temporary_files(tmp_path)) == 1


def test_an_entry_that_a_killed_run_had_not_named_is_of_no_image_that_is_done(bench, tmp_path):
    write_labels(tmp_path / "labels" / "a.tif", [np.zeros((8, 9), np.int32)])
    (tmp_path / ".hooke").mkdir()
    entry = '{"entry": {"name": "a", "options": "", "files": {}, "error": ""}}'
    (tmp_path / ".hooke" / ".hooke-0.part.json").write_text(entry)
    assert bench.segment_done(tmp_path) == {}
    (tmp_path / ".hooke" / "a.json").write_text(entry)
    assert list(bench.segment_done(tmp_path)) == ["a"]
    assert bench.segment_state(tmp_path, "a") == "0 files, changed [], marked False, error ''"
