"""COCO's AP and AR against pycocotools, with LIVECell's limits."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hooke.metrics import DSB_THRESHOLDS, coco_scores, count_overlap


def random_images(rng, images, confidences):
    """Squares of all sizes that are shifted, dropped and invented, with confidences that tie."""
    found = []
    for _ in range(images):
        truth, pred = np.zeros((64, 64), np.int32), np.zeros((64, 64), np.int32)
        for label in range(1, rng.integers(1, 14)):
            size, y, x = rng.integers(1, 40), rng.integers(60), rng.integers(60)
            truth[y : y + size, x : x + size] = 3 * label
            if rng.random() < 0.8:
                dy, dx = rng.integers(0, 3, 2)
                pred[y + dy : y + dy + size, x + dx : x + dx + size] = label
        found.append((pred, truth, rng.choice(confidences, len(np.unique(pred[pred > 0])))))
    return found


def oracle(images, max_detections, size_edges):
    """Let COCOeval score the same masks; LIVECell's limits are set as its authors set them."""
    coco_module = pytest.importorskip("pycocotools.coco")
    from pycocotools import mask as coco_mask
    from pycocotools.cocoeval import COCOeval

    truth = {"images": [], "annotations": [], "categories": [{"id": 1}], "info": {}}
    results = []

    def entry(image, mask):
        code = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
        return {"image_id": image, "category_id": 1, "segmentation": code}

    for image, (pred, true, scores) in enumerate(images):
        truth["images"].append({"id": image, "height": true.shape[0], "width": true.shape[1]})
        for label in np.unique(true[true > 0]):
            more = {"id": len(truth["annotations"]) + 1, "iscrowd": 0, "area": int((true == label).sum())}
            truth["annotations"].append(entry(image, true == label) | more)
        for label, score in zip(np.unique(pred[pred > 0]), scores, strict=True):
            results.append(entry(image, pred == label) | {"score": float(score)})
    with contextlib.redirect_stdout(io.StringIO()):
        coco = coco_module.COCO()
        coco.dataset = truth
        coco.createIndex()
        judge = COCOeval(coco, coco.loadRes(results), "segm")
        judge.params.iouThrs = np.array(DSB_THRESHOLDS)
        judge.params.maxDets = [max_detections]
        low, high = size_edges
        judge.params.areaRng = [[0, 1e10], [0, low], [low, high], [high, 1e10]]
        judge.params.areaRngLbl = ["all", "small", "medium", "large"]
        judge.evaluate()
        judge.accumulate()
    return judge.eval["precision"][:, :, 0, :, 0], judge.eval["recall"][:, 0, :, 0]


@given(st.integers(0, 10**6), st.sampled_from([2000, 3]), st.sampled_from([(324, 961), (40, 100)]))
@settings(max_examples=20, deadline=None)
def test_is_pycocotools(seed, max_detections, size_edges):
    rng = np.random.default_rng(seed)
    images = random_images(rng, 4, confidences=rng.random(6).round(2))
    if not any(len(scores) for _, _, scores in images):
        return
    ranked = [(count_overlap(pred, true), scores) for pred, true, scores in images]
    scores = coco_scores(ranked, max_detections=max_detections, size_edges=size_edges)
    precision, recall = oracle(images, max_detections, size_edges)
    np.testing.assert_allclose(scores.precision, precision[:, :, 0], atol=1e-9)
    np.testing.assert_allclose(scores.recall, recall[:, 0], atol=1e-9)
    for index, ap in enumerate(scores.ap_by_size.values(), start=1):
        if precision[0, 0, index] == -1:
            assert np.isnan(ap)
        else:
            assert ap == pytest.approx(precision[:, :, index].mean(), abs=1e-9)


def test_two_halves_of_one_object_at_a_tie():
    # both halves have an IoU of exactly 0.5 with the whole: the surer one takes it, the other is a false alarm
    overlap = count_overlap([[1, 1, 2, 2]], [[9, 9, 9, 9]])
    assert coco_scores([(overlap, np.array([0.3, 0.8]))]).ap_at(0.5) == 1
    assert coco_scores([(overlap, np.array([0.3, 0.8]))], thresholds=[0.5]).recall.tolist() == [1]


def test_edge_cases():
    nothing, one = np.zeros((2, 2), int), np.ones((2, 2), int)
    none, some = np.zeros(0), np.array([0.7])
    assert np.isnan(coco_scores([(count_overlap(nothing, nothing), none)]).ap)
    assert np.isnan(coco_scores([(count_overlap(one, nothing), some)]).ap)
    assert coco_scores([(count_overlap(nothing, one), none)]).ap == 0
    both = coco_scores([(count_overlap(one, one), some), (count_overlap(nothing, nothing), none)])
    assert (both.ap, both.ar, both.ap_by_size["small"]) == (1, 1, 1)
    assert both.to_dict()["coco_ap_50"] == 1
