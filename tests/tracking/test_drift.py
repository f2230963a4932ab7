"""The shift of a whole field, from label images and from images with a background far above 0."""

import numpy as np
import pytest

from hooke.tracking.drift import estimate_drift

_SHIFT = (14, -9)
_SIDE = 220


def _frames(background):
    """Label images that have few objects in common, and images that show all of them, before and after a shift."""
    rng = np.random.default_rng(2)
    places = rng.uniform(0, _SIDE + 80, (90, 2))
    row, column = np.mgrid[: _SIDE + 80, : _SIDE + 80]
    labels, image = np.zeros((2, *row.shape), np.int32), np.zeros(row.shape)
    for number, (y, x) in enumerate(places, start=1):
        distance = np.hypot(row - y, column - x)
        image += 100 * np.exp(-(distance**2) / 40)
        for frame, seen in enumerate((range(1, 51), range(41, 91))):
            if number in seen:
                labels[frame][distance <= 6] = number
    first, second = (slice(40, 40 + _SIDE),) * 2, tuple(slice(40 - by, 40 - by + _SIDE) for by in _SHIFT)
    images = [background + image[part] + rng.normal(0, 3, (_SIDE, _SIDE)) for part in (first, second)]
    return labels[0][first], labels[1][second], tuple(np.round(one).astype(np.uint16) for one in images)


@pytest.mark.parametrize("background", [20, 1000, 20000])
def test_a_background_far_above_0_does_not_hold_the_field_where_it_was(background):
    before, after, images = _frames(background)
    assert estimate_drift(before, after, images) == pytest.approx(_SHIFT, abs=1)
