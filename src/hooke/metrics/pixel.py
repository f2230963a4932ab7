"""Scores foreground against background, pixel by pixel.

Which object a pixel belongs to does not matter here: two touching nuclei found as one cost nothing.
"""

from __future__ import annotations

from hooke.labels.overlap import Overlap
from hooke.metrics.counts import Counts


def pixel_counts(overlap: Overlap) -> Counts:
    """Count foreground pixels that are right, invented and missed.

    Parameters
    ----------
    overlap : Overlap
        From `count_overlap(pred, truth)`.

    Returns
    -------
    Counts
        In pixels. `.jaccard` is the foreground's intersection over union, `.f1` the Dice coefficient (Dice 1945,
        "Measures of the amount of ecologic association between species"); both are 1 when both images are empty.

    Examples
    --------
    >>> from hooke.metrics import count_overlap
    >>> counts = pixel_counts(count_overlap([[0, 1, 1, 1]], [[2, 2, 2, 0]]))
    >>> counts, counts.jaccard
    (Counts(tp=2, fp=1, fn=1), 0.5)
    """
    tp = int(overlap.intersection.sum())
    return Counts(tp, int(overlap.pred_areas.sum()) - tp, int(overlap.true_areas.sum()) - tp)


def pixel_accuracy(counts: Counts, pixels: int) -> float:
    """Give the share of pixels, background included, that are on the right side.

    High wherever there is much background, so never a score to choose a model by.

    Parameters
    ----------
    counts : Counts
        From `pixel_counts`.
    pixels : int
        Pixels of the image (or of all images whose counts were summed).

    Returns
    -------
    float
        (TP + TN) / pixels, 0..1; 1 for an image without pixels.
    """
    return 1 - (counts.fp + counts.fn) / pixels if pixels else 1.0
