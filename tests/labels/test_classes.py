"""Classes of pixels averaged over each object."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.labels.classes import aggregate_pixel_classes


def test_each_instance_gets_the_class_of_its_pixels():
    labels = np.zeros((4, 6), np.int32)
    labels[:2, :3], labels[2:, 3:] = 1, 2
    maps = np.zeros((2, 4, 6), np.uint16)
    maps[0, :2, :3] = 40000
    maps[1, 0, 0] = 65535  # one pixel of six thinks otherwise
    maps[1, 2:, 3:] = 60000
    found = aggregate_pixel_classes(maps, labels, ["a", "b"])
    assert found.labels == ["a", "b"]
    mean = 40000 / (40000 + 65535 / 6)
    assert found.probabilities[0].tolist() == pytest.approx([mean, 1 - mean], abs=1e-4)
    assert found.probability.tolist() == pytest.approx([mean, 1.0], abs=1e-4)


def test_without_instances_and_without_any_aggregate_pixel_classes():
    maps = np.zeros((3, 2, 2), np.uint16)
    nothing = aggregate_pixel_classes(maps, np.zeros((2, 2), np.int32), ["a", "b", "c"])
    assert nothing.labels == []
    assert nothing.probability.shape == (0,)
    undecided = aggregate_pixel_classes(maps, np.ones((2, 2), np.int32), ["a", "b", "c"])
    assert undecided.probabilities[0].tolist() == pytest.approx([1 / 3] * 3)
