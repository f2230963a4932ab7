"""Distances to outlines: as exact within a reach as without one, and the same along a straight edge."""

import numpy as np
import pytest
from scipy import ndimage

from hooke.datasets import simulate
from hooke.labels import OffsetField, offset_outlines


@pytest.mark.parametrize("reach", [0.25, 3.0, 9.0, 9.5, 40.0])
def test_distances_within_a_reach_are_those_of_the_whole_field(reach):
    labels = simulate((150, 170), seed=2, diameter=26, density=0.4, overlap=0.5).labels
    labels[70:90, 100:130], labels[70:90, 130:160] = 1001, 1002  # two that touch
    whole, part = OffsetField.of(labels), OffsetField.of(labels, reach)
    near = np.abs(whole.distance) <= reach
    assert near.any()
    np.testing.assert_allclose(part.distance[near], whole.distance[near], atol=2e-3)
    assert (np.abs(part.distance[~near]) > reach - 2e-3).all()


def test_distance_of_a_large_disk_is_that_to_its_edge():
    rows, columns = np.ogrid[:121, :121]
    from_centre = np.hypot(rows - 60, columns - 60)
    field = OffsetField.of((from_centre <= 40).astype(np.int32), 8.0)
    near = np.abs(from_centre - 40) < 8
    assert np.abs(field.distance - (from_centre - 40))[near].max() < 0.75


def test_outline_moves_by_as_much_wherever_along_a_straight_edge():
    labels = np.zeros((203, 211), np.int32)
    labels[50:, :] = 1
    for pixels in (-1.5, -0.5, 0.5, 1.5):
        moved = offset_outlines(labels, pixels)
        assert len(np.unique(moved.sum(axis=0))) == 1


def test_objects_grow_by_as_much_as_the_distance_to_them_allows():
    labels = np.zeros((64, 64), np.int32)
    labels[20:44, 20:44] = 3
    outside = ndimage.distance_transform_edt(labels == 0)
    grown = offset_outlines(labels, 4.0)
    assert ((grown == 3) == (outside < 5))[4:60, 4:60].mean() > 0.99


def test_no_field_is_cut_beyond_its_reach():
    with pytest.raises(AssertionError, match="beyond the reach"):
        OffsetField.of(np.eye(4, dtype=np.int32), 2.0).cut(3.0)


def test_neighbours_that_grow_stay_apart():
    labels = np.zeros((9, 12), np.int32)
    labels[3:6, 2:5], labels[3:6, 7:10] = 1, 2
    wide = offset_outlines(labels, 2)
    assert set(np.unique(wide)) == {0, 1, 2} and (wide[labels > 0] == labels[labels > 0]).all()
    assert (np.bincount(wide.ravel())[1:] > 20).all()
    assert np.array_equal(offset_outlines(labels, 0), labels)
