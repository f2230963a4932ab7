"""Class weights against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.errors import ConfigError
from hooke.training.imbalance import class_weights


def test_inverse_frequency_by_hand():
    # 1/10 and 1/30 have mean 1/15: 1.5 and 0.5
    np.testing.assert_allclose(class_weights([10, 30]), [1.5, 0.5], rtol=1e-6)


def test_a_class_that_does_not_occur_weighs_nothing_and_moves_no_other():
    np.testing.assert_allclose(class_weights([10, 0, 30]), [1.5, 0, 0.5], rtol=1e-6)


def test_effective_number_by_hand():
    # beta 0.5: effective numbers 1, 1.5 and 1.75, so weights 1, 2/3 and 4/7, whose mean is 47/63
    expected = np.array([1, 2 / 3, 4 / 7]) * 63 / 47
    np.testing.assert_allclose(class_weights([1, 2, 3], "effective", beta=0.5), expected, rtol=1e-6)


def test_effective_number_lies_between_none_and_inverse():
    counts = [1185, 1007, 298]
    spread = [np.ptp(class_weights(counts, method)) for method in ("none", "effective", "inverse")]
    assert spread[0] == 0 < spread[1] < spread[2]


@pytest.mark.parametrize(
    ("counts", "method", "beta"), [([0, 0], "inverse", 0.9), ([1], "square", 0.9), ([1], "none", 1)]
)
def test_what_makes_no_weights_is_refused(counts, method, beta):
    with pytest.raises(ConfigError):
        class_weights(counts, method, beta)
