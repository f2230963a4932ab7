"""Predictions and truth from COCO's json, the Data Science Bowl's csv, zarr, and what `hooke segment` writes."""

from __future__ import annotations

import builtins
import importlib
import json
import warnings

import numpy as np
import pandas as pd
import pytest
import tifffile

from hooke.errors import DatasetError
from hooke.evaluation import OBJECT_COLUMNS, evaluate
from hooke.evaluation.sources import open_labels
from hooke.io.annotations.coco import ALONG_ROWS as COUNTED_ALONG_ROWS
from hooke.io.annotations.dsb_csv import ALONG_ROWS, SCATTERED
from hooke.labels.labelled_image import LabelledImage
from hooke.labels.painter import Mask
from hooke.labels.run_length import compress_counts, encode_counts, encode_pairs

LABELS = np.array([[1, 1, 0, 0, 0], [1, 1, 0, 2, 2], [0, 0, 0, 2, 2]], np.int32)
SQUARE = [0, 0, 2, 0, 2, 2, 0, 2]


def write(folder, **images):
    folder.mkdir(parents=True, exist_ok=True)
    for stem, labels in images.items():
        tifffile.imwrite(folder / f"{stem}.tif", labels)
    return folder


def write_json(path, value):
    path.write_text(json.dumps(value))
    return path


def run_lengths(mask, compress=True):
    counts = encode_counts(mask)
    return {"size": [*mask.shape], "counts": compress_counts(counts) if compress else counts}


CROWD_LEFT_OUT = "truth: 1 crowd regions (iscrowd), left out, in 1 images: a"


def coco_truth(path, **annotation):
    """Two images of 3 x 5 pixels; on the first the objects of LABELS, on the second none."""
    images = [
        {"id": 7, "file_name": "day 1/a.png", "height": 3, "width": 5},
        {"id": 9, "file_name": "b.png", "height": 3, "width": 5},
    ]
    objects = [
        {"id": 1, "image_id": 7, "category_id": 1, "segmentation": [SQUARE]},
        {"id": 2, "image_id": 7, "category_id": 2, "segmentation": run_lengths(LABELS == 2, compress=False)},
        {"id": 3, "image_id": 7, "category_id": 2, "iscrowd": 1, "segmentation": run_lengths(LABELS == 0)},
    ]
    categories = [{"id": 1, "name": "nucleus"}, {"id": 2, "name": "debris"}]
    return write_json(path, {"images": images, "annotations": objects, "categories": categories})


def evaluate_quietly(*args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return evaluate(*args, **options)


def test_coco_truth_is_read_as_painted(tmp_path):
    source = open_labels(coco_truth(tmp_path / "truth.json"))
    assert source.names == ["a", "b"]
    image = source.read("a")
    assert image.labels.tolist() == LABELS.tolist()
    assert image.classes == {1: "nucleus", 2: "debris"}
    assert source.read("b").labels.tolist() == np.zeros((3, 5), int).tolist()


def test_coco_results_against_coco_truth(tmp_path):
    truth = coco_truth(tmp_path / "truth.json")
    results = [
        {"image_id": 7, "category_id": 1, "score": 0.9, "segmentation": run_lengths(LABELS == 1)},
        {"image_id": 7, "category_id": 1, "score": 0.4, "segmentation": [[3, 1, 5, 1, 5, 3, 3, 3]]},
        {"image_id": 9, "category_id": 1, "score": 0.6, "segmentation": [SQUARE]},
    ]
    with pytest.warns(UserWarning, match="1 crowd regions"):
        result = evaluate(write_json(tmp_path / "results.json", results), truth)
    assert result.notes == (CROWD_LEFT_OUT,)
    assert result.complete
    assert dict(zip(result.per_image["image"], result.per_image["dsb"], strict=True)) == {"a": 1, "b": 0}
    # by confidence: right, invented, right
    precision = np.where(np.arange(101) <= 50, 1, 2 / 3).mean()
    assert result.coco.ap == pytest.approx(precision)
    assert result.classes.accuracy == 0.5
    assert result.classes.per_class["nucleus"].counts.tp == 1
    objects = result.per_object.set_index(["image", "kind", "label"])
    assert list(result.per_object.columns) == list(OBJECT_COLUMNS)
    assert objects.loc[("b", "pred", 1), ["outcome", "score", "class"]].tolist() == ["spurious", 0.6, "nucleus"]
    assert objects.loc[("a", "true", 2), ["outcome", "matched_label", "class"]].tolist() == ["matched", 2, "debris"]


def test_overlapping_results_keep_the_surest_and_it_is_said(tmp_path):
    truth = coco_truth(tmp_path / "truth.json")
    whole = run_lengths(np.ones((3, 5), bool))
    results = [
        {"image_id": 7, "category_id": 1, "score": 0.2, "segmentation": whole},
        {"image_id": 7, "category_id": 1, "score": 0.9, "segmentation": run_lengths(LABELS == 1)},
    ]
    with (
        pytest.warns(UserWarning, match="a, prediction: 4 pixels lie in several masks"),
        pytest.warns(UserWarning, match="1 crowd regions"),
    ):
        result = evaluate(write_json(tmp_path / "results.json", results), truth)
    overlap = "a, prediction: 4 pixels lie in several masks, 0 objects have none of their own"
    assert result.notes == (CROWD_LEFT_OUT, overlap)
    assert result.per_image["tp_50"].tolist() == [1, 0]


def test_results_are_of_the_id_where_the_truth_is_a_folder(tmp_path):
    truth = write(tmp_path / "truth", **{"7": LABELS.astype(np.uint16)})
    results = [{"image_id": 7, "score": 1.0, "segmentation": [SQUARE]}]
    result = evaluate(write_json(tmp_path / "results.json", results), truth)
    assert result.per_image["tp_50"].tolist() == [1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"segmentation": {"size": [3, 4], "counts": [12]}}, "(3, 4)"),
        ({"segmentation": {"size": [3, 5], "counts": "x"}}, "run lengths"),
        ({"segmentation": {"size": [3, 5], "counts": [1, 2]}}, "add up"),
        ({"segmentation": [["a", 1, 2, 3, 4, 5]]}, "coordinates"),
        ({"score": "high"}, "'score'"),
    ],
)
def test_one_bad_result_spoils_its_image_only(tmp_path, change, message):
    truth = coco_truth(tmp_path / "truth.json")
    good = {"image_id": 9, "category_id": 1, "score": 0.9, "segmentation": [SQUARE]}
    bad = {"image_id": 7, "category_id": 1, "score": 0.9, "segmentation": [SQUARE]} | change
    result = evaluate_quietly(write_json(tmp_path / "results.json", [bad, good]), truth)
    assert list(result.bad) == ["a"]
    assert message in result.bad["a"]
    assert result.per_image["n_pred"].tolist() == [0, 1]


@pytest.mark.parametrize("text", ["", "{", "3", '{"images": []}', '[{"segmentation": []}]', "[4]"])
def test_json_that_is_not_coco(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DatasetError, match=r"x\.json"):
        open_labels(tmp_path / "x.json")


def write_csv(path, rows, columns=("ImageId", "EncodedPixels")):
    pd.DataFrame(rows, columns=list(columns)).to_csv(path, index=False)
    return path


def test_csv_of_the_data_science_bowl(tmp_path):
    masks = [encode_pairs(label == LABELS) for label in (1, 2)]
    truth = [("a", masks[0], 3, 5, "Public"), ("a", masks[1], 3, 5, "Public"), ("007", "", 3, 5, "Ignored")]
    truth = write_csv(tmp_path / "truth.csv", truth, ("ImageId", "EncodedPixels", "Height", "Width", "Usage"))
    pred = write_csv(tmp_path / "pred.csv", [("007", ""), ("a", masks[1]), ("a", masks[0])])
    result = evaluate(pred, truth)
    assert result.per_image["image"].tolist() == ["007", "a"]
    assert result.overall.mean["dsb"] == 1
    assert result.overall.n_true == 2
    assert open_labels(truth).read("a").labels.tolist() == LABELS.tolist()


def test_csv_without_sizes_takes_those_of_the_truth_but_is_no_truth(tmp_path):
    pred = write_csv(tmp_path / "pred.csv", [("a", encode_pairs(LABELS == 1))])
    result = evaluate(pred, write(tmp_path / "truth", a=LABELS.astype(np.uint16)))
    assert result.per_image["tp_50"].tolist() == [1]
    with pytest.raises(DatasetError, match="no size for image a"):
        evaluate_quietly(pred, pred)


@pytest.mark.parametrize("code", ["1", "x y", "0 3", "15 2", "1 2 2 2"])
def test_bad_run_lengths_name_their_line(tmp_path, code):
    pred = write_csv(tmp_path / "pred.csv", [("b", "1 2"), ("a", code)])
    truth = write(tmp_path / "truth", a=LABELS.astype(np.uint16), b=LABELS.astype(np.uint16))
    result = evaluate_quietly(pred, truth)
    assert "line 3" in result.bad["a"]
    assert len(result.bad) == 1


def test_arrays_are_not_paths():
    with pytest.raises(DatasetError, match=r"ndarray is not the path of label images; .*hooke\.metrics\.score_image"):
        evaluate(LABELS, LABELS)


@pytest.mark.parametrize("order", ["F", "C"])
def test_run_lengths_along_the_rows_are_told(tmp_path, order):
    labels = np.zeros((20, 30), np.uint16)
    labels[3:9, 4:12], labels[12:18, 15:26] = 1, 2
    rows = [("a", encode_pairs(labels == id_, order)) for id_ in (1, 2)]
    read = open_labels(write_csv(tmp_path / "pred.csv", rows)).read("a", labels.shape)
    assert read.oddities == ({} if order == "F" else {ALONG_ROWS: 2})


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("order", ["F", "C"])
def test_counts_along_the_rows_are_told(tmp_path, order, compress):
    labels = np.zeros((20, 30), np.uint16)
    labels[3:9, 4:12], labels[12:18, 15:26] = 1, 2
    masks = [(labels == number).reshape(-1, order=order).reshape(20, 30, order="F") for number in (1, 2)]
    objects = [
        {"id": number, "image_id": 1, "category_id": 1, "segmentation": run_lengths(mask, compress)}
        for number, mask in enumerate(masks, 1)
    ]
    images = [{"id": 1, "file_name": "a.png", "height": 20, "width": 30}]
    path = write_json(tmp_path / "a.json", {"images": images, "annotations": objects, "categories": []})
    assert open_labels(path).read("a").oddities == ({} if order == "F" else {COUNTED_ALONG_ROWS: 2})


@pytest.mark.parametrize("gap", [1, 12])
def test_one_row_for_all_objects_of_an_image_is_told(tmp_path, gap):
    labels = np.zeros((12, 80), np.uint16)
    for place in range(3):
        labels[3:7, place * (4 + gap) : place * (4 + gap) + 4] = 1
    read = open_labels(write_csv(tmp_path / "pred.csv", [("a", encode_pairs(labels > 0))])).read("a", labels.shape)
    assert read.oddities == {SCATTERED: 1}


def test_csv_that_is_something_else(tmp_path):
    with pytest.raises(DatasetError, match=r"'ImageId' is missing.*measurements holds no outlines: give the folder"):
        open_labels(write_csv(tmp_path / "x.csv", [("a", 1)], ("id", "n")))
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DatasetError, match="the table is empty"):
        open_labels(tmp_path / "empty.csv")


def test_zarr_arrays_and_levels(tmp_path):
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(tmp_path / "x.zarr"), mode="w")
    group.create_array("a", data=LABELS)
    group.create_group("b").create_array("0", data=LABELS[None, None].astype(np.uint16))
    group.create_array("c", data=LABELS.astype(float))
    truth = write(tmp_path / "truth", **{name: LABELS.astype(np.uint16) for name in "abc"})
    result = evaluate_quietly(tmp_path / "x.zarr", truth)
    assert result.per_image["dsb"].tolist() == [1, 1, 0]
    assert "holds float64: not a label image" in result.bad["c"]


def test_zarr_without_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib, "import_module", lambda name: builtins.__import__("no_such_package"))
    with pytest.raises(DatasetError, match="zarr is not installed; pip install zarr"):
        open_labels(tmp_path / "x.zarr")


def test_scores_and_classes_come_from_measurements(tmp_path):
    out = tmp_path / "out"
    write(out / "labels", a=LABELS.astype(np.uint16), NA=LABELS.astype(np.uint16))
    rows = [("a", 1, 0.9, "x"), ("a", 2, 0.3, "y"), ("NA", 1, 0.8, "x"), ("NA", 2, 0.7, "x")]
    pd.DataFrame(rows, columns=["image", "label", "score", "class"]).to_csv(out / "measurements.csv", index=False)
    truth = write(tmp_path / "truth", a=np.where(LABELS == 1, 1, 0).astype(np.uint16), NA=LABELS.astype(np.uint16))
    result = evaluate(out, truth)
    found = result.per_object.query("kind == 'pred'").set_index(["image", "label"])
    assert found["score"].to_dict() == {("NA", 1): 0.8, ("NA", 2): 0.7, ("a", 1): 0.9, ("a", 2): 0.3}
    assert found.loc[("a", 2), "class"] == "y"
    assert result.coco.ap == 1  # the only false alarm is the least sure
    assert result.classes is None  # the truth has none


def test_scores_of_some_objects_only_are_told(tmp_path):
    out = tmp_path / "out"
    write(out / "labels", a=LABELS.astype(np.uint16))
    (out / "measurements.csv").write_text("image,label,score\na,1,0.5\n")
    with pytest.warns(UserWarning, match="no COCO AP: 1 of 2 predicted objects have no score"):
        assert evaluate(out, out / "labels").coco is None


def test_labels_of_several_planes_have_no_scores(tmp_path):
    out = tmp_path / "out"
    write(out / "labels", a=LABELS.astype(np.uint16))
    (out / "measurements.csv").write_text("image,t,label,score\na,0,1,0.5\na,1,1,0.6\n")
    assert evaluate(out, out / "labels").coco is None


def test_classes_of_a_dataset(tmp_path):
    truth = tmp_path / "truth"
    write(truth / "labels", a=LABELS.astype(np.uint16))
    write_json(truth / "classes.json", {"a": {"1": "x", "2": "y"}})
    assert evaluate(truth, truth).classes.mpq == 1


def test_paint_puts_the_smaller_on_the_larger_without_scores():
    large, small = np.ones((2, 3), bool), np.zeros((2, 3), bool)
    small[0, 0] = True
    image = LabelledImage.from_masks([Mask.crop(small), Mask.crop(large), Mask.crop(small), Mask.crop(~large)], (2, 3))
    assert image.labels.tolist() == [[1, 2, 2], [2, 2, 2]]
    assert image.note == "2 pixels lie in several masks, 2 objects have none of their own"


@pytest.fixture
def trees(tmp_path):
    """Label images in a folder for each plate, two of one name; an empty one was swapped in the prediction."""
    for side, first in (("pred", LABELS), ("truth", LABELS)):
        write(tmp_path / side / "plate1", a=first, b=LABELS[::-1].copy())
        write(tmp_path / side / "plate2", a=np.zeros_like(LABELS) if side == "truth" else LABELS)
        write(tmp_path / side / ".cache", a=LABELS)
    return tmp_path


def test_label_images_in_folders_below_are_paired_by_folder_and_name(trees):
    result = evaluate(trees / "pred", trees / "truth")
    assert result.per_image["image"].tolist() == ["plate1/a", "plate1/b", "plate2/a"]
    assert result.per_image["f1_50"].tolist() == [1, 1, 0]


def test_names_as_hooke_makes_them_of_folders_are_paired_with_label_images_in_these(trees):
    write(trees / "flat" / "labels", **{"plate1-a": LABELS, "b": LABELS[::-1].copy(), "plate2-a": LABELS})
    with pytest.warns(UserWarning, match="plate1-a with plate1/a"):
        result = evaluate(trees / "flat", trees / "truth")
    assert result.per_image["f1_50"].tolist() == [1, 1, 0]


def test_annotations_in_folders_below_are_paired_and_images_beside_them_are_not_taken(trees):
    for side in ("pred", "truth"):
        write(trees / side / "images", c=LABELS)
    for plate in ("plate1", "plate2"):
        shape = {"label": "n", "points": [[0, 0], [2, 0], [2, 2], [0, 2]], "shape_type": "polygon"}
        (trees / "drawn" / plate).mkdir(parents=True)
        write_json(trees / "drawn" / plate / "a.json", {"shapes": [shape], "imageHeight": 3, "imageWidth": 5})
    assert open_labels(trees / "truth").names == ["plate1/a", "plate1/b", "plate2/a"]
    source = open_labels(trees / "drawn")
    assert source.names == ["plate1/a", "plate2/a"]
    assert (source.read("plate2/a").labels > 0).sum() == 4


def test_label_images_in_a_folder_go_before_those_below(trees):
    write(trees / "truth", c=LABELS)
    assert open_labels(trees / "truth").names == ["c"]


def test_images_of_one_name_in_a_csv_stay_apart(tmp_path):
    rows = [
        ("plate1/a.png", LABELS == 1),
        ("plate2/a.png", LABELS > 0),
        ("b.png", LABELS == 1),
        ("b.tif", LABELS > 0),
    ]
    lines = [f"{name},{encode_pairs(mask)},3,5" for name, mask in rows]
    (tmp_path / "all.csv").write_text("\n".join(["ImageId,EncodedPixels,Height,Width", *lines]))
    source = open_labels(tmp_path / "all.csv")
    assert source.names == ["b_png", "b_tif", "plate1-a", "plate2-a"]
    found = {name: int((source.read(name).labels > 0).sum()) for name in source.names}
    assert found == {"b_png": 4, "b_tif": 8, "plate1-a": 4, "plate2-a": 8}
