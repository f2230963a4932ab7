"""Links of two planes: the cases of the catalogue, and an exhaustive oracle."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("laptrack")

import hooke
from hooke.datasets import SequenceSettings, simulate_sequence
from hooke.errors import ConfigError
from hooke.tracking import TrackOptions, link_planes, sequence
from hooke.tracking.assignment import Pairs, assign, assign_segments
from hooke.tracking.planes import list_objects
from tests.cases import cases


def drawn(*planes: str) -> np.ndarray:
    """Label images from text: rows by blanks, a dot is background."""
    return np.array([[[int(mark.replace(".", "0")) for mark in row] for row in plane.split()] for plane in planes])


def pairs_of(links) -> set[tuple[int, int]]:
    return set(zip(links.before.tolist(), links.after.tolist(), strict=True))


@pytest.mark.parametrize("case", cases("more than 65535 ids"), ids=str)
def test_objects_that_match_are_linked_and_no_object_twice(case):
    links = link_planes(case.pred, case.truth)
    assert set(case.matched) <= pairs_of(links) <= set(case.shared)
    assert len(set(links.before.tolist())) == len(links) == len(set(links.after.tolist()))
    assert {pair: int(n) for pair, n in zip(pairs_of_in_order(links), links.shared, strict=True)}.items() <= dict(
        case.shared
    ).items()


def pairs_of_in_order(links):
    return list(zip(links.before.tolist(), links.after.tolist(), strict=True))


def test_many_ids_are_linked():
    case = next(case for case in cases() if case.name == "more than 65535 ids")
    assert pairs_of(link_planes(case.pred, case.truth)) == set(case.matched)


def test_each_half_of_a_split_joins_when_several_may():
    before, after = drawn("11111. 11111.", "11.22. 11.22.")
    assert len(link_planes(before, after)) == 1
    links = link_planes(before, after, several=True)
    assert pairs_of(links) == {(1, 1), (1, 2)}
    assert links.extra.tolist() == [False, True]
    assert pairs_of(link_planes(after, before, several=True)) == {(1, 1), (2, 1)}


def test_an_object_that_hardly_touches_does_not_join():
    before, after = drawn("11111..... ..........", "11111..... ....222222")
    after[0, 4] = 2
    assert pairs_of(link_planes(before, after, several=True, min_overlap=0.5)) == {(1, 1)}


def test_distance_links_what_does_not_overlap_and_drift_is_taken_out():
    before, after = drawn("11.... 11.... ...... ......", "...... ...... ..11.. ..11..")
    assert len(link_planes(before, after)) == 0
    assert len(link_planes(before, after, max_distance=2.8)) == 0  # it is 2.83 pixels away
    assert pairs_of(link_planes(before, after, max_distance=2.9)) == {(1, 1)}
    links = link_planes(before, after, drift=(2, 2))
    assert links.shared.tolist() == [4]
    assert links.cost.tolist() == [0.0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"max_distance": -1}, "pixels, 0 or more"), ({"min_overlap": 1.5}, "a share from 0 to 1")],
)
def test_a_wrong_number_is_refused(wrong, message):
    with pytest.raises(ConfigError, match=message):
        link_planes(np.zeros((2, 2), int), np.zeros((2, 2), int), **wrong)


def test_planes_of_two_sizes_are_refused():
    with pytest.raises(ConfigError, match="planes of one size"):
        link_planes(np.zeros((2, 2), int), np.zeros((2, 3), int))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_an_assignment_is_the_cheapest_of_all(data):
    rows, columns = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    places = list(itertools.product(range(rows), range(columns)))
    chosen = data.draw(st.lists(st.sampled_from(places), unique=True))
    # Multiples of 1/64, so that laptrack's 32-bit costs are exact and ties are ties.
    costs = {place: data.draw(st.integers(0, 150)) / 64 for place in chosen}
    row, column = (np.array([place[side] for place in costs], np.int64) for side in (0, 1))
    pairs = Pairs(rows, columns, row, column, np.array(list(costs.values()), float))
    found = list(zip(*(side.tolist() for side in assign(pairs, 2.0)), strict=True))
    assert price(found, costs, rows, columns) == pytest.approx(cheapest(costs, rows, columns), abs=1e-4)


def price(links, costs, rows, columns):
    """What links cost, and the objects without one: for each half of 1.05 times the limit."""
    return sum(costs[link] for link in links) + 1.05 * (rows + columns - 2 * len(links))


def cheapest(costs, rows, columns):
    allowed = [place for place, cost in costs.items() if cost < 2]
    best = price([], costs, rows, columns)
    for size in range(1, min(rows, columns) + 1):
        for links in itertools.combinations(allowed, size):
            if len({link[0] for link in links}) == len({link[1] for link in links}) == size:
                best = min(best, price(links, costs, rows, columns))
    return best


def test_a_gap_beside_many_objects_is_closed():
    # laptrack's own price of "no link" is the 90th percentile of all costs: it would lose this one of a hundred.
    count = 100
    cost = np.append(np.full(count - 1, 0.01), 1.9)
    ends = np.arange(count)
    gaps = Pairs(2 * count, 2 * count, ends, ends + count, cost)
    links = assign_segments(gaps, Pairs.none(2 * count), Pairs.none(2 * count), 2.0)
    assert links.continues[:count].tolist() == (ends + count).tolist()


def test_a_start_comes_out_of_a_gap_or_a_split_but_not_both():
    gaps = Pairs(3, 3, np.array([0, 1]), np.array([2, 2]), np.array([0.5, 0.6]))
    splits = Pairs(3, 2, np.array([2]), np.array([1]), np.array([0.1]))
    links = assign_segments(gaps, splits, Pairs.none(3), 2.0)
    assert (links.continues.tolist(), links.splits_from.tolist()) == ([-1, -1, -1], [-1, -1, 1])
    links = assign_segments(gaps, Pairs.none(3), Pairs.none(3), 2.0)
    assert links.continues.tolist() == [2, -1, -1]
    assert assign_segments(Pairs.none(3, 3), Pairs.none(3), Pairs.none(3), 2.0).continues.tolist() == [-1, -1, -1]


def test_elongations_are_those_of_the_second_moments():
    """The oracle is scikit-image's axes and orientation."""
    measure = pytest.importorskip("skimage.measure")
    ys, xs = np.mgrid[:80, :80] - 40.0
    labels = np.zeros((80, 160), np.int32)
    for number, (turn, long) in enumerate(((0.4, 20), (2.2, 14)), 1):
        along, across = ys * np.cos(turn) + xs * np.sin(turn), xs * np.cos(turn) - ys * np.sin(turn)
        labels[:, 80 * number - 80 : 80 * number][(along / long) ** 2 + (across / 10) ** 2 <= 1] = number
    found = list_objects(labels).elongations
    for own, region in zip(found, measure.regionprops(labels), strict=True):
        length = np.log(region.axis_major_length / region.axis_minor_length)
        angle = 2 * region.orientation
        assert own == pytest.approx([length * np.cos(angle), length * np.sin(angle)], abs=0.01)


def test_shapes_that_persist_decide_where_places_do_not(monkeypatch):
    made = simulate_sequence(SequenceSettings(frames=7, density=0.1, displacement=0.9, missed=0, merged=0), seed=0)

    def labels_of(frame: int) -> dict[int, int]:
        """Label that was found, by true id."""
        pairs = np.unique(made.truth[frame].astype(np.int64) << 32 | made.found[frame])
        return {pair >> 32: pair & 0xFFFFFFFF for pair in pairs.tolist() if pair >> 32}

    def wrong_links() -> int:
        table = hooke.track(made.found, options=TrackOptions(repair=False)).table
        own = {(frame, label): track for track, frame, label in table[["track", "frame", "label"]].to_numpy().tolist()}
        wrong = 0
        for frame in range(6):
            here, there = labels_of(frame), labels_of(frame + 1)
            wrong += sum(own[frame, here[t]] != own[frame + 1, there[t]] for t in here if t in there)
        return wrong

    by_shape = wrong_links()
    monkeypatch.setattr(sequence, "_shape_spread", lambda frames, following, far: 0.0)
    assert by_shape < 0.8 * wrong_links()


@pytest.mark.parametrize(("uniform", "low", "high"), [(False, 2.0, 3.0), (True, 4.0, 6.0)])
def test_long_steps_cost_less_where_they_are_as_likely_as_short_ones(uniform, low, high):
    """Objects on a grid whose steps from it are known: normal, or as likely anywhere in a disc."""
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(np.arange(8), np.arange(8), indexing="ij"), axis=-1).reshape(-1, 2) * 80 + 40
    frames = np.zeros((8, 640, 640), np.int32)
    for index, frame in enumerate(frames):
        angle = rng.uniform(0, 2 * np.pi, len(grid))
        far = 8 * (np.sqrt(rng.uniform(0, 1, len(grid))) if uniform else rng.rayleigh(0.5, len(grid)))
        # Every other frame in the middle, so that steps are drawn as they are.
        moved = far[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
        places = np.round(grid + (moved if index % 2 else 0)).astype(int)
        for number, (y, x) in enumerate(places.tolist(), 1):
            frame[y - 6 : y + 6, x - 6 : x + 6] = number
    power = hooke.track(frames, options=TrackOptions(divisions=False, repair=False)).parameters.distance_power
    assert low <= power <= high
