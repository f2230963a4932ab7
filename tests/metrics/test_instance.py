"""Matching, AP, DSB score, PQ and AJI against brute force on small images and against values worked out by hand."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linear_sum_assignment

from hooke.metrics import (
    DSB_THRESHOLDS,
    Counts,
    aggregated_jaccard,
    average_precision,
    count_overlap,
    dsb_score,
    match,
    panoptic_quality,
)
from hooke.metrics.matching import assign_pairs

WORTHS = st.sampled_from([0.0, 0.0, 0.25, 0.5, 1.0]) | st.floats(0, 2)


@st.composite
def disturbed_labels(draw):
    """Truth of blocky objects and a prediction that differs from it in some pixels, so that IoU of all sizes occur."""
    coarse = draw(hnp.arrays(np.int32, (3, 4), elements=st.sampled_from([0, 1, 2, 3, 70_000])))
    truth = np.kron(coarse, np.ones((2, 2), np.int32))
    noise = draw(hnp.arrays(np.int32, truth.shape, elements=st.sampled_from([0, 1, 2, 9, 66_000])))
    kept = draw(hnp.arrays(bool, truth.shape, elements=st.sampled_from([True, True, True, False])))
    return np.where(kept, truth, noise), truth


def pixel_sets(labels):
    return {k: {*zip(*np.nonzero(labels == k), strict=True)} for k in np.unique(labels).tolist() if k}


def iou_of(a, b):
    return len(a & b) / len(a | b)


def all_assignments(true, pred):
    """Every way to give each true object a prediction or none, no prediction twice."""
    choices = [*pred, *[None] * len(true)]
    return {tuple(zip(true, order, strict=True)) for order in permutations(choices, len(true))}


def brute_matches(pred_sets, true_sets, threshold):
    """Most pairs, then the largest summed IoU, by trying every assignment."""
    best = (0, 0.0)
    for assignment in all_assignments(true_sets, pred_sets):
        ious = [iou_of(true_sets[t], pred_sets[p]) for t, p in assignment if p is not None]
        ious = [iou for iou in ious if iou >= threshold]
        best = max(best, (len(ious), sum(ious)))
    return best


@given(disturbed_labels(), st.sampled_from([0.05, 0.1, 0.25, 0.4, 0.5, 0.55, 0.6, 0.75, 1.0]))
@settings(max_examples=60, deadline=None)
def test_match_is_the_best_of_all_assignments(images, threshold):
    pred, truth = images
    pred_sets, true_sets = pixel_sets(pred), pixel_sets(truth)
    matching = match(count_overlap(pred, truth), threshold)
    tp, iou_sum = brute_matches(pred_sets, true_sets, threshold)

    assert matching.counts == Counts(tp, len(pred_sets) - tp, len(true_sets) - tp)
    assert matching.iou.sum() == pytest.approx(iou_sum)
    assert len(set(matching.pred_ids.tolist())) == len(set(matching.true_ids.tolist())) == tp
    for p, t, iou in zip(matching.pred_ids.tolist(), matching.true_ids.tolist(), matching.iou, strict=True):
        assert iou == pytest.approx(iou_of(pred_sets[p], true_sets[t]))


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=WORTHS))
@settings(max_examples=200, deadline=None)
def test_assigned_pairs_are_worth_as_much_as_those_of_scipy(worth):
    rows, columns = np.nonzero(worth)
    chosen = assign_pairs(rows, columns, worth[rows, columns])
    assert len(set(rows[chosen])) == len(set(columns[chosen])) == chosen.sum()
    assert worth[rows, columns][chosen].sum() == pytest.approx(worth[linear_sum_assignment(worth, maximize=True)].sum())


def test_pairs_in_a_long_chain_of_rivals():
    # Row k pairs with columns k and k + 1; all shift when the last row wants the column of the one before.
    k = np.arange(3000)
    rows, columns = np.concatenate((k, k)), np.concatenate((k, k + 1))
    worth = np.concatenate((np.full(3000, 1.0), np.full(3000, 0.9999)))
    rows, columns, worth = np.append(rows, 3000), np.append(columns, 0), np.append(worth, 5.0)
    chosen = assign_pairs(rows, columns, worth)
    assert chosen[-1]
    assert worth[chosen].sum() == pytest.approx(5 + 3000 * 0.9999)


@given(disturbed_labels())
@settings(max_examples=60, deadline=None)
def test_panoptic_quality_is_equation_1(images):
    pred_sets, true_sets = map(pixel_sets, images)
    ious = [iou_of(t, p) for t in true_sets.values() for p in pred_sets.values()]
    ious = [iou for iou in ious if iou > 0.5]
    fp, fn = len(pred_sets) - len(ious), len(true_sets) - len(ious)
    expected = sum(ious) / (len(ious) + fp / 2 + fn / 2) if pred_sets or true_sets else 1.0
    assert panoptic_quality(count_overlap(*images)).pq == pytest.approx(expected)


def brute_aji(pred_sets, true_sets):
    """Algorithm 1 of Kumar et al. 2017, line by line."""
    intersection, union, used = 0, 0, set()
    for true in true_sets.values():
        best = max(sorted(pred_sets), key=lambda p: iou_of(true, pred_sets[p]), default=None)
        if best is None or not true & pred_sets[best]:
            union += len(true)
            continue
        intersection += len(true & pred_sets[best])
        union += len(true | pred_sets[best])
        used.add(best)
    union += sum(len(pixels) for p, pixels in pred_sets.items() if p not in used)
    return intersection, union


@given(disturbed_labels())
@settings(max_examples=100, deadline=None)
def test_aggregated_jaccard_is_algorithm_1(images):
    jaccard = aggregated_jaccard(count_overlap(*images))
    assert (jaccard.intersection, jaccard.union) == brute_aji(*map(pixel_sets, images))


@given(disturbed_labels())
@settings(max_examples=40, deadline=None)
def test_aji_plus_is_the_assignment_of_largest_summed_iou(images):
    pred_sets, true_sets = map(pixel_sets, images)
    possible = {}
    for assignment in all_assignments(true_sets, pred_sets):
        pairs = [(true_sets[t], pred_sets[p]) for t, p in assignment if p is not None]
        pairs = [(t, p) for t, p in pairs if t & p]
        intersection = sum(len(t & p) for t, p in pairs)
        total = sum(map(len, pred_sets.values())) + sum(map(len, true_sets.values()))
        iou_sum = round(sum(iou_of(t, p) for t, p in pairs), 9)
        possible.setdefault(iou_sum, set()).add((intersection, total - intersection))
    jaccard = aggregated_jaccard(count_overlap(*images), one_to_one=True)
    assert (jaccard.intersection, jaccard.union) in possible[max(possible)]


def strip(*lengths_and_labels):
    return np.concatenate([np.full(length, label) for length, label in lengths_and_labels])[None]


def test_scores_by_hand():
    # true: 10 pixels each of 1, 2, 3; pred: 8 of 10 of the first, all of the second, none of the third, one invented
    truth = strip((10, 1), (10, 2), (10, 3), (5, 0))
    pred = strip((8, 4), (2, 0), (10, 5), (10, 0), (5, 6))
    overlap = count_overlap(pred, truth)
    assert match(overlap, 0.5).counts == Counts(tp=2, fp=1, fn=1)
    assert match(overlap, 0.8).counts == Counts(tp=2, fp=1, fn=1)  # IoU equal to the threshold counts
    assert match(overlap, 0.85).counts == Counts(tp=1, fp=2, fn=2)
    assert average_precision(overlap, [0.5, 0.85]).tolist() == [2 / 4, 1 / 5]
    # 0.50 … 0.80 are seven thresholds, 0.85 … 0.95 three
    assert dsb_score(overlap) == pytest.approx((7 * 2 / 4 + 3 * 1 / 5) / 10)
    quality = panoptic_quality(overlap)
    assert (quality.sq, quality.rq) == pytest.approx((0.9, 2 / 3))
    assert quality.pq == pytest.approx(1.8 / 3)
    assert aggregated_jaccard(overlap).aji == pytest.approx(18 / (10 + 10 + 10 + 5))


def test_every_threshold_is_reached_by_an_iou_equal_to_it():
    for percent, threshold in zip(range(50, 100, 5), DSB_THRESHOLDS, strict=True):
        overlap = count_overlap(strip((percent, 1), (100 - percent, 0)), strip((100, 1)))
        assert match(overlap, threshold).counts.tp == 1
        assert (average_precision(overlap) == 1).sum() == (percent - 50) // 5 + 1


@pytest.mark.parametrize("swap", [False, True])
def test_two_halves_tie_at_half_and_only_one_matches(swap):
    halves, whole = strip((4, 1), (4, 2)), strip((8, 7))
    pred, truth = (whole, halves) if swap else (halves, whole)
    overlap = count_overlap(pred, truth)
    counts = match(overlap, 0.5).counts
    assert (counts.tp, counts.fp + counts.fn) == (1, 1)
    assert panoptic_quality(overlap).counts.tp == 0  # an IoU of exactly 0.5 is not a match there


def test_below_half_more_pairs_come_before_more_overlap():
    # true 1 has IoU 6/11 with pred 5 and 2/9 with pred 6; true 2 has 3/11 with pred 5: 2/9 + 3/11 < 6/11, but two pairs
    truth = strip((8, 1), (5, 2), (1, 0))
    pred = strip((2, 6), (9, 5), (2, 0), (1, 6))
    matching = match(count_overlap(pred, truth), 0.2)
    assert dict(zip(matching.true_ids.tolist(), matching.pred_ids.tolist(), strict=True)) == {1: 6, 2: 5}
    assert sorted(matching.iou) == pytest.approx([2 / 9, 3 / 11])


def test_aji_lets_two_true_objects_share_a_prediction_and_aji_plus_does_not():
    merged = count_overlap(strip((6, 1)), strip((3, 1), (3, 2)))
    assert aggregated_jaccard(merged).aji == 6 / 12
    assert aggregated_jaccard(merged, one_to_one=True).aji == 3 / 9


def test_one_pixel():
    overlap = count_overlap([[3]], [[1]])
    assert dsb_score(overlap) == panoptic_quality(overlap).pq == aggregated_jaccard(overlap).aji == 1


@pytest.mark.parametrize(
    ("pred", "truth", "expected"), [([[0, 0]], [[0, 0]], 1.0), ([[0, 0]], [[1, 2]], 0.0), ([[1, 2]], [[0, 0]], 0.0)]
)
def test_empty_images(pred, truth, expected):
    overlap = count_overlap(pred, truth)
    quality, counts = panoptic_quality(overlap), match(overlap).counts
    for score in (dsb_score(overlap), quality.pq, quality.sq, quality.rq, aggregated_jaccard(overlap).aji):
        assert score == expected
    assert aggregated_jaccard(overlap, one_to_one=True).aji == expected
    assert counts.precision == counts.recall == counts.f1 == counts.jaccard == expected


@pytest.mark.parametrize("threshold", [0, -0.5, 1.01, float("nan")])
def test_threshold_out_of_range(threshold):
    with pytest.raises(ValueError, match="IoU threshold"):
        match(count_overlap([[1]], [[1]]), threshold)


def test_relabelling_changes_nothing():
    rng = np.random.default_rng(3)
    truth = np.kron(rng.integers(0, 30, (12, 12)), np.ones((4, 4), int))
    pred = np.where(rng.random(truth.shape) < 0.8, truth, 0)
    renamed = np.append(0, rng.permutation(10**6)[:40] + 1)[pred]
    before, after = count_overlap(pred, truth), count_overlap(renamed, truth)
    assert dsb_score(before) == dsb_score(after)
    assert aggregated_jaccard(before, one_to_one=True) == aggregated_jaccard(after, one_to_one=True)
