"""Pieces, holes, gaps and necks of drawn shapes, against what was drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hooke.doctor.anatomy import cut_out, find_holes, find_neck, find_pieces, gap_is_background


def test_diagonal_pixels_are_one_piece():
    assert [piece.area for piece in find_pieces(np.eye(4, dtype=np.uint8))] == [4]


def test_an_object_inside_another_is_no_hole_and_a_bay_neither():
    labels = np.ones((9, 12), np.int32)
    labels[2:4, 2:4] = 0  # a hole of 4
    labels[6, 6] = 2  # an object
    labels[0:3, 9] = 0  # open to the outside
    holes = find_holes(cut_out(labels, 1, (0, 0, 9, 12)), labels)
    assert [hole.area for hole in holes] == [4]


def test_the_gap_is_the_distance_of_the_nearest_pixels():
    labels = np.zeros((5, 20), np.int32)
    labels[:, :4] = labels[:, 12:] = 1
    left, right = ((labels == 1) & (np.arange(20) < 8)).astype(np.uint8), np.zeros((5, 20), np.uint8)
    right[:, 12:] = 1
    assert gap_is_background(labels, left, right) == (pytest.approx(9, abs=1e-3), True)
    labels[:, 7] = 2
    assert gap_is_background(labels, left, right)[1] is False


@pytest.mark.parametrize("width", [4, 8, 12])
def test_the_neck_of_a_dumbbell_is_its_width_over_that_of_its_bells(width):
    mask = np.zeros((43, 103), np.uint8)
    cv2.circle(mask, (21, 21), 20, 1, -1)
    cv2.circle(mask, (81, 21), 20, 1, -1)
    mask[21 - width // 2 : 21 + width // 2, 21:81] = 1
    assert find_neck(mask) == pytest.approx(width / 41, abs=0.05)


@pytest.mark.parametrize("axes", [(18, 18), (30, 9), (4, 4), (2, 1)])
def test_an_ellipse_has_no_neck(axes):
    mask = np.zeros((43, 83), np.uint8)
    cv2.ellipse(mask, (41, 21), axes, 0, 0, 360, 1, -1)
    assert find_neck(mask) == 1
