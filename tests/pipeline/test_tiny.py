"""Tiny dense objects are found: benchmarks/spots.py has the figures."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

import hooke

SPOTS = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "spots.py"))


@pytest.mark.parametrize(
    ("diameter", "across", "given"),
    [(6, 14, True), (6, 14, False), (4, 14, False), pytest.param(6, 48, False, marks=pytest.mark.slow)],
)
def test_dense_spots_are_found_one_by_one(diameter, across, given):
    pixels, centres = SPOTS["draw"](diameter, across)
    options = {"diameter": diameter, "min_size": diameter} if given else {}
    found = hooke.segment(pixels, threads=1, **options)
    assert SPOTS["found_share"](found.labels, centres) >= 0.95
    assert found.count <= len(centres)
