"""Splitline targets: encode then decode gives the labels back, and decoding is the plain watershed, only faster."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from skimage.segmentation import watershed

from hooke.datasets import simulate
from hooke.errors import ModelError
from hooke.io import read_labels
from hooke.metrics import count_overlap, match
from hooke.targets import SplitLine, equivalent_diameters, make_scheme

DSB2018 = Path(__file__).parents[2] / ".." / "shared" / "data" / "dsb2018"
SCHEME = SplitLine()


def f1(pairs, threshold=0.9):
    counts = [match(count_overlap(pred, truth), threshold).counts for pred, truth in pairs]
    tp, fp, fn = (sum(getattr(one, name) for one in counts) for name in ("tp", "fp", "fn"))
    return 2 * tp / (2 * tp + fp + fn)


def disks(shape, *circles):
    y, x = np.ogrid[: shape[0], : shape[1]]
    labels = np.zeros(shape, np.int32)
    for number, (cy, cx, radius) in enumerate(circles, 1):
        labels[(y - cy) ** 2 + (x - cx) ** 2 <= radius**2] = number
    return labels


def blurred(labels, sigma=1.2):
    maps = SCHEME.encode(labels)
    noise = 0.02 * np.random.default_rng(0).standard_normal(maps.shape)
    return np.clip(ndimage.gaussian_filter(maps + noise, (0, sigma, sigma)), 0, 1).astype(np.float32)


@pytest.mark.parametrize("diameter", [8, 24, 60])
# In the crowd nuclei lie half behind one another: of a crescent 8 pixels long a line leaves little.
@pytest.mark.parametrize(("density", "overlap", "least"), [(0.3, 0.0, 1.0), (0.3, 0.3, 0.99), (0.5, 1.0, 0.95)])
def test_round_trip_on_simulated_nuclei(diameter, density, overlap, least):
    labels = simulate((384, 384), seed=1, diameter=diameter, density=density, overlap=overlap).labels
    assert f1([(SCHEME.decode(SCHEME.encode(labels)).labels, labels)]) >= least


@pytest.mark.slow
def test_threads_make_no_difference():
    labels = simulate((700, 640), seed=2, diameter=14, density=0.4).labels
    labels[100:110, 200:210] = 0  # perhaps a hole
    maps = blurred(labels)
    one, *others = (SCHEME.decode(maps, min_size=140, diameter=14, min_score=0.5, threads=n) for n in (1, 2, 3))
    assert len(one.scores) > 300
    assert one.too_small + one.too_unsure
    for other in others:
        assert np.array_equal(one.labels, other.labels)
        assert np.array_equal(one.scores, other.scores)
        assert np.array_equal(one.traits, other.traits)
        assert (one.too_small, one.too_unsure) == (other.too_small, other.too_unsure)


@pytest.mark.slow
@pytest.mark.skipif(not DSB2018.is_dir(), reason="the data set dsb2018 is not beside the repository")
def test_round_trip_on_all_truth_of_dsb2018():
    with (DSB2018 / "index.csv").open() as file:
        ids = [row["id"] for row in csv.DictReader(file)]
    assert len(ids) == 664
    truths = (read_labels(DSB2018 / "labels" / f"{one}.png") for one in ids)
    assert f1((SCHEME.decode(SCHEME.encode(truth)).labels, truth) for truth in truths) >= 0.99


@pytest.mark.parametrize(
    ("small", "reach"), [(3, 0), (6, 1), (15, 1), (16, 2), (35, 2), (36, 3), (44, 3)], ids=lambda value: str(value)
)
def test_a_split_line_is_as_wide_as_the_smaller_object_asks_for(small, reach):
    labels = np.zeros((120, 220), np.int32)
    labels[10:110, 10:110] = 1  # as wide as a disk of diameter 113; a square of side 16 as one of 18.05
    labels[60 - small // 2 : 60 + small - small // 2, 110 : 110 + small] = 2
    split = SCHEME.encode(labels)[1]
    # Between two pixels that touch, a line that reaches r to either side is 2 r wide.
    assert split[60].sum() == 2 * reach
    assert set(np.flatnonzero(split[60])) == set(range(110 - reach, 110 + reach))


def test_objects_apart_have_no_split_line():
    assert not SCHEME.encode(disks((80, 160), (40, 40, 25), (40, 110, 25)))[1].any()


def test_distance_is_one_at_the_deepest_pixel_of_each_object_and_falls_to_the_edge():
    labels = simulate((256, 256), seed=2, density=0.5, overlap=0.8).labels
    distance = SCHEME.encode(labels)[2]
    ids = np.arange(1, labels.max() + 1)
    np.testing.assert_allclose(ndimage.maximum(distance, labels, ids), 1)
    assert not distance[labels == 0].any()
    assert (distance[labels > 0] > 0).all()


def test_distance_of_a_square_by_hand():
    labels = np.zeros((9, 9), np.int32)
    labels[2:7, 2:7] = 1
    # Edge pixels are 1 deep, the middle 3.
    np.testing.assert_allclose(SCHEME.encode(labels)[2, 4, 2:7], [1 / 3, 2 / 3, 1, 2 / 3, 1 / 3], atol=0.01)


def test_the_diameter_map_tells_diameters():
    labels = disks((200, 200), (40, 40, 6), (60, 130, 30), (150, 50, 45))
    diameter = SCHEME.diameter_of(SCHEME.encode(labels)[3])
    for number, radius in enumerate((6, 30, 45), 1):
        np.testing.assert_allclose(diameter[labels == number], 2 * radius, rtol=0.03)


def test_the_diameter_map_has_one_half_at_the_nominal_diameter_and_stops_at_three_octaves():
    scheme = SplitLine(nominal_diameter=10)
    np.testing.assert_allclose(scheme.diameter_of(np.array([0, 0.5, 1])), [10 / 8, 10, 80])
    assert scheme.encode(np.ones((200, 200), np.int32))[3].max() == 1


def test_objects_cut_by_the_crop_take_the_diameters_given():
    whole = disks((100, 100), (50, 50, 20))
    crop = whole[:, :40]
    cut = SCHEME.diameter_of(SCHEME.encode(crop)[3][crop > 0])
    told = SCHEME.diameter_of(SCHEME.encode(crop, equivalent_diameters(whole))[3][crop > 0])
    assert cut.max() < 30
    np.testing.assert_allclose(told, 40, rtol=0.02)


def test_ids_may_have_gaps():
    labels = disks((60, 120), (30, 30, 15), (30, 80, 15))
    gapped = labels * 5
    np.testing.assert_array_equal(SCHEME.encode(gapped), SCHEME.encode(labels))
    decoded = SCHEME.decode(SCHEME.encode(gapped)).labels
    assert set(np.unique(decoded)) == {0, 1, 2}


def test_no_objects():
    maps = SCHEME.encode(np.zeros((30, 40), np.int32))
    assert maps.shape == (4, 30, 40)
    assert not maps.any()
    decoded = SCHEME.decode(maps)
    assert not decoded.labels.any()
    assert decoded.scores.shape == (0,)


@pytest.mark.parametrize("shape", [(64, 64), (1, 50), (50, 1), (1, 1)])
def test_one_object_fills_the_frame(shape):
    maps = SCHEME.encode(np.full(shape, 7, np.int32))
    np.testing.assert_array_equal(maps[:3], np.stack([np.ones(shape), np.zeros(shape), np.ones(shape)]))
    np.testing.assert_array_equal(SCHEME.decode(maps).labels, np.ones(shape))


@pytest.mark.slow
def test_more_objects_than_16_bits_hold():
    labels = np.zeros((1200, 1200), np.int32)
    labels.reshape(300, 4, 300, 4)[:, :3, :, :3] = np.arange(1, 90_001).reshape(300, 1, 300, 1)
    decoded = SCHEME.decode(SCHEME.encode(labels))
    assert len(decoded.scores) == 90_000
    assert (count_overlap(decoded.labels, labels).iou == 1).all()


def test_floats_and_16_bit_integers_give_the_same():
    maps = blurred(simulate((200, 300), seed=3, density=0.5, overlap=0.8).labels)
    of_floats = SCHEME.decode(maps, min_size=9, diameter=24)
    of_integers = SCHEME.decode(np.rint(maps * 65535).astype(np.uint16), min_size=9, diameter=24)
    np.testing.assert_array_equal(of_floats.labels, of_integers.labels)
    np.testing.assert_array_equal(of_floats.scores, of_integers.scores)
    assert of_floats.labels.dtype == np.int32
    assert len(of_floats.scores) > 10


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "density"), [(4, 0.3), (5, 0.75)])
def test_decoding_is_the_plain_watershed_of_the_whole_image(seed, density):
    maps = blurred(simulate((700, 600), seed=seed, density=density, overlap=1.0).labels)
    foreground, split, distance = np.rint(maps[:3] * 65535) / 65535
    mask = foreground > 0.5
    seeds, count = ndimage.label(mask & (foreground - split > 0.5) & (distance > 0.3))
    small = np.bincount(seeds.ravel()) < SCHEME.min_seed_area
    seeds[small[seeds]] = 0
    plain = watershed(split - distance, seeds, mask=mask)
    pieces, _ = ndimage.label(mask)
    seeded = np.isin(pieces, pieces[seeds > 0]) & mask
    decoded = np.where(seeded & (plain > 0), SCHEME.decode(maps, diameter=0.1).labels, 0)
    overlap = count_overlap(decoded, plain)
    assert count > 100
    matching = match(overlap, 0.97)
    assert matching.counts.fp == matching.counts.fn == 0
    # Where two objects have equally high passes to a pixel, it may be either's.
    assert (matching.iou == 1).mean() > 0.97


def test_a_piece_without_a_seed_is_an_object():
    maps = np.zeros((3, 20, 20))
    maps[0, 5:12, 5:12] = 0.8
    decoded = SCHEME.decode(maps)
    np.testing.assert_array_equal(decoded.labels > 0, maps[0] > 0)
    np.testing.assert_allclose(decoded.scores, [0.8], atol=1e-4)


def test_small_holes_are_filled_and_large_ones_and_open_ones_are_not():
    maps = SCHEME.encode(disks((100, 100), (50, 50, 40)))
    maps[0, 40:43, 40:43] = 0  # 9 pixels
    maps[0, 50:70, 50:70] = 0  # 400 pixels; a tenth of a disk 60 wide is 283
    labels = SCHEME.decode(maps, diameter=60).labels
    assert (labels[40:43, 40:43] == 1).all()
    assert not labels[50:70, 50:70].any()
    assert (SCHEME.decode(maps).labels[50:70, 50:70] == 1).all()  # no diameter, no limit


def test_a_hole_between_two_objects_is_nobodys():
    labels = np.zeros((40, 61), np.int32)
    labels[5:35, 5:30], labels[5:35, 30:55] = 1, 2
    labels[18:22, 28:32] = 0
    decoded = SCHEME.decode(SCHEME.encode(labels)).labels
    assert decoded.max() == 2
    assert not decoded[18:22, 28:32].any()


def test_a_notch_at_the_border_is_no_hole():
    labels = np.ones((40, 40), np.int32)
    labels[0:3, 20:23] = 0
    assert not SCHEME.decode(SCHEME.encode(labels)).labels[0:3, 20:23].any()


def test_small_objects_are_dropped_and_the_rest_numbered_anew():
    labels = disks((60, 160), (5, 20, 3), (30, 60, 20), (30, 120, 15))
    decoded = SCHEME.decode(SCHEME.encode(labels), min_size=100)
    np.testing.assert_array_equal(decoded.labels, np.maximum(labels - 1, 0))
    assert len(decoded.scores) == 2


def test_candidates_that_fail_for_one_reason_are_counted_and_noise_is_not():
    labels = np.zeros((60, 80), int)
    labels[5:25, 5:25] = 1  # large and sure
    labels[5:25, 35:55] = 2  # large and unsure
    labels[40:44, 5:9] = 3  # small and sure
    labels[40:44, 35:39] = 4  # small and unsure
    maps = SplitLine().encode(labels)
    maps[0][(labels == 2) | (labels == 4)] = 0.6
    decoded = SplitLine(min_score=0.8).decode(maps, min_size=50)
    assert len(decoded.scores) == 1
    assert (decoded.too_small, decoded.too_unsure) == (1, 1)
    assert decoded.labels[10, 10] == 1


def test_scores_are_the_mean_foreground_and_low_ones_can_be_dropped():
    labels = disks((60, 120), (30, 30, 15), (30, 80, 15))
    maps = SCHEME.encode(labels)
    maps[0] *= np.where(labels == 1, 0.6, 0.9)
    maps[0, 30, 30] = 0.8
    area = (labels == 1).sum()
    expected = (0.6 * (area - 1) + 0.8) / area, 0.9
    np.testing.assert_allclose(SCHEME.decode(maps).scores, expected, atol=1e-4)
    strict = SplitLine(min_score=0.7).decode(maps)
    np.testing.assert_array_equal(strict.labels, labels == 2)
    np.testing.assert_allclose(strict.scores, [0.9], atol=1e-4)


def test_schemes_by_name():
    assert make_scheme("splitline", {"nominal_diameter": 12.0}) == SplitLine(nominal_diameter=12)
    with pytest.raises(ModelError, match=r"known schemes: .*splitline"):
        make_scheme("stars", {})
    with pytest.raises(ModelError, match="rays"):
        make_scheme("splitline", {"rays": 32})
