"""The contingency table against counting pixel by pixel in plain Python."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hooke.metrics import count_overlap

LABELS = st.sampled_from([0, 1, 2, 5, 70_000, 2**31 - 1])


@st.composite
def label_pairs(draw):
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9))
    return tuple(draw(hnp.arrays(np.int32, shape, elements=LABELS)) for _ in range(2))


@given(label_pairs())
@settings(max_examples=150, deadline=None)
def test_counts_what_a_loop_counts(images):
    pred, truth = images
    overlap = count_overlap(pred, truth)
    pred_areas, true_areas = Counter(pred.ravel().tolist()), Counter(truth.ravel().tolist())
    shared = Counter(zip(truth.ravel().tolist(), pred.ravel().tolist(), strict=True))

    assert dict(zip(overlap.pred_ids, overlap.pred_areas, strict=True)) == {k: n for k, n in pred_areas.items() if k}
    assert dict(zip(overlap.true_ids, overlap.true_areas, strict=True)) == {k: n for k, n in true_areas.items() if k}
    pairs = [
        (overlap.true_ids[t], overlap.pred_ids[p], n)
        for t, p, n in zip(overlap.pair_true, overlap.pair_pred, overlap.intersection, strict=True)
    ]
    assert pairs == sorted((t, p, n) for (t, p), n in shared.items() if t and p)
    assert overlap.pixels == pred.size


def test_iou_by_hand():
    overlap = count_overlap([[1, 1, 1, 0], [0, 0, 2, 2]], [[8, 8, 0, 0], [0, 0, 8, 9]])
    # true 8 has 3 pixels: 2 in pred 1 (3 pixels), 1 in pred 2 (2 pixels); true 9 has 1, in pred 2
    assert overlap.union.tolist() == [4, 4, 2]
    assert overlap.iou.tolist() == [0.5, 0.25, 0.5]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64, np.uint32, np.uint64, bool])
def test_any_whole_number_type(dtype):
    overlap = count_overlap(np.array([[0, 1, 1]], dtype), np.array([[1, 1, 0]], np.int32))
    assert overlap.intersection.tolist() == [1]
    assert overlap.union.tolist() == [3]


def test_more_than_65535_objects():
    truth = np.arange(1, 300 * 300 + 1).reshape(300, 300)
    overlap = count_overlap(truth[::-1], truth)
    assert overlap.n_true == overlap.n_pred == len(overlap.iou) == 90_000
    assert (overlap.iou == 1).all()
    assert (overlap.true_ids[overlap.pair_true] != overlap.pred_ids[overlap.pair_pred]).all()


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (1, 1), (4, 3)])
def test_no_objects(shape):
    overlap = count_overlap(np.zeros(shape, np.int32), np.zeros(shape, np.uint16))
    assert (overlap.n_true, overlap.n_pred, len(overlap.iou)) == (0, 0, 0)
    assert overlap.pixels == np.prod(shape)


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda a: np.repeat(a, 2, axis=1)[:, ::2]])
def test_memory_layout_does_not_matter(layout):
    labels = np.array([[1, 1, 0], [2, 2, 2]])
    overlap = count_overlap(layout(labels), labels)
    assert overlap.intersection.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("pred", "truth", "message"),
    [
        (np.zeros((2, 3), int), np.zeros((3, 2), int), r"\(2, 3\).*\(3, 2\)"),
        (np.zeros((2, 3), int), np.zeros((1, 3), int), "shape"),
        (np.zeros((2, 2)), np.zeros((2, 2), int), "pred holds float64"),
        (np.zeros((2, 2), int), np.full((2, 2), -1), "truth holds the label -1"),
    ],
)
def test_refuses_what_is_no_pair_of_label_images(pred, truth, message):
    with pytest.raises(ValueError, match=message):
        count_overlap(pred, truth)
