import cv2
import numpy as np
import pytest

from hooke.datasets import simulate
from hooke.image import Image
from hooke.preprocess import find_recorded, fit_normalisation

SIDE = 300
FIELD = simulate((SIDE, SIDE), seed=3, diameter=26, density=0.15, bits=16)
SLIDE = simulate((SIDE, SIDE), seed=3, diameter=26, density=0.2, modality="histology").image
KINDS = {
    "fluorescence": FIELD.image,
    "offset": (FIELD.image // 10 + 200).astype(np.uint16),
    "8 bit": (FIELD.image >> 8).astype(np.uint8),
    "slide": SLIDE,
    "brightfield": simulate((SIDE, SIDE), seed=3, modality="brightfield").image,
}
Y, X = np.mgrid[:SIDE, :SIDE]
CIRCLE = (Y - SIDE / 2) ** 2 + (X - SIDE / 2) ** 2 > 130**2


def around(pixels, value):
    """A frame of unequal sides."""
    framed = np.full((SIDE + 60, SIDE + 70, *pixels.shape[2:]), value, pixels.dtype)
    framed[20 : 20 + SIDE, 4 : 4 + SIDE] = pixels
    return framed


def outside(pixels, value):
    cut = pixels.copy()
    cut[CIRCLE] = value
    return cut


def mosaic(pixels, value):
    tiles = np.tile(pixels, (3, 3, *(1,) * (pixels.ndim - 2)))
    tiles[SIDE : 2 * SIDE, SIDE : 2 * SIDE] = value
    tiles[:SIDE, :SIDE] = value
    return tiles


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", [around, outside, mosaic])
@pytest.mark.parametrize("white", [False, True])
def test_frames_and_what_lies_outside_of_regions_are_found(kind, make, white):
    pixels = KINDS[kind]
    value = np.iinfo(pixels.dtype).max if white else 0
    made, expected = make(pixels, value), make(np.zeros(pixels.shape[:2], np.uint8), 1)
    recorded = find_recorded(made)
    left = np.zeros(made.shape[:2], bool)
    left[recorded.window] = ~recorded.fill
    assert (left == (expected == 0)).mean() > 0.999


def test_a_frame_changes_neither_channel_nor_intensities():
    for pixels in (SLIDE, FIELD.image):
        plain = fit_normalisation(Image(pixels, is_rgb=pixels.ndim == 3))
        framed = around(pixels, 0)
        recorded = find_recorded(framed)
        fit = fit_normalisation(Image(framed[recorded.window], is_rgb=pixels.ndim == 3), fill=recorded.fill)
        assert fit == plain
        cut = outside(pixels, np.iinfo(pixels.dtype).max)
        recorded = find_recorded(cut)
        fit = fit_normalisation(Image(cut[recorded.window], is_rgb=pixels.ndim == 3), fill=recorded.fill)
        assert (fit.mode, fit.modality) == (plain.mode, plain.modality)
        assert fit.high == pytest.approx(plain.high, rel=0.1)


@pytest.mark.parametrize("make", [around, outside])
def test_what_jpeg_makes_of_black_is_fill_beside_a_slide(make, tmp_path):
    cv2.imwrite(str(tmp_path / "a.jpg"), make(SLIDE, 0))
    recorded = find_recorded(cv2.imread(str(tmp_path / "a.jpg")))
    expected = make(np.zeros((SIDE, SIDE), np.uint8), 1)
    left = np.zeros(expected.shape, bool)
    left[recorded.window] = ~recorded.fill
    assert (left == (expected == 0)).mean() > 0.99


@pytest.mark.parametrize("scale", [1.0, 255.0])
def test_white_frames_of_pictures_in_floats_are_fill(scale):
    recorded = find_recorded(around(SLIDE, 255).astype(np.float32) / np.float32(255 / scale))
    assert recorded.window == np.s_[20 : 20 + SIDE, 4 : 4 + SIDE]


@pytest.mark.parametrize("value", [-1.0, -9999.0, 65536.0, 1e30, float(np.finfo(np.float32).min)])
@pytest.mark.parametrize("scale", [1.0, 65535.0])
def test_a_value_of_floats_that_marks_what_is_missing_is_fill(value, scale):
    made = outside((FIELD.image / 65535 * scale).astype(np.float32), np.float32(value))
    recorded = find_recorded(made)
    left = np.zeros(made.shape, bool)
    left[recorded.window] = ~recorded.fill
    assert (left == ~CIRCLE).mean() > 0.999


def test_the_smallest_of_whole_numbers_with_a_sign_is_fill():
    made = outside((FIELD.image.astype(np.int32) - 32_000).astype(np.int16), -32_768)
    recorded = find_recorded(made)
    left = np.zeros(made.shape, bool)
    left[recorded.window] = ~recorded.fill
    assert (left == ~CIRCLE).mean() > 0.999


def test_missing_numbers_are_fill():
    pixels = FIELD.image.astype(np.float32)
    pixels[CIRCLE] = np.nan
    np.testing.assert_array_equal(find_recorded(pixels).fill, CIRCLE[find_recorded(pixels).window])


def clipped(share, kind=np.uint16):
    above = np.clip(FIELD.image.astype(float) - np.percentile(FIELD.image, share), 0, None)
    return (above / (1 if kind == np.uint16 else 250)).astype(kind)


def discs():
    drawn = np.zeros((SIDE, SIDE), np.uint8)
    for index in range(4):
        cv2.circle(drawn, (80 + index % 2 * 140, 80 + index // 2 * 140), 45, 150 + index * 20, -1)
    return drawn


@pytest.mark.parametrize(
    "pixels",
    [
        *KINDS.values(),
        clipped(50),
        clipped(80),
        clipped(80, np.uint8),
        np.where(FIELD.labels > 0, FIELD.image, 0),
        np.where(FIELD.image > np.percentile(FIELD.image, 75), FIELD.image, 0),
        np.where(FIELD.labels > 0, np.uint16(65535), FIELD.image),
        ((FIELD.labels > 0) * 255).astype(np.uint8),
        np.stack([np.zeros_like(clipped(60, np.uint8))] * 2 + [clipped(60, np.uint8)], axis=2),
        np.clip(SLIDE * 1.25, 0, 255).astype(np.uint8),
        discs(),
        np.zeros((50, 50), np.uint8),
    ],
)
def test_dark_backgrounds_saturated_nuclei_and_bare_glass_are_not_fill(pixels):
    assert find_recorded(pixels) is None
