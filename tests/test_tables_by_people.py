"""Wherever hooke takes a table from people, one that a spreadsheet has saved says the same as the plain one."""

import numpy as np
import pandas as pd
import pytest
import tifffile

from hooke.classify import examples_of_table
from hooke.classify.classify_folder import open_objects
from hooke.datasets.adapters.dsb2018 import find as find_dsb2018
from hooke.datasets.layout import Entry, read_index
from hooke.datasets.selection import select
from hooke.errors import DatasetError
from hooke.evaluation import evaluate, evaluate_points
from hooke.image import Image
from hooke.io import write_png
from hooke.labels.run_length import encode_pairs

LABELS = np.zeros((20, 30), np.uint16)
LABELS[2:8, 2:8], LABELS[10:16, 12:20] = 1, 2
NAMES = ["001", "002"]

WAYS = {
    "semicolons": {"sep": ";", "decimal": ","},
    "tabs": {"sep": "\t", "decimal": ",", "encoding": "utf-16"},
    "mark": {"encoding": "utf-8-sig"},
    "carriage returns": {"lineterminator": "\r"},
    "upper": {"upper": True},
    "suffix": {"names": "images/{}.tif"},
    "zeros": {"lose_zeros": True},
}


@pytest.fixture(params=list(WAYS))
def save(request):
    """Save a table in one of these ways; its first column names images."""

    def save(path, table):
        way = dict(WAYS[request.param])
        first = table.columns[0]
        table = table.assign(**{first: table[first].map(way.pop("names", "{}").format)})
        if way.pop("lose_zeros", False):
            table[first] = table[first].str.lstrip("0")
        if way.pop("upper", False):
            table.columns = [f" {name.upper()} " for name in table]
        path.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(path, index=False, **way)
        return path

    return save


@pytest.fixture
def dataset(tmp_path):
    for name in NAMES:
        (tmp_path / "data" / "labels").mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(tmp_path / "data" / "labels" / f"{name}.tif", LABELS)
        write_png(tmp_path / "data" / "images" / f"{name}.png", (LABELS * 90).astype(np.uint8))
    return tmp_path / "data"


def test_classes_of_cells(tmp_path, dataset, save):
    rows = [(name, label, "round" if label == 1 else "long", 0.5) for name in NAMES for label in (1, 2)]
    table = save(tmp_path / "cells.csv", pd.DataFrame(rows, columns=["image", "label", "class", "score"]))
    found = list(examples_of_table(table, [dataset / "images"], dataset))
    assert [(one.image.name, one.classes) for one in found] == [(name, {1: "round", 2: "long"}) for name in NAMES]


def test_an_object_of_two_classes_is_refused_and_one_that_is_listed_twice_is_not(tmp_path, dataset):
    table = tmp_path / "cells.csv"
    table.write_text("image,label,class\n001,1,round\n001,2,long\n001,1,round\n")
    (found,) = examples_of_table(table, [dataset / "images"], dataset)
    assert found.classes == {1: "round", 2: "long"}
    table.write_text("image,label,class\n001,1,round\n001,2,long\n001,1,long\n")
    with pytest.raises(DatasetError, match="object 1 of '001' is round in line 2 and long in line 4"):
        list(examples_of_table(table, [dataset / "images"], dataset))


def test_points(tmp_path, dataset, save):
    rows = [("001", 4.5, 4.5, "a"), ("001", 12.5, 15.5, "b"), ("002", 4.5, 4.5, "a")]
    path = save(tmp_path / "points.csv", pd.DataFrame(rows, columns=["image", "y", "x", "class"]))
    result = evaluate_points(path, dataset)
    assert (result.overall.counts.tp, result.overall.counts.fp, result.extra) == (3, 0, ())
    image = Image(np.zeros(LABELS.shape, np.uint8))
    assert open_objects(path, NAMES).read("001", image).tolist() == [[4.5, 4.5], [12.5, 15.5]]


def test_run_lengths(tmp_path, dataset, save):
    rows = [(name, encode_pairs(label == LABELS), 20, 30) for name in NAMES for label in (1, 2)]
    path = save(tmp_path / "rle.csv", pd.DataFrame(rows, columns=["ImageId", "EncodedPixels", "Height", "Width"]))
    result = evaluate(path, dataset, resamples=0)
    assert (result.overall.mean["pq"], result.missing, result.extra) == (1.0, (), ())
    result = evaluate(dataset / "labels", path, resamples=0)
    assert (result.overall.mean["pq"], result.missing, result.extra) == (1.0, (), ())
    for name in NAMES:
        write_png(tmp_path / "stage1_train" / name / "images" / f"{name}.png", np.zeros(LABELS.shape, np.uint8))
    source, entries = find_dsb2018(path)
    assert [entry.id for entry in entries] == NAMES
    assert {name: len(runs) for name, runs in source.runs.items()} == {"001": 2, "002": 2}


def test_the_index_of_a_data_set(dataset, save):
    columns = ["id", "split", "modality", "field_of_view", "height", "width", "nuclei"]
    rows = [("001", "train", "fluorescence", "a", 20, 30, 2), ("002", "test", "fluorescence", "b", 20, 30, 2)]
    save(dataset / "index.csv", pd.DataFrame(rows, columns=columns))
    assert [(row.id, row.split, row.height) for row in read_index(dataset)] == [
        ("001", "train", 20),
        ("002", "test", 20),
    ]
    result = evaluate(dataset, dataset, split="test", resamples=0)
    assert result.per_image["image"].tolist() == ["002"]
    assert result.complete


def test_a_split_that_is_given(tmp_path, save):
    path = save(tmp_path / "split.csv", pd.DataFrame([("001", "train"), ("002", "test")], columns=["id", "split"]))
    chosen = select([Entry(name) for name in [*NAMES, "003"]], tmp_path, path)
    assert [(entry.id, entry.split) for entry in chosen.wanted] == [("001", "train"), ("002", "test")]
    assert (chosen.left_out, chosen.absent) == (["003"], [])


def test_measurements_beside_label_images(dataset, save):
    rows = [(name, label, 0.75, "round") for name in NAMES for label in (1, 2)]
    save(dataset / "measurements.csv", pd.DataFrame(rows, columns=["image", "label", "score", "class"]))
    result = evaluate(dataset, dataset, resamples=0)
    assert result.per_object["score"].dropna().tolist() == [0.75] * 4
    measured = open_objects(dataset, NAMES).table("002", np.array([1, 2]))
    assert measured["label"].tolist() == [1, 2]


def test_names_that_fit_nothing_are_answered_with_those_there_are(tmp_path, dataset):
    (tmp_path / "cells.csv").write_text("image;label;class\nx1;1;round\n")
    with pytest.raises(DatasetError, match=r"'x1' that is not there; .* are named 001, 002, without suffix"):
        list(examples_of_table(tmp_path / "cells.csv", [dataset / "images"], dataset))
    for label in ("inf", "1e300", "one"):
        (tmp_path / "cells.csv").write_text(f"image;label;class\n001;{label};round\n")
        with pytest.raises(DatasetError, match="line 2: label is"):
            list(examples_of_table(tmp_path / "cells.csv", [dataset / "images"], dataset))
    (tmp_path / "cells.csv").write_text("image;label;class\n\n001;1,5;round\n")
    with pytest.raises(DatasetError, match=r"line 3: label is 1\.5"):
        list(examples_of_table(tmp_path / "cells.csv", [dataset / "images"], dataset))
