"""Truth and predictions are opened once, for the scores and for the pictures of the report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from hooke.evaluation import evaluate, sources
from hooke.report.html import write_report


@pytest.fixture
def opened(monkeypatch):
    """Folders and files in the order in which they are opened."""
    paths = []

    class Counted(sources.FolderSource):
        def __init__(self, folder, split_components=None):
            paths.append(folder)
            super().__init__(folder, split_components)

    monkeypatch.setattr(sources, "FolderSource", Counted)
    return paths


def test_folders(tmp_path, opened):
    for side in ("pred", "truth"):
        (tmp_path / side).mkdir()
        tifffile.imwrite(tmp_path / side / "a.tif", np.diag(np.array([1, 1, 1, 2, 2, 2], np.uint16)))
    result = evaluate(tmp_path / "pred", tmp_path / "truth", resamples=0)
    write_report(result, tmp_path / "report.html")
    assert opened == [tmp_path / "truth", tmp_path / "pred"]
    assert 'class="gallery"' in (tmp_path / "report.html").read_text()


def test_json_of_coco(tmp_path, monkeypatch):
    outline = [[0, 0, 2, 0, 2, 2, 0, 2]]
    image = {"id": 7, "file_name": "a.png", "height": 3, "width": 5}
    found = {"id": 1, "image_id": 7, "category_id": 1, "segmentation": outline}
    truth, pred = tmp_path / "truth.json", tmp_path / "pred.json"
    truth.write_text(json.dumps({"images": [image], "annotations": [found]}))
    pred.write_text(json.dumps([found | {"score": 0.9}]))
    read = []
    read_bytes = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path) or read_bytes(path))
    result = evaluate(pred, truth, resamples=0)
    write_report(result, tmp_path / "report.html")
    assert (result.overall.mean["pq"], [path for path in read if path.suffix == ".json"]) == (1.0, [truth, pred])
