"""Joining masks: windows anywhere, overlaps by the rule, every conflict noted."""

from __future__ import annotations

from typing import get_args

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooke.errors import ConfigError
from hooke.labels.painter import Conflict, Mask, Rule, paint

windows = st.tuples(
    arrays.arrays(bool, arrays.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=9)),
    st.integers(-6, 12),
    st.integers(-6, 12),
    st.sampled_from([None, 0.25, 0.5]),
)


def priority(mask, rule):
    """The mask with the lowest keeps the pixel."""
    return {"first": 0, "smallest": mask.window.sum(), "highest_score": -(mask.score or 0)}[rule]


@given(st.lists(windows, max_size=6), st.sampled_from(get_args(Rule)))
def test_any_masks_are_painted_as_pixel_by_pixel(given_masks, rule):
    masks = [Mask.crop(pixels, top, left, score=score) for pixels, top, left, score in given_masks]
    best = np.full((8, 9), np.inf)
    expected = np.zeros((8, 9), int)
    for label, (mask, (pixels, top, left, _)) in enumerate(zip(masks, given_masks, strict=True), 1):
        for y, x in np.argwhere(pixels) + np.array([top, left]):
            if 0 <= y < 8 and 0 <= x < 9 and priority(mask, rule) < best[y, x]:
                best[y, x], expected[y, x] = priority(mask, rule), label
    painting = paint(masks, (8, 9), rule)
    np.testing.assert_array_equal(painting.labels, expected)
    seen = sorted(set(expected.ravel().tolist()) - {0})
    assert sorted({*range(1, len(masks) + 1)} - {*painting.hidden}) == seen
    assert sum(painting.oddities.values()) == len(painting.conflicts)
    assert painting.shared == sum(odd.pixels for odd in painting.conflicts if odd.kind == "overlap")
    fast = paint(masks, (8, 9), rule, note_conflicts=False)
    np.testing.assert_array_equal(fast.labels, expected)
    assert (fast.hidden, fast.shared, fast.conflicts) == (painting.hidden, painting.shared, [])
    renumbered = painting.renumber()
    assert renumbered.masks == [masks[label - 1] for label in seen]
    np.testing.assert_array_equal(renumbered.labels, np.searchsorted([0, *seen], expected))


def test_each_overlap_is_noted_with_its_pixels():
    masks = [
        Mask(np.ones((3, 2), bool), name="a"),
        Mask(np.ones((3, 2), bool), left=2, name="b"),
        Mask(np.ones((1, 4), bool), top=1, left=1, name="c"),
        Mask(np.ones((1, 2), bool), top=1, left=2, name="d"),
    ]
    painting = paint(masks, (3, 6), "first")
    assert painting.hidden == [4]
    assert painting.conflicts == [
        Conflict("overlap", "c", "a", 1, "left to the first"),
        Conflict("overlap", "c", "b", 2, "left to the first"),
        Conflict("overlap", "d", "b", 2, "left to the first"),
        Conflict("hidden", "d", "", 2, "dropped"),
    ]


def test_an_unknown_rule_is_refused():
    with pytest.raises(ConfigError, match="no rule 'last'"):
        paint([], (3, 3), "last")


def test_overlaps_of_one_mask_are_noted_in_the_order_of_painting():
    large, small, between = np.ones((1, 6), bool), np.ones((1, 1), bool), np.ones((1, 2), bool)
    masks = [Mask(large, name="large"), Mask(between, left=3, name="between"), Mask(small, name="small")]
    found = paint(masks, (1, 6), "smallest").conflicts
    assert [(odd.mask, odd.other, odd.pixels) for odd in found] == [("large", "small", 1), ("large", "between", 2)]
