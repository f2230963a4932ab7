from types import SimpleNamespace

import numpy as np
import pytest
from skimage import data

import hooke
from hooke.datasets import simulate
from hooke.pipeline import examination, image_segmentation
from hooke.pipeline.second_look import look_again


def found(score, covered, side=100, count=2):
    """One or two objects that score alike, and cover a share of a field between them."""
    labels = np.zeros((side, side), np.int32)
    rows = round(covered * side)
    labels[: rows // 2], labels[rows // 2 : rows] = 1, count
    return SimpleNamespace(decoded=SimpleNamespace(labels=labels, scores=np.full(count if score else 0, score)))


@pytest.mark.parametrize(
    ("first", "larger", "taken"),
    [
        (found(0.5, 0.1), {20: found(0.65, 0.2), 40: found(0.66, 0.2)}, 20),
        (found(0.5, 0.1), {20: found(0.65, 0.2), 40: found(0.8, 0.2)}, 40),
        (found(0.5, 0.1, side=110), {20: found(0.5, 0.2), 40: found(0.8, 0.3)}, 40),
        (found(0.5, 0.1), {20: found(0.58, 0.2), 40: found(0.55, 0.2)}, 10),  # hardly better
        (found(0.5, 0.1), {20: found(0.9, 0.04), 40: found(0, 0)}, 10),  # a few sure ones, and most are missed
        (found(0.4, 0.1), {20: found(0, 0), 40: found(0.65, 0.3, count=1)}, 10),  # one object, and doubtful, too
        (found(0.4, 0.1), {20: found(0, 0), 40: found(0.75, 0.3, count=1)}, 40),
        (found(0.75, 0.1), {}, 10),  # not doubtful: nothing is segmented again
        (found(0, 0), {}, 10),
        (found(0.5, 0.2, side=50), {20: found(0.4, 0.2)}, 10),  # 40 pixels do not fit
    ],
)
def test_what_is_clearly_better_and_covers_as_much_is_taken(first, larger, taken):
    asked = []

    def segment(diameter):
        asked.append(diameter)
        return larger[diameter]

    chosen, diameter, said = look_again(first, 10, segment)
    assert diameter == taken
    assert [text.startswith("uncertain diameter: objects 10 pixels wide") for text in said] == [True] * (taken != 10)
    assert chosen is (first if taken == 10 else larger[taken])
    assert asked == list(larger)


@pytest.mark.slow
def test_a_diameter_that_was_measured_too_small_is_corrected_and_a_given_one_is_not(monkeypatch):
    made = simulate((512, 512), seed=6, diameter=90, density=0.25)
    nuclei = made.labels > 0
    given = hooke.segment(made.image, diameter=13)
    assert given.diameter == 13
    assert ((given.labels > 0) & nuclei).sum() < 0.5 * nuclei.sum()
    monkeypatch.setattr(examination, "estimate_diameter", lambda *_, **__: 13.0)
    measured = hooke.segment(made.image)
    assert measured.diameter == 52
    assert any(text.startswith("uncertain diameter: objects 13") for text in measured.warnings)
    assert ((measured.labels > 0) & nuclei).sum() > 0.9 * nuclei.sum()
    assert abs(measured.count - len(np.unique(made.labels[nuclei]))) <= 1


def test_glands_of_a_stained_section_are_no_nuclei():
    section = data.immunohistochemistry()
    found = hooke.segment(section)
    assert found.count > 20 and found.diameter < 40
    assert not any(text.startswith("uncertain diameter") for text in found.warnings)


def nuclei(widths, score):
    """Square objects in a row, all with one score."""
    labels = np.zeros((60, 60 * len(widths)), np.int32)
    for number, width in enumerate(widths):
        labels[:width, 60 * number : 60 * number + width] = number + 1
    return SimpleNamespace(decoded=SimpleNamespace(labels=labels, scores=np.full(len(widths), score)))


MIXED, ALIKE = [36] * 12 + [12] * 6, [36] * 18


@pytest.mark.parametrize(
    ("first", "closer", "taken"),
    [
        (nuclei(MIXED, 0.8), nuclei([*MIXED, 12, 12], 0.8), True),
        (nuclei(MIXED, 0.8), nuclei(MIXED, 0.83), False),  # hardly better
        (nuclei(MIXED, 0.8), nuclei([20] * 12 + [12] * 18, 0.8), False),  # more objects that cover less: pieces
        (nuclei(MIXED, 0.8), nuclei([*MIXED, 12, 12, 12, 12], 0.76), False),  # more objects that are doubtful
        (nuclei(ALIKE, 0.8), None, False),
        (nuclei(MIXED[4:], 0.8), None, False),  # too few to judge
        (nuclei([], 0.8), None, False),
    ],
)
def test_where_sizes_differ_a_finer_scale_is_taken_if_it_shows_more(first, closer, taken):
    chosen, diameter, said = look_again(first, 40.0, lambda _: closer)
    assert chosen is (closer if taken else first)
    assert diameter == pytest.approx(28.28 if taken else 40, abs=0.01)
    assert said == ()


@pytest.mark.parametrize("changed", [{"diameter": 55.0}, {"finer": False}, {"side": 1500}])
def test_no_finer_scale_is_tried_for_large_objects_whole_cells_and_large_images(changed):
    first = nuclei(MIXED, 0.8)
    side = changed.pop("side", 0)
    first.decoded.labels = np.pad(first.decoded.labels, ((0, side), (0, side)))
    diameter = changed.pop("diameter", 40.0)
    chosen, taken, _ = look_again(first, diameter, lambda _: pytest.fail("was tried"), **changed)
    assert chosen is first and taken == diameter


@pytest.mark.slow
def test_small_nuclei_beside_large_ones_are_found(monkeypatch):
    large = simulate((512, 512), seed=3, diameter=44, density=0.3)
    small = simulate((512, 200), seed=4, diameter=14, density=0.25)
    image = large.image.copy()
    image[:, :200] = small.image
    given = hooke.segment(image, diameter=44)
    monkeypatch.setattr(examination, "estimate_diameter", lambda *_, **__: 44.0)
    found = hooke.segment(image)
    assert found.diameter == pytest.approx(31.1, abs=0.1)
    assert found.count > 1.15 * given.count
    assert not any("diameter" in text for text in found.warnings)


def test_the_finer_scale_makes_no_object_seem_out_of_focus(monkeypatch):
    seen = []
    whole = image_segmentation.object_warnings

    def record(pixels, normalisation, decoded, diameter, **others):
        seen.append(diameter)
        return whole(pixels, normalisation, decoded, diameter, **others)

    monkeypatch.setattr(image_segmentation, "object_warnings", record)
    monkeypatch.setattr(image_segmentation, "look_again", lambda found, diameter, *_, **__: (found, diameter / 2, ()))
    found = hooke.segment(simulate((200, 200), seed=3, diameter=30, density=0.3).image)
    assert seen == [2 * found.diameter]
