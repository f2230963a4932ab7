"""Every edit can be undone, says which ids changed, and leaves all else as it was."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.datasets import simulate
from hooke.errors import DatasetError
from hooke.labels import edit, offset_outlines
from tests.builders import same_partition
from tests.cases import CASES

SEEDS = range(6)


@pytest.fixture(scope="module")
def fields():
    return [simulate((120, 140), seed=seed, diameter=18, density=0.25, overlap=0.2).labels for seed in SEEDS]


def ids_of(labels):
    return np.unique(labels[labels > 0]).tolist()


def centre(labels, id_):
    y, x = np.nonzero(labels == id_)
    return np.array([y.mean(), x.mean()])


def all_edits(labels):
    """One edit of each kind, with the ids that it may touch."""
    first, second, *_ = ids_of(labels)
    y, x = centre(labels, first)
    yield edit.delete(labels, [first])
    yield edit.merge(labels, [second, first])
    yield edit.split_by_line(labels, first, [(y - 99, x), (y + 99, x)])
    yield edit.split_by_seeds(labels, first, np.argwhere(labels == first)[[0, -1]])
    yield edit.draw(labels, [(2.0, 2.0), (2.0, 30.0), (30.0, 30.0)], over=True)
    yield edit.fill(labels)
    yield edit.grow(labels, 1.5)
    yield edit.grow(labels, 2, [first])
    yield edit.shrink(labels, 1.5)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_edit_is_undone_and_names_what_changed(fields, seed):
    labels = fields[seed]
    kept = labels.copy()
    for made in all_edits(labels):
        assert np.array_equal(labels, kept)
        differs = made.labels != labels
        touched = set(labels[differs].tolist()) | set(made.labels[differs].tolist())
        assert set(made.changed) == touched - {0}
        assert np.array_equal(made.undo(made.labels), labels)
        other = labels.copy()
        made.apply(other, in_place=True)
        assert np.array_equal(other, made.labels)
        made.undo(other, in_place=True)
        assert np.array_equal(other, labels)


@pytest.mark.parametrize("seed", SEEDS)
def test_split_then_merge_then_split_gives_the_parts_back(fields, seed):
    labels = fields[seed]
    for id_ in ids_of(labels):
        y, x = centre(labels, id_)
        line = [(y - 99, x - 40), (y + 99, x + 40)]
        parts = edit.split_by_line(labels, id_, line)
        new = [part for part in parts.changed if part != id_]
        assert new and np.array_equal(parts.labels > 0, labels > 0)
        whole = edit.merge(parts.labels, [id_, *new])
        assert np.array_equal(whole.labels, labels)
        assert np.array_equal(edit.split_by_line(whole.labels, id_, line).labels, parts.labels)


def test_merge_then_split_gives_objects_apart_back(fields):
    labels = np.zeros((40, 60), np.int32)
    labels[5:20, 5:20], labels[12:30, 28:50] = 3, 7
    whole = edit.merge(labels, [7, 3]).labels
    assert ids_of(whole) == [7]
    assert same_partition(edit.split_by_line(whole, 7, [(0, 24), (39, 24)]).labels, labels)
    assert same_partition(edit.split_by_seeds(whole, 7, [(10, 10), (20, 40)]).labels, labels)


@pytest.mark.parametrize("seed", SEEDS)
def test_seeds_share_out_the_object_and_nothing_else(fields, seed):
    labels = fields[seed]
    for id_ in ids_of(labels):
        seeds = np.argwhere(labels == id_)[[0, -1]]
        made = edit.split_by_seeds(labels, id_, seeds)
        assert np.array_equal(made.labels != labels, (made.labels == made.changed[-1]))
        assert made.labels[tuple(seeds[0])] != made.labels[tuple(seeds[1])]


@pytest.mark.parametrize("pixels", [0.25, 0.5, 1, 2.5])
@pytest.mark.parametrize("seed", SEEDS)
def test_growing_merges_none_and_takes_background_only(fields, seed, pixels):
    labels = fields[seed]
    grown = edit.grow(labels, pixels).labels
    assert np.array_equal(grown[labels > 0], labels[labels > 0])
    for id_ in ids_of(labels)[:5]:
        own = np.argwhere(labels == id_)
        for place in np.argwhere((grown == id_) & (labels == 0))[::7]:
            mine = np.sqrt(((own - place) ** 2).sum(axis=1).min())
            others = np.sqrt(((np.argwhere((labels > 0) & (labels != id_)) - place) ** 2).sum(axis=1).min())
            assert mine <= pixels + 1.2 and mine <= others * 1.1  # OpenCV's distances with owners are 5 % off


@pytest.mark.parametrize("seed", SEEDS)
def test_shrinking_loses_no_object_and_leaves_one_piece_each(fields, seed):
    labels = fields[seed]
    for pixels in (0.25, 1, 3, 50):
        small = edit.shrink(labels, pixels).labels
        assert ids_of(small) == ids_of(labels)
        assert ((small == labels) | (small == 0)).all()


@pytest.mark.parametrize("radius", [6, 10, 17])
@pytest.mark.parametrize("pixels", [-2, -1, -0.5, -0.25, 0.25, 0.5, 1, 2, 4])
def test_the_radius_of_disks_changes_by_the_pixels_given(radius, pixels):
    changes = []
    for shift in np.random.default_rng(0).random((12, 2)):
        y, x = np.indices((60, 60)) - (28 + shift)[:, None, None]
        disk = (y**2 + x**2 <= radius**2).astype(np.int32)
        changes.append(np.sqrt((offset_outlines(disk, pixels) > 0).sum() / np.pi) - np.sqrt(disk.sum() / np.pi))
    assert np.mean(changes) == pytest.approx(pixels, abs=0.3)
    assert np.sign(np.mean(changes)) == np.sign(pixels)


@pytest.mark.parametrize("pixels", [0.5, 1, 2])
def test_grow_then_shrink_comes_back_to_round_objects_that_stand_apart(pixels):
    y, x = np.indices((80, 120))
    labels = np.zeros((80, 120), np.int32)
    for id_, (top, left, radius) in enumerate([(20, 20, 8), (20, 60, 12), (55, 95, 15), (55, 30, 10)], 1):
        labels[(y - top) ** 2 + (x - left) ** 2 <= radius**2] = id_
    back = edit.shrink(edit.grow(labels, pixels).labels, pixels).labels
    for id_ in ids_of(labels):
        a, b = labels == id_, back == id_
        assert (a & b).sum() / (a | b).sum() > 0.88


def test_growing_more_never_takes_less(fields):
    areas = [(edit.grow(fields[0], pixels).labels > 0).sum() for pixels in (0, 0.2, 0.4, 0.8, 1.6, 3.2)]
    assert areas == sorted(areas) and areas[0] < areas[-1]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_catalogue_keeps_its_ids(case):
    for labels in (case.pred, case.truth):
        for pixels in (-9, -0.5, 0, 0.5, 9):
            assert set(ids_of(offset_outlines(labels.astype(np.int32), pixels))) == set(ids_of(labels))


def test_holes_of_one_object_are_filled_and_those_of_two_stay():
    labels = np.zeros((9, 16), np.int32)
    labels[1:8, 1:8], labels[3:5, 3:5] = 1, 0
    labels[1:8, 8:12], labels[1:8, 12:15], labels[3:5, 11:13] = 2, 3, 0
    made = edit.fill(labels)
    assert made.changed == (1,) and (made.labels[3:5, 3:5] == 1).all() and (made.labels[3:5, 11:13] == 0).all()
    assert edit.fill(labels, [2]).changed == () and edit.fill(labels, largest=3).changed == ()


def test_drawing_spares_others_unless_it_is_over_them():
    labels = np.zeros((10, 10), np.int32)
    labels[:, :5] = 4
    square = [(1.5, 1.5), (1.5, 7.5), (7.5, 7.5), (7.5, 1.5)]
    assert (edit.draw(labels, square).labels == 5).sum() == 6 * 3
    assert (edit.draw(labels, square, 9, over=True).labels == 9).sum() == 36


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda labels: edit.delete(labels, [99]), "no object 99"),
        (lambda labels: edit.delete(labels, [0]), "no object 0"),
        (lambda labels: edit.merge(labels, [1, 1]), "merges 1 object"),
        (lambda labels: edit.split_by_line(labels, 1, [(0, 0), (0, 1)]), "the line does not divide object 1"),
        (lambda labels: edit.split_by_seeds(labels, 1, [(5, 5), (0, 0)]), "fewer than two seeds lie in object 1"),
        (lambda labels: edit.draw(labels, [(4, 4), (4, 6), (6, 6)]), "no free pixel"),
        (lambda labels: edit.grow(labels, -1), "an offset of -1 pixels"),
        (lambda labels: edit.shrink(labels, float("nan")), "an offset of nan pixels"),
    ],
)
def test_what_can_not_be_done_is_refused(change, message):
    labels = np.zeros((12, 12), np.int32)
    labels[3:9, 3:9] = 1
    with pytest.raises(DatasetError, match=message):
        change(labels)


def test_classes_change_by_id():
    assert edit.reclass({1: "a", 2: "b"}, [1, 2], None) == ({}, (1, 2))
    assert edit.reclass({1: "a"}, [1], "a") == ({1: "a"}, ())
