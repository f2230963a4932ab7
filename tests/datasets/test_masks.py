"""Joining masks: windows anywhere, overlaps to the first, every conflict noted."""

from __future__ import annotations

import hypothesis.extra.numpy as arrays
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hooke.datasets.adapter import Conflict
from hooke.datasets.masks import LabelPainter

windows = st.tuples(
    arrays.arrays(bool, arrays.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=9)),
    st.integers(-6, 12),
    st.integers(-6, 12),
)


@given(st.lists(windows, max_size=6))
def test_any_masks_are_painted_as_pixel_by_pixel(masks):
    painter = LabelPainter((8, 9))
    expected = np.zeros((8, 9), int)
    for number, (mask, top, left) in enumerate(masks):
        pixels = [(y + top, x + left) for y, x in np.argwhere(mask)]
        free = [(y, x) for y, x in pixels if 0 <= y < 8 and 0 <= x < 9 and expected[y, x] == 0]
        id_ = painter.add(str(number), mask, top, left)
        assert (id_ is None) == (not free)
        for y, x in free:
            expected[y, x] = id_
    np.testing.assert_array_equal(painter.labels, expected)
    assert len(painter.names) == expected.max()
    assert sum(painter.oddities.values()) == len(painter.conflicts)


def test_each_overlap_is_noted_with_its_pixels():
    painter = LabelPainter((3, 6))
    painter.add("a", np.ones((3, 2), bool))
    painter.add("b", np.ones((3, 2), bool), left=2)
    assert painter.add("c", np.ones((1, 4), bool), top=1, left=1) == 3
    assert painter.add("d", np.ones((1, 2), bool), top=1, left=2) is None
    assert painter.conflicts == [
        Conflict("overlap", "c", "a", 1, "left to the first"),
        Conflict("overlap", "c", "b", 2, "left to the first"),
        Conflict("overlap", "d", "b", 2, "left to the first"),
        Conflict("hidden", "d", "", 2, "dropped"),
    ]
