"""Outlines: solidity is what geometry says; fragments that share outlines are noticed, ordinary fields are not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

import hooke
from hooke.datasets import simulate
from hooke.pipeline.outlines import looks_fragmented, size_variation, solidity

FIELDS = Path(__file__).parents[2] / ".." / "shared" / "data" / "bbbc039" / "images"


def test_disks_and_squares_are_solid_wherever_they_lie():
    labels = np.zeros((200, 200), np.int32)
    cv2.circle(labels, (60, 60), 25, 1, -1)
    labels[120:160, 0:40] = 2  # at the picture's edge
    labels[100, 150] = 3  # one pixel
    assert solidity(labels) == pytest.approx([1, 1, 1], abs=0.03)


def test_an_l_has_the_solidity_of_its_polygon():
    labels = np.zeros((100, 100), np.int32)
    labels[10:90, 10:30] = 2
    labels[70:90, 10:90] = 2
    hull = 80 * 80 - 60 * 60 / 2
    first, second = solidity(labels)
    assert np.isnan(first)
    assert second == pytest.approx((80 * 20 + 60 * 20) / hull, rel=0.03)


def clusters(fragments, seed=0):
    """Whole nuclei beside heaps of small fragments; each heap has one outline."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((800, 800), np.int32)
    places = [(y, x) for y in range(60, 800, 110) for x in range(60, 800, 110)]
    for number, (y, x) in enumerate(places, 1):
        if number % 3 and fragments:
            if number % 3 == 1:
                cv2.circle(labels, (x, y), 7, number, -1)  # a fragment by itself
                continue
            for _ in range(9):
                dy, dx = rng.integers(-26, 27, 2)
                cv2.line(labels, (x, y), (x + int(dx), y + int(dy)), number, 4)
                cv2.circle(labels, (x + int(dx), y + int(dy)), 7, number, -1)
        else:
            cv2.ellipse(labels, (x, y), (30, 22), float(rng.uniform(0, 180)), 0, 360, number, -1)
    return labels


def test_heaps_of_fragments_are_noticed_and_whole_nuclei_are_not():
    assert looks_fragmented(clusters(fragments=True))
    assert not looks_fragmented(clusters(fragments=False))
    assert not looks_fragmented(np.zeros((50, 50), np.int32))


@pytest.mark.skipif(not FIELDS.is_dir(), reason="BBBC039 is not at ../shared/data")
@pytest.mark.parametrize(("name", "fragmented"), [("A12_s7", True), ("H06_s6", True), ("A18_s1", False)])
def test_fields_of_fragmented_nuclei_are_flagged(name, fragmented):
    (path,) = FIELDS.glob(f"IXMtest_{name}_*.tif")
    assert any(warning.startswith("fragments") for warning in hooke.segment(path, threads=1).warnings) is fragmented


@pytest.mark.parametrize("seed", range(4))
def test_simulated_fields_are_not_fragmented(seed):
    assert not looks_fragmented(simulate((400, 400), seed=seed, diameter=24, density=0.3).labels)


def test_size_variation_leaves_gaps_in_the_ids_out():
    assert size_variation(np.array([10, 0, 10, 0])) == 0
    assert size_variation(np.array([0, 10, 30])) == pytest.approx(0.5)
    assert size_variation(np.zeros(3, int)) == 0
