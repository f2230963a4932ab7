"""`benchmarks/abroad.py`: scores by kind, variants that share predictions, intervals, ranks, and a whole run."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

import hooke
from hooke.datasets import simulate, write_sample
from hooke.io import read_labels, write_labels
from hooke.models import Model

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
NAMES = ("abroad", "abroad_scores", "abroad_sources", "abroad_variants")


@pytest.fixture(scope="module")
def bench():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("abroad")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def parts(bench):
    return {name: sys.modules[name] for name in NAMES}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two simulated images in the place of dsb2018's."""
    folder = tmp_path_factory.mktemp("data") / "dsb2018"
    rows = []
    for seed, split in enumerate(("val", "val", "test")):
        drawn = simulate((96, 96), seed=seed, bits=8)
        write_sample(folder, f"s{seed}", drawn.image, drawn.labels)
        rows.append((f"s{seed}", split, "fluorescence", f"s{seed}", 96, 96, int(drawn.labels.max())))
    columns = ["id", "split", "modality", "field_of_view", "height", "width", "nuclei"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "index.csv", index=False)
    return folder.parent


def square(labels, label, top, left, side):
    labels[top : top + side, left : left + side] = label


def test_scores_of_one_kind(parts):
    truth, found = np.zeros((60, 60), np.int32), np.zeros((60, 60), np.int32)
    square(truth, 1, 0, 0, 20)  # a nucleus, found one pixel too small all along two sides
    square(found, 1, 0, 0, 19)
    square(truth, 2, 30, 0, 20)  # a nucleus, missed
    square(truth, 3, 0, 40, 4)  # a micronucleus, found
    square(found, 2, 0, 40, 4)
    square(found, 3, 30, 40, 5)  # nothing true, of a micronucleus' size
    square(found, 4, 40, 40, 18)  # nothing true, of a nucleus' size
    kinds = {1: "nucleus", 2: "nucleus", 3: "micronucleus"}
    score = parts["abroad_scores"].score
    nuclei, micro = (score(found, truth, kinds, kind) for kind in ("nucleus", "micronucleus"))
    assert (nuclei["n_true"], nuclei["n_found"], nuclei["tp"]) == (2, 2, 1)
    assert (micro["n_true"], micro["n_found"], micro["tp"]) == (1, 2, 1)
    assert nuclei["ap_50"] == pytest.approx(1 / 3) and micro["dsb"] == pytest.approx(1 / 2)
    # 361/400 = 0.9025: found at all thresholds but 0.95, where it is one more of each error
    assert nuclei["dsb"] == pytest.approx(0.9 / 3)
    assert nuclei["ratios"] == [0.95] and micro["ratios"] == [1.0]
    whole = score(found, truth, {}, "")
    assert (whole["n_true"], whole["n_found"], whole["tp"]) == (3, 4, 2)
    assert whole["dsb"] == pytest.approx(hooke.metrics.score_image(found, truth)["dsb"])


def test_pooled_scores_and_intervals(parts):
    scores = parts["abroad_scores"]
    one = {"n_true": 4, "n_found": 2, "tp": 2, "ap_50": 0.5, "ap_75": 0.5, "dsb": 0.4, "ratios": [0.9, 1.1]}
    two = {"n_true": 6, "n_found": 8, "tp": 4, "ap_50": 0.4, "ap_75": 0.2, "dsb": 0.2, "ratios": [1.0, 1.2, 1.3, 1.4]}
    rows = [one | {"typical": 1.0}, two | {"typical": None}]
    values = scores.sampled(rows, np.array([[1, 1], [2, 0], [0, 2]]))
    assert values["recall"].tolist() == [0.6, 0.5, pytest.approx(2 / 3)]
    assert values["precision"].tolist() == [0.6, 1.0, 0.5]
    assert values["dsb"].tolist() == pytest.approx([0.3, 0.4, 0.2])
    assert values["diameter"].tolist() == pytest.approx([1.15, 1.0, 1.25])
    assert values["typical"][:2].tolist() == [1.0, 1.0] and np.isnan(values["typical"][2])
    assert scores.interval(np.ones(9)) is None
    low, high = scores.interval(scores.sampled(rows, scores.draw(2))["dsb"])
    assert (low, high) == pytest.approx((0.2, 0.4))


def test_ranks_share_ties(parts):
    ranks = parts["abroad_scores"].mean_ranks({"a": [0.5, 0.7, 0.7], "b": [0.3, 0.2, 0.1], "c": [np.nan, 0.1, 0.2]})
    assert ranks.tolist() == pytest.approx([7 / 3, 5.5 / 3, 5.5 / 3])


def test_names_of_variants_and_their_settings(parts):
    made = parts["abroad_variants"].variants(
        ["nuclei"], ["min_score=0.3"], ["colour.foreground=0.3,0.4", "diameter_band=[20, 30]"]
    )
    assert [one.name for one in made] == [
        "nuclei min_score=0.3",
        "nuclei min_score=0.3 colour.foreground=0.3",
        "nuclei min_score=0.3 colour.foreground=0.4",
        "nuclei min_score=0.3 diameter_band=[20, 30]",
    ]
    assert made[1].of_part("colour") == {"min_score": 0.3, "foreground": 0.3}
    assert made[1].of_part("grey") == {"min_score": 0.3}
    for wrong in ("green.foreground=1", "grey.min_size=3"):
        with pytest.raises(SystemExit, match="colour"):
            parts["abroad_variants"].variants(["nuclei"], [wrong], [])
    with pytest.raises(SystemExit, match="nuclei: two models"):
        parts["abroad_variants"].variants(["nuclei", "nuclei"], [], [])


def test_variants_of_the_other_network_are_not_segmented_again(bench, parts, data, monkeypatch):
    """On a grey image, only what differs for grey images is segmented; growing is not."""
    settings = ["colour.foreground=0.3", "grey.foreground=0.4", "grow=1"]
    chosen = parts["abroad_variants"].variants(["nuclei"], [], settings)
    seen, plain = [], bench._segment
    monkeypatch.setattr(bench, "_segment", lambda *given: seen.append(given[2].name) or plain(*given))
    case = parts["abroad_sources"].cases(parts["abroad_sources"].SOURCES[0], data / "dsb2018")[0]
    rows = bench._score_case(("", case, chosen, 1))
    assert seen == ["nuclei", "nuclei grey.foreground=0.4"]
    assert rows["nuclei"] == rows["nuclei colour.foreground=0.3"]
    assert rows["nuclei grow=1"]["typical"] > rows["nuclei"]["typical"]


def test_remembered_predictions_give_the_same_objects(parts):
    """A variant that finds everything in memory gives what the changed model gives by itself."""
    variants = parts["abroad_variants"]
    image = simulate((96, 96), seed=4, bits=8).image
    memory = variants.Memory()
    base, low = variants.variants(["nuclei"], [], ["grey.foreground=0.2"])
    models = variants.make_models([base, low], memory)
    before = hooke.segment(image, models[base.name], threads=1)
    assert np.array_equal(before.labels, hooke.segment(image, "nuclei", threads=1).labels)
    bundle = hooke.load_model("nuclei").bundle
    changed = bundle.settings.model_copy(update={"parameters": bundle.settings.parameters | {"foreground": 0.2}})
    alone = Model(replace(bundle, settings=changed))
    found = hooke.segment(image, models[low.name], threads=1)
    assert np.array_equal(found.labels, hooke.segment(image, alone, threads=1).labels)
    assert not np.array_equal(found.labels, before.labels)


@pytest.mark.parametrize(
    ("description", "seen"),
    [
        ({"config": {"hooke": {"training_data": [{"name": "TNBC (Zenodo 1175282), patients other than 04"}]}}}, True),
        ({"config": {"hooke": {"training_data": [{"name": "BBBC039v1"}]}}}, False),
        ({"config": {"hooke": {"training": {"config": {"datasets": [{"path": "data/tnbc", "weight": 1.0}]}}}}}, True),
        ({"config": {"hooke": {"training": {"config": {"datasets": [{"path": "data/tnbc", "train": []}]}}}}}, False),
        ({}, False),
    ],
)
def test_what_a_model_was_trained_on(parts, description, seen):
    assert parts["abroad_sources"].has_seen("tnbc", description) is seen


def test_one_kind_of_object_is_copied_alone(parts, tmp_path):
    labels = np.zeros((20, 20), np.int32)
    labels[2:12, 2:12], labels[14:16, 2:4], labels[14:17, 9:12] = 3, 5, 8
    for folder in ("images", "labels"):
        (tmp_path / "mnfinder" / folder).mkdir(parents=True)
    write_labels(tmp_path / "mnfinder" / "labels" / "a.png", [labels])
    cv2.imwrite(str(tmp_path / "mnfinder" / "images" / "a.png"), np.uint8(labels * 20))
    index = pd.DataFrame({"id": ["a"], "split": ["val"], "modality": ["fluorescence"], "nuclei": [3]})
    index.to_csv(tmp_path / "mnfinder" / "index.csv", index=False)
    kinds = pd.DataFrame({"id": "a", "label": [3, 5, 8], "kind": ["nucleus", "micronucleus", "micronucleus"]})
    kinds.to_csv(tmp_path / "mnfinder" / "kinds.csv", index=False)
    made = parts["abroad_sources"].DATASETS["micronucleus"].prepared(tmp_path, tmp_path / "data")
    source, by_size = parts["abroad_sources"].choose("micronuclei", [], test=False)
    (case,) = parts["abroad_sources"].cases(source, made)
    assert np.array_equal(read_labels(case.labels), np.select([labels == 5, labels == 8], [1, 2]))
    assert pd.read_csv(made / "index.csv")["nuclei"].tolist() == [2]
    (case,) = parts["abroad_sources"].cases(by_size, tmp_path / "mnfinder")
    assert case.kinds == {3: "large", 5: "small", 8: "small"}


def test_every_keeps_four_images(parts, data, tmp_path):
    sources = parts["abroad_sources"]
    rows = [(f"i{number}", "val", "fluorescence") for number in range(20)]
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
        for id_, *_ in rows:
            (tmp_path / folder / f"{id_}.png").touch()
    pd.DataFrame(rows, columns=["id", "split", "modality"]).to_csv(tmp_path / "index.csv", index=False)
    source = sources.Source("s", "dsb2018", where={"modality": "fluorescence"})
    assert [len(sources.cases(source, tmp_path, every=every)) for every in (1, 2, 5, 100)] == [20, 10, 4, 4]
    assert [one.id for one in sources.cases(sources.SOURCES[0], data / "dsb2018")] == ["s0", "s1"]
    assert [one.id for one in sources.cases(sources.SOURCES[0], data / "dsb2018", test=True)] == ["s2"]
    assert [one.name for one in sources.choose("nuclei", ["mnf"], test=False)] == [
        "mnfinder nuclei",
        "mnfinder micronuclei",
    ]


@pytest.mark.slow
def test_a_whole_run_and_one_beside_it(bench, data, tmp_path, capsys):
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    given = ["--data", str(data), "--cache", str(tmp_path), "--threads", "1"]
    bench.main([*given, "--scan", "grey.min_score=0.99", "--trained-on", "--results", str(first)])
    text = capsys.readouterr().out
    assert "tnbc: left out" in text and "mean over sources" in text and "| yes" in text
    report = json.loads(first.read_text())
    name, strict = report["variants"]
    here = report["sources"]["dsb2018 fluorescence"]
    assert here[name]["images"] == 2 and here[name]["seen"] is True
    assert here[name]["recall"][0] > 0.8 > here[strict]["recall"][0]
    assert report["overall"][name]["mean_rank"] == 1 and report["overall"][strict]["mean_rank"] == 2
    difference = report["differences"]["dsb2018 fluorescence"][strict]["recall"]
    assert difference[0] == pytest.approx(here[strict]["recall"][0] - here[name]["recall"][0], abs=2e-4)

    bench.main([*given, "--model", "nuclei", "--grow", "2", "--beside", str(first), "--results", str(second)])
    again = json.loads(second.read_text())
    assert again["variants"] == [name, strict, "nuclei grow=2.0"]
    rows = again["sources"]["dsb2018 fluorescence"]
    assert rows[name] == {key: value for key, value in here[name].items() if key != "seen"}
    assert rows["nuclei grow=2.0"]["typical"][0] > here[name]["typical"][0]
    with pytest.raises(SystemExit, match="nothing to score"):
        bench.main([*given, "--source", "tnbc"])
