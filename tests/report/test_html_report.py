"""The report of an evaluation: one file, complete in itself, that shows what went wrong where it did."""

from __future__ import annotations

import itertools
import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import PIL.Image
import pytest
import tifffile

from hooke.evaluation import evaluate
from hooke.evaluation.saved_evaluation import read_run
from hooke.io import open_image
from hooke.io.entry import Entry
from hooke.report.html import render_report, write_report
from hooke.report.html.gallery import Subject, draw_subject
from hooke.report.html.images import ImageFinder

VOID = {"meta", "link", "br", "input", "img", "hr"}


class Page(HTMLParser):
    """Reads a page and checks that its elements nest."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.text = [], [], ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag, **attrs):
        return [one for name, one in self.elements if name == tag and attrs.items() <= one.items()]


def square(*boxes, shape=(40, 60)):
    labels = np.zeros(shape, np.uint16)
    for label, (top, left, side) in enumerate(boxes, 1):
        labels[top : top + side, left : left + side] = label
    return labels


@pytest.fixture
def folders(tmp_path):
    """Three images: one right, one with a missed and a spurious object, one without a prediction."""
    truth, pred = tmp_path / "truth", tmp_path / "pred"
    for folder in (truth / "images", truth / "labels", pred / "labels"):
        folder.mkdir(parents=True)
    true = {
        "good": square((5, 5, 10), (5, 30, 12)),
        "half": square((5, 5, 10), (20, 40, 9)),
        "lost": square((2, 2, 20)),
    }
    found = {"good": true["good"], "half": square((5, 5, 10), (30, 5, 6))}
    for name, labels in true.items():
        tifffile.imwrite(truth / "labels" / f"{name}.tif", labels)
        PIL.Image.fromarray((labels > 0).astype(np.uint8) * 200).save(truth / "images" / f"{name}.png")
    for name, labels in found.items():
        tifffile.imwrite(pred / "labels" / f"{name}.tif", labels)
    modality = ["fluorescence", "<b>histology</b>", "fluorescence"]
    pd.DataFrame({"id": [*true], "split": "test", "modality": modality}).to_csv(truth / "index.csv", index=False)
    objects = [("good", 1, 0.9), ("good", 2, 0.8), ("half", 1, 0.7), ("half", 2, 0.1)]
    pd.DataFrame(objects, columns=["image", "label", "score"]).to_csv(pred / "measurements.csv", index=False)
    return pred, truth


@pytest.fixture
def evaluation(folders):
    with pytest.warns(UserWarning, match="no prediction: lost"):
        return evaluate(*folders, resamples=50)


def test_page_is_whole_and_loads_nothing(evaluation, tmp_path):
    write_report(evaluation, tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Page(html)
    assert not re.search(r"https?:|//[a-z]|@import|url\(", re.sub(r"base64,[^\"]*", "", html))
    addresses = [value for _, attrs in page.elements for name, value in attrs.items() if name in ("src", "href")]
    assert all(value.startswith(("#", "data:image/jpeg;base64,")) for value in addresses)
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {value[1:] for value in addresses if value[0] == "#"} <= set(ids)


def test_everything_has_a_text_and_a_caption(evaluation):
    page = Page(render_report(evaluation))
    assert page.all("html", lang="en")
    drawings = page.all("svg")
    assert all(one.get("aria-label") or one.get("aria-hidden") == "true" for one in drawings)
    assert len(page.all("caption")) == len(page.all("table"))
    assert len(page.all("figcaption")) == len(page.all("figure"))
    assert {one["for"] for one in page.all("label")} == {one["id"] for one in page.all("input")}
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_summary_and_breakdown_hold_the_scores(evaluation):
    text = Page(render_report(evaluation)).text
    # good 1, half 1/3, lost 0; at every threshold
    assert evaluation.overall.mean["dsb"] == pytest.approx(4 / 9)
    assert "0.444" in text
    assert "<b>histology</b> (1)" in text  # as text, not as an element
    assert "1 without a prediction, scored as empty: lost." in text
    low, high = evaluation.overall.mean_interval["dsb"]
    assert f"{low:.3f} to {high:.3f}" in text


def test_outlines_tell_what_was_missed_and_what_is_spurious(evaluation):
    page = Page(render_report(evaluation))
    layers = [attrs["class"] for tag, attrs in page.elements if tag == "g" and "class" in attrs]
    # the legend has one line of each; then good: true and pred, half: all four, lost: missed
    assert {layer: layers.count(layer) for layer in ("true", "pred", "missed", "spurious")} == {
        "true": 3,
        "pred": 3,
        "missed": 3,
        "spurious": 2,
    }
    assert "true object 2: missed" in page.text and "predicted object 2: spurious" in page.text
    alts = [one["aria-label"] for one in page.all("svg", **{"class": "outlines"})]
    assert [alt.split()[0] for alt in alts] == ["lost", "half", "good"]  # the worst first
    assert "Without a match: 1 true missed, 1 predicted spurious." in alts[1]
    assert len(page.all("image")) == 3


def test_without_images_labels_are_drawn(evaluation, folders):
    for image in (folders[1] / "images").iterdir():
        image.unlink()
    page = Page(render_report(evaluation))
    assert len(page.all("image")) == 0
    assert len(page.all("svg", **{"class": "outlines"})) == 3


def test_images_are_found_by_the_record_of_the_prediction(evaluation, folders, tmp_path):
    pred, truth = folders
    (truth / "images").rename(tmp_path / "elsewhere")
    (pred / ".hooke").mkdir()
    for name in ("good", "half", "lost"):
        path = str(tmp_path / "elsewhere" / f"{name}.png")
        entry = Entry(name, name, "", path, 0, "", "", "", "", rows=[{"count": 1}])
        (pred / ".hooke" / f"{name}.json").write_text(entry.to_json())
    assert len(Page(render_report(evaluation)).all("image")) == 3
    (pred / ".hooke" / "lost.json").write_text("[]")
    assert len(Page(render_report(evaluation)).all("image")) == 2


def test_the_scene_that_was_segmented_is_shown(tmp_path):
    path = tmp_path / "both.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as file:
        for shape in ((16, 16), (8, 16)):
            file.write(np.full(shape, shape[0], np.uint8), photometric="minisblack")
    first, second = open_image(path).scenes
    (tmp_path / "out" / ".hooke").mkdir(parents=True)
    for name, scene in (("one", first), ("two", second)):
        entry = Entry(name, "both", scene, str(path), 0, "", "", "", "", rows=[{"count": 1}])
        (tmp_path / "out" / ".hooke" / f"{name}.json").write_text(entry.to_json())
    finder = ImageFinder(tmp_path / "truth", tmp_path / "out")
    assert (finder.read("one", (16, 16)) == 16).all()
    assert (finder.read("two", (8, 16)) == 8).all()


def test_other_runs_join_the_curve(evaluation, tmp_path):
    evaluation.save(tmp_path / "before & <after>")
    page = Page(render_report(evaluation, [read_run(tmp_path / "before & <after>")]))
    assert "before & <after>" in page.text
    assert "this run" in page.text


def test_score_is_held_against_the_iou(evaluation):
    text = Page(render_report(evaluation)).text
    # bins: 0.1 with IoU 0; 0.7, 0.8, 0.9 with IoU 1: (0.1 + 0.3 + 0.2 + 0.1) / 4
    assert "mean difference of score and IoU over ten bins 0.175" in text
    # ranks 1 2 3 4 against 1 3 3 3
    assert "(Spearman) 0.775" in text


def test_plain_folders_without_scores_or_matches(tmp_path):
    for folder, labels in (("pred", square()), ("truth", square())):
        (tmp_path / folder).mkdir()
        tifffile.imwrite(tmp_path / folder / "a.tif", labels)
    text = Page(render_report(evaluate(tmp_path / "pred", tmp_path / "truth"))).text
    assert "The predicted objects have no score." in text
    assert "they need two groups" in text


def test_classes_have_a_confusion_matrix(folders):
    pred, truth = folders
    (truth / "classes.json").write_text(json.dumps({"good": {"1": "round", "2": "long"}, "half": {"1": "long"}}))
    (pred / "classes.json").write_text(json.dumps({"good": {"1": "round", "2": "round"}, "half": {"1": "long"}}))
    with pytest.warns(UserWarning):
        page = Page(render_report(evaluate(pred, truth, resamples=0)))
    assert "true class" in page.text
    assert page.all("td", style="--shade:100%")


def test_a_large_image_shows_where_the_errors_are():
    truth = np.zeros((3000, 2500), np.int32)
    truth[10:20, 10:20] = 1
    truth[2700:2720, 2300:2330] = 2
    pred = np.where(truth == 1, 1, 0)
    columns = ["kind", "label", "outcome", "centroid_y", "centroid_x"]
    rows = [("true", 1, "matched", 14.5, 14.5), ("pred", 1, "matched", 14.5, 14.5), ("true", 2, "missed", 2709, 2314)]
    objects = pd.DataFrame(rows, columns=columns)
    html = draw_subject(Subject("a", "It.", pred, truth, objects, np.zeros((3000, 2500), np.uint8)))
    page = Page(html)
    (drawing,) = page.all("svg")
    assert drawing["viewbox"] == "0 0 1024 1024"  # the parser lowers the case
    assert "Rows 1536 to 2560" not in html and "true object 2: missed" in page.text
    assert not [one for one in page.all("g") if one["class"] == "true"]  # the object that was found lies elsewhere
    assert len(html) < 100_000
