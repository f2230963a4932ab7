"""Boundary F-score and Hausdorff distance against all distances between all boundary pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hooke.metrics import boundary_agreement, count_overlap, hausdorff_distance, match


@st.composite
def blobs(draw):
    """Truth and a prediction that differs in some pixels, with labels that have gaps."""
    shape = draw(st.tuples(st.integers(1, 12), st.integers(1, 12)))
    coarse = draw(
        hnp.arrays(np.int32, ((shape[0] + 3) // 4, (shape[1] + 3) // 4), elements=st.sampled_from([0, 1, 70_000]))
    )
    truth = np.kron(coarse, np.ones((4, 4), np.int32))[: shape[0], : shape[1]]
    noise = draw(hnp.arrays(np.int32, shape, elements=st.sampled_from([0, 5, 66_000])))
    kept = draw(hnp.arrays(bool, shape, elements=st.sampled_from([True] * 5 + [False])))
    return np.where(kept, truth, noise), truth


def boundary(mask):
    """Pixels of a mask with something else beside them, one by one."""
    padded = np.pad(mask, 1)
    inside = zip(*np.nonzero(mask), strict=True)
    steps = ((0, 1), (2, 1), (1, 0), (1, 2))
    return np.array([(y, x) for y, x in inside if not all(padded[y + dy, x + dx] for dy, dx in steps)])


def nearest(points, others):
    return np.sqrt(((points[:, None] - others[None]) ** 2).sum(-1)).min(axis=1)


@pytest.mark.slow
@given(blobs(), st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0]))
@settings(max_examples=80, deadline=None)
def test_pairs_against_all_distances(images, tolerance):
    pred, truth = images
    matching = match(count_overlap(pred, truth), 0.3)
    agreement = boundary_agreement(pred, truth, matching, tolerance)
    distance = hausdorff_distance(pred, truth, matching)
    f = agreement.f
    for k, (p, t) in enumerate(zip(matching.pred_ids, matching.true_ids, strict=True)):
        one, other = boundary(pred == p), boundary(truth == t)
        there, back = nearest(one, other), nearest(other, one)
        assert (agreement.pred_hits[k], agreement.pred_pixels[k]) == ((there <= tolerance).sum(), len(one))
        assert (agreement.true_hits[k], agreement.true_pixels[k]) == ((back <= tolerance).sum(), len(other))
        precision, recall = (there <= tolerance).mean(), (back <= tolerance).mean()
        expected = 2 * precision * recall / (precision + recall) if precision + recall else 0
        assert f[k] == pytest.approx(expected)
        assert distance[k] == pytest.approx(max(np.percentile(there, 95), np.percentile(back, 95)), abs=1e-5)
    everything = [sum(len(boundary(image == k)) for k in np.unique(image) if k) for image in images]
    assert [agreement.all_pred, agreement.all_true] == everything


def test_hausdorff_is_scipys():
    scipy_distance = pytest.importorskip("scipy.spatial.distance")
    rng = np.random.default_rng(4)
    truth, pred = np.zeros((40, 50), int), np.zeros((40, 50), int)
    truth[5:30, 5:30], pred[7:35, 6:28] = 3, 9
    pred[rng.random(pred.shape) < 0.05] = 0
    matching = match(count_overlap(pred, truth), 0.5)
    one, other = boundary(pred == 9), boundary(truth == 3)
    expected = max(scipy_distance.directed_hausdorff(*pair)[0] for pair in ((one, other), (other, one)))
    assert hausdorff_distance(pred, truth, matching, percentile=100) == pytest.approx([expected])


def test_by_hand():
    # a 6 x 6 square, found one column too wide: the far side is 1 away, all else in place
    truth, pred = np.zeros((10, 12), int), np.zeros((10, 12), int)
    truth[2:8, 2:8], pred[2:8, 2:9] = 1, 1
    matching = match(count_overlap(pred, truth))
    assert hausdorff_distance(pred, truth, matching).tolist() == [1]
    assert boundary_agreement(pred, truth, matching, tolerance=1).f.tolist() == [1]
    exact = boundary_agreement(pred, truth, matching, tolerance=0)
    assert (exact.pred_hits.tolist(), exact.pred_pixels.tolist()) == ([16], [22])
    assert (exact.true_hits.tolist(), exact.true_pixels.tolist()) == ([16], [20])


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (3, 4)])
def test_no_pair(shape):
    nothing = np.zeros(shape, np.int32)
    matching = match(count_overlap(nothing, nothing))
    assert boundary_agreement(nothing, nothing, matching).f.shape == (0,)
    assert hausdorff_distance(nothing, nothing, matching).shape == (0,)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64])
def test_one_pixel_of_any_type(dtype):
    pixel = np.array([[7]], dtype)
    matching = match(count_overlap(pixel, pixel))
    assert boundary_agreement(pixel, pixel, matching).f.tolist() == [1]
    assert hausdorff_distance(pixel, pixel, matching).tolist() == [0]
