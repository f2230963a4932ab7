"""Augmentation: image and labels move together, ids stay, sizes follow the zoom, a seed gives the same crop."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from hooke.datasets import simulate
from hooke.errors import DatasetError
from hooke.targets import equivalent_diameters
from hooke.training.augmentation.config import AugmentConfig
from hooke.training.augmentation.crops import (
    UNKNOWN,
    Sample,
    class_map,
    crop_sample,
    fade_objects,
    make_negative,
    photometric,
    remove_fragments,
    touching_places,
)
from hooke.training.augmentation.geometry import area_factors, bend_field, warp_labels
from hooke.training.augmentation.photometric import estimate_stains

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
    image = np.random.default_rng(0).random((32, 32, 1), np.float32).repeat(3, 2)
    np.testing.assert_array_equal(photometric(image, False, 0.0, np.random.default_rng(0)), image)


def test_negatives_look_normalised():
    for seed in range(10):
        image = make_negative(96, np.random.default_rng(seed))
        assert image.shape == (96, 96, 3)
        assert image.dtype == np.float32
        low, high = np.percentile(image, (1, 99.8))
        assert (low, high) == (pytest.approx(0, abs=0.01), pytest.approx(1, abs=0.01))


def test_class_map_by_hand():
    labels = np.array([[0, 2], [1, 2]], np.int32)
    assert class_map(labels, np.array([7, 0, 2])).tolist() == [[UNKNOWN, 2], [0, 2]]
    assert class_map(labels, np.array([7, 0, 2]), background=5).tolist() == [[5, 2], [0, 2]]
    with pytest.raises(DatasetError, match="object 2"):
        class_map(labels, np.array([7, 0]))
    assert class_map(np.zeros((2, 2), np.int32), np.array([], np.int64)).tolist() == [[UNKNOWN] * 2] * 2


def test_an_elastic_bend_moves_image_and_labels_alike(field):
    config = PLAIN.model_copy(update={"elastic": 1.0})
    sample = sample_of(field, (field / 100).astype(np.float32))
    for seed in range(6):
        image, labels, _ = crop_sample(sample, config, np.random.default_rng(seed))
        plain = crop_sample(sample, PLAIN, np.random.default_rng(seed))[1]
        sure = inner(labels)
        assert (np.abs(image[..., 0] * 100 - labels) < 0.5)[sure].mean() > 0.995
        assert (labels != plain).mean() > 0.01


def test_a_bend_never_folds_the_plane():
    # A fold turns the area factor's denominator, the determinant of the derivative, negative.
    for seed in range(40):
        bend = bend_field(128, np.random.default_rng(seed))
        along_y, along_x = np.gradient(bend, axis=(0, 1))
        assert ((1 + along_x[..., 0]) * (1 + along_y[..., 1]) > np.abs(along_x[..., 1] * along_y[..., 0])).all()


def test_sizes_follow_the_bend():
    y, x = np.mgrid[:128, :128]
    straight = ((y - 64) ** 2 + (x - 60) ** 2 <= 30**2).astype(np.int32)
    for seed in range(10):
        bend = bend_field(128, np.random.default_rng(seed))
        bent = warp_labels(straight, np.eye(2, 3), 128, bend)
        grown = bent.sum() / straight.sum()
        assert area_factors(bent, bend, 3)[1] == pytest.approx(grown, rel=0.03)
        assert area_factors(bent, bend, 3)[2] == 1


def test_a_bend_of_nothing_is_the_plain_crop(field):
    matrix = np.array([[1.3, 0.4, -20.0], [-0.5, 1.1, 30.0]])
    plain, bent = (warp_labels(field, matrix, 128, bend) for bend in (None, np.zeros((128, 128, 2), np.float32)))
    assert (plain != bent).mean() < 0.01  # the two round the nearest pixel by different arithmetic


def test_a_speck_cut_off_goes_and_a_whole_small_object_stays():
    labels = np.zeros((20, 20), np.int32)
    labels[2:12, 2:12] = 1
    labels[15, 3:5] = 1  # two pixels cut off from the object of 100
    labels[12, 5] = 2  # one pixel that touches another object, of a whole object of 80 pixels
    labels[18, 18] = 3  # a whole object of one pixel
    labels[0:3, 15:20] = 4  # 15 pixels of an object of 100
    diameters = np.sqrt(np.array([0, 102, 80, 1, 100]) * 4 / np.pi).astype(np.float32)
    expected = labels.copy()
    expected[15, 3:5] = expected[12, 5] = 0
    np.testing.assert_array_equal(remove_fragments(labels, 10, diameters), expected)


def test_crops_hold_no_specks_where_none_are_wanted(field):
    config = PLAIN.model_copy(update={"elastic": 0.5})
    clean = config.model_copy(update={"min_fragment": 25})
    removed = 0
    for seed in range(12):
        labels, cleaned = (
            crop_sample(sample_of(field), one, np.random.default_rng(seed))[1] for one in (config, clean)
        )
        changed = labels != cleaned
        assert not cleaned[changed].any()
        removed += len(np.unique(labels[changed]))
    assert removed > 0


def test_defocus_spreads_a_point_over_a_disc_and_keeps_its_light():
    # Next to no strength leaves all other changes out; the share makes up for it.
    point = np.zeros((33, 33, 3), np.float32)
    point[16, 16] = 1.0
    blurred = photometric(point, False, 1e-9, np.random.default_rng(0), defocus=1e9)
    y, x = np.nonzero(blurred[..., 0] > 1e-6)
    radius = np.hypot(y - 16, x - 16).max()
    assert 1 <= radius <= 5
    assert blurred[..., 0].sum() == pytest.approx(1, abs=1e-5)
    assert np.ptp(blurred[16, 15:18, 0]) == pytest.approx(0, abs=1e-6)  # flat, where a Gaussian has its peak


def test_bit_depth_leaves_few_levels():
    image = np.repeat(np.random.default_rng(0).random((64, 64, 1), np.float32), 3, axis=2)
    counts = {
        len(np.unique(photometric(image, False, 1e-9, np.random.default_rng(seed), bit_depth=1e9)))
        for seed in range(20)
    }
    assert counts == {8, 16, 32, 64}


@pytest.mark.slow
def test_crops_are_drawn_to_where_objects_touch():
    labels = np.zeros((600, 600), np.int32)
    for number, (y, x) in enumerate(np.ndindex(12, 12), 1):
        labels[y * 50 + 10 : y * 50 + 30, x * 50 + 10 : x * 50 + 30] = number
    labels[485:505, 484:494], labels[485:505, 494:504] = 200, 201
    places = touching_places(labels)
    assert set(places[:, 1]) == {493}
    assert len(touching_places(labels, most=5)) == 5
    sample = replace(sample_of(labels), touching=places)
    shown = {
        share: sum(
            {200, 201} <= set(np.unique(crop_sample(sample, config, np.random.default_rng(seed))[1]))
            for seed in range(40)
        )
        for share in (0.0, 1.0)
        if (config := PLAIN.model_copy(update={"touching": share, "wide": 0}))
    }
    assert shown[1.0] == 40
    assert shown[0.0] < 20


def _flat_field(contrast):
    """Round objects of one intensity on an even background."""
    labels = np.zeros((96, 96), np.int32)
    y, x = np.mgrid[:96, :96]
    for number, (cy, cx) in enumerate([(20, 20), (20, 70), (70, 20), (70, 70)], start=1):
        labels[(y - cy) ** 2 + (x - cx) ** 2 < 100] = number
    return np.where(labels > 0, 0.2 + contrast, 0.2).astype(np.float32), labels


@pytest.mark.parametrize("contrast", [0.6, -0.15])
@pytest.mark.parametrize("channels", [0, 3])
def test_faded_objects_lie_between_their_own_intensity_and_the_background(contrast, channels):
    image, labels = _flat_field(contrast)
    image = np.repeat(image[..., None], channels, axis=2) if channels else image
    faded = 0
    for seed in range(20):
        result = fade_objects(image, labels, np.random.default_rng(seed))
        assert result.shape == image.shape and result.dtype == np.float32
        assert result[labels == 0].mean() == pytest.approx(0.2, abs=0.02)
        for y, x in [(20, 20), (20, 70), (70, 20), (70, 70)]:
            share = float((np.atleast_1d(result[y, x])[0] - 0.2) / contrast)
            assert 0.2 < share < 1.01
            faded += share < 0.85
    assert 10 < faded < 70  # of 80: some, never all


def test_nothing_fades_where_there_is_no_object_or_no_background():
    rng = np.random.default_rng(0)
    image = rng.random((32, 32), np.float32)
    for labels in (np.zeros((32, 32), np.int32), np.ones((32, 32), np.int32)):
        assert fade_objects(image, labels, rng) is image


@pytest.mark.parametrize("seed", range(4))
def test_the_dyes_of_an_image_are_found(seed):
    rng = np.random.default_rng(seed)
    dyes = np.array([[0.65, 0.70, 0.29], [0.12, 0.95, 0.28]]) + rng.normal(0, 0.03, (2, 3))
    dyes /= np.linalg.norm(dyes, axis=1, keepdims=True)
    amounts = rng.uniform(0.2, 2, (64, 64, 2)) * (rng.random((64, 64, 1)) < 0.5)
    amounts[::3, :, 0] = 0  # eosin alone, and haematoxylin alone
    amounts[1::3, :, 1] = 0
    found = estimate_stains((amounts @ dyes).astype(np.float32))
    assert found is not None
    assert (found[:2] * dyes).sum(axis=1).min() > np.cos(np.radians(3))
    assert found @ found[2] == pytest.approx([0, 0, 1], abs=1e-6)


def test_one_dye_is_not_taken_for_two():
    amounts = np.random.default_rng(0).uniform(0.2, 2, (64, 64, 1))
    assert estimate_stains((amounts * [0.65, 0.70, 0.29]).astype(np.float32)) is None
    assert estimate_stains(np.zeros((64, 64, 3), np.float32)) is None
