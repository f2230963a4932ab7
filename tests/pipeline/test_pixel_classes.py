"""Votes of pixels: an instance gets the class that most of its probability speaks for."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.pipeline.classes import vote


def test_each_instance_gets_the_class_of_its_pixels():
    labels = np.zeros((4, 6), np.int32)
    labels[:2, :3], labels[2:, 3:] = 1, 2
    maps = np.zeros((2, 4, 6), np.uint16)
    maps[0, :2, :3] = 40000
    maps[1, 0, 0] = 65535  # one pixel of six thinks otherwise
    maps[1, 2:, 3:] = 60000
    found = vote(maps, labels, ["a", "b"])
    assert found.of_each == ["a", "b"]
    mean = 40000 / (40000 + 65535 / 6)
    assert found.shares[0].tolist() == pytest.approx([mean, 1 - mean], abs=1e-4)
    assert found.probability.tolist() == pytest.approx([mean, 1.0], abs=1e-4)


def test_without_instances_and_without_any_vote():
    maps = np.zeros((3, 2, 2), np.uint16)
    nothing = vote(maps, np.zeros((2, 2), np.int32), ["a", "b", "c"])
    assert nothing.of_each == []
    assert nothing.probability.shape == (0,)
    undecided = vote(maps, np.ones((2, 2), np.int32), ["a", "b", "c"])
    assert undecided.shares[0].tolist() == pytest.approx([1 / 3] * 3)
