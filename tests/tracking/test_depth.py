"""Planes joined to objects in depth: stacks worked out by hand, and the simulator's exact truth."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("laptrack")

from hooke.datasets import StackSettings, simulate_stack
from hooke.errors import ConfigError
from hooke.metrics import count_overlap, match
from hooke.tracking import join_planes, stitch_planes


def drawn(*planes: str) -> np.ndarray:
    """Label images from text: rows by blanks, a dot is background."""
    return np.array([[[int(mark.replace(".", "0")) for mark in row] for row in plane.split()] for plane in planes])


def discs(*planes: dict[int, tuple[float, float, float]]) -> np.ndarray:
    """Label images of discs: (y, x, radius) of each label."""
    stack = np.zeros((len(planes), 60, 60), int)
    y, x = np.mgrid[:60, :60]
    for plane, objects in zip(stack, planes, strict=True):
        for label, (row, column, radius) in objects.items():
            plane[np.hypot(y - row, x - column) <= radius] = label
    return stack


def test_planes_in_depth_become_objects():
    stack = drawn("11..2 11..2", "33..4 33..4", "5.6.. 5.6..", "..... .....", "7.... 7....")
    joined = join_planes(stack, repair=False)
    assert joined.dtype == np.int32
    assert joined[:, 0].tolist() == [[1, 1, 0, 0, 2], [1, 1, 0, 0, 2], [1, 0, 3, 0, 0], [0] * 5, [4, 0, 0, 0, 0]]


def test_an_object_in_two_pieces_in_one_plane_stays_one():
    stack = drawn("11111 11111", "22.33 22.33", "44444 44444")
    assert set(np.unique(join_planes(stack))) == {0, 1}
    assert set(np.unique(join_planes(stack, repair=False))) == {0, 1}
    assert set(np.unique(join_planes(stack, several=False, repair=False))) == {0, 1, 2}


def test_pieces_in_several_planes_are_one_object_where_both_ends_meet():
    whole, halves = "1111111 1111111", "111.222 111.222"
    assert join_planes(drawn(whole, halves, halves, halves, whole)).max() == 1
    # Where one half is linked with the plane above and the other with that below, too.
    assert join_planes(drawn("111111. 111111.", "111.222 111.222", ".111111 .111111")).max() == 1


def test_neighbours_that_begin_beside_an_object_stay_their_own():
    stack = discs({1: (30, 20, 12)}, {1: (30, 20, 12), 2: (30, 37, 4)}, {1: (30, 20, 11), 2: (30, 38, 7)})
    assert join_planes(stack).max() == 2


def test_an_object_missing_in_one_plane_is_bridged_and_drawn():
    stack = discs({1: (30, 30, 8)}, {4: (30, 30, 9)}, {}, {2: (30, 32, 9)}, {3: (30, 32, 8)})
    stitched = stitch_planes(stack)
    assert (stitched.count, stitched.repaired) == (1, {"filled": 1})
    drawn_area = np.count_nonzero(stitched.labels[2])
    assert np.pi * 8**2 < drawn_area < np.pi * 10**2
    assert not stitch_planes(stack, repair=False).labels[2].any()


def test_what_comes_to_its_end_on_both_sides_of_a_gap_is_two_objects():
    above, below = [6, 9, 9, 6, 4], [4, 6, 9, 9, 6]
    stack = discs(*({1: (30, 30, r)} for r in above), {}, *({1: (30, 30, r)} for r in below))
    assert join_planes(stack).max() == 2


def test_objects_above_each_other_are_cut_where_they_are_narrow():
    radii = [5, 8, 9, 8, 5, 8, 9, 8, 5]
    joined = join_planes(discs(*({1: (30, 30, r)} for r in radii)))
    assert [int(plane.max()) for plane in joined] in ([1] * 4 + [2] * 5, [1] * 5 + [2] * 4)
    assert join_planes(discs(*({1: (30, 30, r)} for r in radii)), repair=False).max() == 1
    # One nucleus that is a little uneven is left whole.
    assert join_planes(discs(*({1: (30, 30, r)} for r in [5, 8, 9, 8.7, 9, 8, 5]))).max() == 1


def test_objects_above_each_other_that_are_shifted_are_cut_where_they_share_little():
    places = [(24, 8), (24, 9), (24, 9), (24, 8), (33, 8), (33, 9), (33, 9), (33, 8)]
    joined = join_planes(discs(*({1: (30, x, r)} for x, r in places)))
    assert [int(plane.max()) for plane in joined] == [1] * 4 + [2] * 4


def test_with_known_distances_a_long_object_is_cut_at_a_lesser_notch():
    stack = discs(*({1: (30, 30, r)} for r in [5, 8, 9, 8, 9, 8, 5]))
    assert join_planes(stack).max() == 1
    assert join_planes(stack, anisotropy=2.0).max() == 1  # as long as wide
    assert join_planes(stack, anisotropy=5.0).max() == 2


def test_two_found_as_one_in_a_plane_are_split_there():
    pair = {1: (30, 21, 9), 2: (30, 41, 9)}
    stack = discs(pair, pair, pair, pair, pair)
    stack[2][stack[2] > 0] = 1
    stack[2][28:33, 28:34] = 1
    stitched = stitch_planes(stack)
    assert (stitched.count, stitched.repaired["split"]) == (2, 2)
    assert stitched.labels[2][30, [21, 41]].tolist() == stitched.labels[1][30, [21, 41]].tolist()


def test_empty_planes_and_a_single_one():
    assert join_planes(np.zeros((3, 8, 8), int)).max() == 0
    assert join_planes(drawn("12 12")).tolist() == [[[1, 2], [1, 2]]]


@pytest.mark.parametrize(
    ("planes", "options", "message"),
    [
        ([], {}, "no plane"),
        ([np.zeros((2, 2), int), np.zeros((2, 3), int)], {}, "one size"),
        (np.zeros((2, 2, 2), int), {"anisotropy": 0.0}, "distance of two planes"),
        (np.zeros((2, 2, 2), int), {"min_overlap": 1.5}, "share from 0 to 1"),
    ],
)
def test_wrong_input_is_refused(planes, options, message):
    with pytest.raises(ConfigError, match=message):
        join_planes(planes, **options)


@pytest.mark.parametrize("anisotropy", [1.0, 3.0, 5.0])
def test_true_cross_sections_become_the_true_objects(anisotropy):
    made = simulate_stack(StackSettings(shape=(45, 128, 128), anisotropy=anisotropy, density=0.2), seed=3)
    rng = np.random.default_rng(0)
    mixed = np.zeros_like(made.labels)
    for plane, true in zip(mixed, made.labels, strict=True):
        ids = np.unique(true)
        number = np.zeros(made.count + 1, int)
        number[ids[ids > 0]] = rng.permutation(len(ids[ids > 0])) + 1
        plane[:] = number[true]
    joined = join_planes(mixed, anisotropy=anisotropy)
    assert match(count_overlap(joined, made.labels), 0.5).counts.f1 > 0.97
