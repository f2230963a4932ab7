"""Classes of matched objects: counted by hand, from tables of hooke segment, points and data sets."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import tifffile
import typer
from typer.testing import CliRunner

from hooke.cli.evaluate import evaluate as command
from hooke.evaluation import evaluate, evaluate_points
from hooke.metrics import class_scores, count_overlap
from hooke.metrics.classification import OTHER
from hooke.report.html import render_report

TRUTH = np.zeros((40, 60), np.uint16)
for number in range(4):
    TRUTH[5:25, 2 + 14 * number : 12 + 14 * number] = number + 1
CLASSES = {"a": {"1": "long", "2": "round", "3": "odd", "4": "long"}, "b": {"1": "round", "2": "round", "3": "long"}}
# image, label, class, probability of long, of round; object 4 of b has no class in the truth
CALLED = [
    ("a", 1, "long", 0.9, 0.1),
    ("a", 2, "long", 0.6, 0.4),
    ("a", 3, "round", 0.2, 0.8),
    ("a", 4, "unknown", 0.55, 0.45),
    ("b", 1, "round", 0.3, 0.7),
    ("b", 2, "round", 0.1, 0.9),
    ("b", 4, "round", 0.1, 0.9),
]


@pytest.fixture
def folders(tmp_path):
    """Results of hooke segment that miss object 3 of b, and a data set with classes."""
    for name in "ab":
        for folder in ("pred", "truth"):
            (tmp_path / folder / "labels").mkdir(parents=True, exist_ok=True)
            labels = np.where(TRUTH == 3, 0, TRUTH) if (folder, name) == ("pred", "b") else TRUTH
            tifffile.imwrite(tmp_path / folder / "labels" / f"{name}.tif", labels)
    columns = ["image", "label", "class", "probability_long", "probability_round"]
    pd.DataFrame(CALLED, columns=columns).assign(score=0.9).to_csv(tmp_path / "pred" / "measurements.csv", index=False)
    (tmp_path / "truth" / "classes.json").write_text(json.dumps(CLASSES))
    pd.DataFrame({"id": ["a", "b"], "split": "test"}).to_csv(tmp_path / "truth" / "index.csv", index=False)
    return tmp_path / "pred", tmp_path / "truth"


def test_classes_of_matched_objects_by_hand(folders):
    scores = evaluate(*folders, ignore_classes=["odd"]).classification
    assert scores.confusion.to_dict("index") == {
        "long": {"long": 1, "round": 0, OTHER: 1},
        "round": {"long": 1, "round": 2, OTHER: 0},
    }
    assert scores.scores["accuracy"] == pytest.approx(3 / 5)
    assert scores.scores["balanced_accuracy"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert scores.per_class.loc["round", ["precision", "recall", "support"]].tolist() == [1, pytest.approx(2 / 3), 3]
    # long: 0.9 and 0.55 against 0.6, 0.3 and 0.1; one of six pairs stands in the wrong order
    assert scores.per_class.loc["long", "auc"] == pytest.approx(5 / 6)
    assert scores.intervals["accuracy"] == (pytest.approx(1 / 3), 1)  # three of a, of which one is right; two of b


def test_without_leaving_out_each_class_counts(folders):
    with pytest.warns(UserWarning, match="left out; true classes: long, odd, round"):
        scores = evaluate(*folders, ignore_classes=["od"]).classification
    assert scores.confusion.loc["odd"].to_dict() == {"long": 0, "odd": 0, "round": 1, OTHER: 0}
    assert scores.scores["accuracy"] == pytest.approx(3 / 6)


def test_points_give_the_three_figures_of_the_authors(folders, tmp_path):
    found = evaluate_points(*folders, ignore_classes=["odd"], out=tmp_path / "out")
    # Seven of eight found, those of the class left out and without a class among them.
    assert found.overall.pooled["recall"] == pytest.approx(7 / 8)
    assert found.overall.pooled["precision"] == 1
    assert found.overall.pooled["class_accuracy"] == pytest.approx(3 / 5)
    pd.testing.assert_frame_equal(
        found.classification.confusion, evaluate(*folders, ignore_classes=["odd"]).classification.confusion
    )
    saved = json.loads((tmp_path / "out" / "detection.json").read_text())
    assert saved["classification"]["accuracy"] == pytest.approx(3 / 5)
    # The table that hooke classify writes for points is enough.
    lonely = tmp_path / "classes"
    lonely.mkdir()
    middles = {1: (15, 6.5), 2: (15, 20.5), 3: (15, 34.5), 4: (15, 48.5)}
    table = pd.read_csv(folders[0] / "measurements.csv")
    table["y"], table["x"] = zip(*table["label"].map(middles), strict=True)
    table.to_csv(lonely / "measurements.csv", index=False)
    again = evaluate_points(lonely, folders[1], ignore_classes=["odd"])
    assert again.overall == found.overall
    assert again.classification.scores == found.classification.scores


def test_classes_without_probabilities(folders):
    table = pd.read_csv(folders[0] / "measurements.csv").drop(columns=["probability_long", "probability_round"])
    table.to_csv(folders[0] / "measurements.csv", index=False)
    scores = evaluate(*folders, ignore_classes=["odd"]).classification
    assert scores.scores["accuracy"] == pytest.approx(3 / 5)
    assert scores.calibration is None


def test_class_names_that_disagree_are_told(folders):
    table = pd.read_csv(folders[0] / "measurements.csv").replace({"class": {"round": "disc"}})
    table.to_csv(folders[0] / "measurements.csv", index=False)
    with pytest.warns(UserWarning, match="predicted as disc, which no true object is; true classes: long, odd, round"):
        assert evaluate(*folders).classification.scores["accuracy"] == pytest.approx(1 / 6)


def test_without_classes_there_are_no_scores(folders):
    (folders[1] / "classes.json").unlink()
    assert evaluate(*folders).classification is None
    assert evaluate_points(*folders).classification is None


def test_quality_without_the_classes_left_out():
    overlap = count_overlap(TRUTH, TRUTH)
    true, called = np.array(["long", "round", "odd", "long"]), np.array(["long", "round", "round", "round"])
    whole = class_scores([(overlap, called, true)])
    assert whole.per_class["round"].counts.fp == 2
    part = class_scores([(overlap, called, true)], ["odd"])
    assert set(part.per_class) == {"long", "round"}
    assert part.per_class["round"].counts.fp == 1
    assert part.bpq == whole.bpq == 1
    # long: 1 of 2 found, 1 / 1.5; round: 1 hit, 1 false alarm, 1 / 1.5
    assert part.mpq_pooled == pytest.approx(2 / 3)


def test_the_command_writes_tables_pictures_and_the_report(folders, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(
        app, [*map(str, folders), "-o", str(tmp_path / "out"), "--ignore-class", "odd"], standalone_mode=False
    )
    assert result.return_value == 0
    assert "Classes of objects matched at IoU 0.5: 5" in result.stdout
    assert json.loads((tmp_path / "out" / "scores.json").read_text())["classification"]["f1_macro"] > 0
    confusion = pd.read_csv(tmp_path / "out" / "classes" / "confusion.csv", index_col=0)
    assert confusion.loc["round"].tolist() == [1, 2, 0]
    for name in ("confusion.svg", "confusion_shares.csv", "roc.svg", "precision_recall.svg", "calibration.svg"):
        assert (tmp_path / "out" / "classes" / name).is_file()
    page = (tmp_path / "out" / "report.html").read_text()
    assert "2 (66.7 %)" in page
    assert "ROC curve" in page


def test_the_report_does_without_probabilities(folders):
    table = pd.read_csv(folders[0] / "measurements.csv").drop(columns=["probability_long", "probability_round"])
    table.to_csv(folders[0] / "measurements.csv", index=False)
    page = render_report(evaluate(*folders))
    assert "Classes of matched objects" in page
    assert "ROC curve" not in page
