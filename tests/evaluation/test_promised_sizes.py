"""Sizes that a text states are held against the text's length, and ids of any size cost nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from hooke.datasets import simulate
from hooke.errors import DatasetError
from hooke.evaluation import evaluate
from hooke.evaluation.sources import open_labels


def coco(path, annotation, **image):
    record = {
        "images": [{"id": 1, "file_name": "a.png", **image}],
        "annotations": [annotation | {"id": 1, "image_id": 1}],
    }
    path.write_text(json.dumps(record | {"categories": [{"id": 1, "name": "cell"}]}))
    return open_labels(path)


SQUARE = {"segmentation": [[1, 1, 5, 1, 5, 5, 1, 5]], "category_id": 1}


def test_a_coco_json_of_a_few_bytes(tmp_path):
    source = coco(tmp_path / "a.json", SQUARE, height=44_000, width=44_000)
    assert (tmp_path / "a.json").stat().st_size < 260
    with pytest.raises(DatasetError, match=r"a\.json: image a: .* 44000 x 44000 pixels promises 7\.2 GiB"):
        source.read("a")


def test_a_mask_of_a_few_bytes(tmp_path):
    outline = {"size": [44_000, 44_000], "counts": [44_000 * 44_000]}
    with pytest.raises(DatasetError, match="promises"):
        coco(tmp_path / "a.json", {"segmentation": outline}).read("a")


def test_a_large_image_with_as_much_to_say_of_it(tmp_path):
    assert coco(tmp_path / "a.json", SQUARE, height=4000, width=4000).read("a").labels.max() == 1
    padded = SQUARE | {"note": "x" * 20_000}
    assert coco(tmp_path / "b.json", padded, height=6000, width=6000).read("a").labels.shape == (6000, 6000)


@pytest.mark.parametrize("size", [(-5, 8), (0, 8)])
def test_sizes_that_are_none(tmp_path, size):
    with pytest.raises(DatasetError, match="height and width"):
        coco(tmp_path / "a.json", SQUARE, height=size[0], width=size[1]).read("a")


@pytest.mark.parametrize(
    "change",
    [
        {"category_id": [1]},
        {"category_id": {"a": 1}},
        {"segmentation": {"size": [True, 8], "counts": [8]}},
        {"segmentation": {"size": [8, 8], "counts": [10**40]}},
        {"segmentation": [[1, 1, 1e400, 1, 5, 5]]},
        {"segmentation": [[[1], [2, 3]]]},
    ],
)
def test_numbers_of_coco(tmp_path, change):
    with pytest.raises(DatasetError, match=r"a\.json"):
        coco(tmp_path / "a.json", SQUARE | change, height=8, width=8).read("a")


def str_of_type(value):
    return type(value).__name__


@pytest.mark.parametrize("score", [10**400, "high", None, [1]], ids=str_of_type)
def test_scores_of_coco(tmp_path, score):
    truth = coco(tmp_path / "a.json", SQUARE, height=8, width=8)
    (tmp_path / "b.json").write_text(json.dumps([SQUARE | {"image_id": 1, "score": score}]))
    with pytest.raises(DatasetError, match=r"b\.json: image a: 'score'"):
        open_labels(tmp_path / "b.json", truth).read("a", (8, 8))


@pytest.mark.parametrize("size", ["44000,44000", "9" * 5000 + ",8", "0,8"])
def test_a_csv_of_a_few_bytes(tmp_path, size):
    (tmp_path / "a.csv").write_text(f"ImageId,EncodedPixels,Height,Width\na,1 2,{size}\n")
    with pytest.raises(DatasetError, match=r"a\.csv"):
        open_labels(tmp_path / "a.csv").read("a")


def test_ids_may_be_any_numbers(tmp_path):
    labels = simulate((96, 96), seed=1).labels.astype(np.int32)
    wild = labels.copy()
    wild[labels == 2], wild[labels == 3] = 2**31 - 1, 2**31 - 2
    for name, one in (("tame", labels), ("wild", wild)):
        (tmp_path / name).mkdir()
        tifffile.imwrite(tmp_path / name / "a.tif", one)
    scores = [evaluate(tmp_path / name, tmp_path / name, through="splitline") for name in ("tame", "wild")]
    assert scores[0].overall.mean == scores[1].overall.mean


def test_zarr_of_a_few_bytes(tmp_path):
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    group.create_array("a", shape=(60_000, 60_000), chunks=(100, 100), dtype="uint16")
    group.create_array("b", data=np.ones((8, 8), np.uint16))
    source = open_labels(tmp_path / "a.zarr")
    with pytest.raises(DatasetError, match="promises"):
        source.read("a")
    assert source.read("b").labels.max() == 1
    for path in (tmp_path / "a.zarr" / "b" / "c").rglob("*"):
        if path.is_file():
            path.write_bytes(b"nothing")
    with pytest.raises(DatasetError, match="damaged or unusual zarr"):
        source.read("b")
