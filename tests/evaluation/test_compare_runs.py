"""Comparing runs: intervals and p against arithmetic and normal theory, pairing of images, bad input."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from hooke.errors import DatasetError
from hooke.evaluation.compare import compare_runs
from hooke.evaluation.saved_evaluation import Run, read_run, read_runs
from hooke.report.html import render_comparison

SCORES = {"iou_thresholds": [0.5, 0.75], "overall": {"mean": {"ap_50": 0.8, "ap_75": 0.4}}}


def run(name, dsb, *, groups=None, modality=None, names=None, n_true=5):
    count = len(dsb)
    table = pd.DataFrame({"image": names or [f"im{index:03}" for index in range(count)]})
    if modality is not None:
        table["modality"] = modality
    if groups is not None:
        table["field_of_view"] = groups
    table = table.assign(status="ok", problem="", dsb=dsb, n_true=n_true)
    return Run(name, SCORES, table)


def only(comparison):
    return comparison.differences.iloc[0]


def test_interval_and_p_agree_with_normal_theory():
    rng = np.random.default_rng(1)
    before = rng.uniform(0, 1, 400)
    change = rng.normal(0.02, 0.2, 400)
    test = only(compare_runs([run("a", before), run("b", before + change)], resamples=20_000))
    error = change.std() / math.sqrt(400)
    assert test["difference"] == pytest.approx(change.mean())
    assert test["low"] == pytest.approx(change.mean() - 1.96 * error, abs=0.1 * error)
    assert test["high"] == pytest.approx(change.mean() + 1.96 * error, abs=0.1 * error)
    assert test["p"] == pytest.approx(math.erfc(abs(change.mean()) / error / math.sqrt(2)), abs=0.025)


def test_pairing_sees_what_the_means_hide():
    # Images differ far more from each other than the runs do, but every image gains.
    before = np.linspace(0, 0.9, 30)
    test = only(compare_runs([run("a", before), run("b", before + 0.01 * (1 + np.arange(30) % 2))]))
    assert test["low"] > 0
    assert test["p"] == pytest.approx(2 / 2001)


def test_equal_runs_differ_by_nothing():
    test = only(compare_runs([run("a", np.ones(10)), run("b", np.ones(10))]))
    assert (test["difference"], test["low"], test["high"], test["p"]) == (0, 0, 0, 1)


def test_copies_of_an_image_in_one_group_are_no_further_evidence():
    rng = np.random.default_rng(2)
    a, b = rng.uniform(0, 1, (2, 20))
    names = [f"g{index:02}" for index in range(20)]
    once = only(compare_runs([run("a", a, groups=names), run("b", b, groups=names)]))
    four = [np.repeat(values, 4) for values in (a, b)]
    groups = np.repeat(names, 4).tolist()
    copied = only(compare_runs([run("a", four[0], groups=groups), run("b", four[1], groups=groups)]))
    assert (copied["images"], copied["groups"]) == (80, 20)
    for name in ("difference", "low", "high", "p"):
        assert copied[name] == pytest.approx(once[name])


def test_few_groups_give_no_test():
    comparison = compare_runs(
        [run("a", np.zeros(8), groups=list("aabbccdd")), run("b", np.ones(8), groups=list("aabbccdd"))]
    )
    assert only(comparison)["difference"] == 1
    assert np.isnan(only(comparison)[["low", "high", "p"]].astype(float)).all()
    assert "too few groups" in render_comparison([run("a", np.zeros(8)), run("b", np.ones(8))], comparison)


def test_modalities_are_compared_apart():
    modality = ["x"] * 10 + ["y"] * 10
    change = np.r_[np.full(10, 0.1), np.full(10, -0.1)]
    comparison = compare_runs(
        [run("a", np.full(20, 0.5), modality=modality), run("b", 0.5 + change, modality=modality)]
    )
    table = comparison.differences.set_index("part")["difference"]
    assert table.to_dict() == pytest.approx({"all": 0, "x": 0.1, "y": -0.1})


def test_images_are_paired_by_name_and_left_out_where_a_run_lacks_them():
    first = run("a", [0.1, 0.2, 0.3], names=["p", "q", "r"])
    second = run("b", [0.9, 0.4, np.nan], names=["s", "p", "q"])
    comparison = compare_runs([first, second])
    assert comparison.images == 1
    assert comparison.left_out == {"a": ("q", "r"), "b": ("s",)}
    assert only(comparison)["difference"] == pytest.approx(0.3)
    assert "Left out of a, not scored by every run: 2 images." in render_comparison([first, second], comparison)


def test_runs_that_do_not_belong_together():
    one = run("a", [0.5])
    with pytest.raises(DatasetError, match="one run alone"):
        compare_runs([one])
    with pytest.raises(DatasetError, match="no image in common"):
        compare_runs([one, run("b", [0.5], names=["other"])])
    with pytest.raises(DatasetError, match="a and b have different true objects in im000"):
        compare_runs([one, run("b", [0.5], n_true=6)])
    first, second = (run(name, [0.5, 0.5]) for name in "ab")
    for one, found, missed in ((first, 30, 10), (second, 30, 11)):
        one.per_image[["pixels", "pixel_tp", "pixel_fn"]] = [[100, 35, 5], [100, found, missed]]
    with pytest.raises(DatasetError, match="a and b have different true objects in im001"):
        compare_runs([first, second])
    compare_runs([first, run("c", [0.5, 0.5])])  # saved before pixels were
    second.per_image.loc[1, ["pixel_tp", "pixel_fn"]] = [0, 40]  # another prediction of the same truth
    compare_runs([first, second])


def test_images_without_a_prediction_are_named():
    first, second = run("a", [0.5, 0.5, 0.0]), run("b", [0.5, 0.0, 0.0])
    first.per_image["status"] = ["ok", "ok", "bad prediction"]
    second.per_image["status"] = ["ok", "missing prediction", "missing prediction"]
    comparison = compare_runs([first, second])
    assert comparison.empty == {"a": ("im002",), "b": ("im001", "im002")}
    page = render_comparison([first, second], comparison)
    assert "by b, without a prediction or with a bad one: 2 images." in page


def save(folder, one):
    folder.mkdir(parents=True)
    one.per_image.to_csv(folder / "per_image.csv", index=False)
    (folder / "scores.json").write_text(json.dumps(one.scores))
    return folder


def test_reading_keeps_names_as_text(tmp_path):
    save(tmp_path / "x", run("x", [0.5, np.nan], names=["007", "NA"], groups=["1", ""]))
    back = read_run(tmp_path / "x")
    assert back.name == "x"
    assert back.per_image["image"].tolist() == ["007", "NA"]
    assert back.per_image["field_of_view"].tolist() == ["1", ""]
    assert back.index_columns == ["field_of_view"]
    assert np.isnan(back.per_image["dsb"][1])


def test_folders_of_one_name_are_told_apart(tmp_path):
    folders = [save(tmp_path / where / "scores", run("x", [0.5])) for where in ("before", "after")]
    assert [one.name for one in read_runs(folders)] == ["before/scores", "after/scores"]
    with pytest.raises(DatasetError, match="given twice"):
        read_runs([folders[0], folders[0]])


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"iou_thresholds": [], "overall": {"mean": {}}}'])
def test_bad_scores_are_named(tmp_path, content):
    folder = save(tmp_path / "x", run("x", [0.5]))
    (folder / "scores.json").write_text(content)
    with pytest.raises(DatasetError, match=r"scores\.json"):
        read_run(folder)


def test_bad_tables_are_named(tmp_path):
    folder = save(tmp_path / "x", run("x", [0.5]))
    (folder / "per_image.csv").write_text("image,dsb\na,1\n")
    with pytest.raises(DatasetError, match=r"per_image\.csv"):
        read_run(folder)
    with pytest.raises(DatasetError, match="can't read the scores"):
        read_run(tmp_path / "nowhere")
