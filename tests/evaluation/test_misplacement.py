"""Predictions that fit their truth once they are moved or turned are named; poor ones, and good ones, are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

from hooke.datasets import simulate
from hooke.evaluation import evaluate, evaluate_points
from hooke.evaluation.misplacement import misplaced_predictions

FIELDS = [simulate((192, 192), seed=seed, diameter=20, density=0.15).labels for seed in range(4)]


def said_of(change):
    return misplaced_predictions((f"im{index}", change(labels), labels) for index, labels in enumerate(FIELDS))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda labels: np.roll(labels, 7, axis=1), "moved by 0 rows and -7 columns"),
        (lambda labels: np.pad(labels, ((0, 30), (12, 0)))[30:, :192], "moved by 30 rows and -12 columns"),
        (np.fliplr, "mirrored left to right"),
        (np.flipud, "mirrored upside down"),
        (lambda labels: labels.T, "transposed, in"),
        (np.rot90, "turned by 270 degrees"),
        (lambda labels: np.rot90(labels, 2), "turned by 180 degrees"),
    ],
)
def test_what_would_put_them_right_is_said(change, says):
    (said,) = said_of(change)
    assert f"fit the truth far better if {says}" in said
    assert said.endswith("in 4 images: im0, im1, im2, im3")


@pytest.mark.parametrize("side", [192, 224])  # OpenCV would enlarge 224 to 225, and be wrong by half a pixel
def test_the_shift_is_right_for_sizes_that_opencv_enlarges_to_odd_ones(side):
    fields = [simulate((side + 20, side + 20), seed=seed, diameter=20, density=0.15).labels for seed in range(4)]
    both = [(f"im{seed}", labels[:side, :side], labels[7:, 4:][:side, :side]) for seed, labels in enumerate(fields)]
    (said,) = misplaced_predictions(both)
    assert "moved by -7 rows and -4 columns" in said and said.endswith("in 4 images: im0, im1, im2, im3")


def thinned(labels):
    kept = np.random.default_rng(0).choice(labels.max(), labels.max() // 3, replace=False)
    return np.where(np.isin(labels, kept + 1), labels, 0)


@pytest.mark.parametrize(
    "change",
    [
        lambda labels: labels,
        lambda labels: np.roll(labels, 1, axis=0),
        thinned,
        np.zeros_like,
        lambda labels: np.ones_like(labels),
        lambda labels: labels[:, :100],  # of another size, which is said elsewhere
    ],
)
def test_others_are_not_mentioned(change):
    assert said_of(change) == []
    others = ((str(index), FIELDS[index - 1], labels) for index, labels in enumerate(FIELDS))
    assert misplaced_predictions(others) == []


def test_a_single_one_among_many_is_no_rule():
    images = [(str(index), labels, labels) for index, labels in enumerate(FIELDS)]
    assert misplaced_predictions([*images, ("x", np.fliplr(FIELDS[0]), FIELDS[0])]) == []


def test_evaluate_says_it(tmp_path):
    for folder, change in (("pred", np.flipud), ("truth", np.asarray)):
        (tmp_path / folder).mkdir()
        for index, labels in enumerate(FIELDS):
            tifffile.imwrite(tmp_path / folder / f"im{index}.tif", change(labels).astype(np.uint16))
    with pytest.warns(UserWarning, match="far better if mirrored upside down"):
        evaluate(tmp_path / "pred", tmp_path / "truth", resamples=0)


def write_points(path, change):
    rows = []
    for index, labels in enumerate(FIELDS):
        tifffile.imwrite(path / "truth" / f"im{index}.tif", labels[:, :160].astype(np.uint16))
        for label in np.unique(labels[:, :160])[1:]:
            rows.append((f"im{index}", *change(*np.argwhere(labels[:, :160] == label).mean(axis=0))))
    pd.DataFrame(rows, columns=["image", "y", "x"]).to_csv(path / "points.csv", index=False)
    return path / "points.csv", path / "truth"


def test_points_that_are_listed_twice_are_counted(tmp_path):
    (tmp_path / "truth").mkdir()
    points, truth = write_points(tmp_path, lambda y, x: (y, x))
    table = pd.read_csv(points)
    pd.concat([table, table.head(3)]).to_csv(points, index=False)
    (note,) = evaluate_points(points, truth, resamples=0).notes
    assert note.startswith(f"3 of {len(table) + 3} points are listed twice")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda y, x: (y, x), []),
        (lambda y, x: (y + 1, x + 1), []),
        (lambda y, x: (x, y), ["points lie outside of their image", "with y and x exchanged"]),
        (lambda y, x: (10 * y, 10 * x), ["points lie outside of their image", "multiplied by about 0.1"]),
        (lambda y, x: (0.5 * y, 0.5 * x), ["multiplied by about 2.0"]),
        (lambda y, x: (0.3 * y, 2 * x), ["points lie outside of their image"]),
    ],
)
def test_points_in_other_coordinates_are_named(tmp_path, change, says):
    (tmp_path / "truth").mkdir()
    notes = evaluate_points(*write_points(tmp_path, change), resamples=0).notes
    assert len(notes) == len(says)
    assert all(text in note for text, note in zip(says, notes, strict=True))
