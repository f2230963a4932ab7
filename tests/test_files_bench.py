"""`benchmarks/files.py` reads the label images of data sets, and json files of labelme where there are none."""

from __future__ import annotations

import base64
import importlib
import io
import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from hooke.io import write_labels


@pytest.fixture
def files(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    return importlib.import_module("files")


@pytest.fixture
def datasets(tmp_path):
    labels = np.zeros((30, 40), np.int32)
    labels[2:12, 3:14], labels[15:25, 20:38] = 1, 2
    drawn, annotated = tmp_path / "drawn", tmp_path / "annotated"
    for folder in (drawn, annotated):
        (folder / "labels").mkdir(parents=True)
    write_labels(drawn / "labels" / "a.tif", [labels])
    image = io.BytesIO()
    PIL.Image.fromarray(np.zeros(labels.shape, np.uint8)).save(image, format="PNG")
    shapes = [
        {"label": "cell", "shape_type": "rectangle", "points": [[3, 2], [14, 12]]},
        {"label": "cell", "shape_type": "rectangle", "points": [[20, 15], [38, 25]]},
    ]
    text = {"imageData": base64.b64encode(image.getvalue()).decode(), "imagePath": "a.png", "shapes": shapes}
    (annotated / "labels" / "a.json").write_text(json.dumps(text))
    return [drawn, annotated]


def test_every_kind_of_data_set_is_read_in_turn(files, datasets):
    drawn, annotated = files.real_labels(datasets, 2)
    assert drawn.max() == 2
    np.testing.assert_array_equal(annotated, drawn)


def test_what_comes_back_is_counted(files, datasets, tmp_path, capsys):
    files.report("geojson", list(files.real_labels(datasets, 2)), tmp_path)
    assert "2 of 2 identical; least IoU of 4 objects of 50 pixels or more 1.0000" in capsys.readouterr().out
