"""Randomised trees: they fit what they have seen, agree with scikit-learn's on what they have not, and survive JSON."""

import json

import numpy as np
import pytest

from hooke.classify.trees import Forest, grow_forest


def clouds(seed, count=300):
    """Two interleaved classes with a third apart, and two columns of noise."""
    rng = np.random.default_rng(seed)
    of = rng.integers(0, 3, count)
    angle = rng.uniform(0, np.pi, count) + np.pi * (of == 1)
    moons = np.stack([np.cos(angle) + 0.5 * (of == 1), np.sin(angle) + 0.25 * (of == 1)], axis=1)
    moons[of == 2] += 4
    noise = rng.normal(0, 0.25, (count, 4))
    noise[:, :2] += moons
    return noise.astype(np.float32), of


def test_as_accurate_as_scikit_learn():
    oracle = pytest.importorskip("sklearn.ensemble")
    features, of = clouds(0)
    others, truth = clouds(1)
    forest = grow_forest(features, of, np.ones(len(of)), trees=100, rng=np.random.default_rng(0))
    assert (forest.predict(features).argmax(axis=1) == of).all()
    reference = oracle.ExtraTreesClassifier(100, random_state=0).fit(features, of)
    ours, theirs = (np.mean(one == truth) for one in (forest.predict(others).argmax(axis=1), reference.predict(others)))
    assert ours == pytest.approx(theirs, abs=0.03)


def test_json_gives_the_same_forest_back():
    features, of = clouds(2, 80)
    forest = grow_forest(features, of, np.ones(len(of)), trees=5, rng=np.random.default_rng(0))
    again = Forest.from_dict(json.loads(json.dumps(forest.to_dict())))
    others = clouds(3)[0]
    np.testing.assert_allclose(again.predict(others), forest.predict(others), atol=1e-6)


def test_weights_decide_where_features_do_not():
    features, of = np.zeros((4, 2), np.float32), np.array([0, 0, 0, 1])
    forest = grow_forest(features, of, np.array([1, 1, 1, 9.0]), trees=3, rng=np.random.default_rng(0))
    np.testing.assert_allclose(forest.predict(features)[0], [0.25, 0.75])


def test_a_walk_that_would_never_end_is_refused():
    told = {"roots": [0], "feature": [0], "threshold": [0.5], "left": [0], "right": [0], "shares": [[0.5, 0.5]]}
    with pytest.raises(ValueError, match="do not make trees"):
        Forest.from_dict(told)
