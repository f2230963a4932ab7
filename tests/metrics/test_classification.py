"""Scores of a classifier against scikit-learn, and against values counted by hand."""

import numpy as np
import pytest

from hooke.errors import ConfigError
from hooke.metrics.calibration import calibrate, fit_temperature
from hooke.metrics.classification import OTHER, classification_scores, find_curves

NAMES = ["a", "b", "c"]


@pytest.fixture
def answers():
    rng = np.random.default_rng(3)
    true = rng.integers(0, 3, 200)
    raw = rng.normal(size=(200, 3)) + 1.5 * np.eye(3)[true]
    shares = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
    return true, shares.round(2) / shares.round(2).sum(axis=1, keepdims=True)  # ties occur


def test_scores_agree_with_scikit_learn(answers):
    oracle = pytest.importorskip("sklearn.metrics")
    true, shares = answers
    named = shares.argmax(axis=1)
    found = classification_scores(true, shares, NAMES)
    assert found.confusion.to_numpy().tolist() == oracle.confusion_matrix(true, named).tolist()
    assert found.scores["accuracy"] == pytest.approx(oracle.accuracy_score(true, named))
    assert found.scores["balanced_accuracy"] == pytest.approx(oracle.balanced_accuracy_score(true, named))
    for average in ("macro", "micro"):
        expected = oracle.precision_recall_fscore_support(true, named, average=average)[:3]
        got = [found.scores[f"{name}_{average}"] for name in ("precision", "recall", "f1")]
        assert got == pytest.approx(expected)
    assert found.scores["auc_macro"] == pytest.approx(oracle.roc_auc_score(true, shares, multi_class="ovr"))
    for number, name in enumerate(NAMES):
        expected = oracle.average_precision_score(true == number, shares[:, number])
        assert found.per_class.loc[name, "ap"] == pytest.approx(expected)


def test_a_class_that_never_occurs_does_not_spoil_the_means():
    shares = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.6, 0.4, 0.0]])
    found = classification_scores([0, 1, 1], shares, NAMES)
    assert found.scores["accuracy"] == pytest.approx(2 / 3)
    assert found.scores["balanced_accuracy"] == pytest.approx((1 + 0.5) / 2)
    assert found.scores["f1_macro"] == pytest.approx(2 / 3)  # of a and b, both 2/3
    assert np.isnan(found.curves["c"].auc)


def test_calibration_of_a_known_case():
    calibration = calibrate(np.array([0.9, 0.9, 0.6, 0.6]), np.array([True, True, True, False]))
    # |0.9 - 1| and |0.6 - 0.5|, each half of the objects
    assert calibration.ece == pytest.approx(0.1)
    assert calibration.bins["count"].tolist() == [2, 2]


@pytest.mark.slow
def test_temperature_undoes_a_known_scale():
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(20000, 2)) * 2
    shares = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
    true = (rng.random(20000) < shares[:, 1]).astype(int)
    assert fit_temperature(raw * 3, true) == pytest.approx(3, rel=0.06)


def test_images_are_resampled_whole():
    # One image is all right, the other all wrong: the accuracy of a resampled pair is 0, 0.5 or 1.
    shares = np.array([[0.9, 0.1]] * 20)
    found = classification_scores([0] * 10 + [1] * 10, shares, ["a", "b"], ["x"] * 10 + ["y"] * 10)
    assert found.intervals["accuracy"] == (0.0, 1.0)
    alone = classification_scores([0] * 10 + [1] * 10, shares, ["a", "b"])
    assert 0.2 < alone.intervals["accuracy"][0] < 0.5


def test_curve_of_scores_that_say_nothing():
    curves = find_curves(np.array([True, False, True, False]), np.full(4, 0.5))
    assert curves.auc == pytest.approx(0.5)
    assert curves.average_precision == pytest.approx(0.5)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ConfigError, match="a row per object"):
        classification_scores([0, 1], np.ones((2, 3)) / 3, ["a", "b"])
    with pytest.raises(ConfigError):
        classification_scores([], np.zeros((0, 2)), ["a", "b"])


def test_answers_that_are_no_class_are_wrong_and_false_alarms_of_none():
    shares = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.2, 0.8]])
    found = classification_scores([0, 0, 1, 0], shares, ["a", "b"], answers=[0, 2, 1, 1])
    assert found.confusion.to_dict("index") == {"a": {"a": 1, "b": 1, OTHER: 1}, "b": {"a": 0, "b": 1, OTHER: 0}}
    assert found.scores["accuracy"] == found.scores["recall_micro"] == 0.5
    assert found.scores["precision_micro"] == pytest.approx(2 / 3)
    assert found.per_class.loc["a", ["precision", "recall", "f1"]].tolist() == [1, pytest.approx(1 / 3), 0.5]
    assert found.scores["f1_macro"] == pytest.approx((0.5 + 2 / 3) / 2)  # over a and b alone
    # What was the most probable decides calibration: 3 of 4 right.
    assert found.calibration.bins["count"].sum() == 4
    assert (found.calibration.bins["accuracy"] * found.calibration.bins["count"]).sum() == 3


def test_without_probabilities_there_are_no_curves():
    found = classification_scores([0, 1], None, ["a", "b"], answers=[0, 0], resamples=0)
    assert found.scores["accuracy"] == 0.5
    assert found.curves == found.intervals == {}
    assert found.calibration is None
    assert "ece" not in found.scores
    with pytest.raises(ConfigError, match="neither probabilities nor answers"):
        classification_scores([0, 1], None, ["a", "b"])
    with pytest.raises(ConfigError, match="not positions of classes"):
        classification_scores([0, 1], None, ["a", "b"], answers=[0, 3])


def test_intervals_of_each_class():
    # Of two images drawn with replacement: both the good one, both the bad one, or one of each.
    answers = [0, 0, 1, 1]
    found = classification_scores([0, 0, 0, 0], None, ["a", "b"], ["x", "x", "y", "y"], answers=answers)
    assert found.per_class.loc["a", ["recall", "recall_low", "recall_high"]].tolist() == [0.5, 0, 1]
    assert found.per_class.loc["b", ["recall_low", "recall_high"]].tolist() == [0, 0]
