"""Scores of a segmentation against the truth: two label images in, plain numbers out.

All of them start from one table, `count_overlap(pred, truth)`: which objects share how many pixels. It is counted
once and every score reads it:

>>> import numpy as np
>>> truth = np.array([[1, 1, 1, 0], [0, 0, 2, 2]])
>>> pred = np.array([[1, 1, 0, 0], [0, 0, 5, 5]])
>>> overlap = count_overlap(pred, truth)
>>> overlap.iou.round(3).tolist()
[0.667, 1.0]
>>> match(overlap, 0.75).counts
Counts(tp=1, fp=1, fn=1)

`score_image` gives all scores of one image as a flat dictionary, `aggregate` those of many images.
"""

from __future__ import annotations

from hooke.metrics.counts import Counts
from hooke.metrics.instance import (
    DSB_THRESHOLDS,
    AggregatedJaccard,
    PanopticQuality,
    aggregated_jaccard,
    average_precision,
    dsb_score,
    panoptic_quality,
)
from hooke.metrics.matching import Matching, match
from hooke.metrics.overlap import Overlap, count_overlap
from hooke.metrics.pixel import pixel_accuracy, pixel_counts
from hooke.metrics.score import count_image, score_counts, score_image
from hooke.metrics.summary import Summary, aggregate, aggregate_by

__all__ = [
    "DSB_THRESHOLDS",
    "AggregatedJaccard",
    "Counts",
    "Matching",
    "Overlap",
    "PanopticQuality",
    "Summary",
    "aggregate",
    "aggregate_by",
    "aggregated_jaccard",
    "average_precision",
    "count_image",
    "count_overlap",
    "dsb_score",
    "match",
    "panoptic_quality",
    "pixel_accuracy",
    "pixel_counts",
    "score_counts",
    "score_image",
]
