"""Detection by points against plain loops, assignment against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hooke.metrics import Counts, find_objects, inner_points, match_points_by_distance, match_points_in_masks

LABELS = hnp.arrays(np.int32, (5, 7), elements=st.sampled_from([0, 0, 1, 3, 70_000]))
POINTS = hnp.arrays(float, st.tuples(st.integers(0, 8), st.just(2)), elements=st.floats(-2, 8, width=16))


@given(POINTS, LABELS)
@settings(max_examples=150, deadline=None)
def test_a_mask_is_claimed_by_the_first_point_in_it(points, truth):
    claimed, found = set(), []
    for index, (y, x) in enumerate(points):
        row, column = int(np.floor(y + 0.5)), int(np.floor(x + 0.5))
        inside = 0 <= row < truth.shape[0] and 0 <= column < truth.shape[1]
        label = truth[row, column] if inside else 0
        if label and label not in claimed:
            claimed.add(label)
            found.append((index, label))
    matching = match_points_in_masks(points, truth)
    assert sorted(zip(matching.pred.tolist(), matching.true.tolist(), strict=True)) == found
    n_true = len(np.unique(truth[truth > 0]))
    assert matching.counts == Counts(len(found), len(points) - len(found), n_true - len(found))


@pytest.mark.parametrize("point", [(np.nan, 0), (np.inf, 0), (-0.6, 0), (0, 1e300)])
def test_a_point_outside_finds_nothing(point):
    assert match_points_in_masks([point], np.ones((2, 2), int)).counts == Counts(0, 1, 1)


@given(POINTS, POINTS, st.sampled_from([0.5, 2.0, 5.0]))
@settings(max_examples=80, deadline=None)
def test_most_pairs_of_least_distance(points, true_points, reach):
    optimize = pytest.importorskip("scipy.optimize")
    distance = np.hypot(*(points[:, None] - true_points[None]).transpose(2, 0, 1))
    # A pair out of reach costs more than all others together.
    cost = np.where(distance <= reach, distance, 1e4)
    rows, columns = optimize.linear_sum_assignment(cost)
    kept = distance[rows, columns][distance[rows, columns] <= reach]
    matching = match_points_by_distance(points, true_points, reach)
    assert matching.counts == Counts(len(kept), len(points) - len(kept), len(true_points) - len(kept))
    assert distance[matching.pred, matching.true].sum() == pytest.approx(kept.sum())


def test_distance_must_be_positive():
    with pytest.raises(ValueError, match="over 0"):
        match_points_by_distance([], [], 0)


@given(LABELS)
@settings(max_examples=80, deadline=None)
def test_inner_points_lie_in_their_objects(labels):
    objects = find_objects(labels)
    for label, (y, x) in zip(objects.ids, inner_points(labels, objects), strict=True):
        assert labels[int(np.floor(y + 0.5)), int(np.floor(x + 0.5))] == label


def test_inner_point_of_a_ring_is_on_it():
    ring = np.ones((5, 5), int)
    ring[1:4, 1:4] = 0
    assert inner_points(ring, find_objects(ring)).tolist() == [[0, 2]]
