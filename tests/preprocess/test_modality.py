"""Modality of one image: features by hand, the shipped classifier on every way to store a picture."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from hooke.datasets import simulate
from hooke.datasets.simulation.fields import REAL
from hooke.image import Image
from hooke.io import read_image
from hooke.preprocess.modality import FEATURES, classify, describe, measure_features

DSB2018 = Path(__file__).parents[3] / "shared" / "data" / "dsb2018"
GREY = simulate((256, 256), seed=901).image
TISSUE = simulate((256, 256), seed=902, modality="histology").image
SMEAR = simulate((256, 256), seed=903, modality="brightfield", density=0.1).image


def features_of(pixels, **about):
    return dict(zip(FEATURES, measure_features(Image(np.asarray(pixels), **about)), strict=True))


def in_colour(pixels, *weights):
    return np.stack([np.rint(pixels * weight).astype(np.uint8) for weight in weights], axis=-1)


def test_features_of_a_grey_image_by_hand():
    pixels = np.full((10, 10), 51, np.uint8)
    pixels[:, 8:] = 204  # a fifth of the pixels is four times as bright
    found = features_of(pixels)
    expected = {
        "background": 0.25,
        "level": 0.2,
        "contrast": 0.6,
        "skew": 1,
        "spread": 0,
        "below": 0,
        "above": 1,
        "darkest": 0.25,
        "saturation": 0,
        "colour_spread": 0,
    }
    assert found == pytest.approx(expected)


def test_features_of_a_picture_by_hand():
    pixels = np.zeros((10, 10, 3), np.uint8)
    pixels[:] = 200, 100, 100  # a colour cast everywhere ...
    pixels[:, 8:] = 100, 100, 200  # ... and another colour in a fifth of the picture
    found = features_of(pixels, is_rgb=True)
    assert found["darkest"] == pytest.approx(0.5)
    assert found["saturation"] == pytest.approx(0.5)
    assert found["colour_spread"] == pytest.approx(0.5)
    cast = np.full((10, 10, 3), (200, 180, 180), np.uint8)
    assert features_of(cast, is_rgb=True)["colour_spread"] == 0


@pytest.mark.parametrize("value", [0, 7, 255])
@pytest.mark.parametrize("channels", [(), (1,), (2,), (3,)])
def test_features_of_a_constant_image_are_finite(value, channels):
    image = Image(np.full((9, 12, *channels), value, np.uint8), is_rgb=channels == (3,))
    assert np.isfinite(measure_features(image)).all()
    _, probability = classify(image)
    assert 0 <= probability <= 1


def test_nan_and_infinity_are_passed_over():
    pixels = GREY.astype(np.float32)
    pixels[3, 4:7] = np.nan, np.inf, -np.inf
    assert np.isfinite(measure_features(Image(pixels))).all()
    assert describe(Image(pixels)).modality == "fluorescence"


def test_features_do_not_depend_on_the_unit():
    deep = GREY.astype(np.uint16) * 37
    np.testing.assert_allclose(
        measure_features(Image(deep)), measure_features(Image(deep.astype(np.float32) / 65535)), atol=1e-5
    )


FLUORESCENCE = {
    "8 bit": (GREY, {}),
    "one channel last": (GREY[..., None], {}),
    "12 of 16 bit": (GREY.astype(np.uint16) * 16 + 100, {}),
    "float": (GREY / np.float32(255), {}),
    "grey stored as colour": (in_colour(GREY, 1, 1, 1), {"is_rgb": True}),
    "red": (in_colour(GREY, 1, 0, 0), {"is_rgb": True}),
    "green": (in_colour(GREY, 0, 1, 0), {"is_rgb": True}),
    "blue": (in_colour(GREY, 0, 0, 1), {"is_rgb": True}),
    "cyan": (in_colour(GREY, 0, 0.8, 1), {"is_rgb": True}),
    "two channels": (np.stack([GREY, GREY[::-1] // 3], axis=-1), {}),
    "three stains": (np.stack([GREY, GREY[::-1], GREY.T], axis=-1), {}),
}


@pytest.mark.parametrize("stored", FLUORESCENCE)
def test_fluorescence_however_it_is_stored(stored):
    pixels, about = FLUORESCENCE[stored]
    seen = describe(Image(pixels, **about))
    assert (seen.modality, seen.inverted) == ("fluorescence", False)
    assert seen.probability > 0.5


@pytest.mark.parametrize("offset", [(34, 45, 80), (24, 36, 60), (60, 55, 100)])
@pytest.mark.parametrize("covered", [0.3, 0.5, 0.7])
def test_a_merge_of_stains_over_a_background_that_is_not_black(offset, covered):
    """Red cell bodies that cover much of the picture, blue nuclei, and a camera's offset in every colour."""
    rng = np.random.default_rng(0)
    nuclei = cv2.GaussianBlur((simulate((400, 400), seed=1, density=0.12).labels > 0).astype(np.float32), (0, 0), 1)
    bodies, fibres = (cv2.GaussianBlur(rng.normal(0, 1, nuclei.shape), (0, 0), sigma) for sigma in (25, 1.5))
    bodies = (bodies - np.percentile(bodies, 100 * (1 - covered))) / bodies.std()
    red = np.clip(300 * bodies, 0, 230) * (1 + 0.2 * fibres / fibres.std())
    merge = np.stack([red + 40 * nuclei, 0.03 * red + 100 * nuclei, 0.05 * red + 160 * nuclei], axis=-1) + offset
    merge = np.clip(merge + rng.normal(0, 1, merge.shape), 0, 255).astype(np.uint8)
    for pixels in (merge, merge.astype(np.uint16) * 257, merge / np.float32(255)):
        seen = describe(Image(pixels, is_rgb=True))
        assert (seen.modality, seen.inverted) == ("fluorescence", False)


INVERTED = {
    "8 bit": (255 - GREY, {}),
    "16 bit": (65535 - GREY.astype(np.uint16) * 16, {}),
    "grey stored as colour": (255 - in_colour(GREY, 1, 1, 1), {"is_rgb": True}),
}


@pytest.mark.parametrize("stored", INVERTED)
def test_inverted_fluorescence_is_told(stored):
    pixels, about = INVERTED[stored]
    seen = describe(Image(pixels, **about))
    assert (seen.modality, seen.inverted) == ("fluorescence", True)


@pytest.mark.parametrize(
    ("pixels", "is_rgb", "modality"),
    [
        (TISSUE, True, "histology"),
        (read_image(REAL).pixels, True, "histology"),
        ((read_image(REAL).pixels * (1, 0.8, 0.5)).astype(np.uint8), True, "histology"),
        (SMEAR, False, "brightfield"),
        (in_colour(SMEAR, 1, 1, 1), True, "brightfield"),
        (in_colour(SMEAR, 1, 0.98, 0.96), True, "brightfield"),
    ],
    ids=[
        "simulated tissue",
        "immunohistochemistry",
        "in yellow light",
        "smear",
        "smear stored as colour",
        "smear with a cast",
    ],
)
def test_transmitted_light(pixels, is_rgb, modality):
    seen = describe(Image(pixels, is_rgb=is_rgb))
    assert (seen.modality, seen.inverted) == (modality, False)
    assert classify(Image(pixels, is_rgb=is_rgb)) == (seen.modality, seen.probability)


@pytest.mark.parametrize("exponent", [2.3, 2.5])
def test_a_dark_slide_is_known_by_its_glass(exponent):
    dark = 255 * (TISSUE / 255.0) ** exponent
    dark[:64, :64] = (240, 238, 243)
    dark = np.clip(dark + np.random.default_rng(0).normal(0, 2, dark.shape), 0, 255).astype(np.uint8)
    assert describe(Image(dark, is_rgb=True)).modality == "histology"


def test_nuclei_in_white_among_colours_are_fluorescence():
    white = np.repeat(GREY[..., None], 3, axis=2).astype(np.float64)
    white[..., 0] += cv2.GaussianBlur(white[..., 0], (0, 0), 12)
    assert describe(Image(np.clip(white, 0, 255).astype(np.uint8), is_rgb=True)).modality == "fluorescence"


@pytest.mark.parametrize(
    ("pixels", "modality"), [(TISSUE, "histology"), (GREY, "fluorescence"), (SMEAR, "brightfield")]
)
def test_intensities_around_zero_make_no_difference(pixels, modality):
    scaled = ((pixels - pixels.mean()) / pixels.std()).astype(np.float32)
    signed = (20 * pixels.astype(np.int16) - 2500).astype(np.int16)
    for one in (scaled, signed):
        assert describe(Image(one, is_rgb=one.ndim == 3)).modality == modality


@pytest.mark.skipif(not DSB2018.exists(), reason="needs ../shared/data/dsb2018")
def test_real_images_of_the_validation_split():
    with (DSB2018 / "index.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "val"]
    for row in rows[::3]:
        seen = describe(read_image(DSB2018 / "images" / f"{row['id']}.png"))
        assert (seen.modality, seen.inverted) == (row["modality"], False), row["id"]
