"""Makes stacks comparable plane by plane, where the numbers of one of them begin again in each plane."""

from __future__ import annotations

from dataclasses import replace

from hooke.labels.labelled_image import LabelledImage
from hooke.labels.plane_numbers import is_numbered_by_plane, number_planes_apart

BY_PLANE = (
    "label stacks whose objects have other numbers in the next plane, so that planes are scored one by one (hooke "
    "segment --stitch z joins them)"
)


def planes_apart(pred: LabelledImage, truth: LabelledImage) -> tuple[LabelledImage, LabelledImage]:
    """Take the objects of each plane for objects of their own, in both stacks, where one is numbered so.

    As volumes, such stacks would hardly share an object. What is known of objects goes with their ids.
    """
    if truth.labels.ndim < 3 or pred.labels.shape != truth.labels.shape:
        return pred, truth
    by_plane = [is_numbered_by_plane(side.labels) for side in (pred, truth)]
    if not any(by_plane):
        return pred, truth
    apart = [_apart(side, noted) for side, noted in zip((pred, truth), by_plane, strict=True)]
    return apart[0], apart[1]


def _apart(image: LabelledImage, noted: bool) -> LabelledImage:
    labels, ids = number_planes_apart(image.labels)
    numbered = list(enumerate(ids, 1))
    return replace(
        image,
        labels=labels,
        scores={new: image.scores[old] for new, old in numbered if old in image.scores},
        classes={new: image.classes[old] for new, old in numbered if old in image.classes},
        probabilities={new: image.probabilities[old] for new, old in numbered if old in image.probabilities},
        oddities={**image.oddities, BY_PLANE: 1} if noted else image.oddities,
    )
