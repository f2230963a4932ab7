"""Augmentation: image and labels move together, ids stay, sizes follow the zoom, a seed gives the same crop."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from hooke.datasets.simulator import simulate
from hooke.targets import SplitLine, equivalent_diameters
from hooke.training.augment import Sample, crop_sample, make_negative, photometric
from hooke.training.config import AugmentConfig
from hooke.training.data import Crops

PLAIN = AugmentConfig(crop=128, photometric=0, negative=0)


def sample_of(labels, image=None, colour=False):
    ids = np.unique(labels)[1:]
    diameters = equivalent_diameters(labels)
    centres = np.array([np.argwhere(labels == one).mean(0) for one in ids], np.float32).reshape(-1, 2)
    image = labels.astype(np.float16) if image is None else image
    return Sample(image, labels, diameters, centres, float(np.median(diameters[ids])) if len(ids) else 24.0, colour)


@pytest.fixture(scope="module")
def field():
    return simulate((200, 260), seed=1, density=0.3).labels


def inner(labels, reach=2):
    """Pixels whose neighbourhood holds one label: there interpolation can't mix two."""
    window = np.ones((2 * reach + 1, 2 * reach + 1))
    ids = labels.astype(np.float32)
    return cv2.erode(ids, window) == cv2.dilate(ids, window)


@pytest.mark.parametrize("seed", range(8))
def test_image_and_labels_take_the_same_way(field, seed):
    # The image holds each object's id over 100, so a crop of it must say what the crop of the labels says.
    config = PLAIN.model_copy(update={"wide": 0.5})
    sample = sample_of(field, (field / 100).astype(np.float32))
    image, labels, _ = crop_sample(sample, config, np.random.default_rng(seed))
    assert image.shape == (128, 128, 3)
    assert labels.shape == (128, 128)
    sure = inner(labels)
    assert sure.mean() > 0.3
    agree = np.abs(image[..., 0] * 100 - labels) < 0.5
    assert agree[sure].mean() > 0.995


def test_ids_are_kept(field):
    found = set()
    for seed in range(20):
        labels = crop_sample(sample_of(field), PLAIN, np.random.default_rng(seed))[1]
        assert labels.dtype == np.int32
        found |= set(np.unique(labels))
    assert found <= set(np.unique(field))
    assert len(found) > 10


@pytest.mark.parametrize("seed", range(5))
def test_diameters_follow_the_zoom(seed):
    y, x = np.mgrid[:400, :400]
    labels = ((y - 200) ** 2 + (x - 200) ** 2 <= 20**2).astype(np.int32)
    config = PLAIN.model_copy(update={"diameter": (30.0, 50.0), "wide": 0.0})
    _, cropped, diameters = crop_sample(sample_of(labels), config, np.random.default_rng(seed))
    assert 30 <= diameters[1] <= 50
    whole = (cropped > 0).sum() > 0 and not np.concatenate([cropped[0], cropped[-1], *cropped[:, [0, -1]].T]).any()
    if whole:  # stretching keeps the area
        assert equivalent_diameters(cropped)[1] == pytest.approx(diameters[1], rel=0.05)


def test_the_median_diameter_lies_in_the_range_asked_for(field):
    config = PLAIN.model_copy(update={"diameter": (20.0, 22.0), "wide": 0.0})
    sample = sample_of(field)
    ids = np.unique(field)[1:]
    for seed in range(10):
        median = np.median(crop_sample(sample, config, np.random.default_rng(seed))[2][ids])
        assert 19.99 <= median <= 22.01


def test_a_seed_gives_the_same_crop_and_another_gives_another(field):
    config = PLAIN.model_copy(update={"photometric": 1.0})
    sample = sample_of(field, (field > 0).astype(np.float16))
    first, again, other = (crop_sample(sample, config, np.random.default_rng(seed)) for seed in (3, 3, 4))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first[0], other[0])


def test_an_image_without_objects_can_be_cropped():
    image, labels, _ = crop_sample(sample_of(np.zeros((50, 40), np.int32)), PLAIN, np.random.default_rng(0))
    assert image.shape == (128, 128, 3)
    assert not labels.any()


@pytest.mark.parametrize("colour", [False, True])
def test_photometric_changes_stay_within_bounds_and_grey_stays_grey(colour):
    image = np.random.default_rng(0).random((64, 64, 3 if colour else 1), np.float32)
    image = np.broadcast_to(image, (64, 64, 3)).copy()
    for seed in range(40):
        changed = photometric(image.copy(), colour, 1.0, np.random.default_rng(seed))
        assert changed.shape == image.shape
        assert changed.dtype == np.float32
        assert np.isfinite(changed).all()
        assert -0.5 <= changed.min() <= changed.max() <= 2
        if not colour:
            np.testing.assert_allclose(changed, changed[..., :1].repeat(3, 2), atol=0.02)


def test_no_strength_no_change():
    image = np.random.default_rng(0).random((32, 32, 3), np.float32)
    np.testing.assert_array_equal(photometric(image, False, 0.0, np.random.default_rng(0)), image)


def test_negatives_look_normalised():
    for seed in range(10):
        image = make_negative(96, np.random.default_rng(seed))
        assert image.shape == (96, 96, 3)
        assert image.dtype == np.float32
        low, high = np.percentile(image, (1, 99.8))
        assert (low, high) == (pytest.approx(0, abs=0.01), pytest.approx(1, abs=0.01))


def crops(field, seed, config=PLAIN, start=0):
    return Crops([sample_of(field)], np.ones(1), config, SplitLine(), seed, start)


def take(stream, count=3):
    return [next(both) for both in [iter(stream)] for _ in range(count)]


def test_negatives_have_no_objects(field):
    config = PLAIN.model_copy(update={"negative": 1.0})
    for _, maps in take(crops(field, 0, config)):
        assert not maps.any()


def test_the_stream_is_reproducible(field):
    first, again, other = take(crops(field, 1)), take(crops(field, 1)), take(crops(field, 2))
    for one, two in zip(first, again, strict=True):
        assert one[0].equal(two[0])
        assert one[1].equal(two[1])
    assert not first[0][0].equal(other[0][0])
    assert first[0][0].shape == (3, 128, 128)
    assert first[0][1].shape == (4, 128, 128)


def test_a_stream_that_goes_on_later_draws_other_crops(field):
    begun, resumed, again = take(crops(field, 1)), take(crops(field, 1, start=4)), take(crops(field, 1, start=4))
    assert not begun[0][0].equal(resumed[0][0])
    assert resumed[0][0].equal(again[0][0])
