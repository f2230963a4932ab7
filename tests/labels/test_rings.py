"""Outlines along the edges of pixels: filled they give the same pixels, and every polygon is valid."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from hooke.labels import fill_rings, trace_polygons
from tests.cases import cases

shapely = pytest.importorskip("shapely", reason="needs shapely, an independent judge of polygons")

small_labels = arrays(np.int32, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 3))


def check(labels):
    traced = trace_polygons(labels)
    assert list(traced) == np.unique(labels[labels > 0]).tolist()
    for label, polygons in traced.items():
        mask = labels == label
        pieces, _ = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
        assert len(polygons) == pieces - 1  # the background counts as one
        filled = np.zeros(labels.shape, bool)
        for outline, *holes in polygons:
            polygon = shapely.Polygon(outline, holes)
            assert polygon.is_valid, shapely.is_valid_reason(polygon)
            assert polygon.exterior.is_ccw
            assert not any(hole.is_ccw for hole in polygon.interiors)
            filled |= fill_rings([outline, *holes], *labels.shape)
        assert (filled == mask).all()
        area = sum(shapely.Polygon(outline, holes).area for outline, *holes in polygons)
        assert area == np.count_nonzero(mask)


@pytest.mark.parametrize("case", cases("more than 65535 ids"), ids=str)
def test_outlines_enclose_the_pixels_of_every_case(case):
    check(case.truth)
    check(case.pred)


@settings(deadline=None)
@given(small_labels)
def test_outlines_enclose_the_pixels_of_any_labels(labels):
    check(labels)


def test_pixels_that_touch_at_a_corner_are_two_polygons():
    polygons = trace_polygons(np.array([[5, 0], [0, 5]]))[5]
    assert [[ring.tolist() for ring in polygon] for polygon in polygons] == [
        [[[0, 0], [1, 0], [1, 1], [0, 1]]],
        [[[1, 1], [2, 1], [2, 2], [1, 2]]],
    ]


def test_outlines_cross_the_bands_of_a_large_image():
    labels = np.zeros((2_200, 1_000), np.int32)
    labels[:, 3:7] = 9
    ((ring,),) = trace_polygons(labels)[9]
    assert ring.tolist() == [[3, 0], [7, 0], [7, 2_200], [3, 2_200]]
