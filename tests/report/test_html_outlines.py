"""Vector outlines: filling one gives the object back."""

from __future__ import annotations

import re

import cv2
import numpy as np

from hooke.report.html.outlines import joined, outline_objects


def filled(path, shape):
    """Fill the closed lines of a path: the oracle's own reading of SVG's M, l and z."""
    canvas = np.zeros(shape, np.uint8)
    for x, y, steps in re.findall(r"M(\d+)\.5 (\d+)\.5l([-\d ]+)z", path):
        corners = np.cumsum([[int(x), int(y)], *np.array(steps.split(), int).reshape(-1, 2)], axis=0)
        cv2.fillPoly(canvas, [corners.astype(np.int32)], 1)
    return canvas > 0


def test_rectangles_come_back_exactly():
    labels = np.zeros((12, 20), np.int32)
    labels[2:8, 3:9] = 4
    labels[2:8, 9:15] = 70_000  # touches the other
    labels[0:2, 18:20] = 2  # in the corner
    paths = outline_objects(labels)
    assert set(paths) == {2, 4, 70_000}
    for label, path in paths.items():
        np.testing.assert_array_equal(filled(path, labels.shape), labels == label)


def test_round_objects_come_back_nearly():
    labels = np.zeros((80, 80), np.int32)
    cv2.circle(labels, (30, 40), 20, 3, -1)
    mask, back = labels == 3, filled(outline_objects(labels)[3], labels.shape)
    assert (mask & back).sum() / (mask | back).sum() > 0.95


def test_pieces_and_single_pixels_are_kept():
    labels = np.zeros((9, 9), np.int32)
    labels[1:4, 1:4] = labels[6:9, 6:9] = 1
    labels[0, 8] = 2
    paths = outline_objects(labels)
    np.testing.assert_array_equal(filled(paths[1], labels.shape), labels == 1)
    assert paths[2].startswith("M8.2 0.5h")
    assert joined(paths, [2, 5, 1]) == paths[2] + paths[1]
    assert outline_objects(np.zeros((3, 3), np.int32)) == {}
