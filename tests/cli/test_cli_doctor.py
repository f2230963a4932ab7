"""`hooke doctor` and `hooke data show` as typed: what they print, write, and leave with."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from hooke.cli.app import app
from hooke.datasets import simulate
from hooke.datasets.layout import IndexRow, write_index, write_sample
from hooke.io import read_image
from hooke.io.annotations.classes_json import write_classes


@pytest.fixture
def dataset(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    folder, rows = tmp_path / "data", []
    for id_, seed, split in (("a", 1, "train"), ("b", 2, "test")):
        field = simulate((120, 140), seed=seed, overlap=0)
        write_sample(folder, id_, field.image, field.labels)
        rows.append(IndexRow(id_, split, "fluorescence", id_, 120, 140, field.count))
    write_index(folder, rows)
    write_classes(folder, [("a", {1: "round", 2: "long", 3: "round"})])
    return folder


def run(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args])


def test_a_sound_data_set_leaves_with_0_and_one_with_a_leak_with_1(dataset):
    assert run("doctor", dataset, "-q").exit_code == 0
    (dataset / "images" / "b.png").write_bytes((dataset / "images" / "a.png").read_bytes())
    result = run("doctor", dataset, "-q")
    assert result.exit_code == 1
    assert "leak" in result.stdout
    assert run("doctor", dataset / "nowhere").exit_code == 2


def test_json_is_all_that_stdout_holds(dataset):
    (dataset / "labels" / "b.png").write_bytes(b"")
    result = run("doctor", dataset, "--json")
    assert result.exit_code == 1
    read = json.loads(result.stdout)
    assert read["counts"]["unreadable"] == {"error": 1}


def test_report_and_mended_copy_are_written(dataset, tmp_path):
    result = run("doctor", dataset, "-q", "-o", tmp_path / "out", "--fix", tmp_path / "fixed")
    assert result.exit_code == 0
    assert "nothing to correct" in result.stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"doctor.html", "findings.json", "findings.csv"}
    assert (tmp_path / "fixed" / "changes.csv").read_text().count("\n") == 1


def test_show_counts_and_draws(dataset, tmp_path):
    result = run(
        "data", "show", dataset, "-o", tmp_path / "look", "-q", "--side", "64", "--columns", "1", "--rows", "1"
    )
    assert result.exit_code == 0
    assert {path.name for path in (tmp_path / "look").iterdir()} == {
        "sheet-001.png",
        "sheet-002.png",
        "histograms.svg",
        "counts.csv",
    }
    assert "train,,round,,2" in (tmp_path / "look" / "counts.csv").read_text()
    sheet = read_image(tmp_path / "look" / "sheet-001.png").pixels
    assert sheet.shape == (8 + 64 + 30 + 8, 8 + 64 + 8, 3)
    assert len(np.unique(sheet.reshape(-1, 3), axis=0)) > 20


def test_show_goes_on_past_a_damaged_image_and_refuses_an_unknown_split(dataset, tmp_path):
    (dataset / "images" / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    result = run("data", "show", dataset, "-o", tmp_path / "look", "-q")
    assert result.exit_code == 1
    assert "b failed" in result.stderr
    assert run("data", "show", dataset, "-o", tmp_path / "look", "-q", "--split", "dev").exit_code == 2
