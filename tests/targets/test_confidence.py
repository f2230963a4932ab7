"""Confidence: traits are what a loop over objects finds, the fit finds the weights that made the data."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.datasets import simulate
from hooke.targets import SplitLine
from hooke.targets.confidence import Traits, fit_score, predict_score


@pytest.fixture(scope="module")
def maps():
    labels = simulate((160, 200), seed=3, density=0.3).labels
    rng = np.random.default_rng(0)
    return np.clip(SplitLine().encode(labels)[:3] * 0.8 + rng.uniform(0, 0.15, (3, 160, 200)), 0, 1)


def test_traits_of_each_object_by_a_loop(maps):
    decoded = SplitLine().decode(maps)
    assert len(decoded.traits) == len(decoded.scores) == decoded.labels.max() > 5
    for label in range(1, decoded.labels.max() + 1):
        inside = decoded.labels == label
        foreground, split, highest = maps[0][inside].mean(), maps[1][inside].mean(), maps[2][inside].max()
        expected = [np.log(foreground / (1 - foreground)), np.log(split + 1e-3), np.log(highest / (1 - highest))]
        assert decoded.traits[label - 1] == pytest.approx(expected, abs=2e-3)


def test_traits_do_not_depend_on_the_pieces_they_are_gathered_in(maps):
    labels = SplitLine().decode(maps).labels
    sixteen = [np.rint(one * 65535).astype(np.uint16) for one in maps]
    whole, pieces = (Traits(int(labels.max())) for _ in range(2))
    whole.add(labels, *sixteen)
    for top in range(0, 160, 37):
        pieces.add(labels[top : top + 37], *(one[top : top + 37] for one in sixteen))
    assert np.allclose(whole.table(), pieces.table())
    assert (whole.area == np.bincount(labels.ravel(), weights=labels.ravel() > 0)).all()


def test_an_object_of_extremes_has_finite_traits():
    labels = np.ones((4, 4), np.int32)
    full, none = np.full((4, 4), 65535, np.uint16), np.zeros((4, 4), np.uint16)
    traits = Traits(1)
    traits.add(labels, full, none, full)
    assert np.isfinite(traits.table()).all()


def test_the_fit_finds_the_weights_that_made_the_data():
    rng = np.random.default_rng(1)
    table = rng.normal(size=(20_000, 3)) * (1, 2, 0.5) + (3, -4, 0)
    weights = (0.4, 0.8, -0.2, 1.5)
    shares = predict_score(table, weights)
    noisy = rng.beta(shares * 8, (1 - shares) * 8)
    assert fit_score(table, noisy) == pytest.approx(weights, abs=0.05)


def test_the_fit_agrees_with_logistic_regression_on_yes_and_no():
    minimize = pytest.importorskip("scipy.optimize").minimize
    rng = np.random.default_rng(2)
    table = rng.normal(size=(400, 3))
    answer = (rng.random(400) < predict_score(table, (0.2, 1, -1, 0.5))).astype(float)

    def loss(weights):
        line = weights[0] + table @ weights[1:]
        return (np.logaddexp(0, line) - answer * line).sum()

    expected = minimize(loss, np.zeros(4)).x
    assert fit_score(table, answer, penalty=0.0) == pytest.approx(expected, abs=1e-4)


def test_scores_come_from_the_weights_and_low_ones_are_dropped(maps):
    scheme = SplitLine(score_weights=(-2.0, 1.0, -0.2, 0.5))
    decoded = scheme.decode(maps)
    assert decoded.scores == pytest.approx(predict_score(decoded.traits, scheme.score_weights), abs=1e-6)
    middle = float(np.median(decoded.scores))
    strict = scheme.decode(maps, min_score=middle)
    assert len(strict.scores) == (decoded.scores >= middle).sum()
    assert strict.scores.min() >= middle
    assert set(np.unique(strict.labels)) == set(range(len(strict.scores) + 1))
