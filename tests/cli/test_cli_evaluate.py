"""`hooke evaluate` as typed: what it prints where, and its exit status."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import tifffile
import typer

from hooke.cli.evaluate import evaluate
from hooke.errors import DatasetError
from tests.builders import run_command

LABELS = np.array([[1, 1, 0, 0], [1, 1, 0, 2], [0, 0, 0, 2]], np.uint16)


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """A dataset of two modalities and a prediction of each, the second of them empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    for folder, second in (("truth/labels", LABELS), ("pred", np.zeros_like(LABELS))):
        (tmp_path / folder).mkdir(parents=True)
        tifffile.imwrite(tmp_path / folder / "a.tif", LABELS)
        tifffile.imwrite(tmp_path / folder / "b.tif", second)
    rows = [("a", "test", "fluorescence"), ("b", "train", "histology")]
    pd.DataFrame(rows, columns=["id", "split", "modality"]).to_csv(tmp_path / "truth" / "index.csv", index=False)
    return tmp_path


def cells(line):
    """The cells of a line; of a score with its interval the score."""
    whole = [cell.strip() for cell in line.replace("┃", "│").split("│") if cell.strip()]
    return [cell.split()[0] if "–" in cell and cell[0].isdigit() else cell for cell in whole]


def test_tables_show_each_modality(folders):
    result, status = run_command(evaluate, "pred", "truth")
    assert status == 0
    rows = [cells(line) for line in result.stdout.splitlines()]
    assert ["overall", "fluorescence", "histology"] in rows
    assert ["images", "2", "1", "1"] in rows
    assert ["DSB score", "0.500", "1.000", "0.000"] in rows
    assert ["predicted objects", "2", "2", "0"] in rows
    # pooled: 2 of 4 objects found, none invented; by images the same
    assert rows.count(["AP at 0.5", "0.500", "1.000", "0.000"]) == 2
    assert rows.count(["precision at 0.5", "1.000", "1.000", "0.000"]) == 1
    assert result.stderr == ""


def test_json_is_all_that_stdout_holds(folders):
    (folders / "pred" / "b.tif").unlink()
    result, status = run_command(evaluate, "pred", "truth", "--json", "-o", "scores")
    assert status == 1
    scores = json.loads(result.stdout)
    assert scores["overall"]["mean"]["dsb"] == 0.5
    assert scores["missing"] == ["b"]
    assert "no prediction: b" in result.stderr
    assert json.loads((folders / "scores" / "scores.json").read_text()) == scores


def test_split_and_output(folders):
    result, status = run_command(evaluate, "pred", "truth", "--split", "test", "-o", "scores")
    assert status == 0
    assert "scores.json" in result.stdout
    assert list(pd.read_csv(folders / "scores" / "per_image.csv")["image"]) == ["a"]


def test_bad_prediction_is_told_and_the_status_says_so(folders):
    (folders / "pred" / "b.tif").write_bytes(b"")
    result, status = run_command(evaluate, "pred", "truth")
    assert status == 1
    assert "b.tif" in result.stderr
    assert "DSB score" in result.stdout


def test_long_lists_are_cut(folders):
    for number in range(12):
        tifffile.imwrite(folders / "pred" / f"extra{number:02}.tif", LABELS)
    result, status = run_command(evaluate, "pred", "truth")
    assert status == 0
    assert "12 not scored, no truth: extra00, extra01" in result.stderr
    assert "extra09 and 2 more" in result.stderr


def test_unusable_folder_is_left_to_the_frame(folders):
    result, _ = run_command(evaluate, "nowhere", "truth")
    assert isinstance(result.exception, DatasetError)


def test_help_has_examples():
    result, _ = run_command(evaluate, "--help")
    assert "hooke evaluate out/ dsb2018/ --split test -o scores/" in result.stdout


def test_by_and_threshold(folders):
    result, status = run_command(evaluate, "pred", "truth", "--by", "split", "--threshold", "0.62")
    assert status == 0
    rows = [cells(line) for line in result.stdout.splitlines()]
    assert ["F1 at 0.62", "0.500", "1.000", "0.000"] in rows
    assert "Where it fails (IoU 0.62)" in result.stdout
    assert ["train", "1", "2", "0.000", "0.000", "0.000", "0.000", "0.000"] in rows
    assert ["true, missed", "2", "0", "2"] in rows


def test_points(folders):
    (folders / "points.csv").write_text("image,y,x\na,0,0\na,1,1\n")
    result, status = run_command(evaluate, "points.csv", "truth", "--points", "-o", "scores")
    assert status == 0
    assert "in an unclaimed true mask" in result.stdout
    assert json.loads((folders / "scores" / "detection.json").read_text())["overall"]["counts"] == {
        "tp": 1,
        "fp": 1,
        "fn": 3,
    }
    result, _ = run_command(evaluate, "points.csv", "truth", "--detection", "--distance", "1", "--json")
    assert json.loads(result.stdout)["max_distance"] == 1
    result, _ = run_command(evaluate, "pred", "truth", "--distance", "1")
    assert isinstance(result.exception, typer.BadParameter)


@pytest.mark.parametrize(
    "args", [["--points", "--threshold", "0.5"], ["--points", "--against", "x", "-o", "o"], ["--against", "x"]]
)
def test_option_without_effect_is_refused(folders, args):
    result, _ = run_command(evaluate, "pred", "truth", *args)
    assert isinstance(result.exception, typer.BadParameter)
    assert args[-2] in str(result.exception.param_hint) or "--against" in str(result.exception.param_hint)
