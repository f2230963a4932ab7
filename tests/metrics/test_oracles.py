"""Scores against other people's implementations: scikit-learn, torchmetrics, and StarDist's matching."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hooke.metrics import (
    DSB_THRESHOLDS,
    Counts,
    class_quality,
    class_scores,
    count_agreement,
    count_image,
    count_overlap,
    match,
    pixel_accuracy,
    pixel_counts,
    score_image,
)


@st.composite
def pairs(draw, labels=(0, 0, 1, 2, 70_000), side=10):
    truth = draw(hnp.arrays(np.int32, (side // 2, side // 2), elements=st.sampled_from(labels)))
    truth = np.kron(truth, np.ones((2, 2), np.int32))
    noise = draw(hnp.arrays(np.int32, truth.shape, elements=st.sampled_from(labels)))
    kept = draw(hnp.arrays(bool, truth.shape, elements=st.sampled_from([True, True, True, False])))
    return np.where(kept, truth, noise), truth


@given(pairs())
@settings(max_examples=80, deadline=None)
def test_pixels_are_scikit_learns(images):
    sk = pytest.importorskip("sklearn.metrics")
    pred, truth = ((image > 0).ravel() for image in images)
    counts = pixel_counts(count_overlap(*images))
    assert pixel_accuracy(counts, pred.size) == pytest.approx(sk.accuracy_score(truth, pred))
    if not counts.empty:
        assert counts.precision == pytest.approx(sk.precision_score(truth, pred, zero_division=0))
        assert counts.recall == pytest.approx(sk.recall_score(truth, pred, zero_division=0))
        assert counts.f1 == pytest.approx(sk.f1_score(truth, pred, zero_division=0))
        assert counts.jaccard == pytest.approx(sk.jaccard_score(truth, pred, zero_division=0))


def stardist_matching(pred, truth, threshold):
    """The matching of stardist.matching: relabel, overlap matrix, assignment that counts pairs first."""
    optimize = pytest.importorskip("scipy.optimize")
    overlap = np.zeros((len(np.unique(truth)), len(np.unique(pred))))
    for t, p in zip(
        np.unique(truth, return_inverse=True)[1].ravel(), np.unique(pred, return_inverse=True)[1].ravel(), strict=True
    ):
        overlap[t, p] += 1
    true_pixels, pred_pixels = overlap.sum(1, keepdims=True), overlap.sum(0, keepdims=True)
    scores = overlap / (true_pixels + pred_pixels - overlap)
    scores = scores[1 if 0 in truth else 0 :, 1 if 0 in pred else 0 :]
    n_true, n_pred = scores.shape
    if not min(n_true, n_pred) or scores.max() < threshold:
        return Counts(0, n_pred, n_true), 0.0
    costs = -(scores >= threshold).astype(float) - scores / (2 * min(n_true, n_pred))
    rows, columns = optimize.linear_sum_assignment(costs)
    kept = scores[rows, columns] >= threshold
    tp = int(kept.sum())
    return Counts(tp, n_pred - tp, n_true - tp), scores[rows, columns][kept].sum()


@given(pairs(), st.sampled_from([0.1, 0.3, 0.5, 0.6, 0.75, 0.9]))
@settings(max_examples=100, deadline=None)
def test_matches_are_stardists(images, threshold):
    matching = match(count_overlap(*images), threshold)
    counts, iou_sum = stardist_matching(*images, threshold)
    assert matching.counts == counts
    if threshold >= 0.5:
        assert matching.iou.sum() == pytest.approx(iou_sum)


CLASSES = np.array(["", "a", "b"])


@given(pairs(labels=(0, 0, 1, 2, 3, 4), side=12))
@settings(max_examples=25, deadline=None)
def test_panoptic_quality_by_class_is_torchmetrics(images):
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchmetrics.functional.detection")
    pred, truth = images
    category = np.array([0, 1, 1, 2, 2])  # labels 1 and 2 are of class a, 3 and 4 of class b
    # Its colours are (category, instance); background is one "stuff" category.
    colours = [
        torch.tensor(np.stack([category[image], np.where(image > 0, image, 0)], axis=-1))[None] for image in images
    ]
    theirs = functional.panoptic_quality(
        *colours, things={1, 2}, stuffs={0}, return_per_class=True, return_sq_and_rq=True
    )
    overlap = count_overlap(pred, truth)
    ours = class_quality(overlap, CLASSES[category[overlap.pred_ids]], CLASSES[category[overlap.true_ids]])
    for name, expected in zip("ab", theirs[0, :2] if theirs.ndim == 3 else theirs[:2], strict=True):
        if name in ours:
            quality = ours[name]
            assert (quality.pq, quality.sq, quality.rq) == pytest.approx(tuple(expected.tolist()), abs=1e-6)


def test_class_scores_by_hand():
    a, b, c = (np.array([name]) for name in "abc")
    right = count_overlap([[1, 1, 0]], [[1, 1, 0]])
    # image 1: found, right class; image 2: found as another class; image 3: nothing true, one invented
    nothing = count_overlap([[1, 0, 0]], [[0, 0, 0]])
    scores = class_scores([(right, a, a), (right, b, a), (nothing, c, np.array([], dtype=str))])
    assert (scores.bpq, scores.mpq) == (1, 0.5)
    assert {name: one.counts for name, one in scores.per_class.items()} == {
        "a": Counts(1, 0, 1), "b": Counts(0, 1, 0), "c": Counts(0, 1, 0),
    }  # fmt: skip
    assert scores.mpq_pooled == pytest.approx((2 / 3 + 0 + 0) / 3)
    assert scores.confusion.loc["a"].to_dict() == {"a": 1, "b": 1, "c": 0, "none": 0}
    assert scores.confusion.loc["none", "c"] == 1
    assert scores.accuracy == 0.5


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=20))
@settings(max_examples=80, deadline=None)
def test_counting_is_scikit_learns(numbers):
    sk = pytest.importorskip("sklearn.metrics")
    pred, true = zip(*numbers, strict=True)
    agreement = count_agreement(pred, true)
    assert agreement.mae == pytest.approx(sk.mean_absolute_error(true, pred))
    assert agreement.bias == pytest.approx(np.mean(pred) - np.mean(true), abs=1e-9)
    if len(set(true)) > 1:
        assert agreement.r2 == pytest.approx(sk.r2_score(true, pred))
    else:
        assert np.isnan(agreement.r2)


@pytest.mark.parametrize(("pred", "truth", "expected"), [(0, 0, 1.0), (1, 0, 0.0), (0, 1, 0.0), (5, 70_000, 1.0)])
def test_one_pixel_and_empty_images(pred, truth, expected):
    scores = score_image([[pred]], [[truth]])
    for name in ("dsb", "pq", "aji", "aji_plus", "boundary_f", "point_f1", "f1_50", "pixel_iou"):
        assert scores[name] == expected


def test_more_than_65535_objects():
    truth = np.zeros((520, 520), np.int32)
    truth[::2, ::2] = np.arange(1, 260 * 260 + 1).reshape(260, 260)
    counts = count_image(np.where(truth > 66_000, 0, truth), truth)
    missed = 260 * 260 - 66_000
    assert (counts["fn_50"], counts["true_missed"], counts["small_fn"]) == (missed, missed, missed)
    assert counts["boundary_true"] == 260 * 260
    assert counts["point_fn"] == missed


def test_any_threshold():
    scores = score_image([[1, 1, 1, 0]], [[1, 1, 1, 1]], threshold=0.8, thresholds=(*DSB_THRESHOLDS, 0.62, 0.625))
    assert {name: scores[name] for name in ("f1_62", "f1_62.5", "f1_80")} == {"f1_62": 1, "f1_62.5": 1, "f1_80": 0}
    assert scores["true_outline"] == 1
