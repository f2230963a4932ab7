"""Detection by points: from csv and from label images, by mask and by distance, with classes and groups."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import tifffile

from hooke.errors import DatasetError
from hooke.evaluation import evaluate_points
from hooke.metrics import Counts

LABELS = np.zeros((20, 30), np.uint16)
LABELS[2:8, 2:8], LABELS[10:16, 12:20] = 1, 5


@pytest.fixture
def dataset(tmp_path):
    folder = tmp_path / "dataset"
    (folder / "labels").mkdir(parents=True)
    for name in ("a", "b"):
        tifffile.imwrite(folder / "labels" / f"{name}.tif", LABELS)
    rows = [("a", "test", "x", "left"), ("b", "test", "y", "right")]
    pd.DataFrame(rows, columns=["id", "split", "modality", "side"]).to_csv(folder / "index.csv", index=False)
    classes = {name: {"1": "round", "5": "wide"} for name in "ab"}
    (folder / "classes.json").write_text(json.dumps(classes))
    return folder


def write_points(path, rows, columns=("image", "y", "x", "class")):
    pd.DataFrame(rows, columns=list(columns)).to_csv(path, index=False)
    return path


def test_points_in_masks_by_hand(tmp_path, dataset):
    # a: one in each, a second in the first, one in the background; b: none
    rows = [("a", 4, 4, "round"), ("a", 5, 5, "wide"), ("a", 12, 15, "round"), ("a", 0, 29, "wide")]
    result = evaluate_points(write_points(tmp_path / "points.csv", rows), dataset, by=["side"], out=tmp_path / "out")
    assert result.overall.counts == Counts(tp=2, fp=2, fn=2)
    assert result.overall.pooled == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "class_accuracy": 0.5}
    assert result.overall.mean["recall"] == 0.5
    assert list(result.by) == ["modality", "side"]
    assert result.by["side"]["right"].counts == Counts(0, 0, 2)
    saved = json.loads((tmp_path / "out" / "detection.json").read_text())
    assert saved == result.to_dict()
    assert saved["by"]["side"]["right"]["pooled"]["class_accuracy"] is None
    assert pd.read_csv(tmp_path / "out" / "detection_per_image.csv")["fn"].tolist() == [0, 2]


def test_by_distance(tmp_path, dataset):
    # centres of the objects are (4.5, 4.5) and (12.5, 15.5)
    points = write_points(tmp_path / "points.csv", [("a", 7.5, 4.5, ""), ("b", 12.5, 16.5, "wide")])
    assert evaluate_points(points, dataset, max_distance=2).overall.counts == Counts(1, 1, 3)
    found = evaluate_points(points, dataset, max_distance=3)
    assert found.overall.counts == Counts(2, 0, 2)
    assert found.overall.pooled["class_accuracy"] == 1
    assert found.to_dict()["matched_by"] == "distance"


def test_the_surest_point_claims_the_object(tmp_path, dataset):
    rows = [("a", 4, 4, "wide", 0.2), ("a", 5, 5, "round", 0.9)]
    points = write_points(tmp_path / "points.csv", rows, ("image", "centroid_y", "centroid_x", "class", "score"))
    assert evaluate_points(points, dataset).overall.pooled["class_accuracy"] == 1


def test_label_images_are_points_too(tmp_path, dataset):
    result = evaluate_points(dataset, dataset)
    assert result.overall.pooled == {"precision": 1, "recall": 1, "f1": 1, "class_accuracy": 1}
    assert result.bad == {}


def test_problems_are_named_and_counted(tmp_path, dataset):
    pred = tmp_path / "pred"
    pred.mkdir()
    tifffile.imwrite(pred / "a.tif", LABELS[:10])
    tifffile.imwrite(pred / "z.tif", LABELS)
    (dataset / "labels" / "b.tif").write_bytes(b"")
    result = evaluate_points(pred, dataset)
    assert set(result.bad) == {"a", "b"}
    assert "(10, 30)" in result.bad["a"]
    assert result.overall.counts == Counts(0, 0, 2)
    assert result.extra == ("z",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the table is empty"),
        ("image,y\na,1\n", "not a table of points"),
        ("image,y,x\na,1,here\n", "line 2: x is 'here'"),
        ("image,y,x\na,1,2\na,inf,2\n", "line 3: y is"),
    ],
)
def test_bad_tables(tmp_path, dataset, text, message):
    (tmp_path / "points.csv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        evaluate_points(tmp_path / "points.csv", dataset)


def test_interval_is_drawn_over_fields_of_view(tmp_path, dataset):
    index = pd.read_csv(dataset / "index.csv").assign(field_of_view=["1", "1"])
    index.to_csv(dataset / "index.csv", index=False)
    assert evaluate_points(dataset, dataset).overall.pooled_interval == {}
