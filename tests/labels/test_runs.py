"""Runs against the pixels that they stand for."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hooke.labels.runs import find_runs

shapes = hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=9)


@given(hnp.arrays(np.int32, shapes, elements=st.sampled_from([0, 0, 1, 2, 70_000])))
@settings(max_examples=100, deadline=None)
def test_painting_the_runs_gives_the_labels_and_no_neighbours_are_equal(labels):
    runs = find_runs(labels)
    painted = np.zeros_like(labels)
    for index, row, start, stop in zip(runs.index, runs.row, runs.start, runs.stop, strict=True):
        assert start == 0 or labels[row, start - 1] != runs.ids[index]
        painted[row, start:stop] = runs.ids[index]
    np.testing.assert_array_equal(painted, labels)
    assert runs.ids.tolist() == sorted(set(labels.ravel().tolist()) - {0})
    assert runs.sum(runs.length).tolist() == [np.count_nonzero(labels == id_) for id_ in runs.ids]
