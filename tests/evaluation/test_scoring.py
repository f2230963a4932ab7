"""Folders of predictions against folders of truth: pairing, failures, the index, what is written."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image as PillowImage

from hooke.errors import DatasetError, OutputError
from hooke.evaluation import evaluate
from hooke.metrics import score_image

DSB2018 = Path(__file__).parents[2] / ".." / "shared" / "data" / "dsb2018"

ONE = np.array([[1, 1, 0, 0], [1, 1, 0, 2], [0, 0, 0, 2]], np.uint16)
COLOURS = np.dstack([ONE, 30 * ONE, 90 * ONE]).astype(np.uint8)
TWO = np.array([[0, 0, 0, 0], [0, 3, 3, 0], [0, 3, 3, 0]], np.uint16)


def write(folder, **images):
    folder.mkdir(parents=True, exist_ok=True)
    for stem, labels in images.items():
        tifffile.imwrite(folder / f"{stem}.tif", labels)
    return folder


def evaluate_quietly(*args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return evaluate(*args, **options)


@pytest.fixture
def dataset(tmp_path):
    """Three images in hooke's dataset layout; ids that a careless reader of CSV would spoil."""
    folder = tmp_path / "dataset"
    write(folder / "labels", **{"007": ONE, "NA": TWO, "train_1": ONE})
    rows = [("007", "test", "fluorescence"), ("NA", "test", "histology"), ("train_1", "train", "histology")]
    pd.DataFrame(rows, columns=["id", "split", "modality"]).to_csv(folder / "index.csv", index=False)
    return folder


def test_one_file_is_scored_with_the_one_of_another_name_but_a_folder_is_not(tmp_path):
    pred, truth = write(tmp_path / "pred", found=ONE), write(tmp_path / "truth", gt=ONE)
    with pytest.warns(UserWarning, match="paired though their names differ: found with gt"):
        result = evaluate(pred / "found.tif", truth / "gt.tif")
    assert result.overall.mean["f1_50"] == 1
    with pytest.raises(DatasetError, match="holds no prediction of an image of the truth"):
        evaluate(pred, truth)


def test_pairs_by_stem_across_formats(tmp_path):
    truth = write(tmp_path / "truth", a=ONE, b=TWO)
    pred = tmp_path / "pred"
    pred.mkdir()
    tifffile.imwrite(pred / "a.ome.tif", ONE)
    PillowImage.fromarray(np.roll(TWO, 1, axis=1)).save(pred / "b.png")
    (pred / "notes.txt").write_text("not a label image")
    (pred / "._a.tif").write_text("left by a Mac")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = evaluate(pred, truth)
    assert result.complete
    table = result.per_image.set_index("image")
    assert list(table.index) == ["a", "b"]
    assert table.loc["a", "dsb"] == 1
    assert table.loc["b", "pixel_iou"] == pytest.approx(2 / 6)
    assert result.overall.mean["pixel_iou"] == pytest.approx((1 + 2 / 6) / 2)
    assert result.by_modality == {}


def test_reads_the_output_folder_of_segment(tmp_path):
    out = tmp_path / "out"
    write(out / "labels", a=ONE)
    write(out / "overlays", a=TWO)
    assert evaluate(out, write(tmp_path / "truth", a=ONE)).overall.mean["dsb"] == 1


def test_missing_prediction_scores_as_empty(tmp_path):
    truth = write(tmp_path / "truth", a=ONE, b=TWO)
    with pytest.warns(UserWarning, match="no prediction: b"):
        result = evaluate(write(tmp_path / "pred", a=ONE), truth)
    assert not result.complete
    assert result.missing == ("b",)
    assert result.overall.images == 2
    assert result.overall.mean["dsb"] == 0.5
    row = result.per_image.set_index("image").loc["b"]
    expected = score_image(np.zeros_like(TWO), TWO)
    assert {name: row[name] for name in expected} == expected


def test_predictions_of_which_none_is_named_as_an_image_are_refused(tmp_path):
    truth = write(tmp_path / "truth", c_mask=ONE, d_mask=TWO)
    pred = write(tmp_path / "pred", a=ONE, b=TWO)
    with pytest.raises(DatasetError, match=r"no prediction of .* truth: a, b are here, c_mask, d_mask there"):
        evaluate(pred, truth)


def test_names_that_differ_in_words_for_masks_are_paired_and_told(tmp_path):
    truth = write(tmp_path / "truth", a_mask=ONE, b_mask=TWO, c=ONE)
    pred = write(tmp_path / "pred", a=ONE, b_cp_masks=TWO, c=ONE)
    with pytest.warns(UserWarning, match=r"2 label image\(s\) paired .*: a with a_mask, b_cp_masks with b_mask"):
        result = evaluate(pred, truth)
    assert result.complete
    assert list(result.per_image["image"]) == ["a_mask", "b_mask", "c"]
    assert result.overall.mean["dsb"] == 1


def test_extra_prediction_is_told_and_not_scored(tmp_path):
    pred = write(tmp_path / "pred", a=ONE, z=TWO)
    with pytest.warns(UserWarning, match="no truth: z"):
        result = evaluate(pred, write(tmp_path / "truth", a=ONE))
    assert result.extra == ("z",)
    assert result.complete
    assert list(result.per_image["image"]) == ["a"]


def test_bad_predictions_are_told_scored_as_empty_and_the_rest_goes_on(tmp_path):
    pred = write(tmp_path / "pred", a=ONE, small=ONE[:2])
    (pred / "torn.tif").write_bytes((pred / "a.tif").read_bytes()[:20])
    truth = write(tmp_path / "truth", a=ONE, small=ONE, torn=ONE)
    with pytest.warns(UserWarning) as caught:
        result = evaluate(pred, truth)
    assert len(caught) == 2
    assert set(result.bad) == {"small", "torn"}
    assert "(2, 4)" in result.bad["small"]
    assert "(3, 4)" in result.bad["small"]
    assert "torn.tif" in result.bad["torn"]
    assert dict(zip(result.per_image["image"], result.per_image["dsb"], strict=True)) == {"a": 1, "small": 0, "torn": 0}
    assert result.overall.mean["dsb"] == pytest.approx(1 / 3)


def test_bad_truth_is_told_and_left_out(tmp_path):
    truth = write(tmp_path / "truth", a=ONE, b=TWO)
    (truth / "b.tif").write_bytes(b"")
    result = evaluate_quietly(write(tmp_path / "pred", a=ONE, b=TWO), truth)
    assert not result.complete
    assert list(result.bad) == ["b"]
    assert result.per_image.set_index("image").loc["b", "status"] == "bad truth"
    assert (result.overall.images, result.overall.mean["dsb"]) == (1, 1.0)


def test_dataset_gives_modalities_and_splits(tmp_path, dataset):
    pred = write(tmp_path / "pred", **{"007": ONE, "NA": np.zeros_like(TWO), "train_1": ONE})
    everything = evaluate(pred, dataset)
    assert list(everything.by_modality) == ["fluorescence", "histology"]
    assert everything.by_modality["histology"].images == 2
    assert everything.by_modality["histology"].mean["dsb"] == 0.5
    # a prediction of another split is neither scored nor extra
    test_only = evaluate(pred, dataset, split="test")
    assert list(test_only.per_image["image"]) == ["007", "NA"]
    assert test_only.extra == ()
    assert test_only.by_modality["histology"].mean["dsb"] == 0


def test_index_that_names_a_file_that_is_not_there(tmp_path, dataset):
    (dataset / "labels" / "NA.tif").unlink()
    result = evaluate_quietly(write(tmp_path / "pred", **{"007": ONE}), dataset, split="test")
    assert list(result.bad) == ["NA"]
    assert result.overall.images == 1


def test_saves_what_it_holds(tmp_path, dataset):
    pred = write(tmp_path / "pred", **{"007": ONE, "train_1": ONE})
    result = evaluate_quietly(pred, dataset, out=tmp_path / "new" / "scores")
    scores = json.loads((tmp_path / "new" / "scores" / "scores.json").read_text())
    assert scores == result.to_dict()
    assert scores["missing"] == ["NA"]
    assert scores["by_modality"]["fluorescence"]["mean"]["dsb"] == 1
    table = pd.read_csv(tmp_path / "new" / "scores" / "per_image.csv", dtype={"image": str}, keep_default_na=False)
    assert list(table["image"]) == ["007", "NA", "train_1"]
    assert table["dsb"].tolist() == [1, 0, 1]
    written = sorted(path.name for path in (tmp_path / "new" / "scores").iterdir())
    assert written == ["per_image.csv", "per_object.csv", "scores.json"]


def test_says_where_it_cannot_save(tmp_path):
    folder = write(tmp_path / "a", a=ONE)
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputError, match="taken"):
        evaluate(folder, folder, out=tmp_path / "taken")


@pytest.mark.parametrize(
    ("pred", "truth", "options", "message"),
    [
        ("nowhere", "good", {}, "nowhere: no such folder"),
        ("empty", "good", {}, "empty: holds no label image"),
        ("good", "good", {"split": "test"}, "no index.csv, so no split 'test'"),
        ("good", "dataset", {"split": "tset"}, "no split 'tset'; known splits: test, train"),
        ("twice", "good", {}, "a.png and a.tif share a stem"),
    ],
)
def test_refuses_what_cannot_be_scored(tmp_path, dataset, pred, truth, options, message):
    write(tmp_path / "good", a=ONE)
    write(tmp_path / "empty")
    write(tmp_path / "twice", a=ONE)
    PillowImage.fromarray(ONE).save(tmp_path / "twice" / "a.png")
    with pytest.raises(DatasetError, match=message):
        evaluate(tmp_path / pred, tmp_path / truth, **options)


@pytest.mark.parametrize(
    ("index", "message"),
    [("", "the table is empty"), ("name,split\na,test\n", "column 'id' is missing"), ("id,split\n", "lists no image")],
)
def test_refuses_a_bad_index(tmp_path, index, message):
    truth = tmp_path / "truth"
    write(truth / "labels", a=ONE)
    (truth / "index.csv").write_text(index)
    with pytest.raises(DatasetError, match=message):
        evaluate(write(tmp_path / "pred", a=ONE), truth)


def test_refuses_when_all_truth_is_bad(tmp_path):
    truth = tmp_path / "truth"
    truth.mkdir()
    (truth / "a.tif").write_bytes(b"II")
    with pytest.raises(DatasetError, match="no image could be scored"):
        evaluate(write(tmp_path / "pred", a=ONE), truth)


@pytest.mark.slow
@pytest.mark.skipif(not DSB2018.is_dir(), reason="the dsb2018 dataset is not beside the repository")
def test_truth_against_itself_is_perfect(tmp_path):
    index = pd.read_csv(DSB2018 / "index.csv").groupby("modality").head(3)
    truth = tmp_path / "truth"
    (truth / "labels").mkdir(parents=True)
    index.to_csv(truth / "index.csv", index=False)
    for stem in index["id"]:
        (truth / "labels" / f"{stem}.png").write_bytes((DSB2018 / "labels" / f"{stem}.png").read_bytes())
    result = evaluate(truth / "labels", truth)
    assert set(result.by_modality) == {"fluorescence", "histology", "brightfield"}
    assert result.overall.n_true == result.overall.n_pred == index["nuclei"].sum()
    for summary in (result.overall, *result.by_modality.values()):
        assert set(summary.mean.values()) == set(summary.pooled.values()) == {1.0}


def test_summaries_by_any_column_and_intervals_by_field_of_view(tmp_path, dataset):
    index = pd.read_csv(dataset / "index.csv", dtype=str, keep_default_na=False)
    index.assign(stain=["x", "", "x"], field_of_view=["1", "2", "1"]).to_csv(dataset / "index.csv", index=False)
    pred = write(tmp_path / "pred", **{"007": ONE, "NA": np.zeros_like(TWO), "train_1": ONE})
    result = evaluate(pred, dataset, by=["stain", "split"])
    assert list(result.by) == ["modality", "stain", "split"]
    assert {name: one.images for name, one in result.by["stain"].items()} == {"unknown": 1, "x": 2}
    assert (result.overall.images, result.overall.groups) == (3, 2)
    # two fields of view: the mean is 0, 2/3 or 1, as the bad one is drawn twice, once or never
    assert result.overall.mean_interval["dsb"] == (0, 1)
    assert result.by["stain"]["x"].mean_interval == {}
    with pytest.raises(DatasetError, match=r"no column 'lens' to summarise by; known columns: split, modality, stain"):
        evaluate(pred, dataset, by=["lens"])


def test_threshold_decides_what_is_matched(tmp_path):
    truth = write(tmp_path / "truth", a=np.full((2, 10), 1, np.uint16))
    pred = write(tmp_path / "pred", a=np.where(np.arange(10) < 6, 3, 0)[None].repeat(2, axis=0).astype(np.uint16))
    objects = evaluate(pred, truth).per_object
    assert objects["outcome"].tolist() == ["matched", "matched"]
    assert objects["matched_label"].tolist() == [3, 1]
    # distances from the truth: six zeros, 1, 2, 3, 4, each twice
    assert objects["hausdorff_95"].tolist() == [4, 4]
    strict = evaluate(pred, truth, threshold=0.7)
    assert strict.per_object["outcome"].tolist() == ["outline", "outline"]
    assert strict.per_object["best_iou"].tolist() == [0.6, 0.6]
    assert strict.per_object["matched_iou"].tolist() == [0, 0]
    assert strict.per_object["boundary_f"].isna().all()
    assert strict.overall.errors["true_outline"] == 1
    odd = evaluate(pred, truth, threshold=0.62)
    assert (odd.overall.mean["f1_62"], odd.overall.mean["f1_60"]) == (0, 1)


@pytest.mark.parametrize(
    ("bad", "message"),
    [(ONE / 2, "fractions"), (COLOURS, "colours"), (ONE.astype(np.int64) << 31, "above")],
)
def test_what_is_no_label_image_is_named_and_counted(tmp_path, bad, message):
    truth = write(tmp_path / "truth", a=ONE, b=ONE)
    pred = write(tmp_path / "pred", a=ONE)
    np.save(pred / "b.npy", bad) if bad.dtype == np.int64 else tifffile.imwrite(pred / "b.tif", bad)
    result = evaluate_quietly(pred, truth)
    assert message in result.bad["b"]
    assert result.overall.mean["dsb"] == 0.5


def test_per_object_agrees_with_per_image(tmp_path):
    rng = np.random.default_rng(0)
    truth = np.kron(rng.integers(0, 30, (8, 8)), np.ones((6, 6))).astype(np.uint16)
    pred = np.where(rng.random(truth.shape) < 0.8, np.roll(truth, 2, axis=1), 0).astype(np.uint16)
    result = evaluate_quietly(write(tmp_path / "pred", a=pred), write(tmp_path / "truth", a=truth))
    table, row = result.per_object, result.per_image.iloc[0]
    for kind, lonely in (("true", "fn_50"), ("pred", "fp_50")):
        part = table[table["kind"] == kind]
        assert (len(part), (part["outcome"] == "matched").sum()) == (row[f"n_{kind}"], row["tp_50"])
        assert (part["outcome"] != "matched").sum() == row[lonely]
        assert part["area"].tolist() == [({"true": truth, "pred": pred}[kind] == k).sum() for k in part["label"]]
        for label, best, iou in part[["label", "best_label", "best_iou"]].itertuples(index=False):
            one, others = ((truth, pred), (pred, truth))[kind == "pred"]
            ious = {
                k: ((one == label) & (others == k)).sum() / ((one == label) | (others == k)).sum()
                for k in np.unique(others)
                if k
            }
            assert iou == pytest.approx(max(ious.values(), default=0))
            assert iou == 0 or ious[best] == pytest.approx(iou)
