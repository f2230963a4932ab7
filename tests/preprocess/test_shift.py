"""The shift of a plane, of sizes that OpenCV enlarges to odd ones, to even ones and not at all."""

import cv2
import numpy as np
import pytest

from hooke.preprocess.shift import find_shift


def _parts(shape, shift, background):
    """Two views of one blurred field, the second of which shows everything shifted."""
    rows, columns = shape
    field = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 1, (rows + 40, columns + 40)), (0, 0), 2)
    starts = [(20, 20), (20 - shift[0], 20 - shift[1])]
    return [background + 100 * field[top : top + rows, left : left + columns] for top, left in starts]


@pytest.mark.parametrize("window", [True, False])
@pytest.mark.parametrize("shape", [(220, 225), (200, 220), (230, 256), (75, 81)])
@pytest.mark.parametrize("shift", [(0, 0), (3, -5)])
@pytest.mark.parametrize("background", [0, 10000])
def test_a_shift_is_right_for_every_size(shape, shift, background, window):
    before, after = _parts(shape, shift, background)
    assert find_shift(before, after, window=window) == pytest.approx(shift, abs=0.1)


def test_planes_without_anything_and_of_one_row_have_a_shift_without_warnings():
    assert np.isfinite(find_shift(np.zeros((40, 50)), np.ones((40, 50)))).all()
    assert np.isfinite(find_shift(np.arange(20.0)[None], np.arange(20.0)[None])).all()
