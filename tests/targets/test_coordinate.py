"""The scheme of answers at places: points and label images come back from maps made of known objects."""

import cv2
import numpy as np
import pytest

from hooke.errors import ModelError
from hooke.targets import Coordinate, make_scheme


def draw(shape, *ellipses):
    """Label image of ellipses ((x, y), (half width, half height), angle), later ones on top."""
    labels = np.zeros(shape, np.int32)
    for number, (centre, axes, angle) in enumerate(ellipses, 1):
        cv2.ellipse(labels, centre, axes, angle, 0, 360, number, -1)
    return labels


FIELD = draw(
    (80, 120),
    ((20, 20), (10, 7), 30),
    ((60, 40), (12, 8), 90),
    ((76, 40), (8, 8), 0),  # touches the one before
    ((0, 60), (9, 9), 0),  # cut by the border
    ((110, 70), (6, 4), 0),
)


def iou_of_best(found, true):
    """IoU of each true object with the found object that covers most of it."""
    scores = []
    for label in range(1, true.max() + 1):
        inside = true == label
        best = np.bincount(found[inside]).argmax()
        scores.append((inside & (found == best)).sum() / (inside | (found == best)).sum() if best else 0.0)
    return np.array(scores)


@pytest.mark.parametrize("points", ["maxima", "components"])
def test_decode_gives_back_what_was_encoded(points):
    scheme = Coordinate(nominal_diameter=16, points=points)
    decoded = scheme.decode(scheme.encode(FIELD))
    assert decoded.labels.max() == FIELD.max() == len(decoded.scores)
    assert (iou_of_best(decoded.labels, FIELD) > 0.85).all()
    np.testing.assert_allclose(decoded.scores, 1)


def test_maps_by_hand():
    labels = np.zeros((5, 7), np.int32)
    labels[1:4, 1:6] = 3
    cell, centre = Coordinate().encode(labels)
    assert np.array_equal(cell > 0, labels > 0)
    assert centre[0].max() == 0
    assert centre[2, 3] == 1
    assert centre[1, 1] < centre[2, 2]


@pytest.mark.parametrize("points", ["maxima", "components"])
def test_each_point_lies_in_a_cell_of_its_own(points):
    scheme = Coordinate(nominal_diameter=16, points=points)
    places = scheme.find_points(scheme.encode(FIELD))
    at = FIELD[tuple(np.rint(places).astype(int).T)]
    assert sorted(at.tolist()) == [1, 2, 3, 4, 5]


def test_points_are_middles():
    labels = draw((41, 61), ((30, 20), (9, 9), 0))
    scheme = Coordinate(nominal_diameter=18)
    np.testing.assert_allclose(scheme.find_points(scheme.encode(labels)), [[20, 30]], atol=0.6)


def test_smoothing_makes_one_point_of_a_ragged_cell():
    labels = draw((60, 60), ((30, 30), (16, 10), 20))
    maps = Coordinate().encode(labels)
    ragged = np.clip(maps + np.random.default_rng(0).normal(0, 0.15, maps.shape) * maps, 0, 1)
    assert len(Coordinate(nominal_diameter=26).find_points(ragged)) == 1
    assert len(Coordinate(nominal_diameter=26, smoothing=0, apart=0).find_points(ragged)) > 1


def test_sixteen_bit_maps_mean_the_same():
    scheme = Coordinate(nominal_diameter=16)
    maps = scheme.encode(FIELD)
    integers = np.rint(maps * 65535).astype(np.uint16)
    assert np.array_equal(scheme.decode(maps).labels, scheme.decode(integers).labels)


def test_a_cell_without_a_point_is_none():
    cell = np.zeros((2, 30, 30), np.float32)
    cell[0, 5:25, 5:25] = 0.9
    cell[1, 5:25, 5:25] = 0.2
    assert Coordinate().decode(cell).labels.max() == 0
    assert len(Coordinate().find_points(cell)) == 0


def test_small_and_unsure_cells_are_dropped():
    scheme = Coordinate(nominal_diameter=16)
    maps = scheme.encode(FIELD)
    smallest = np.bincount(FIELD.ravel())[1:].min()
    assert len(scheme.decode(maps, min_size=smallest + 1).scores) == 4
    assert len(scheme.decode(maps * 0.8, min_score=0.9).scores) == 0


def test_nothing_is_found_in_empty_maps():
    decoded = Coordinate().decode(np.zeros((2, 20, 30), np.uint16))
    assert decoded.labels.shape == (20, 30)
    assert len(decoded.scores) == decoded.labels.max() == 0


def test_known_by_its_name():
    scheme = make_scheme("coordinate", {"nominal_diameter": 20.0, "points": "components"})
    assert scheme == Coordinate(nominal_diameter=20, points="components")
    with pytest.raises(ModelError, match="rays"):
        make_scheme("coordinate", {"rays": 32})
