"""Recognition: label images and masks are distinguished from images of intensities, also of few grey levels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import hooke
from hooke.datasets import simulate
from hooke.labels.recognition import holds_labels

FIELD = simulate((160, 208), seed=3, diameter=26.0, density=0.2, bits=16)
LABELS = FIELD.labels


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.uint16, np.float32, np.int64])
@pytest.mark.parametrize("factor", [1, 3])
def test_label_images_are_recognised(kind, factor):
    assert holds_labels((LABELS * factor).astype(kind)) is True
    assert holds_labels((LABELS + 1).astype(kind)) is True  # a background that is not 0


def test_masks_and_tiny_objects_are_recognised():
    assert holds_labels(LABELS > 0) is True
    spots = np.zeros((120, 120), np.uint8)
    spots.reshape(20, 6, 20, 6)[:, :2, :, :2] = 255
    assert holds_labels(spots) is True


@pytest.mark.parametrize("top", [6, 20, 255, 65535])
def test_images_are_not_taken_for_labels(top):
    pixels = FIELD.image / FIELD.image.max() * top
    assert holds_labels(np.round(pixels).astype(np.uint16)) is False
    assert holds_labels(np.round(pixels + 5).astype(np.uint16)) is False
    assert holds_labels(pixels) is False


@pytest.mark.parametrize("quality", [30, 50, 80])
def test_dim_pictures_that_jpeg_made_flat_are_not_taken_for_labels(quality):
    dim = cv2.GaussianBlur(FIELD.image.astype(np.float32) / FIELD.image.max() * 40 + 20, (0, 0), 2).astype(np.uint8)
    dim = cv2.resize(dim, None, fx=4, fy=4)
    stored = cv2.imdecode(cv2.imencode(".jpg", dim, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_UNCHANGED)
    assert holds_labels(stored) is False


def test_a_plane_without_objects_says_nothing():
    for plane in (np.zeros((9, 9), np.uint8), np.full((9, 9), 7), np.zeros((0, 0), int)):
        assert holds_labels(plane) is None
    assert holds_labels(np.zeros((9, 9, 3), np.uint8)) is False


def shown_in_colours(labels):
    palette = np.random.default_rng(0).integers(40, 255, (int(labels.max()) + 1, 3)).astype(np.uint8)
    palette[0] = 0
    return palette[labels]


@pytest.mark.parametrize(
    "pixels",
    [LABELS.astype(np.uint16), (LABELS > 0).astype(np.uint8) * 255, shown_in_colours(LABELS)],
    ids=["labels", "mask", "colours"],
)
def test_labels_given_as_an_image_bring_a_warning(pixels):
    assert any(text.startswith("labels:") for text in hooke.segment(pixels).warnings)


@pytest.mark.parametrize("factor", [1, 4, 20])
def test_nuclei_bring_none(factor):
    overexposed = np.clip(FIELD.image.astype(float) / 256 * factor, 0, 255).astype(np.uint8)
    blurred = cv2.GaussianBlur(overexposed, (0, 0), 1.0)
    for pixels in (overexposed, blurred):
        assert not any(text.startswith("labels:") for text in hooke.segment(pixels).warnings)
