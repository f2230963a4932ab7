"""Overlays: lines lie on objects, casings off them, neighbours differ in colour, and any image can be shown."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from hooke.datasets import simulate
from hooke.errors import ConfigError
from hooke.report.overlay import overlay
from hooke.report.palette import OUTLINES

SQUARE = np.zeros((40, 40), np.int32)
SQUARE[10:30, 12:28] = 3


def is_line(picture):
    return (picture[..., None, :] == OUTLINES).all(-1).any(-1)


def test_the_line_is_the_inner_edge_and_nothing_else():
    picture = overlay(np.zeros((40, 40), np.uint8), SQUARE)
    inner_edge = (SQUARE > 0) & ~ndimage.binary_erosion(SQUARE > 0)
    np.testing.assert_array_equal(is_line(picture), inner_edge)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_the_line_stands_out_from_what_is_next_to_it_on_any_background(value):
    image = np.full((40, 40), value, np.uint8)
    image[0, :20], image[1, :20] = 0, 255  # the range that is stretched
    picture = overlay(image, SQUARE).astype(int)
    line, casing = picture[10, 20], picture[9, 20]
    assert np.abs(line - casing).max() >= 150
    assert casing.max() <= 64


def test_touching_objects_get_different_colours():
    labels = simulate((300, 300), seed=1, density=0.5, overlap=1).labels
    picture = overlay(np.zeros(labels.shape), labels)
    line = is_line(picture)
    touching = 0
    for axis in (0, 1):
        a, b = np.split(np.stack([labels, np.roll(labels, -1, axis)]), 2)
        near = ((a != b) & (a > 0) & (b > 0))[0]
        near &= np.indices(labels.shape)[axis] < labels.shape[axis] - 1
        same = (picture == np.roll(picture, -1, axis)).all(-1)
        assert line[near].all()
        assert not same[near].any()
        touching += near.sum()
    assert touching > 50


def test_lines_grow_with_the_image_but_leave_small_objects_visible():
    def thickness(diameter):
        labels = np.zeros((240, 4000), np.uint16)
        labels[120 - diameter // 2 : 120 + diameter // 2, 1000 : 1000 + diameter] = 1
        return int(is_line(overlay(np.zeros(labels.shape, np.uint8), labels))[120, :2000].sum()) // 2

    assert thickness(200) == 4
    assert thickness(12) == 1


def test_the_stretch_is_robust_and_does_not_depend_on_the_type():
    rng = np.random.default_rng(0)
    image = rng.integers(100, 200, (200, 200)).astype(np.uint16)
    image[0, 0] = 65535
    empty = np.zeros(image.shape, int)
    picture = overlay(image, empty)
    assert picture.min() == 0
    assert np.percentile(picture, 99) > 245  # the hot pixel has not made the rest dark
    np.testing.assert_allclose(overlay(image.astype(np.float64) / 7, empty).astype(int), picture, atol=1)
    small = image.clip(max=255).astype(np.uint8)
    np.testing.assert_allclose(overlay(small, empty).astype(int), overlay(small.astype(float), empty), atol=1)


def test_colours_of_an_rgb_image_keep_their_order():
    image = np.zeros((50, 50, 3), np.uint8)
    image[:25] = (200, 100, 50)
    image[25:] = (240, 230, 235)
    picture = overlay(image, np.zeros((50, 50), int))
    red, green, blue = picture[0, 0].astype(int)
    assert red > green > blue


def test_one_channel_of_many_in_grey_and_all_of_them_as_mean():
    image = np.zeros((30, 30, 4), np.float32)
    image[5:10, 5:10, 2] = 9.0
    empty = np.zeros((30, 30), int)
    alone = overlay(image, empty, channel=2)
    assert alone[7, 7].tolist() == [255, 255, 255]
    assert alone[0, 0].tolist() == [0, 0, 0]
    assert overlay(image, empty)[7, 7, 0] > overlay(image, empty)[0, 0, 0]


@pytest.mark.parametrize("value", [0, 7.5, np.nan, np.inf])
def test_flat_and_senseless_images_are_shown(value):
    assert overlay(np.full((20, 20), value), np.zeros((20, 20), int)).shape == (20, 20, 3)


def test_nan_is_black_and_infinity_white():
    image = np.tile(np.linspace(0, 1, 50), (50, 1))
    image[0, 0], image[0, 1], image[0, 2] = np.nan, np.inf, -np.inf
    assert overlay(image, np.zeros(image.shape, int))[0, :3, 0].tolist() == [0, 255, 0]


def test_neither_input_is_changed_and_large_ids_work():
    image, labels = np.arange(1600, dtype=np.uint16).reshape(40, 40), SQUARE.astype(np.int64) * 10**9
    before = image.copy()
    picture = overlay(image, labels)
    np.testing.assert_array_equal(image, before)
    assert is_line(picture)[10, 20]


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1)])
def test_tiny_images(shape):
    assert overlay(np.zeros(shape), np.ones(shape, int)).shape == (*shape, 3)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ConfigError, match="same size"):
        overlay(np.zeros((3, 3)), np.zeros((3, 4), int))
    with pytest.raises(ConfigError, match="no channel 5"):
        overlay(np.zeros((3, 3, 2)), np.zeros((3, 3), int), channel=5)
