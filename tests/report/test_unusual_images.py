"""Images that are unlike the others: by counts, sizes, intensities and scores set by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hooke.report.unusual_images import find_unusual


def run_of(number=20, **columns):
    """A run of images that differ by a few percent, as fields of one sample do."""
    rng = np.random.default_rng(3)
    usual = {"count": 50, "area": 300.0, "intensity": 80.0, "score": 0.85}
    frame = pd.DataFrame({name: value * rng.uniform(0.9, 1.1, number) for name, value in usual.items()})
    frame["count"] = frame["count"].round()
    frame["group"] = ""
    for name, values in columns.items():
        for row, value in values.items():
            frame.loc[row, name] = value
    return frame


def test_images_that_differ_by_chance_are_not_unusual():
    assert find_unusual(run_of(200)) == {}


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("count", 5, "few objects: 5,"),
        ("count", 0, "few objects: 0,"),
        ("count", 400, "many objects: 400,"),
        ("area", 100.0, "small objects: 100,"),
        ("intensity", 500.0, "bright objects: 500,"),
        ("score", 0.4, "low scores: 0.4,"),
    ],
)
def test_an_image_far_from_the_others_is_named_with_the_reason(column, value, words):
    found = find_unusual(run_of(**{column: {7: value}}))
    assert list(found) == [7]
    assert found[7][0].startswith(words)


def test_high_scores_are_nothing_to_check():
    assert (
        find_unusual(run_of(score={7: 1.0}).assign(score=lambda frame: frame["score"].where(frame.index == 7, 0.6)))
        == {}
    )


def test_few_images_have_no_usual_value():
    assert find_unusual(run_of(7, count={3: 1})) == {}


def test_images_are_compared_with_those_of_their_group():
    frame = run_of(20)
    frame.loc[10:, "group"] = "treated"
    frame.loc[10:, "count"] = [5, 6, 5, 6, 5, 5, 6, 5, 6, 51]
    assert list(find_unusual(frame)) == [19]


def test_the_size_of_three_objects_says_nothing():
    assert list(find_unusual(run_of(count={4: 3}, area={4: 9.0}))) == [4]
    assert len(find_unusual(run_of(count={4: 3}, area={4: 9.0}))[4]) == 1
