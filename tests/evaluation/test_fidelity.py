"""Truth sent through a target scheme and back: what is lost is scored, for every kind of source."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pandas as pd
import pytest
import tifffile

from hooke.errors import DatasetError, ModelError
from hooke.evaluation import evaluate
from hooke.evaluation.fidelity import ThroughScheme
from hooke.evaluation.sources import open_labels
from hooke.report.html import render_report


def disks(*radii):
    """Disks apart, with ids that are not consecutive."""
    labels = np.zeros((100, 100 * len(radii)), np.uint16)
    for number, radius in enumerate(radii):
        cv2.circle(labels, (50 + 100 * number, 50), radius, 7 * (number + 1), -1)
    return labels


@pytest.fixture
def dataset(tmp_path):
    """An image whose disks come back, and one with an object in three pieces, of which three objects come back."""
    folder = tmp_path / "data"
    (folder / "labels").mkdir(parents=True)
    cut = disks(40, 20)
    cut[:, 35:40] = cut[:, 60:65] = 0
    tifffile.imwrite(folder / "labels" / "whole.tif", disks(40, 20))
    tifffile.imwrite(folder / "labels" / "cut.tif", cut)
    rows = [("whole", "fluorescence"), ("cut", "histology")]
    pd.DataFrame(rows, columns=["id", "modality"]).to_csv(folder / "index.csv", index=False)
    return folder


def test_what_is_lost_is_scored_by_modality(dataset, tmp_path):
    result = evaluate(dataset, dataset, through="splitline", out=tmp_path / "scores")
    good, bad = (result.by_modality[name].pooled for name in ("fluorescence", "histology"))
    assert (good["f1_90"], good["sq"]) == (1, 1)
    # No piece of the large disk is half of it: of two true and four predicted objects one pair matches.
    assert (bad["f1_90"], bad["sq"]) == (2 / 6, 1)
    assert json.loads((tmp_path / "scores" / "scores.json").read_text())["through"] == "splitline"


def test_without_it_the_truth_is_right(dataset):
    assert evaluate(dataset, dataset).overall.mean["f1_90"] == 1


def test_the_report_draws_what_was_decoded_and_says_so(dataset):
    page = render_report(evaluate(dataset, dataset, through="splitline"))
    assert "encoded and decoded by splitline" in page
    assert "2 true, 4 predicted objects" in page
    assert "matched IoU, pooled" in page


def test_labels_of_a_source_come_back_renumbered(dataset):
    through = ThroughScheme(open_labels(dataset), "splitline")
    assert through.names == ["cut", "whole"]
    assert "whole" in through
    truth = disks(40, 20)
    np.testing.assert_array_equal(through.read("whole").labels, np.searchsorted([0, 7, 14], truth))


def test_other_schemes_can_be_named_and_unknown_ones_not(dataset):
    assert evaluate(dataset, dataset, through="coordinate").overall.mean["f1_50"] > 0.5
    with pytest.raises(ModelError, match="unknown target scheme 'flows'"):
        evaluate(dataset, dataset, through="flows")


def test_a_stack_is_a_bad_prediction(tmp_path):
    tifffile.imwrite(tmp_path / "stack.tif", np.stack([disks(40)] * 2))
    with pytest.raises(DatasetError, match="stack"):
        ThroughScheme(open_labels(tmp_path), "splitline").read("stack")
