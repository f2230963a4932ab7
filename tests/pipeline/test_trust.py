"""Trust: a sharp, well exposed field raises no doubt; each fault raises its own."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hooke.image import Image
from hooke.pipeline.trust import doubts, edge_sharpness, saturated_share
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
