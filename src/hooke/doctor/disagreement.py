"""Measures how far labels and the objects that a model finds disagree."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.doctor.dataset_images import DatasetImage
from hooke.doctor.findings import Finding, Severity
from hooke.image import Image
from hooke.metrics import count_overlap, match
from hooke.models import Model
from hooke.pipeline.image_segmentation import segment_image
from hooke.pipeline.options import SegmentOptions

IOU = 0.5
DOUBTFUL_F1 = 0.7  # below it one of the two is wrong often enough for a person to check


@dataclass(frozen=True)
class Disagreement:
    """How a model's objects and the labelled ones match at an IoU of 0.5.

    Attributes
    ----------
    image, split : str
    f1, ap : float
        Of the model as judged by the labels, 0..1.
    labelled, found : int
        Objects of either.
    missed, spurious : int
        Labelled objects that the model has not found, and the reverse.
    """

    image: str
    split: str
    f1: float
    ap: float
    labelled: int
    found: int
    missed: int
    spurious: int

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values."""
        return asdict(self)


def compare_with_model(
    member: DatasetImage, image: Image, labels: NDArray[np.int32], model: Model, options: SegmentOptions
) -> Disagreement:
    """Segment an image and match what is found with its labels."""
    overlap = count_overlap(segment_image(image, model, options).labels, labels)
    counts = match(overlap, IOU).counts
    return Disagreement(
        member.id, member.split, counts.f1, counts.jaccard, overlap.n_true, overlap.n_pred, counts.fn, counts.fp
    )


def findings_of(disagreements: list[Disagreement]) -> list[Finding]:
    """Turn the disagreements that need a person into findings, the worst first by `value`."""
    return [
        Finding.of_kind(
            "disagreement",
            image.image,
            f"F1 {image.f1:.2f}: of {image.labelled} labelled {image.missed} missed, "
            f"of {image.found} found {image.spurious} not labelled",
            severity=Severity.WARNING,
            split=image.split,
            value=1 - image.f1,
        )
        for image in disagreements
        if image.f1 < DOUBTFUL_F1
    ]
