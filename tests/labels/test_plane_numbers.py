"""Numbers that continue from plane to plane, and those that don't: of joined, single, moving and restarted objects."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.labels.plane_numbers import is_numbered_by_plane, number_planes_apart


def squares(places, numbers, shape=(40, 60)):
    plane = np.zeros(shape, np.int32)
    for (top, left), number in zip(places, numbers, strict=True):
        plane[top : top + 6, left : left + 6] = number
    return plane


PLACES = [(2, 2), (2, 20), (20, 2), (20, 20), (20, 40)]


@pytest.mark.parametrize(
    ("planes", "expected"),
    [
        ([squares(PLACES, range(1, 6))] * 3, False),
        ([squares(PLACES[k:], range(1, 6 - k)) for k in range(3)], True),  # one object less begins to count again
        ([squares(PLACES, np.arange(1, 6) + 5 * k) for k in range(3)], True),
        ([squares(PLACES, [1, 2, 3, 4, 5]), squares(PLACES, [1, 2, 3, 4, 6])], False),  # cut once, by accident
        ([squares(PLACES, range(1, 6)), np.roll(squares(PLACES, range(1, 6)), 9, axis=1)], False),  # moved far
        ([squares(PLACES, range(1, 6)), squares([], [])], False),
        ([squares([], [])] * 2, False),
    ],
)
def test_numbers_continue_where_objects_keep_theirs(planes, expected):
    assert is_numbered_by_plane(np.stack(planes)) is expected
    assert is_numbered_by_plane(np.stack(planes)[:, None]) is expected  # along the axis that has several planes


def test_planes_of_two_stacks_are_not_neighbours():
    first, second = squares(PLACES, range(1, 6)), squares(PLACES, range(11, 16))
    assert not is_numbered_by_plane(np.stack([[first, first], [second, second]]))
    assert not is_numbered_by_plane(first)


def test_objects_of_each_plane_get_numbers_of_their_own():
    labels = np.stack([squares(PLACES, [3, 1, 9, 4, 5]), squares(PLACES[:2], [9, 3])])
    apart, ids = number_planes_apart(labels)
    assert np.unique(apart[apart > 0]).tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert (np.array([0, *ids])[apart] == labels).all()
