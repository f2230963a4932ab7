"""Stacks whose numbers begin again in each plane are scored plane by plane, and said to be; joined ones in 3-D."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import tifffile

from hooke.evaluation import evaluate

PLANE = np.zeros((30, 60), np.int32)
for number, left in enumerate((2, 17, 32, 47), 1):
    PLANE[4:14, left : left + 9] = number
JOINED = np.stack([np.where(PLANE == 1, 0, PLANE), PLANE, PLANE])
BY_PLANE = np.stack([np.where(JOINED[0] > 0, JOINED[0] - 1, 0), PLANE, PLANE])


def scores_of(tmp_path, pred, truth):
    for name, labels in (("pred", pred), ("truth", truth)):
        (tmp_path / name).mkdir()
        tifffile.imwrite(tmp_path / name / "a.tif", labels.astype(np.uint16), photometric="minisblack")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return evaluate(tmp_path / "pred", tmp_path / "truth")


@pytest.mark.parametrize(("pred", "truth"), [(BY_PLANE, JOINED), (JOINED, BY_PLANE), (BY_PLANE, BY_PLANE)])
def test_planes_are_scored_one_by_one_where_numbers_begin_again(pred, truth, tmp_path):
    result = scores_of(tmp_path, pred, truth)
    assert (result.overall.n_true, result.overall.n_pred) == (11, 11)
    assert result.overall.mean["f1_50"] == 1
    assert any("planes are scored one by one" in note for note in result.notes)


def test_joined_stacks_are_scored_in_3d(tmp_path):
    result = scores_of(tmp_path, JOINED, JOINED)
    assert result.overall.n_true == 4
    assert result.notes == ()
