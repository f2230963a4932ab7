"""Kinds of error: by hand, against a plain loop, and as a partition of all objects."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hooke.metrics import ERROR_COUNTS, MATCHED, count_image, count_overlap, find_objects, find_outcomes, match

IMAGES = hnp.arrays(np.int32, (6, 8), elements=st.sampled_from([0, 1, 1, 2, 4, 70_000]))


def outcomes(pred, truth, threshold=0.5):
    overlap = count_overlap(pred, truth)
    return find_outcomes(overlap, match(overlap, threshold), find_objects(np.asarray(truth)).touches_object)


def strip(*lengths_and_labels):
    return np.concatenate([np.full(length, label) for length, label in lengths_and_labels])[None]


def loop(pred, truth, matched_pred, matched_true):
    """The definitions, object by object."""
    preds, trues = ({k: image == k for k in np.unique(image) if k} for image in (pred, truth))

    def shared(p, t):
        return (preds[p] & trues[t]).sum()

    def iou(p, t):
        return shared(p, t) / (preds[p] | trues[t]).sum()

    def touches(t):
        padded = np.pad(truth, 1)
        around = [padded[y : y + 3, x : x + 3] for y, x in zip(*np.nonzero(trues[t]), strict=True)]
        return any(((window > 0) & (window != t)).any() for window in around)

    merging = {p for p in preds if sum(shared(p, t) > trues[t].sum() / 2 for t in trues) > 1}
    splitting = {t for t in trues if sum(shared(p, t) > preds[p].sum() / 2 for p in preds) > 1}
    true, found = [], []
    for t in trues:
        if t in matched_true:
            true.append(MATCHED)
        elif any(shared(p, t) > trues[t].sum() / 2 for p in merging):
            true.append("merged")
        elif t in splitting:
            true.append("split")
        elif max((iou(p, t) for p in preds), default=0) < 0.1:
            true.append("missed")
        else:
            true.append("touching" if touches(t) else "outline")
    for p in preds:
        if p in matched_pred:
            found.append(MATCHED)
        elif p in merging:
            found.append("merged")
        elif any(shared(p, t) > preds[p].sum() / 2 for t in splitting):
            found.append("split")
        elif max((iou(p, t) for t in trues), default=0) < 0.1:
            found.append("spurious")
        else:
            near = [t for t in trues if iou(p, t) >= 0.1 and touches(t)]
            found.append("touching" if near else "outline")
    return true, found


@given(IMAGES, IMAGES, st.sampled_from([0.3, 0.5, 0.8]))
@settings(max_examples=150, deadline=None)
def test_is_the_loop(pred, truth, threshold):
    matching = match(count_overlap(pred, truth), threshold)
    found = outcomes(pred, truth, threshold)
    expected = loop(pred, truth, set(matching.pred_ids.tolist()), set(matching.true_ids.tolist()))
    assert (found.true.tolist(), found.pred.tolist()) == expected


@given(IMAGES, IMAGES)
@settings(max_examples=50, deadline=None)
def test_every_object_is_counted_once(pred, truth):
    counts = count_image(pred, truth)
    for side in ("true", "pred"):
        errors = sum(counts[name] for name in ERROR_COUNTS if name.startswith(side))
        assert errors + counts["tp_50"] == counts[f"n_{side}"]
    sizes = [sum(counts[f"{size}_{part}"] for size in ("small", "medium", "large")) for part in ("tp", "fp", "fn")]
    assert sizes == [counts["tp_50"], counts["fp_50"], counts["fn_50"]]


@pytest.mark.parametrize(
    ("pred", "truth", "true", "found"),
    [
        (strip((9, 0)), strip((4, 1), (5, 0)), ["missed"], []),
        (strip((4, 1), (5, 0)), strip((9, 0)), [], ["spurious"]),
        (strip((9, 1)), strip((5, 1), (4, 2)), ["matched", "merged"], ["matched"]),
        (strip((9, 1)), strip((3, 1), (3, 2), (3, 3)), ["merged"] * 3, ["merged"]),
        (strip((3, 1), (3, 2), (3, 3)), strip((9, 1)), ["split"], ["split"] * 3),
        (strip((7, 1), (2, 2)), strip((9, 1)), ["matched"], ["matched", "split"]),
        (strip((2, 1), (7, 0)), strip((6, 1), (3, 0)), ["outline"], ["outline"]),
        (strip((2, 1), (7, 0)), strip((6, 1), (3, 2)), ["touching", "missed"], ["touching"]),
    ],
)
def test_by_hand(pred, truth, true, found):
    result = outcomes(pred, truth)
    assert (result.true.tolist(), result.pred.tolist()) == (true, found)
