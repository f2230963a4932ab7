import numpy as np
import pytest

from hooke.models.scale import scale_for


@pytest.mark.parametrize(
    ("diameter", "scale"), [(16, 1), (20, 1), (40, 1), (8, 2), (80, 0.5), (0.1, 8), (40_000, 1 / 16)]
)
def test_objects_outside_the_band_are_brought_to_its_nearer_end(diameter, scale):
    assert scale_for(diameter, (16, 40)) == scale


def test_a_diameter_measured_a_little_differently_gives_the_same_scale():
    scales = [scale_for(diameter, (28, 32)) for diameter in np.geomspace(5, 200, 400)]
    steps = np.unique(scales)
    assert np.log2(steps[1:] / steps[:-1]) == pytest.approx(1 / 16)
    brought = np.array(scales) * np.geomspace(5, 200, 400)
    assert brought.min() > 28 * 2 ** (-1 / 32) - 1e-6 and brought.max() < 32 * 2 ** (1 / 32) + 1e-6
