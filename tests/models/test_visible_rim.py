"""Bright objects are outlined by their visible rims: further outside where they are blurred, and only there."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import cv2
import numpy as np
import pytest

import hooke
from hooke.datasets import simulate
from hooke.models import Model, load_model
from hooke.models.visible_rim import follows_rim, take_rims
from hooke.preprocess import Normalisation
from hooke.targets.fixed_point import as_16_bit

DARK = Normalisation("grey", None, 100.0, 1100.0, modality="fluorescence")
EDGE = NormalDist()


def blurred_disk(shape, centre, radius, blur):
    """Light of a disk whose edge a blur of that standard deviation has, 0..1, and the pixels of the disk itself."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    outside = np.hypot(y - centre[0], x - centre[1]) - radius
    light = np.vectorize(EDGE.cdf)(-outside / blur)
    return light, outside <= 0


def radius_of(mask):
    return np.sqrt(np.count_nonzero(mask) / np.pi)


@pytest.mark.parametrize("background", [0.0, 5.0])  # grey values a pixel, along x
def test_a_blurred_disk_grows_to_where_its_rim_is_visible(background):
    light, disk = blurred_disk((240, 240), (120, 120), 42, 6.0)
    slope = background * np.arange(240)
    found = take_rims(disk.astype(np.int32), as_16_bit(light), 100 + 900 * light + slope, DARK, 84.0)
    # At 84 pixels three tenths of its light are enough; it is smoothed once more, over 0.02 diameters.
    expected = 42 - EDGE.inv_cdf(0.3) * np.hypot(6.0, 0.02 * 84)
    assert expected > 45
    assert radius_of(found > 0) == pytest.approx(expected, abs=0.5)


def test_a_sharp_disk_stays_as_it_is():
    light, disk = blurred_disk((240, 240), (120, 120), 42, 0.3)
    everywhere = np.full(light.shape, 40_000, np.uint16)  # the network would have it larger
    found = take_rims(disk.astype(np.int32), everywhere, 100 + 900 * light, DARK, 84.0)
    assert radius_of(found > 0) == pytest.approx(42, abs=1.0)


def test_what_the_network_sees_no_object_in_is_no_rim():
    light, disk = blurred_disk((240, 240), (120, 120), 42, 6.0)
    found = take_rims(disk.astype(np.int32), as_16_bit(disk.astype(float)), 100 + 900 * light, DARK, 84.0)
    assert np.array_equal(found > 0, disk)


def test_no_object_grows_into_another_and_a_dim_one_has_its_own_rim():
    bright, first = blurred_disk((240, 360), (120, 110), 42, 6.0)
    dim, second = blurred_disk((240, 360), (120, 250), 42, 6.0)
    labels = first.astype(np.int32) * 7 + second.astype(np.int32) * 3
    light = bright + 0.2 * dim
    found = take_rims(labels, as_16_bit(np.maximum(bright, dim)), 100 + 900 * light, DARK, 84.0)
    assert np.array_equal(np.unique(found), [0, 3, 7])
    assert (found[labels > 0] == labels[labels > 0]).all()
    assert radius_of(found == 3) == pytest.approx(radius_of(found == 7), abs=0.5)
    touching = np.where(np.arange(360) < 180, 7, 3)[None] * np.ones((240, 1), np.int32)
    assert np.array_equal(take_rims(touching, as_16_bit(np.ones((240, 360))), light, DARK, 84.0), touching)


def test_light_that_touches_no_object_is_not_taken():
    light, disk = blurred_disk((240, 240), (120, 120), 42, 1.0)
    island = np.zeros_like(disk)
    island[118:122, 168:171] = True  # within reach
    shown = np.maximum(light, island)
    found = take_rims(disk.astype(np.int32), as_16_bit(shown), 100 + 900 * shown, DARK, 84.0)
    assert not (found[island] > 0).any()


def test_odd_images_are_left_as_they_are():
    empty = np.zeros((60, 60), np.int32)
    foreground = as_16_bit(np.pad(np.full((28, 28), 0.4), 16))
    assert np.array_equal(take_rims(empty, foreground, np.ones((60, 60)), DARK, 84.0), empty)
    labels = empty.copy()
    labels[20:40, 20:40] = 1
    nothing = np.full((60, 60), np.nan, np.float32)
    assert np.array_equal(take_rims(labels, foreground, nothing, DARK, 84.0), labels)
    darker = np.where(labels > 0, 200.0, 900.0)
    assert np.array_equal(take_rims(labels, foreground, darker, DARK, 84.0), labels)


def test_other_images_have_no_rims():
    assert follows_rim(DARK)
    assert not follows_rim(replace(DARK, mode="rgb", modality="histology"))
    assert not follows_rim(replace(DARK, modality="brightfield"))
    assert not follows_rim(replace(DARK, low=1100.0, high=100.0))


@pytest.mark.parametrize(("diameter", "share"), [(24, 0.45), (42, 0.45), (52, 0.4), (84, 0.3)])
def test_how_bright_the_rim_must_be_depends_on_the_size(diameter, share):
    light, disk = blurred_disk((240, 240), (120, 120), diameter / 2, diameter / 14)
    found = take_rims(disk.astype(np.int32), as_16_bit(light), 100 + 900 * light, DARK, diameter)
    expected = diameter / 2 - EDGE.inv_cdf(share) * np.hypot(diameter / 14, 0.02 * diameter)
    assert radius_of(found > 0) == pytest.approx(expected, abs=0.3)


def test_threads_change_nothing():
    image = simulate((700, 900), seed=3, diameter=30, density=0.3, overlap=0.1)
    shrunk = np.where(cv2.erode((image.labels > 0).astype(np.uint8), np.ones((5, 5))), image.labels, 0)
    shown = cv2.GaussianBlur((image.labels > 0).astype(np.float32), (0, 0), 2)
    one, three = (take_rims(shrunk, as_16_bit(shown), image.image, DARK, 30.0, threads) for threads in (1, 3))
    assert np.array_equal(one, three)
    assert np.count_nonzero(one) > 1.1 * np.count_nonzero(shrunk)


def test_the_shipped_model_takes_rims_of_bright_nuclei():
    model = load_model("nuclei")
    assert model.settings.visible_rim
    assert not model.for_image(colour=True).settings.visible_rim
    plain = Model(replace(model.bundle, settings=model.settings.model_copy(update={"visible_rim": False})))
    for diameter in (80, 24):
        image = simulate((320, 320), seed=2, diameter=diameter, density=0.2).image
        with_rims, without = (hooke.segment(image, one, diameter=diameter, threads=1) for one in (model, plain))
        assert np.array_equal(with_rims.scores, without.scores)
        assert np.count_nonzero(with_rims.labels) > np.count_nonzero(without.labels)


def test_what_is_small_is_judged_by_its_whole_area():
    image = simulate((320, 320), seed=2, diameter=24, density=0.2, overlap=0.2).image
    every = hooke.segment(image, diameter=24, min_size=1, threads=1)
    areas = np.bincount(every.labels.ravel())[1:]
    for limit in np.quantile(areas, [0.2, 0.5, 0.8]).astype(int) + 1:
        kept = hooke.segment(image, diameter=24, min_size=int(limit), threads=1)
        assert sorted(np.bincount(kept.labels.ravel())[1:]) == sorted(areas[areas >= limit])
        small = np.count_nonzero(areas < limit)
        assert small <= kept.dropped <= small + every.dropped  # which scored too low
