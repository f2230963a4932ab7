"""Intensities that can't be trusted are named: NaN, infinite pixels, and channels that are saturated in the objects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

import hooke
from hooke.cli.measure import measure
from hooke.datasets import simulate
from hooke.measure import intensity_doubts
from tests.builders import run_command

FIELD = simulate((96, 128), seed=2, diameter=20, density=0.15, bits=16)
IMAGE, LABELS = FIELD.image, FIELD.labels.astype(np.uint16)
CLIPPED = np.minimum(IMAGE.astype(int) * 6, 4095 * 16).astype(np.uint16)


@pytest.mark.parametrize(
    "pixels",
    [
        IMAGE,
        IMAGE.astype(np.float32),
        (IMAGE.astype(int) // 4 - 500).astype(np.int16),
        np.zeros_like(IMAGE),
        IMAGE > 20000,
        (IMAGE // 8192).astype(np.uint8),  # few steps
        np.stack([IMAGE, IMAGE // 2], axis=2),
    ],
)
def test_ordinary_intensities_are_not_mentioned(pixels):
    assert intensity_doubts(LABELS, pixels) == []
    assert intensity_doubts(np.zeros_like(LABELS), pixels) == []


def test_saturated_channels_are_named_unless_known():
    share = f"{(CLIPPED[LABELS > 0] == CLIPPED.max()).mean():.0%}"
    (said,) = intensity_doubts(LABELS, CLIPPED)
    assert said.startswith(f"saturated: {share} of the objects' pixels")
    both = np.stack([IMAGE, CLIPPED], axis=2)
    assert intensity_doubts(LABELS, both, ("DAPI", "FITC"))[0].startswith(f"saturated of FITC: {share}")
    assert "of channel 1:" in intensity_doubts(LABELS, both)[0]
    assert intensity_doubts(LABELS, both, seen=1) == []


def test_pixels_without_a_number_are_counted():
    pixels = IMAGE.astype(np.float32)
    pixels[LABELS == 1] = np.nan
    share = f"{(LABELS == 1).sum() / (LABELS > 0).sum():.0%}"
    (said,) = intensity_doubts(LABELS, pixels)
    assert f"{share} of the objects' pixels are NaN" in said
    pixels = IMAGE.astype(np.float64)
    pixels[tuple(np.argwhere(LABELS == 2)[0])] = -np.inf
    (said,) = intensity_doubts(LABELS, np.stack([IMAGE.astype(np.float64), pixels], axis=2))
    assert said.startswith("infinite: under 1% of")
    pixels = IMAGE.astype(np.float32)
    pixels[LABELS == 0] = np.nan  # outside of the objects
    assert intensity_doubts(LABELS, pixels) == []


def test_segment_and_measure_say_it(tmp_path):
    stained = np.stack([IMAGE, CLIPPED])
    damaged = IMAGE.astype(np.float32)
    damaged[LABELS == 2] = np.nan
    for folder in ("in", "labels"):
        (tmp_path / folder).mkdir()
    for name in ("a", "b"):
        tifffile.imwrite(tmp_path / "labels" / f"{name}.tif", LABELS)
    named = {"axes": "CYX", "Channel": {"Name": ["DAPI", "FITC"]}}
    tifffile.imwrite(tmp_path / "in" / "a.ome.tif", stained, metadata=named, ome=True, photometric="minisblack")
    tifffile.imwrite(tmp_path / "in" / "b.tif", damaged)
    result, code = run_command(measure, tmp_path / "in", "--labels", tmp_path / "labels", "-o", tmp_path / "out")
    assert (code, result.exception) == (0, None)
    first, second = pd.read_csv(tmp_path / "out" / "summary.csv")["warning"]
    assert first.startswith("saturated of FITC") and second.startswith("no numbers")
    found = hooke.segment(tmp_path / "in" / "a.ome.tif", channel="DAPI")
    assert any(warning.startswith("saturated of FITC") for warning in found.warnings)
    assert not any("FITC" in warning for warning in hooke.segment(IMAGE).warnings)
