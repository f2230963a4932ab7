"""The features of an object do not depend on which way round it lies."""

import numpy as np

from hooke.classify.features import measure_features


def test_a_turned_image_has_the_same_features():
    rng = np.random.default_rng(0)
    row, column = np.mgrid[:60, :60]
    labels = (np.hypot(row - 29, column - 31) < 5.5).astype(np.int32)
    pixels = rng.random((60, 60, 1)).astype(np.float32)
    first = measure_features(pixels, labels).drop(columns="orientation", errors="ignore")
    turned = measure_features(np.rot90(pixels).copy(), np.rot90(labels).copy())[first.columns]
    np.testing.assert_allclose(turned, first, rtol=1e-4, atol=1e-4)
