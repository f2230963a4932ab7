"""Cut-outs around objects: where they lie, what fills them at the border, and what is too large for them."""

import numpy as np
import pytest

from hooke.classify.windows import cut_windows, locate, rescale


def test_the_window_holds_the_very_pixels_around_the_object():
    pixels = np.random.default_rng(0).random((60, 80, 1), np.float32)
    labels = np.zeros((60, 80), np.int32)
    labels[20:27, 30:37] = 4  # centre at (23, 33)
    cut = cut_windows(pixels, labels, locate(labels), 17)
    assert cut.shape == (1, 2, 17, 17)
    np.testing.assert_array_equal(cut[0, 0], pixels[15:32, 25:42, 0])
    np.testing.assert_array_equal(cut[0, 1], labels[15:32, 25:42] == 4)


def test_borders_are_filled_by_reflection_and_the_mask_by_nothing():
    pixels = np.arange(400, dtype=np.float32).reshape(20, 20, 1)
    labels = np.zeros((20, 20), np.int32)
    labels[0, 0] = 1
    cut = cut_windows(pixels, labels, locate(labels), 9)
    padded = np.pad(pixels[..., 0], 4, mode="reflect")
    np.testing.assert_array_equal(cut[0, 0], padded[:9, :9])
    assert cut[0, 1].sum() == 1


def test_an_object_larger_than_the_window_is_shrunk_until_it_fits():
    labels = np.zeros((100, 100), np.int32)
    labels[10:90, 30:50] = 1
    objects = locate(labels)
    assert objects.extents.tolist() == [80]
    assert objects.oversized(40).tolist() == [True]
    mask = cut_windows(np.zeros((100, 100, 1), np.float32), labels, objects, 40)[0, 1]
    y, x = np.nonzero(mask)
    assert 36 <= y.max() - y.min() + 1 <= 40
    assert 8 <= x.max() - x.min() + 1 <= 11


def test_places_follow_the_scale():
    labels = np.zeros((80, 80), np.int32)
    labels[16:32, 40:56] = 3
    _, small = rescale(np.zeros((80, 80, 1), np.float32), labels, 0.5)
    np.testing.assert_allclose(locate(labels).scaled(0.5).centres, locate(small).centres)


@pytest.mark.parametrize("scale", [0.3, 0.7, 1.05, 2.2])
def test_labels_stay_on_their_image_at_another_scale(scale):
    row, column = np.mgrid[:200, :200]
    labels = (np.hypot(row - 90, column - 110) < 40).astype(np.int32)
    pixels, small = rescale(labels[..., None].astype(np.float32), labels, scale)
    weights = pixels.reshape(small.shape)
    bright = [float((weights * axis).sum() / weights.sum()) for axis in np.indices(small.shape)]
    np.testing.assert_allclose(locate(small).centres[0], bright, atol=0.2)


def test_ids_above_2_24_keep_their_own_mask_at_another_scale():
    labels = np.zeros((80, 80), np.int32)
    labels[16:32, 24:40], labels[16:32, 40:56] = 2**24, 2**24 + 1  # one number, as floats of 32 bits
    pixels, small = rescale(np.zeros((80, 80, 3), np.float32), labels, 0.5)
    masks = cut_windows(pixels, small, locate(labels).scaled(0.5), 24)[:, 3]
    assert masks.sum(axis=(1, 2)).tolist() == [64, 64]
