"""Bootstrap intervals: drawn by group, the same each time, and wide enough where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.metrics import aggregate, aggregate_by, percentile_interval, resample_groups, score_image

PERFECT, MISSED = score_image([[1, 1]], [[1, 1]]), score_image([[0, 0]], [[1, 1]])


def test_groups_are_drawn_whole_and_as_many_as_there_are():
    groups = ["a", "b", "a", "c"]
    weights = resample_groups(groups, 500, np.random.default_rng(0))
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert weights[:, 0].mean() == pytest.approx(1, abs=0.15)


def test_interval_of_the_mean_is_that_of_the_normal_distribution():
    rng = np.random.default_rng(1)
    values = rng.normal(0.5, 0.1, 400)
    weights = resample_groups([str(k) for k in range(400)], 2000, rng)
    low, high = percentile_interval(weights @ values / weights.sum(axis=1))
    half = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.0015)


def test_same_seed_same_interval_and_it_holds_the_score():
    rows = [PERFECT] * 6 + [MISSED] * 4
    first, again = (aggregate(rows, resamples=300, seed=3) for _ in range(2))
    assert (first.mean_interval, first.pooled_interval) == (again.mean_interval, again.pooled_interval)
    for interval, value in ((first.mean_interval, first.mean), (first.pooled_interval, first.pooled)):
        low, high = interval["f1_50"]
        assert 0 < low < value["f1_50"] < high < 1
    assert first.mean_interval["pixel_accuracy"][1] <= 1


def test_pooled_interval_weighs_objects():
    big = score_image([np.arange(1, 21)], [np.arange(1, 21)])
    rows = [big, MISSED, MISSED]
    summary = aggregate(rows, resamples=2000)
    # three missed images, or three big ones, are drawn often enough to be the ends of the interval
    assert summary.pooled["recall_50"] == pytest.approx(20 / 22)
    assert summary.pooled_interval["recall_50"] == (0, 1)


def test_images_of_one_group_are_one_witness():
    rows = [{"well": "a", **PERFECT}, {"well": "a", **PERFECT}, {"well": "b", **MISSED}, {"well": "", **MISSED}]
    assert aggregate(rows, group="well", resamples=50).groups == 3
    assert aggregate(rows, resamples=50).groups == 4
    alone = aggregate_by(rows, "well", group="well", resamples=50)["a"]
    assert (alone.groups, alone.mean_interval, alone.pooled_interval) == (1, {}, {})


def test_without_resamples_no_interval():
    assert aggregate([PERFECT, MISSED]).mean_interval == {}


def test_summary_counts_errors_sizes_and_numbers():
    summary = aggregate([PERFECT, MISSED])
    assert summary.errors["true_missed"] == 1
    assert sum(summary.errors.values()) == 1
    assert summary.by_size["small"] == {
        "n_true": 2,
        "precision": 1,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "ap": 0.5,
    }
    assert summary.by_size["large"]["n_true"] == 0
    assert (summary.counting.bias, summary.counting.mae) == (-0.5, 0.5)
