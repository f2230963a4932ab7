"""The shipped model `micronuclei`: small bodies beside nuclei, at the scale that the nuclei tell."""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
import pytest
import tifffile

import hooke
from hooke.datasets import simulate
from hooke.measure import relate_objects
from hooke.metrics import count_overlap, match
from hooke.pipeline import SegmentOptions


@pytest.fixture(scope="module")
def field():
    """Nuclei 36 pixels wide, and beside some of them a blurred body of 5 to 7: pixels, nuclei, bodies."""
    made = simulate((480, 480), seed=6, diameter=36.0, density=0.12, bits=16)
    random = np.random.default_rng(1)
    distance = cv2.distanceTransform((made.labels == 0).astype(np.uint8), cv2.DIST_L2, 5)
    image, bodies = made.image.astype(np.float32), np.zeros(made.labels.shape, np.int32)
    places = np.argwhere((distance > 8) & (distance < 14))
    random.shuffle(places)
    for y, x in places:
        free = cv2.circle(np.zeros(bodies.shape, np.uint8), (int(x), int(y)), 14, 1, -1) > 0
        if min(y, x) > 20 and max(y, x) < 460 and not bodies[free].any():
            cv2.circle(bodies, (int(x), int(y)), int(random.integers(2, 4)), int(bodies.max()) + 1, -1)
    light = cv2.GaussianBlur((bodies > 0).astype(np.float32), (0, 0), 0.8)
    level = float(np.median(image[made.labels > 0]) - np.median(image[made.labels == 0]))
    return np.clip(image + level * light, 0, 65535).astype(np.uint16), made.labels, bodies


@pytest.mark.slow
def test_micronuclei_are_found_and_nuclei_are_not(field):
    image, nuclei, bodies = field
    assert bodies.max() >= 10
    found = hooke.segment(image, "micronuclei")
    assert found.diameter == pytest.approx(36 * 0.17, rel=0.35)
    counts = match(count_overlap(found.labels, bodies), 0.3).counts
    assert counts.tp >= 0.8 * bodies.max()
    assert counts.fp <= 2
    assert (found.labels[nuclei > 0] > 0).mean() < 0.01
    related = relate_objects(found.labels, nuclei)
    assert ((related["parent"] == 0) & related["parent_distance"].between(4, 16)).mean() > 0.98
    assert not any(word in text for text in found.warnings for word in ("fragments", "far brighter", "focus"))


@pytest.mark.slow
def test_nuclei_without_micronuclei_are_nothing_to_warn_of(field, tmp_path):
    image, _, _ = field
    tifffile.imwrite(tmp_path / "a.tif", image)
    for name, block in (("whole", None), ("blocks", 512)):
        options = SegmentOptions(model="micronuclei", min_score=0.999)
        run = hooke.segment_folder([tmp_path / "a.tif"], tmp_path / name, options, block=block)
        (result,) = run.images
        assert result.count == 0 and not result.error
        assert "no objects" not in pd.read_csv(tmp_path / name / "summary.csv")["warning"].fillna("").iloc[0]
