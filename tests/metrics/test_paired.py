"""Paired scores of two segmentations: values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.metrics import PairedScores

TRUTH = np.repeat([[1, 0, 2]], [10, 1, 10], axis=1)
ONE = np.where(TRUTH == 2, 5, 0)
CUT = np.where(np.arange(21) == 0, 0, TRUTH)  # a tenth less of the first object: IoU 0.9
NONE = np.zeros_like(TRUTH)


def test_scores_and_objects_of_two_images():
    pairs = PairedScores()
    pairs.add(TRUTH, ONE, TRUTH, "a")
    pairs.add(TRUTH, CUT, TRUTH, "b")
    # Of the second image, one object is lost at the IoU of 0.95: a third in place of 1, one of ten thresholds.
    assert pairs.means == pytest.approx((1, (0.5 + (9 + 1 / 3) / 10) / 2))
    assert pairs.difference == pairs.means[1] - 1
    assert pairs.same_objects == 3 / 4
    assert pairs.interval == pytest.approx((-0.5, (9 + 1 / 3) / 10 - 1))


def test_images_of_one_group_are_drawn_together():
    pairs = PairedScores()
    pairs.add(TRUTH, ONE, TRUTH, "a")
    pairs.add(TRUTH, TRUTH, TRUTH, "a")
    assert pairs.interval == pytest.approx((-0.25, -0.25))


def test_where_neither_finds_anything_they_agree():
    pairs = PairedScores()
    pairs.add(NONE, NONE, TRUTH, "a")
    assert (pairs.means, pairs.same_objects) == ((0, 0), 1)
