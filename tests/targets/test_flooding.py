"""The watershed against scikit-image's, and against what defines one: no pixel is reached over too high a pass."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.segmentation import watershed

from hooke.datasets import simulate
from hooke.targets import SplitLine, flooding
from hooke.targets.flooding import flood

FULL = 65535


def crowd(sigma):
    """Seeds, mask, split and distance map of crowded nuclei, blurred and noisy in the measure of sigma (pixels)."""
    truth = simulate((600, 700), seed=6, density=0.6, overlap=0.8).labels
    maps = SplitLine().encode(truth)[:3]
    maps += np.random.default_rng(0).normal(0, 0.02 * sigma, maps.shape).astype(np.float32)
    if sigma:
        maps = np.stack([cv2.GaussianBlur(one, (0, 0), sigma) for one in maps])
    foreground, split, distance = np.rint(np.clip(maps, 0, 1) * FULL).astype(np.uint16)
    mask = foreground > FULL // 2
    core = (mask & (split < FULL // 2) & (distance > 0.3 * FULL)).astype(np.uint8)
    return cv2.connectedComponents(core, connectivity=4)[1], mask, split, distance


def landscape_of(heights):
    """Split and distance maps whose difference is `heights`."""
    return np.maximum(heights, 0).astype(np.uint16), np.maximum(-heights, 0).astype(np.uint16)


def lowest_pass(heights, mask, start):
    """Height up to which water must rise to get from `start` (bool) to each pixel within the mask, step by step."""
    reached = np.where(start, heights, np.inf)
    while True:
        around = np.pad(reached, 1, constant_values=np.inf)
        beside = np.minimum.reduce([around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:]])
        further = np.where(mask, np.minimum(reached, np.maximum(beside, heights)), np.inf)
        if np.array_equal(further, reached):
            return reached
        reached = further


@st.composite
def terrain(draw):
    """A small landscape above 0, often level in places, with a mask and up to three seeds of a pixel."""
    shape = draw(st.tuples(st.integers(1, 8), st.integers(1, 8)))
    heights = draw(hnp.arrays(np.int32, shape, elements=st.integers(1, draw(st.sampled_from([1, 4, FULL])))))
    mask = draw(hnp.arrays(bool, shape, elements=st.sampled_from([True, True, True, False])))
    labels = np.zeros(shape, np.int32)
    inside = np.flatnonzero(mask)
    seeds = draw(st.lists(st.sampled_from(inside), unique=True, max_size=3)) if len(inside) else []
    labels.ravel()[seeds] = np.arange(1, len(seeds) + 1)
    return heights, mask, labels


@given(terrain())
@settings(max_examples=150, deadline=None)
def test_every_pixel_goes_to_a_seed_with_the_lowest_pass_to_it(drawn):
    heights, mask, seeds = drawn
    labels = seeds.copy()
    flood(labels, mask, *landscape_of(heights))
    assert ((labels > 0) == mask).all()
    assert (labels[seeds > 0] == seeds[seeds > 0]).all()
    n_seeds = int(seeds.max(initial=0))
    passes = np.array([lowest_pass(heights, mask, seeds == k) for k in range(1, n_seeds + 1)]).reshape(-1, *mask.shape)
    best = passes.min(axis=0, initial=np.inf)
    seeded = np.isfinite(best)
    for k in range(1, n_seeds + 1):
        np.testing.assert_array_equal(passes[k - 1][labels == k], best[labels == k])
        count, _ = cv2.connectedComponents((labels == k).astype(np.uint8), connectivity=4)
        assert count == 2  # background and one piece
    assert (labels[mask & ~seeded] > n_seeds).all()


@pytest.mark.slow
@pytest.mark.parametrize("sigma", [0, 1.2, 2.5])
def test_maps_of_crowded_nuclei_are_shared_out_as_by_scikit_image(sigma):
    seeds, mask, split, distance = crowd(sigma)
    labels = seeds.copy()
    flood(labels, mask, split, distance)
    expected = watershed(split.astype(np.int64) - distance, seeds, mask=mask)
    seeded = expected > 0
    assert (labels[seeded] != expected[seeded]).mean() < 1e-3
    assert len(np.unique(expected)) > 100


@pytest.mark.slow
def test_batches_make_no_difference(monkeypatch):
    labels, *maps = crowd(1.2)
    in_batches = labels.copy()
    flood(labels, *maps)
    monkeypatch.setattr(flooding, "_BATCH", 100)
    flood(in_batches, *maps)
    np.testing.assert_array_equal(in_batches, labels)


def test_a_level_strip_is_shared_between_its_ends():
    labels = np.array([[1, 0, 0, 0, 2]], np.int32)
    flood(labels, np.ones((1, 5), bool), *landscape_of(np.full((1, 5), 7)))
    assert set(labels[0]) == {1, 2}
    assert (np.diff(labels[0]) >= 0).all()


def test_water_runs_to_the_lower_side_of_a_ridge_wherever_it_stands():
    heights = np.array([[1, 2, 3, 9, 8, 5, 1]])
    labels = np.array([[1, 0, 0, 0, 0, 0, 2]], np.int32)
    flood(labels, np.ones((1, 7), bool), *landscape_of(heights))
    np.testing.assert_array_equal(labels, [[1, 1, 1, 1, 2, 2, 2]])


def test_a_basin_without_seed_spills_over_its_lowest_pass():
    heights = np.array([[1, 6, 2, 3, 2, 5, 1]])  # the basin in the middle has two pits
    labels = np.array([[1, 0, 0, 0, 0, 0, 2]], np.int32)
    flood(labels, np.ones((1, 7), bool), *landscape_of(heights))
    np.testing.assert_array_equal(labels, [[1, 1, 2, 2, 2, 2, 2]])
