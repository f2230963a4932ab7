"""Label images whose objects can't be what they stand for are recognised; ordinary ones, and cut objects, are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hooke.datasets import simulate
from hooke.labels.pieces import count_scattered, looks_unfilled

FIELD = simulate((512, 512), seed=1, diameter=16, density=0.25, overlap=0.1).labels


def test_more_objects_than_8_bits_hold_share_numbers():
    assert FIELD.max() > 260
    wrapped, shared = (FIELD % 256).astype(np.uint8), FIELD.max() - 256
    assert count_scattered(FIELD) == 0
    assert shared / 2 < count_scattered(wrapped) <= shared  # the others differ in size, or are near each other


def test_two_nuclei_of_one_number_are_counted_once_per_number():
    labels = np.zeros((60, 200), np.int32)
    for number, x in ((1, 20), (1, 80), (1, 140), (2, 40), (3, 110), (3, 180)):
        cv2.circle(labels, (x, 30), 8, number, -1)
    assert count_scattered(labels) == 2


def test_what_another_object_cuts_in_two_is_one_object():
    labels = np.zeros((60, 60), np.int32)
    cv2.circle(labels, (30, 30), 20, 1, -1)
    labels[:, 26:34] = 2  # a fibre across it
    labels[2:4, 2:4] = 1  # and a speck of it far away
    assert count_scattered(labels) == 0
    assert count_scattered(np.eye(40, dtype=np.uint8)) == 0  # pieces that touch at corners


@pytest.mark.parametrize("width", [1, 2])
def test_outlines_that_were_not_filled_are_recognised(width):
    rings = np.zeros(FIELD.shape, np.uint8)
    for number in range(1, 120):
        outline, _ = cv2.findContours((number == FIELD).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(rings, outline, -1, 1, width)
    assert looks_unfilled(rings)


@pytest.mark.parametrize(
    "labels",
    [FIELD, FIELD > 0, np.zeros((9, 9), np.uint8), np.ones((9, 9), np.uint8), np.pad(FIELD[:90, :90] * 0, 9) + 1],
)
def test_filled_objects_are_filled(labels):
    assert not looks_unfilled(labels.astype(np.int32))
