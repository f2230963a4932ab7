"""Relating objects to those of another label image that hold them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import distance_transform_edt

from hooke.datasets import simulate
from hooke.measure import count_children, drop_covered, measure, relate_objects
from tests.cases import cases

CELLS = simulate((96, 128), seed=4, density=0.2, diameter=24).labels
NUCLEI = np.zeros_like(CELLS)
NUCLEI[::3, ::4] = np.arange(1, NUCLEI[::3, ::4].size + 1, dtype=np.int32).reshape(NUCLEI[::3, ::4].shape)


def _by_hand(labels, parents):
    """The same, an object at a time."""
    rows = []
    away = distance_transform_edt(parents == 0) if parents.any() else np.full(parents.shape, np.nan)
    for label in np.unique(labels[labels > 0]):
        inside = parents[labels == label]
        counts = np.bincount(inside[inside > 0], minlength=1)
        parent = int(counts.argmax())
        if parent:
            rows.append((parent, counts[parent] / inside.size, 0.0))
        else:
            rows.append((0, 0.0, away[labels == label].min()))
    return pd.DataFrame(rows, columns=["parent", "parent_share", "parent_distance"], dtype=np.float64)


@pytest.mark.parametrize("case", cases(), ids=str)
def test_parents_shares_and_distances_are_those_counted_by_hand(case):
    labels, parents = (np.asarray(part, np.int32) for part in (case.pred, case.truth))
    found = relate_objects(labels, parents)
    expected = _by_hand(labels, parents)
    assert found["parent"].tolist() == expected["parent"].tolist()
    np.testing.assert_allclose(found["parent_share"], expected["parent_share"])
    np.testing.assert_allclose(found["parent_distance"], expected["parent_distance"], atol=1e-3)


def test_single_pixels_between_cells_belong_to_the_nearest_one():
    found = relate_objects(NUCLEI, CELLS)
    expected = _by_hand(NUCLEI, CELLS)
    assert found["parent"].tolist() == expected["parent"].tolist()
    np.testing.assert_allclose(found["parent_distance"], expected["parent_distance"], atol=1e-3)
    outside = found[found["parent"] == 0]
    y, x = (part[NUCLEI[NUCLEI > 0].argsort()] for part in np.nonzero(NUCLEI))
    for row in outside.iloc[::7].itertuples():
        cell = np.argwhere(row.nearest_parent == CELLS)
        nearest = np.hypot(*(cell - (y[row.Index], x[row.Index])).T).min()
        assert nearest == pytest.approx(row.parent_distance, abs=1e-3)
    assert len(outside) > 100


def test_distances_in_micrometres_need_square_pixels():
    labels, parents = np.array([[1, 0, 0, 0]], np.int32), np.array([[0, 0, 0, 5]], np.int32)
    assert relate_objects(labels, parents, pixel_size_um=(0.5, 0.5))["parent_distance_um"].tolist() == [1.5]
    assert "parent_distance_um" not in relate_objects(labels, parents, pixel_size_um=(0.5, 0.4))


def test_an_object_too_far_from_every_parent_has_none():
    labels, parents = np.zeros((1, 1100), np.int32), np.zeros((1, 1100), np.int32)
    labels[0, 0], labels[0, 600], parents[0, 1050] = 1, 2, 9
    found = relate_objects(labels, parents)
    assert found["nearest_parent"].tolist() == [0, 9]
    assert found["parent_distance"].isna().tolist() == [True, False]


def test_children_are_counted_with_their_pixels_and_parents_without_any_are_there():
    labels = np.array([[1, 1, 2, 0, 3, 0, 0, 0, 4]], np.int32)
    parents = np.array([[8, 8, 8, 8, 0, 0, 0, 20, 0]], np.int32)
    table = pd.concat([measure(labels, None), relate_objects(labels, parents)], axis=1)
    assert count_children(parents, table).to_dict("list") == {
        "label": [8, 20],
        "area": [4, 1],
        "children": [2, 0],
        "children_area": [3, 0],
        "children_nearest": [3, 1],
    }


@pytest.mark.parametrize("empty", ["labels", "parents"])
def test_either_side_may_be_empty(empty):
    labels, parents = np.array([[1, 0]], np.int32), np.array([[0, 1]], np.int32)
    labels, parents = (labels * 0, parents) if empty == "labels" else (labels, parents * 0)
    table = pd.concat([measure(labels, None), relate_objects(labels, parents)], axis=1)
    assert len(table) == (0 if empty == "labels" else 1)
    assert count_children(parents, table)["children"].sum() == 0


@pytest.mark.parametrize(("most", "kept"), [(1.0, [3, 5, 8]), (0.74, [3, 5]), (0.25, [5]), (0.0, [5])])
def test_parents_that_are_objects_themselves_are_left_out(most, kept):
    parents = np.array([[3, 3, 0, 5, 8, 8], [3, 3, 0, 5, 8, 8]], np.int32)
    labels = np.array([[1, 0, 2, 0, 4, 4], [9, 0, 2, 0, 4, 0]], np.int32)  # half of 3, nothing of 5, 3/4 of 8
    before = parents.copy()
    left = drop_covered(parents, labels, most)
    assert np.array_equal(left, np.where(np.isin(parents, kept), parents, 0))
    assert np.array_equal(parents, before)
    if most == 0.74:
        assert relate_objects(labels, left)["nearest_parent"].tolist() == [3, 3, 5, 3]
