"""Scores the baselines of a run, Otsu with watershed and the shipped model, on its validation samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.metrics import score_image
from hooke.models import load_model
from hooke.targets import SplitLine
from hooke.training.augmentation.crops import Sample
from hooke.training.segmentation.module import segment_sample

Segmenter = Callable[[Sample], NDArray[np.int32]]

OTSU, SHIPPED = "Otsu with watershed", "the shipped model"


def baseline_scores(
    samples: Sequence[Sample], score: Callable[[Segmenter, Sequence[Sample]], float]
) -> dict[str, float]:
    """Score of each baseline, the diameter known, as a run's own validation has it.

    Parameters
    ----------
    samples : sequence of Sample
    score : callable
        What a run of this kind is scored by, such as `mean_dsb`.
    """
    model = load_model("nuclei")

    def shipped(sample: Sample) -> NDArray[np.int32]:
        chosen = model.for_image(colour=sample.colour)
        return segment_sample(chosen.segmenter(), sample)[1]

    return {OTSU: score(otsu_watershed, samples), SHIPPED: score(shipped, samples)}


def mean_dsb(segment: Segmenter, samples: Sequence[Sample]) -> float:
    """DSB score, mean over the images."""
    return float(np.mean([score_image(segment(sample), sample.labels)["dsb"] for sample in samples]))


def otsu_watershed(sample: Sample) -> NDArray[np.int32]:
    """Threshold by Otsu's method, then split by a watershed of the distance to the background.

    Objects are what is darker in colour images, and in grey ones what covers less of the image.
    """
    grey = sample.image.astype(np.float32)
    grey = grey.mean(axis=2) if grey.ndim == 3 else grey
    eight = np.clip(grey * 200, 0, 255).astype(np.uint8)
    smooth = cv2.GaussianBlur(eight, (0, 0), max(0.5, sample.diameter / 16))
    _, above = cv2.threshold(smooth, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    mask = above == 0 if sample.colour or above.mean() > 0.5 else above > 0
    distance = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    # The scheme's own decoder does the watershed, on maps that know nothing but the distance.
    maps = np.stack([mask, np.zeros_like(grey), np.clip(distance / max(sample.diameter / 2, 1), 0, 1)])
    return SplitLine(seed_distance=0.6).decode(maps.astype(np.float32), diameter=sample.diameter).labels
