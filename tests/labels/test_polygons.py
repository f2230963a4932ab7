"""Rasterising annotated shapes: exact by pixel centres, smaller on top, cut at the border, and back to the outline."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hooke.datasets.adapter import Sample
from hooke.errors import DatasetError
from hooke.labels.polygons import ellipse, fill_rings, rectangle, to_ring
from hooke.labels.shape_layer import CROSSED, CUT, OUTSIDE, TINY, TOO_FEW_POINTS, ShapeLayer

# Multiples of 1/8 are exact in float32, which is what OpenCV tests points with; none is a pixel's centre line.
coordinate = st.integers(-40, 160).map(lambda eighths: eighths / 8 + 1 / 16)
polygon = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=12).map(np.array)


def inside(ring, y, x):
    """Whether a pixel's centre lies inside, by counting the edges that a ray to the right crosses, one by one."""
    px, py, is_inside = x + 0.5, y + 0.5, False
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if (y0 > py) != (y1 > py) and px < (x1 - x0) * (py - y0) / (y1 - y0) + x0:
            is_inside = not is_inside
    return is_inside


@given(polygon)
@settings(max_examples=60, deadline=None)
def test_a_pixel_is_filled_where_its_centre_is_inside_by_the_even_odd_rule(ring):
    expected = [[inside(ring, y, x) for x in range(18)] for y in range(15)]
    np.testing.assert_array_equal(fill_rings([ring], 15, 18), expected)
    np.testing.assert_array_equal(fill_rings([ring], 9, 11, top=4, left=5), np.array(expected)[4:13, 5:16])


@given(st.lists(polygon, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_an_object_in_pieces_fills_what_each_piece_fills(rings):
    layer = ShapeLayer((15, 18))
    layer.add_polygon("pieces", [[ring] for ring in rings])
    painted = layer.paint().labels
    np.testing.assert_array_equal(painted > 0, np.any([fill_rings([ring], 15, 18) for ring in rings], axis=0))


def test_pieces_and_holes_in_one_polygon_cross_only_where_a_ring_does():
    first, second = rectangle(1, 1, 7, 7), rectangle(9, 9, 14, 13)
    hole = rectangle(2, 2, 5, 5)[::-1]
    bow = np.array([[10.0, 1], [14, 6], [14, 1], [10, 6]])
    layer = ShapeLayer((15, 18))
    layer.add_polygon("as ImageJ has them", [[first, hole, second]])
    layer.add_polygon("a hole that goes round as its outline does", [[first, hole[::-1]]])
    assert layer.notes[CROSSED] == 0
    layer.add_polygon("one piece crosses itself", [[first, hole, bow]])
    assert layer.notes[CROSSED] == 1
    assert layer.paint().labels[10, 10] == 1


@given(st.lists(st.integers(2, 60), min_size=3, max_size=8, unique=True), st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_convex_polygons_agree_with_opencv_point_by_point(angles, seed):
    centre = np.random.default_rng(seed).uniform(8, 12, 2)
    angle = np.sort(angles) / 61 * 2 * np.pi
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) * 7.3 + centre
    contour = ring.astype(np.float32)[:, None]
    distance = np.array(
        [[cv2.pointPolygonTest(contour, (x + 0.5, y + 0.5), True) for x in range(20)] for y in range(20)]
    )
    filled = fill_rings([ring], 20, 20)
    np.testing.assert_array_equal(filled[np.abs(distance) > 1e-4], (distance > 0)[np.abs(distance) > 1e-4])


@given(polygon, coordinate)
@settings(max_examples=40, deadline=None)
def test_a_polygon_cut_in_two_shares_its_pixels_out_without_gap_or_overlap(ring, at):
    # The cut runs between any two corners: halves of the closed outline with one edge in common.
    cut = 1 + int(abs(at)) % (len(ring) - 1)
    halves = [ring[: cut + 1], np.concatenate([ring[cut:], ring[:1]])]
    one, other = (fill_rings([half], 15, 18) for half in halves)
    np.testing.assert_array_equal(one ^ other, fill_rings([ring], 15, 18))


@pytest.mark.parametrize("seed", range(5))
def test_outline_of_a_filled_polygon_fills_the_same_pixels_again(seed):
    """Polygon to label to contour to polygon: OpenCV's contour runs through pixel centres, half a pixel inside."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    radius = 30 + 4 * np.sin(3 * angle + rng.uniform(0, 6))
    ring = np.stack([50 + radius * np.cos(angle), 45 + radius * np.sin(angle)], axis=1)
    layer = ShapeLayer((90, 100))
    layer.add_polygon("a", [[ring]])
    labels = layer.paint().labels
    x, y = ring.T
    area = 0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))  # shoelace formula
    assert labels.sum() == pytest.approx(area, rel=0.01)
    (contour,), _ = cv2.findContours(labels.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    again = ShapeLayer((90, 100))
    again.add_polygon("a", [[to_ring(contour[:, 0].tolist()) + 0.5]])
    repeated = again.paint().labels
    iou = np.count_nonzero(labels & repeated) / np.count_nonzero(labels | repeated)
    assert iou > 0.9  # the contour's own pixels lie on the outline and may fall either way
    # Along the pixels' outer edges the way back is exact.
    big = cv2.resize(labels.astype(np.uint8), None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)
    (contour,), _ = cv2.findContours(big, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    np.testing.assert_array_equal(fill_rings([(contour[:, 0] + 0.5) / 8], 90, 100), labels == 1)


def test_inner_rings_are_holes_and_parts_are_joined():
    layer = ShapeLayer((6, 9))
    ring_with_hole = [rectangle(0, 0, 5, 5), rectangle(1, 1, 4, 4)]
    layer.add_polygon("a", [ring_with_hole, [rectangle(6, 0, 8, 2)]], "donut")
    painting = layer.paint()
    expected = np.zeros((6, 9), int)
    expected[0:5, 0:5] = 1
    expected[1:4, 1:4] = 0
    expected[0:2, 6:8] = 1
    np.testing.assert_array_equal(painting.labels, expected)
    assert painting.classes == {1: "donut"}
    assert [conflict.kind for conflict in painting.conflicts] == ["pieces"]


def test_circles_have_the_area_of_circles():
    mask = fill_rings([ellipse(50, 50, 40, 20)], 100, 100)
    assert mask.sum() == pytest.approx(np.pi * 40 * 20, rel=0.005)
    np.testing.assert_array_equal(mask, mask[::-1, ::-1])


@pytest.mark.parametrize("order", [["cell", "nucleus"], ["nucleus", "cell"]])
def test_the_smaller_of_overlapping_objects_keeps_the_pixels_in_either_order(order):
    shapes = {"cell": rectangle(0, 0, 4, 3), "nucleus": rectangle(1, 1, 3, 2)}
    layer = ShapeLayer((3, 4))
    for name in order:
        layer.add_polygon(name, [[shapes[name]]], name)
    painting = layer.paint()
    ids = {name: id_ for id_, name in painting.classes.items()}
    assert list(ids) == order  # ids count in the order of the source
    assert (painting.labels == ids["nucleus"]).sum() == 2
    assert (painting.labels == ids["cell"]).sum() == 10
    (conflict,) = painting.conflicts
    assert (conflict.kind, conflict.mask, conflict.other) == ("overlap", "cell", "nucleus")
    assert (conflict.pixels, conflict.resolution) == (2, "left to the smaller")
    assert sum(painting.oddities.values()) == 1


def test_of_equal_shapes_the_first_stays_and_the_second_is_noted_as_hidden():
    layer = ShapeLayer((3, 4))
    for name in "ab":
        layer.add_polygon(name, [[rectangle(0, 0, 2, 2)]], name)
    painting = layer.paint()
    assert painting.classes == {1: "a"}
    assert painting.labels.max() == 1
    assert [(conflict.kind, conflict.mask) for conflict in painting.conflicts] == [("overlap", "b"), ("hidden", "b")]


def test_shapes_beyond_the_image_are_cut_or_skipped_and_noted():
    layer = ShapeLayer((4, 5))
    layer.add_polygon("cut", [[rectangle(-2, -2, 2, 1)]])
    layer.add_polygon("outside", [[rectangle(5, 0, 9, 4)]])
    layer.add_mask("cut mask", np.ones((3, 3), bool), top=2, left=3)
    layer.add_mask("outside mask", np.ones((3, 3), bool), top=-3, left=0)
    layer.add_mask("only its empty part is outside", np.pad(np.ones((1, 1), bool), 1), "x", top=-1, left=2)
    painting = layer.paint()
    assert painting.labels.tolist() == [[1, 1, 0, 3, 0], [0, 0, 0, 0, 0], [0, 0, 0, 2, 2], [0, 0, 0, 2, 2]]
    assert layer.notes == {CUT: 2, OUTSIDE: 2}
    assert {CUT, OUTSIDE} <= set(Sample.from_shapes(np.zeros((4, 5)), layer).oddities)


def test_too_few_points_and_shapes_between_pixel_centres_are_noted():
    layer = ShapeLayer((4, 5))
    layer.add_polygon("two points", [[to_ring([[0, 0], [4, 4]])]])
    layer.add_polygon("no point", [[to_ring([])]])
    layer.add_polygon("thin", [[rectangle(1.6, 1.6, 2.4, 2.4)]])
    layer.add_mask("empty", np.zeros((2, 2), bool))
    painting = layer.paint()
    assert not painting.labels.any()
    assert layer.notes[TOO_FEW_POINTS] == 2
    assert sorted((conflict.kind, conflict.mask) for conflict in painting.conflicts) == [
        ("empty", "empty"),
        ("empty", "thin"),
    ]


@pytest.mark.parametrize(
    "points",
    [
        None, 3, "1 2", {"x": 1}, [1, 2, 3], [[1], [2]], [[1, 2], [3]], [["1", "2"], ["3", "4"]], [[1, None]],
        [[True, False]], [[1, float("nan")]], [[float("inf"), 0]], [[1e300, 0]], [[10**400, 0]], [[[1, 2], [3, 4]]],
    ],
)  # fmt: skip
def test_what_is_no_list_of_finite_pairs_is_refused(points):
    with pytest.raises(DatasetError, match="coordinates"):
        to_ring(points)


def test_a_third_coordinate_is_left_out():
    assert to_ring([[1, 2, 0], [3, 4, 0]]).tolist() == [[1, 2], [3, 4]]


def test_a_shape_that_covers_no_pixel_is_noted():
    layer = ShapeLayer((20, 20))
    layer.add_polygon("a", [[rectangle(0.1, 0.1, 0.4, 0.4)]])  # as shares of the image, or in micrometres
    layer.add_polygon("b", [[rectangle(2, 2, 4, 4)]])
    assert layer.notes == {TINY: 1}
    assert layer.paint().labels.max() == 1
