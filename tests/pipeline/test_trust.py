"""Trust: a sharp, well exposed field raises no doubt; each fault raises its own."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hooke.image import Image
from hooke.pipeline.colours import Palette, find_palette, known_palette, sample_colours
from hooke.pipeline.trust import doubts, edge_sharpness, noise_level, saturated_share
from hooke.preprocess import fit_normalisation


def disks(sigma, side=1400, diameter=60):
    """Bright disks on black, blurred, with camera noise: pixels of 16 bits and labels."""
    labels = np.zeros((side, side), np.int32)
    for number, (y, x) in enumerate(((r, c) for r in range(60, side, 120) for c in range(60, side, 120)), 1):
        cv2.circle(labels, (x, y), diameter // 2, number, -1)
    image = cv2.GaussianBlur((labels > 0).astype(np.float32), (0, 0), sigma)
    noise = np.random.default_rng(0).normal(0, 300, image.shape)
    return (5000 + 40000 * image + noise).astype(np.uint16), labels


def reasons(pixels, labels, score=0.9, diameter=60.0):
    scores = np.full(labels.max(), score, np.float32)
    return doubts(pixels, fit_normalisation(Image(pixels)), labels, scores, diameter)


@pytest.mark.parametrize("sigma", [2.0, 4.0, 8.0])
def test_sharpness_is_what_theory_says(sigma):
    pixels, labels = disks(sigma)
    found = edge_sharpness(pixels.astype(np.float32), labels, 60)
    assert found == pytest.approx(60 / (sigma * np.sqrt(2 * np.pi)), rel=0.2)


def test_a_good_field_raises_no_doubt():
    assert reasons(*disks(3.0)) == ()


def test_a_blurred_field_is_out_of_focus():
    (reason,) = reasons(*disks(16.0))
    assert "out of focus" in reason


def test_low_scores_and_small_objects_are_told():
    low, small = reasons(*disks(3.0), score=0.5), reasons(*disks(3.0), diameter=5.0)
    assert "low confidence" in low[0]
    assert any("only 5.0 pixels" in reason for reason in small)


def test_saturation_counts_the_objects_pixels_at_the_top():
    pixels, labels = disks(3.0)
    normalisation = fit_normalisation(Image(pixels))
    assert saturated_share(pixels, normalisation, labels) < 0.05
    clipped = np.minimum(pixels, 20000)
    assert saturated_share(clipped, fit_normalisation(Image(clipped)), labels) > 0.8
    assert any("saturated" in reason for reason in reasons(clipped, labels))


def test_bright_background_of_a_stained_slide_is_no_saturation():
    rgb = np.full((64, 64, 3), 255, np.uint8)
    rgb[20:40, 20:40] = (120, 60, 160)
    labels = np.zeros((64, 64), np.int32)
    labels[20:40, 20:40] = 1
    assert saturated_share(rgb, fit_normalisation(Image(rgb, is_rgb=True)), labels) == 0


def test_nothing_found_and_objects_that_fill_the_field_are_left_alone():
    pixels, labels = disks(3.0)
    normalisation = fit_normalisation(Image(pixels))
    assert doubts(pixels, normalisation, labels * 0, np.zeros(0, np.float32), 20.0) == ()
    assert edge_sharpness(pixels.astype(np.float32), np.ones_like(labels), 60) is None


@pytest.mark.parametrize("diameter", [16, 32])
def test_noise_is_measured_as_it_was_added(diameter):
    _, labels = disks(0.5, side=700, diameter=diameter)
    noise = np.random.default_rng(1).normal(0, 0.25, labels.shape)
    grey = (0.1 + 0.5 * (labels > 0) + noise).astype(np.float32)
    assert noise_level(grey, labels, diameter) == pytest.approx(0.5, rel=0.06)
    assert noise_level(0.1 + 0.5 * (labels > 0).astype(np.float32), labels, diameter) == 0


def test_noise_counts_at_the_scale_of_the_objects():
    _, labels = disks(0.5, side=700, diameter=64)
    noise = np.random.default_rng(1).normal(0, 0.25, labels.shape)
    grey = (0.5 * (labels > 0) + noise).astype(np.float32)
    # Shrunk to half, each pixel is the mean of four.
    assert noise_level(grey, labels, 64) == pytest.approx(0.25, rel=0.06)


def test_a_noisy_field_is_told_and_one_without_background_has_no_noise():
    pixels, labels = disks(1.0, side=500, diameter=30)
    noisy = pixels + np.random.default_rng(1).normal(0, 16000, pixels.shape)
    assert not any("noisy:" in reason for reason in reasons(pixels, labels, diameter=30.0))
    found = reasons(np.clip(noisy, 0, 65535).astype(np.uint16), labels, diameter=30.0)
    assert any("noisy:" in reason for reason in found)
    assert noise_level(pixels.astype(np.float32), np.ones_like(labels), 30) is None


def test_colours_within_a_level_of_those_known_are_known():
    known = np.tile(np.float32([0.5, 0.3, 0.6]), (2000, 1))
    known[0] = (0.1, 0.9, 0.1)  # one pixel in 2000 is too rare to make a colour known
    palette = find_palette([known])
    assert palette.cells.sum() == 7
    assert palette.unseen_share(known) == pytest.approx(1 / 2000)
    shifted = np.float32([[0.5 + 1 / 16, 0.3, 0.6], [0.5 + 2 / 16, 0.3, 0.6], [0.5, 0.3, 0.6 - 1 / 16]])
    assert palette.unseen_share(shifted) == pytest.approx(1 / 3)
    assert Palette(np.zeros((16, 16, 16), bool)).unseen_share(np.float32([[-0.5, 0, 0], [2, 2, 2]])) == 1


def slide(nuclei, stroma):
    """A stained slide: disks on a ground, 8-bit colours, with labels."""
    _, labels = disks(1.0, side=400, diameter=30)
    shade = np.random.default_rng(0).normal(0, 6, (*labels.shape, 1))
    colours = np.where((labels > 0)[..., None], nuclei, stroma) + shade
    colours[:40] = 245  # clear glass
    return np.clip(colours, 0, 255).astype(np.uint8), np.where(np.arange(400)[:, None] < 45, 0, labels)


@pytest.mark.parametrize(
    ("nuclei", "stroma", "flagged"),
    [((90, 60, 150), (225, 170, 205), False), ((60, 130, 50), (200, 225, 120), True)],
    ids=["haematoxylin and eosin", "green on yellow"],
)
def test_colours_that_no_training_image_has_are_told(nuclei, stroma, flagged):
    pixels, labels = slide(nuclei, stroma)
    normalisation = fit_normalisation(Image(pixels, is_rgb=True))
    assert normalisation.keeps_colours
    scores = np.full(labels.max(), 0.9, np.float32)
    found = doubts(pixels, normalisation, labels, scores, 30.0)
    assert any("unknown colours" in reason for reason in found) == flagged
    asked_not_to = doubts(pixels, normalisation, labels, scores, 30.0, colours=False)
    assert not any("unknown colours" in reason for reason in asked_not_to)


def test_the_shipped_palette_knows_every_white_to_grey_of_a_slide():
    greys = np.repeat(np.linspace(0.6, 1, 20, dtype=np.float32)[:, None], 3, axis=1)
    assert known_palette().unseen_share(greys) == 0
    assert (
        sample_colours(
            np.zeros((600, 500, 3), np.uint8), fit_normalisation(Image(slide((90, 60, 150), 200)[0], is_rgb=True))
        ).shape[1]
        == 3
    )
