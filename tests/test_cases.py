"""Everything that reads, scores or makes label images gives the figures of the catalogue of cases."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.labels.objects import find_objects
from hooke.labels.overlap import count_overlap
from hooke.labels.painter import Mask, paint
from hooke.labels.run_length import decode_pairs, encode_objects
from hooke.labels.runs import find_runs
from hooke.measure import measure
from hooke.metrics import aggregated_jaccard, dsb_score, find_outcomes, match, panoptic_quality, score_image
from hooke.targets import SplitLine
from tests.cases import CASES, cases

MANY = "more than 65535 ids"
of_each_case = pytest.mark.parametrize("case", CASES, ids=str)
of_each_case_of_few_objects = pytest.mark.parametrize("case", cases(MANY), ids=str)


def test_the_drawings_hold_what_their_figures_say():
    for case in CASES:
        for labels, areas in ((case.pred, case.pred_areas), (case.truth, case.true_areas)):
            ids, counts = np.unique(labels[labels > 0], return_counts=True)
            assert dict(zip(ids.tolist(), counts.tolist(), strict=True)) == areas
        assert set(case.pred_outcomes) == set(case.pred_areas)
        assert set(case.true_outcomes) == set(case.true_areas)
        assert sum(outcome == "matched" for outcome in case.true_outcomes.values()) == len(case.matched)


# --- metrics ------------------------------------------------------------------------------------------------------


@of_each_case
def test_overlap(case):
    overlap = count_overlap(case.pred, case.truth)
    pairs = zip(overlap.pred_ids[overlap.pair_pred].tolist(), overlap.true_ids[overlap.pair_true].tolist(), strict=True)
    assert dict(zip(pairs, overlap.intersection.tolist(), strict=True)) == case.shared
    assert dict(zip(overlap.pred_ids.tolist(), overlap.pred_areas.tolist(), strict=True)) == case.pred_areas
    assert dict(zip(overlap.true_ids.tolist(), overlap.true_areas.tolist(), strict=True)) == case.true_areas
    assert overlap.pixels == case.pred.size


@pytest.mark.slow
@of_each_case
def test_matching(case):
    matching = match(count_overlap(case.pred, case.truth), 0.5)
    pairs = zip(matching.pred_ids.tolist(), matching.true_ids.tolist(), strict=True)
    assert dict(zip(pairs, matching.iou.tolist(), strict=True)) == pytest.approx(
        {pair: float(iou) for pair, iou in case.matched.items()}
    )
    found = len(case.matched)
    assert (matching.counts.tp, matching.counts.fp, matching.counts.fn) == (
        found,
        len(case.pred_areas) - found,
        len(case.true_areas) - found,
    )


@of_each_case
def test_outcomes(case):
    overlap, objects = count_overlap(case.pred, case.truth), find_objects(case.truth)
    outcomes = find_outcomes(overlap, match(overlap, 0.5), objects.touches_object)
    assert dict(zip(overlap.pred_ids.tolist(), outcomes.pred.tolist(), strict=True)) == case.pred_outcomes
    assert dict(zip(overlap.true_ids.tolist(), outcomes.true.tolist(), strict=True)) == case.true_outcomes


@of_each_case
def test_scores(case):
    """Panoptic quality is its equation; all scores lie in 0..1, and are 1 for the truth itself."""
    overlap = count_overlap(case.pred, case.truth)
    quality = panoptic_quality(overlap)
    # Pairs of more than half: those of exactly a half do not count for panoptic quality.
    sure = [iou for iou in case.matched.values() if iou > 0.5]
    whole = (len(case.pred_areas) + len(case.true_areas)) / 2
    if whole:
        assert quality.pq == pytest.approx(float(sum(sure) / whole))
        assert 0 <= dsb_score(overlap) <= 1
        assert 0 <= aggregated_jaccard(overlap).aji <= 1
    perfect = score_image(case.truth, case.truth)
    assert perfect["pq"] == perfect["dsb"] == perfect["aji"] == (1 if case.true_areas else perfect["pq"])


# --- label images as data -----------------------------------------------------------------------------------------


@of_each_case
def test_objects_and_runs(case):
    objects, runs = find_objects(case.truth), find_runs(case.truth)
    ids = objects.ids.tolist()
    assert dict(zip(ids, objects.areas.tolist(), strict=True)) == case.true_areas
    assert set(objects.ids[objects.touches_object].tolist()) == case.touching
    assert set(objects.ids[objects.touches_border].tolist()) == case.at_border
    painted = np.zeros_like(case.truth)
    for index, row, start, stop in zip(runs.index, runs.row, runs.start, runs.stop, strict=True):
        painted[row, start:stop] = runs.ids[index]
    np.testing.assert_array_equal(painted, case.truth)
    for id_, (top, left, bottom, right) in list(zip(ids, objects.boxes.tolist(), strict=True))[:100]:
        ys, xs = np.nonzero(case.truth == id_)
        assert (top, left, bottom, right) == (ys.min(), xs.min(), ys.max() + 1, xs.max() + 1)


@of_each_case
def test_measurements(case):
    table = measure(case.truth, None)
    assert dict(zip(table["label"].tolist(), table["area"].tolist(), strict=True)) == case.true_areas


@of_each_case_of_few_objects
@pytest.mark.parametrize("rule", ["first", "smallest", "highest_score"])
def test_painting_the_objects_gives_the_labels_back(case, rule):
    objects = find_objects(case.truth)
    masks = [
        Mask(case.truth[top:bottom, left:right] == id_, top, left, str(id_), score=0.5)
        for id_, (top, left, bottom, right) in zip(objects.ids.tolist(), objects.boxes.tolist(), strict=True)
    ]
    painting = paint(masks, case.truth.shape, rule)
    ids = np.concatenate([[0], objects.ids])
    np.testing.assert_array_equal(ids[painting.labels], case.truth)
    assert not painting.hidden
    assert not painting.conflicts


def test_painting_more_objects_than_16_bits_can_number():
    masks = [Mask(np.ones((1, 1), np.bool_), top, left) for top in range(270) for left in range(250)]
    np.testing.assert_array_equal(paint(masks, (270, 250), "first").labels, cases()[-1].truth)


@of_each_case_of_few_objects
@pytest.mark.parametrize("order", ["F", "C"])
def test_run_lengths_give_the_masks_back(case, order):
    texts = encode_objects(case.truth, order)
    assert len(texts) == len(case.true_areas)
    for id_, text in zip(sorted(case.true_areas), texts, strict=True):
        np.testing.assert_array_equal(decode_pairs(text, case.truth.shape, order), case.truth == id_)


# --- targets ------------------------------------------------------------------------------------------------------


@of_each_case_of_few_objects
def test_targets_give_the_objects_back(case):
    """Objects of a few pixels leave no seed: each pixel of the drawing becomes a square of 12."""
    labels = np.kron(case.truth, np.ones((12, 12), np.int32))
    scheme = SplitLine()
    maps = scheme.encode(labels)
    np.testing.assert_array_equal(maps[0] > 0.5, labels > 0)
    assert maps[1].any() == bool(case.touching)
    found = scheme.decode(maps, diameter=12).labels  # holes as large as a square of the drawing stay
    matching = match(count_overlap(found, labels), 0.9)
    assert (matching.counts.tp, matching.counts.fp, matching.counts.fn) == (len(case.true_areas), 0, 0)
    np.testing.assert_array_equal(found > 0, labels > 0)
