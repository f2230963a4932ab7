"""Normalisation: the right channel, the right stretch, and the same on any part of the image."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from hooke.datasets import simulate
from hooke.errors import ConfigError
from hooke.image import Image
from hooke.preprocess import fit_normalisation

GREY = simulate((256, 256), seed=1).image
TISSUE = simulate((256, 256), seed=1, modality="histology").image


def tinted(*weights):
    return np.stack([np.rint(GREY * weight).astype(np.uint8) for weight in weights], axis=-1)


def fit_rgb(pixels, **options):
    return fit_normalisation(Image(pixels, is_rgb=True), **options)


def test_grey_is_stretched_by_percentiles_and_repeated():
    fitted = fit_normalisation(Image(GREY))
    low, high = np.percentile(GREY, (1, 99.8))
    assert (fitted.mode, fitted.channel, fitted.low, fitted.high) == ("grey", None, low, high)
    seen = fitted.apply(GREY)
    assert seen.shape == (256, 256, 3)
    assert seen.dtype == np.float32
    np.testing.assert_allclose(seen[..., 1], np.clip((GREY - low) / (high - low), -0.5, 2), rtol=1e-5, atol=1e-6)


def test_16_bits_with_an_offset_look_like_8_bits():
    raised = GREY.astype(np.uint16) * 37 + 1200
    np.testing.assert_allclose(
        fit_normalisation(Image(raised)).apply(raised), fit_normalisation(Image(GREY)).apply(GREY), atol=1e-4
    )


@pytest.mark.parametrize("scale", [1, 1 / 65535, 1e-9])
def test_dim_nuclei_in_floats_from_0_to_1_look_like_those_in_16_bits(scale):
    dim = 100 + GREY.astype(np.float32) / 5  # 16 bits hold 65535: as floats, all within 0.001
    seen = fit_normalisation(Image(dim * np.float32(scale))).apply(dim * np.float32(scale))
    np.testing.assert_allclose(seen, fit_normalisation(Image(GREY)).apply(GREY), atol=1e-3)


@pytest.mark.parametrize("value", [0, 7, 255])
def test_a_constant_image_is_flat_and_becomes_zeros(value):
    pixels = np.full((20, 30), value, np.uint8)
    fitted = fit_normalisation(Image(pixels))
    assert fitted.is_flat
    np.testing.assert_array_equal(fitted.apply(pixels), np.zeros((20, 30, 3)))


def test_a_sparse_signal_is_stretched_by_its_extremes():
    pixels = np.full((200, 200), 10, np.uint8)
    pixels[5:7, 5:7] = 210  # a share of 1e-4, above the upper percentile
    fitted = fit_normalisation(Image(pixels))
    assert (fitted.low, fitted.high) == (10, 210)
    assert not fitted.is_flat


def test_nan_and_infinity_change_nothing_else_and_become_zero():
    pixels = GREY.astype(np.float32)
    clean = fit_normalisation(Image(pixels)).apply(pixels)
    spoilt = pixels.copy()
    spoilt[3, 4:7] = np.nan, np.inf, -np.inf
    fitted = fit_normalisation(Image(spoilt))
    seen = fitted.apply(spoilt)
    assert np.isfinite(seen).all()
    np.testing.assert_array_equal(seen[3, 4:7], 0)
    seen[3, 4:7] = clean[3, 4:7]
    np.testing.assert_allclose(seen, clean, atol=0.01)


def test_nothing_but_nan_is_flat():
    pixels = np.full((9, 9), np.nan, np.float32)
    fitted = fit_normalisation(Image(pixels))
    assert fitted.is_flat
    assert not fitted.apply(pixels).any()


def test_outliers_stay_within_bounds():
    pixels = GREY.astype(np.float32)
    pixels[0, 0], pixels[0, 1] = 1e9, -1e9
    seen = fit_normalisation(Image(pixels)).apply(pixels)
    assert (seen.min(), seen.max()) == (-0.5, 2)


@pytest.mark.parametrize("pixels", [data.immunohistochemistry(), TISSUE], ids=["immunohistochemistry", "simulated"])
def test_histology_keeps_its_colours(pixels):
    fitted = fit_rgb(pixels)
    assert (fitted.mode, fitted.channel) == ("rgb", None)
    seen = fitted.apply(pixels)
    assert seen.shape == pixels.shape
    assert not np.allclose(seen[..., 0], seen[..., 2])


@pytest.mark.parametrize(("weights", "channel"), [((1, 0, 0), 0), ((0, 1, 0), 1), ((0, 0, 1), 2), ((0.05, 0.15, 1), 2)])
def test_fluorescence_saved_in_a_colour_is_grey_of_that_channel(weights, channel):
    pixels = tinted(*weights)
    fitted = fit_rgb(pixels)
    assert (fitted.mode, fitted.channel) == ("grey", channel)
    np.testing.assert_allclose(fitted.apply(pixels), fit_normalisation(Image(GREY)).apply(GREY), atol=1e-5)


@pytest.mark.parametrize("weights", [(1, 0, 1), (0, 0.8, 1)], ids=["magenta", "cyan"])
def test_fluorescence_saved_in_a_mixed_colour_is_grey_of_the_brightest(weights):
    pixels = tinted(*weights)
    fitted = fit_rgb(pixels)
    assert (fitted.mode, fitted.channel) == ("grey", None)
    np.testing.assert_allclose(fitted.apply(pixels), fit_normalisation(Image(GREY)).apply(GREY), atol=1e-5)


def test_grey_stored_as_colour_is_grey():
    pixels = tinted(1, 1, 1)
    fitted = fit_rgb(pixels)
    assert (fitted.mode, fitted.channel, fitted.why) == ("grey", 0, "grey stored as colour")


def test_of_several_stains_in_one_picture_blue_is_taken():
    other = simulate((256, 256), seed=99, density=0.3).image
    pixels = np.stack([np.zeros_like(GREY), other, GREY], axis=-1)
    assert (fit_rgb(pixels).mode, fit_rgb(pixels).channel) == ("grey", 2)
    without_blue = pixels[..., [2, 1, 0]]
    assert fit_rgb(without_blue).channel in (0, 1)


@pytest.mark.parametrize(
    ("names", "channel"),
    [(("GFP", "DAPI", "Cy5"), 1), (("actin", "tubulin", "Hoechst 33342"), 2), ((), 0), (("a", "b", "c"), 0)],
)
def test_of_several_channels_the_nuclear_one_is_taken(names, channel):
    pixels = np.stack([GREY, GREY // 2, GREY // 3], axis=-1)
    fitted = fit_normalisation(Image(pixels, channel_names=names))
    assert (fitted.mode, fitted.channel) == ("grey", channel)


def test_the_channel_asked_for_is_taken():
    pixels = tinted(1, 0.5, 0.3)
    fitted = fit_rgb(pixels, channel=1)
    assert (fitted.mode, fitted.channel) == ("grey", 1)
    np.testing.assert_array_equal(fitted.select(pixels), pixels[..., 1])


@pytest.mark.parametrize("channel", [-1, 3])
def test_a_channel_out_of_range_is_refused(channel):
    with pytest.raises(ConfigError, match=r"plate7.*3 channel.*0 to 2"):
        fit_normalisation(Image(tinted(1, 1, 1), name="plate7", is_rgb=True), channel)
    with pytest.raises(ConfigError, match=r"1 channel"):
        fit_normalisation(Image(GREY), 1)


@pytest.mark.parametrize("pixels", [GREY, TISSUE], ids=["grey", "rgb"])
def test_parts_are_normalised_as_the_whole(pixels):
    fitted = fit_normalisation(Image(pixels, is_rgb=pixels.ndim == 3))
    np.testing.assert_array_equal(fitted.apply(pixels)[40:90, 100:], fitted.apply(pixels[40:90, 100:]))


def test_a_large_image_is_sampled_all_over():
    pixels = np.zeros((1500, 1500), np.uint8)
    pixels[:, 750:] = 200
    fitted = fit_normalisation(Image(pixels))
    assert (fitted.low, fitted.high) == (0, 200)


@pytest.mark.parametrize("white", [255, 65535])
def test_inverted_fluorescence_is_turned_back(white):
    dark = np.clip(GREY.astype(int) - int(np.percentile(GREY, 20)), 0, 255)  # as background of fluorescence mostly is
    upright = dark.astype(np.uint8) if white == 255 else dark.astype(np.uint16) * 16
    inverted = (white - upright.astype(int)).astype(upright.dtype)
    fitted = fit_normalisation(Image(inverted))
    assert fitted.low > fitted.high
    assert fitted.why == "only channel, inverted"
    np.testing.assert_allclose(fitted.apply(inverted), fit_normalisation(Image(upright)).apply(upright), atol=1e-4)


@pytest.mark.parametrize(
    ("pixels", "modality"),
    [(GREY, "fluorescence"), (TISSUE, "histology"), (tinted(0, 0, 1), "fluorescence")],
    ids=["grey", "tissue", "blue"],
)
def test_the_modality_is_told(pixels, modality):
    assert fit_normalisation(Image(pixels, is_rgb=pixels.ndim == 3)).modality == modality


def test_brightfield_is_not_turned():
    smear = simulate((256, 256), seed=5, modality="brightfield").image
    fitted = fit_normalisation(Image(smear))
    assert (fitted.modality, fitted.low < fitted.high) == ("brightfield", True)


def test_a_blank_image_is_not_turned():
    y = np.linspace(-1, 1, 300)
    light = 150 - 12 * (y[:, None] ** 2 + y**2)  # a camera's offset, unevenly lit, as of an empty well
    blank = np.random.default_rng(0).normal(light, 3).astype(np.uint16)
    fitted = fit_normalisation(Image(blank))
    assert fitted.low < fitted.high
