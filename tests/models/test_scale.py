import pytest

from hooke.models.scale import scale_for


@pytest.mark.parametrize(
    ("diameter", "scale"), [(16, 1), (20, 1), (40, 1), (8, 2), (80, 0.5), (0.1, 8), (40_000, 1 / 16)]
)
def test_objects_outside_the_band_are_brought_to_its_nearer_end(diameter, scale):
    assert scale_for(diameter, (16, 40)) == scale
