"""Pixel scores, the flat dictionary of all scores, and summaries over images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hooke.metrics import (
    aggregate,
    aggregate_by,
    count_overlap,
    dsb_score,
    pixel_accuracy,
    pixel_counts,
    score_counts,
    score_image,
)

IMAGES = hnp.arrays(np.int32, (5, 6), elements=st.sampled_from([0, 0, 1, 2, 70_000]))


@given(IMAGES, IMAGES)
@settings(max_examples=100, deadline=None)
def test_pixel_scores_are_those_of_two_masks(pred, truth):
    counts = pixel_counts(count_overlap(pred, truth))
    found, there = pred > 0, truth > 0
    both, either = (found & there).sum(), (found | there).sum()
    assert counts.jaccard == pytest.approx(both / either if either else 1)
    assert counts.f1 == pytest.approx(2 * both / (found.sum() + there.sum()) if either else 1)
    assert counts.precision == pytest.approx(both / found.sum() if found.any() else float(not either))
    assert counts.recall == pytest.approx(both / there.sum() if there.any() else float(not either))
    assert pixel_accuracy(counts, pred.size) == pytest.approx((found == there).mean())


def test_perfect_prediction_under_other_labels_scores_1_throughout():
    truth = np.array([[1, 1, 0], [0, 5, 5]])
    scores = score_image(np.where(truth, truth + 65_536, 0), truth)
    assert all(scores[name] == 1 for name in score_counts(scores))


def test_score_image_is_made_of_plain_numbers_and_agrees_with_the_functions():
    truth = np.kron(np.arange(12).reshape(3, 4), np.ones((5, 5), int))
    pred = np.roll(truth, 1, axis=1)
    scores = score_image(pred, truth)
    assert {type(value) for value in scores.values()} <= {int, float}
    assert scores["dsb"] == pytest.approx(dsb_score(count_overlap(pred, truth)))
    # eleven squares of 25 pixels moved by one: 20 shared of 30, except those in the last column, which wrap around
    assert scores["n_true"] == scores["n_pred"] == 11
    assert (scores["tp_65"], scores["fp_65"], scores["fn_65"]) == (11, 0, 0)
    assert (scores["tp_70"], scores["fp_70"], scores["fn_70"]) == (0, 11, 11)
    assert scores["f1_65"] == scores["rq"] == 1
    assert scores["dsb"] == pytest.approx(0.4)
    assert scores["sq"] == pytest.approx(20 / 30)


def test_empty_prediction_and_both_empty():
    truth = np.array([[1, 1], [0, 2]])
    missed = score_image(np.zeros_like(truth), truth)
    assert {name: missed[name] for name in score_counts(missed) if missed[name]} == {"pixel_accuracy": 0.25}
    nothing = score_image(np.zeros_like(truth), np.zeros_like(truth))
    assert set(score_counts(nothing).values()) == {1.0}


def test_aggregate_means_images_and_pools_counts():
    # 4 objects all found; 1 object missed and 1 invented elsewhere
    found = score_image([[1, 0, 2, 0, 3, 0, 4]], [[1, 0, 2, 0, 3, 0, 4]])
    missed = score_image([[1, 0, 0]], [[0, 0, 1]])
    summary = aggregate([found, missed])
    assert (summary.images, summary.n_true, summary.n_pred) == (2, 5, 5)
    assert summary.mean["ap_50"] == 0.5
    assert summary.pooled["ap_50"] == pytest.approx(4 / 6)
    assert summary.mean["dsb"] == 0.5
    assert summary.pooled["dsb"] == pytest.approx(4 / 6)
    assert summary.pooled["aji"] == pytest.approx(4 / 6)
    assert summary.pooled["pq"] == pytest.approx(4 / 5)
    assert summary.mean["pixel_precision"] == 0.5
    assert summary.pooled["pixel_precision"] == pytest.approx(4 / 5)
    assert summary.pooled["pixel_accuracy"] == pytest.approx(8 / 10)


def test_pooled_scores_are_those_of_the_images_side_by_side():
    rng = np.random.default_rng(1)
    truth = [np.kron(rng.integers(0, 9, (4, 4)), np.ones((5, 5), int)) for _ in range(4)]
    pred = [np.where(rng.random(t.shape) < 0.7, t, 0) for t in truth]
    summary = aggregate([score_image(p, t) for p, t in zip(pred, truth, strict=True)])
    apart = [1000 * k for k in range(4)]
    mosaic = [np.hstack([np.where(x, x + k, 0) for x, k in zip(xs, apart, strict=True)]) for xs in (pred, truth)]
    assert summary.pooled == pytest.approx(score_counts(score_image(*mosaic)))


def test_aggregate_by_column():
    rows = [
        {"modality": "histology", **score_image([[0]], [[1]])},
        {"modality": "fluorescence", **score_image([[1]], [[1]])},
        {"modality": "histology", **score_image([[1]], [[1]])},
    ]
    groups = aggregate_by(rows, "modality")
    assert list(groups) == ["fluorescence", "histology"]
    assert [(g.images, g.mean["dsb"]) for g in groups.values()] == [(1, 1.0), (2, 0.5)]


def test_nothing_to_aggregate():
    with pytest.raises(ValueError, match="no image"):
        aggregate([])
