"""The demo's real image is the one that its README says, small enough to be shipped."""

from __future__ import annotations

import numpy as np
from skimage import data

from hooke.datasets.simulation.fields import REAL, write_samples
from hooke.io import read_image


def test_the_real_image_is_that_of_scikit_image_but_for_jpeg(tmp_path):
    (path,) = (path for path in write_samples(tmp_path) if path.stem == "immunohistochemistry")
    written, original = read_image(path).pixels, data.immunohistochemistry()
    assert written.shape == original.shape
    assert np.abs(written.astype(float) - original).mean() < 3


def test_it_is_small_and_says_whence_it_is():
    assert REAL.stat().st_size < 100_000
    assert "no known copyright" in (REAL.parent / "README.md").read_text()
