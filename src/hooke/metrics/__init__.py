"""Scores of a segmentation against the truth, as plain functions of label images.

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

from hooke.labels.objects import SIZE_EDGES, SIZES, Objects, find_objects, size_classes
from hooke.labels.overlap import Overlap, count_overlap
from hooke.metrics.bootstrap import RESAMPLES, percentile_interval, resample_groups
from hooke.metrics.boundary import BOUNDARY_TOLERANCE, BoundaryAgreement, boundary_agreement, hausdorff_distance
from hooke.metrics.classes import ClassScores, class_quality, class_scores
from hooke.metrics.coco import CocoScores, coco_scores
from hooke.metrics.comparison import Comparison, compare
from hooke.metrics.count_agreement import CountAgreement, count_agreement
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
from hooke.metrics.outcome import ERRORS, MATCHED, Outcomes, find_outcomes
from hooke.metrics.paired import PairedScores
from hooke.metrics.pixel import pixel_accuracy, pixel_counts
from hooke.metrics.points import PointMatching, inner_points, match_points_by_distance, match_points_in_masks
from hooke.metrics.score import ERROR_COUNTS, count_comparison, count_image, score_counts, score_image, score_sizes
from hooke.metrics.summary import Summary, aggregate, aggregate_by

__all__ = [
    "BOUNDARY_TOLERANCE",
    "DSB_THRESHOLDS",
    "ERRORS",
    "ERROR_COUNTS",
    "MATCHED",
    "RESAMPLES",
    "SIZES",
    "SIZE_EDGES",
    "AggregatedJaccard",
    "BoundaryAgreement",
    "ClassScores",
    "CocoScores",
    "Comparison",
    "CountAgreement",
    "Counts",
    "Matching",
    "Objects",
    "Outcomes",
    "Overlap",
    "PairedScores",
    "PanopticQuality",
    "PointMatching",
    "Summary",
    "aggregate",
    "aggregate_by",
    "aggregated_jaccard",
    "average_precision",
    "boundary_agreement",
    "class_quality",
    "class_scores",
    "coco_scores",
    "compare",
    "count_agreement",
    "count_comparison",
    "count_image",
    "count_overlap",
    "dsb_score",
    "find_objects",
    "find_outcomes",
    "hausdorff_distance",
    "inner_points",
    "match",
    "match_points_by_distance",
    "match_points_in_masks",
    "panoptic_quality",
    "percentile_interval",
    "pixel_accuracy",
    "pixel_counts",
    "resample_groups",
    "score_counts",
    "score_image",
    "score_sizes",
    "size_classes",
]
