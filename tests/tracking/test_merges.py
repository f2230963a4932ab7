"""Objects found as one: recognised by their area and split, where two are before and after; left alone where not."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("laptrack")

import hooke
from hooke.datasets import SequenceSettings, simulate_sequence
from hooke.tracking.merges import split_mask


def discs(*frames: dict[int, tuple[float, float, float]]) -> np.ndarray:
    """Label images of discs: (y, x, radius) of each label."""
    stack = np.zeros((len(frames), 80, 120), int)
    y, x = np.mgrid[:80, :120]
    for plane, objects in zip(stack, frames, strict=True):
        for label, (row, column, radius) in objects.items():
            plane[np.hypot(y - row, x - column) <= radius] = label
    return stack


def wandering(merged: int, last: int = 5) -> np.ndarray:
    """Two discs that move by their radius and touch in one frame, where they are found as one; a third is far away."""
    rng = np.random.default_rng(0)
    frames = []
    for t in range(last + 1):
        y, x = 30 + rng.uniform(-4, 4), 40 + rng.uniform(-4, 4)
        frames.append({1: (y, x, 8), 2: (y + rng.uniform(-3, 3), x + 17, 8), 3: (60, 90 + t, 9)})
    stack = discs(*frames)
    stack[merged][stack[merged] == 2] = 1
    return stack


def test_two_that_wander_are_split_where_they_were_found_as_one():
    stack = wandering(2)
    tracks = hooke.track(stack)
    assert (tracks.count, tracks.lineage["frames"].tolist()) == (3, [6, 6, 6])
    assert tracks.table["repaired"].value_counts()["split"] == 2
    own = tracks.table[tracks.table["track"] <= 2].groupby("track")["area"]
    assert (own.max() / own.min()).max() < 1.2
    assert len(tracks.divisions) == 0


def test_in_the_last_frame_the_frame_before_is_enough():
    tracks = hooke.track(wandering(5))
    assert (tracks.count, tracks.lineage["frames"].tolist()) == (3, [6, 6, 6])


def test_in_the_first_frame_one_object_may_be_a_mother():
    tracks = hooke.track(wandering(0))
    assert not (tracks.table["repaired"] != "").any()


def test_an_object_that_leaves_beside_another_splits_nothing():
    frames = [{1: (30, 40, 8), 2: (30, 57, 8)}, {1: (30, 41, 8), 2: (30, 57, 8)}]
    frames += [{1: (30, 42, 8)}, {1: (30, 43, 8)}]
    frames = [frame | {3: (60, 90, 9)} for frame in frames]
    tracks = hooke.track(discs(*frames))
    assert not (tracks.table["repaired"] != "").any()
    assert tracks.lineage["frames"].tolist() == [4, 2, 4]


def test_a_division_is_not_a_merge():
    frames = [{1: (30, 40, 11)}, {1: (30, 40, 11)}, {1: (30, 32, 8), 2: (30, 49, 8)}, {1: (30, 32, 8), 2: (30, 49, 8)}]
    tracks = hooke.track(discs(*frames))
    assert tracks.divisions["parent"].tolist() == [1, 1]
    assert not (tracks.table["repaired"] != "").any()


def test_a_daughter_that_the_edge_cuts_is_one():
    # Of one daughter a third is in sight: more than an octave between both.
    frames = [{1: (11, 40, 12)}] * 3 + [{1: (19, 40, 8.5), 2: (-2, 40, 8.5)}] * 3
    tracks = hooke.track(discs(*frames))
    areas = tracks.table.groupby("track")["area"].first().tolist()
    assert max(areas[1:]) / min(areas[1:]) > 2
    assert tracks.divisions["parent"].tolist() == [1, 1]


@pytest.mark.parametrize("angle", [0.0, 0.6, 1.4])
def test_a_mask_is_split_between_its_lobes(angle):
    y, x = np.mgrid[:60, :60]
    shift = 11 * np.array([np.sin(angle), np.cos(angle)])
    first = np.hypot(y - 30 + shift[0], x - 30 + shift[1]) <= 8
    second = np.hypot(y - 30 - shift[0], x - 30 - shift[1]) <= 11
    areas = np.array([first.sum(), second.sum()], float)
    # Both are expected elsewhere, side by side across the true axis.
    part = split_mask(first | second, np.array([[33.0, 30], [27, 30]]), areas)
    assert part is not None
    assert (part & first).sum() / (part | first).sum() > 0.85


def test_a_mask_that_does_not_come_in_two_such_parts_is_left():
    assert split_mask(np.ones((9, 9), bool), np.array([[4.0, 2], [4, 6]]), np.array([4.0, 300])) is None


@pytest.mark.slow
def test_most_that_the_simulator_merges_is_split():
    settings = SequenceSettings(
        frames=20, shape=(192, 192), displacement=0.5, density=0.2, missed=0.0, merged=0.06, cycle=0.0
    )
    made = simulate_sequence(settings, seed=5)
    tracks = hooke.track(made.found)
    merged = sum(
        len(np.unique(true)) - len(np.unique(found)) for true, found in zip(made.truth, made.found, strict=True)
    )
    split = int((tracks.table["repaired"] == "split").sum()) // 2
    assert merged >= 8
    assert 0.6 * merged <= split <= merged
