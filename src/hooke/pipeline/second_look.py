"""Segments a grey image again on another scale where the first may be wrong, and takes what is clearly better.

Coarser scales where what was found is doubtful: coarse texture of large objects, as of condensed chromosomes, of
embryos or in super-resolution, looks like many small objects, which outvote the few large ones in the first pass. It
shows in the scores: pieces of texture have low ones. Glands of a stained section look like large nuclei, and colonies
of dim nuclei may, too: so images in colour are left as they are, and of others what was taken is said.

A finer scale where sizes differ widely, as in smears and in sections of tissue: the typical object sets the scale, on
which the network misses the small ones or outlines them roughly.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hooke.models.segmenter import SegmentedPixels
from hooke.pipeline.diameter import has_room_for
from hooke.targets import equivalent_diameters

# Of 464 training and validation images of six sources nine have a typical score below 0.7; in none of these, nor in 14
# of whole cells, is what coarser scales show better by 0.1 and covers as much: 0.08 with less in one slide. In pictures
# of other laboratories whose texture was taken for objects it is better by 0.13 to 0.29.
_DOUBTFUL = 0.7
_BETTER = 0.1
_MORE = 0.03  # by which a still larger diameter must be better
_COARSER = (2.0, 4.0)  # times the diameter: a quarter and a sixteenth of the time
# Of some 480 grey images of 16 sources the finer scale is taken in 28: 25 score better, one lower by 0.03.
_VARIED = 0.55  # of the diameter: a tenth of the objects are narrower
_FEWEST = 15  # objects: a tenth of fewer is a single one
_LARGE = 50.0  # pixels: texture of larger objects looks like small ones
_FINER = 2**-0.5  # times the diameter: twice the time
_RICHER = 1.05  # times the sum of all scores
_HARDLY_LESS = 0.9  # of the covered pixels: with less, objects have gone to pieces
_HARDLY_LOWER = 0.03  # of the typical score: where it is lower by more, what has come is doubtful
_MOST_PIXELS = 2 * 1024**2  # of an image: a larger one may be a mosaic of many, and the time is felt
_TAKEN = (
    "uncertain diameter: objects {measured:.0f} pixels wide, as measured, look doubtful, and those {larger:.0f} pixels "
    "wide surer, so these were taken: check that each outline holds one object (--diameter sets it)"
)


def look_again(
    found: SegmentedPixels, diameter: float, segment: Callable[[float], SegmentedPixels], *, finer: bool = True
) -> tuple[SegmentedPixels, float, tuple[str, ...]]:
    """Give what was found, or what is found for another diameter where that is better, its diameter, and a warning.

    On coarser scales better is what scores clearly higher and covers no less: a few sure objects among many missed ones
    are not, and neither is one that is doubtful itself. On the finer one it is a clearly larger sum of all scores,
    where objects are as sure and cover as much.

    Parameters
    ----------
    found : SegmentedPixels
        For the diameter that was measured.
    diameter : float
        Pixels.
    segment : callable
        Segments the image for a diameter.
    finer : bool
        Whether the finer scale is tried: not for whole cells, whose sizes differ anyway.
    """
    taken, larger = _look_coarser(found, diameter, segment)
    if taken is not found:
        return taken, larger, (_TAKEN.format(measured=diameter, larger=larger),)
    if finer and _sizes_differ(found, diameter):
        closer = segment(diameter * _FINER)
        if _shows_more(closer, found):
            return closer, diameter * _FINER, ()
    return found, diameter, ()


def _look_coarser(
    found: SegmentedPixels, diameter: float, segment: Callable[[float], SegmentedPixels]
) -> tuple[SegmentedPixels, float]:
    """What is clearly better for a larger diameter, with that diameter, where what was found is doubtful."""
    score = _typical_score(found)
    best = found, diameter
    if not 0 < score < _DOUBTFUL:
        return best
    covered, least = _covered(found), score + _BETTER
    shape = found.decoded.labels.shape
    for larger in (diameter * times for times in _COARSER if has_room_for(diameter * times, shape)):
        other = segment(larger)
        typical = _typical_score(other)
        alone = len(other.decoded.scores) == 1 and typical < _DOUBTFUL  # often most of the image
        if typical >= least and not alone and _covered(other) >= covered:
            best, least = (other, larger), typical + _MORE
    return best


def _sizes_differ(found: SegmentedPixels, diameter: float) -> bool:
    """Whether many objects are far smaller than the typical one that set the scale, in an image that is not large."""
    labels, count = found.decoded.labels, len(found.decoded.scores)
    if count < _FEWEST or diameter > _LARGE or labels.size > _MOST_PIXELS:
        return False
    return float(np.percentile(equivalent_diameters(labels)[1:], 10)) < _VARIED * diameter


def _shows_more(closer: SegmentedPixels, found: SegmentedPixels) -> bool:
    """Whether a finer scale shows clearly more than another, and what it shows is as sure and covers as much."""
    return (
        float(closer.decoded.scores.sum()) > _RICHER * float(found.decoded.scores.sum())
        and _typical_score(closer) >= _typical_score(found) - _HARDLY_LOWER
        and _covered(closer) >= _HARDLY_LESS * _covered(found)
    )


def _typical_score(found: SegmentedPixels) -> float:
    """Median score; 0 where nothing was found."""
    scores = found.decoded.scores
    return float(np.median(scores)) if len(scores) else 0.0


def _covered(found: SegmentedPixels) -> int:
    """Pixels of all objects."""
    return int(np.count_nonzero(found.decoded.labels))
