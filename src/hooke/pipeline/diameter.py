"""Estimates the typical diameter of an image's objects from a first pass of the network over a few scales."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hooke.image import Pixels
from hooke.models import Model, is_for_cells
from hooke.pipeline.first_pass import (
    FIELD,
    Field,
    Vote,
    fits_scale,
    join_votes,
    median_diameter,
    spread_fields,
    view_fields,
    vote_trust,
)
from hooke.pipeline.mere_noise import is_mere_noise
from hooke.pipeline.sparse import interesting_fields
from hooke.pipeline.window import window_around
from hooke.preprocess import Normalisation

_SCALES = (1.0, 0.5, 0.25, 0.125)
# Objects, at most, for which one counts on a scale that shows a part of the image. With 2 to 4, smears of small cells
# among large ones are measured better; with more, specks at the finest scale make large nuclei seem small. To the
# model for whole cells details of these do so with 3: F1 of U373's frames is 0.837 for 0.860, of Usiigaci's validation
# 0.701 for 0.718 (means over images).
_STANDS_FOR = 3.0
_ALIKE = 0.7  # octaves within which two diameters may be those of one object on two scales
_SHOWN_WELL = 0.5  # trust from which a scale can refute what a coarser one sees
_SOME = 2.0  # sum of weights in what a finer scale shows of an image from which it can refute what is seen elsewhere
# Share and sum of weights: where both are less, what finer scales refute leaves hardly anything. In 13 smears
# and their mosaics 0.41 and 10 are left, or more; in three images of large granular nuclei 0.14 and 3.4, or less.
_LEFT = 0.3
_FEW_LEFT = 4.0
_UNCHECKED = 0.5  # share of all weights for which a finer scale is shown one more field
_PLENTY = 20.0  # sum of weights from which half of the fields of the finest scale tell as much as all
_SMALL = 0.75  # objects below this share of the smallest trained ones are shown twice as large, too
_ENOUGH = 0.45  # sum of weights below which nothing was seen: 0.54 in the least clear of 540 training images
_ENOUGH_SMALL = 4.0  # ... of objects that have to be shown twice as large: specks of dust look like a few of them
_TINY = 0.7  # share of the smallest trained objects below which a few are rather specks of dust
_ENOUGH_TINY = 2.3  # ... and the sum of weights that they need instead: 2.9 or more in training images
_MAGNIFIED = 4.0  # scale on which fields are shown where no other scale shows anything: many tiny spots
_ENOUGH_MAGNIFIED = 16.0  # sum of weights there: 91 or more of dense spots, 1.2 at most in 40 empty fields
# Sums of weights that are enough where the objects are shown as they are and twice as large, or twice and four times.
# Few tiny nuclei reach them, as in a small copy of an image; dust in 220 empty fields and crops reaches 0.7 as it is,
# and 2.5 four times as large.
_ENOUGH_ON_EACH = {1.0: 1.0, 2.0: 1.5, _MAGNIFIED: 4.5}
_LARGEST = 0.75  # share of the image's shorter side: a larger diameter is the field's own light


def estimate_diameter(
    model: Model,
    pixels: Pixels,
    normalisation: Normalisation,
    *,
    threads: int = 1,
    known: NDArray[np.uint16] | None = None,
) -> float | None:
    """Estimate the median diameter of an image's objects.

    Fields spread over the image are predicted first; where they hold no object, four small ones magnified, which show
    tiny dense objects, and then those that stand out most. What is seen in mere noise is none.

    Parameters
    ----------
    model : Model
        The one for this image (`Model.for_image`). Its scheme must have a diameter map.
    pixels : Pixels, shape (Y, X) or (Y, X, C)
    normalisation : Normalisation
    threads : int
        Fields in work at once.
    known : ndarray of uint16, shape (K, Y, X), optional
        Maps of the whole image at scale 1, where they were predicted before.

    Returns
    -------
    float or None
        Pixels; None when no object is seen on any scale.
    """
    if model.for_diameter is not None:
        larger = estimate_diameter(model.for_diameter, pixels, normalisation, threads=threads)
        return None if larger is None else larger * model.settings.diameter_share
    shape = pixels.shape
    trained = model.settings.trained_diameters
    limit = 1.0 if is_for_cells(model) else _STANDS_FOR

    def view(jobs: list[tuple[float, Field]], maps: NDArray[np.uint16] | None = None) -> list[Vote]:
        return view_fields(model, pixels, normalisation, jobs, threads, maps)

    jobs, more = _in_two_goes(_jobs(shape, _SCALES, known is not None))
    seen = view(jobs, known)
    if more and _total(seen) < _PLENTY:
        seen += view(more)
    votes = _confirmed_by_finer_scale(seen, trained, shape)
    diameter = median_diameter(join_votes(_per_area(votes, shape, limit)))
    if closer := _fields_around_unchecked(seen, trained, shape):
        checked = _confirmed_by_finer_scale(seen + view(closer), trained, shape)
        other = median_diameter(join_votes(_per_area(checked, shape, limit)))
        if not _are_alike(diameter, other):  # else what is seen where it was not refuted would count for more
            votes, diameter = checked, other
    small: list[Vote] = []
    if diameter is not None and diameter < trained[0] * _SMALL:
        small = view(_jobs(shape, (2.0,), False))
        diameter = median_diameter(join_votes(_per_area([*votes, join_votes(small)], shape, limit)))
    if diameter is not None and _is_believed(diameter, votes, small, shape, trained[0]):
        return None if is_mere_noise(pixels, normalisation, diameter, votes + small) else diameter
    magnified = _see_magnified(view, shape, small)
    if magnified is not None:
        diameter = median_diameter(magnified)
        return None if diameter is None or is_mere_noise(pixels, normalisation, diameter, [magnified]) else diameter
    if known is not None:
        return None
    votes = view(interesting_fields(pixels, normalisation))
    diameter = median_diameter(join_votes(votes)) if votes else None
    return diameter if diameter is not None and _is_believed(diameter, votes, [], shape, trained[0]) else None


def has_room_for(diameter: float, shape: tuple[int, ...]) -> bool:
    """Whether an image of that shape has room for objects of a diameter, rather than for its own light."""
    return diameter <= _LARGEST * min(shape[:2])


def _see_magnified(
    view: Callable[[list[tuple[float, Field]]], list[Vote]], shape: tuple[int, ...], small: list[Vote]
) -> Vote | None:
    """What fields show four times as large, and twice as large where that decides; None where it is not enough."""
    magnified = join_votes(view(_jobs(shape, (_MAGNIFIED,), False)))
    seen = float(magnified.weight.sum())
    if seen >= _ENOUGH_MAGNIFIED:
        return magnified
    if seen < _ENOUGH_ON_EACH[_MAGNIFIED]:
        return None
    twice = join_votes(small or view(_jobs(shape, (2.0,), False)))
    return join_votes([magnified, twice]) if float(twice.weight.sum()) >= _ENOUGH_ON_EACH[2.0] else None


def _are_alike(first: float | None, second: float | None) -> bool:
    """Whether two diameters may be those of one object."""
    if first is None or second is None:
        return first == second
    return abs(float(np.log2(first / second))) < _ALIKE


def _is_believed(
    diameter: float, votes: list[Vote], small: list[Vote], shape: tuple[int, ...], smallest: float
) -> bool:
    """Whether enough was seen, at a size that the image has room for."""
    if not has_room_for(diameter, shape):
        return False
    seen, seen_small = _total(votes), _total(small)
    if seen >= _ENOUGH_ON_EACH[1.0] and seen_small >= _ENOUGH_ON_EACH[2.0]:
        return True
    return seen >= (_ENOUGH_TINY if diameter < _TINY * smallest else _ENOUGH) or seen_small >= _ENOUGH_SMALL


def _jobs(shape: tuple[int, ...], scales: tuple[float, ...], whole: bool) -> list[tuple[float, Field]]:
    """Scales and fields to show; one field for scale 1 when the whole image's maps are known."""
    everything = np.s_[: shape[0], : shape[1]]
    return [
        (scale, field)
        for scale in scales
        if fits_scale(shape, scale)
        for field in ([everything] if scale == 1 and whole else spread_fields(shape, scale))
    ]


def _per_area(votes: list[Vote], shape: tuple[int, ...], limit: float = _STANDS_FOR) -> list[Vote]:
    """Let objects count for those like them outside of the fields, of which fine scales show least, up to a limit."""
    area = shape[0] * shape[1]
    return [replace(vote, weight=vote.weight * min(max(area / vote.looked_at, 1), limit)) for vote in votes]


def _in_two_goes(jobs: list[tuple[float, Field]]) -> tuple[list[tuple[float, Field]], list[tuple[float, Field]]]:
    """Set aside two fields of the finest scale where it has four: on small images they are most of what is shown.

    The two that are left touch at a corner at most.
    """
    finest = [job for job in jobs if job[0] == max(_SCALES)]
    later = finest[1:3] if len(finest) == 4 else []
    return [job for job in jobs if job not in later], later


def _confirmed_by_finer_scale(votes: list[Vote], trained: tuple[float, float], shape: tuple[int, ...]) -> list[Vote]:
    """Join the votes of each scale, and lower the weight of what the next finer scale refutes.

    Vacuoles of fat in a histology image look like nuclei where they appear small. On the next finer scale, where they
    also appear at a trusted size, they don't: what is seen on only one of the two scales is not an object, nor does it
    support what a coarser one sees. A finer scale that shows only part of the image is asked for what was seen there.
    Where hardly anything is left then, as of large granular nuclei, of which fine scales show nothing that they know,
    finer scales refute only what they show all of, and what they refute counts for coarser ones.
    """
    joined = _by_scale(votes)
    confirmed: dict[float, Vote] = {}
    for scale, vote in joined.items():
        finer = confirmed.get(2 * scale)
        confirmed[scale] = vote if finer is None else _downweight_refuted(vote, finer, trained, shape)
    if _total(confirmed.values()) < min(_LEFT * _total(joined.values()), _FEW_LEFT):
        whole = {scale: vote for scale, vote in joined.items() if _is_whole(vote, shape)}
        for scale, vote in joined.items():
            finer = whole.get(2 * scale)
            confirmed[scale] = vote if finer is None else _downweight_refuted(vote, finer, trained, shape)
    return [vote for _, vote in sorted(confirmed.items())]


def _total(votes: Iterable[Vote]) -> float:
    return sum(float(vote.weight.sum()) for vote in votes)


def _is_whole(vote: Vote, shape: tuple[int, ...]) -> bool:
    """Whether the fields of a scale show all of an image."""
    return max(shape[:2]) <= 2 * FIELD / vote.scale


def _by_scale(votes: list[Vote]) -> dict[float, Vote]:
    """Join the votes of each scale, the finest first."""
    scales = sorted({vote.scale for vote in votes}, reverse=True)
    return {scale: join_votes([vote for vote in votes if vote.scale == scale]) for scale in scales}


def _downweight_refuted(vote: Vote, finer: Vote, trained: tuple[float, float], shape: tuple[int, ...]) -> Vote:
    expected, known = _expected(vote, finer, shape)
    # Half of what this scale sees is enough: the finer one need not be as sure.
    support = 2 * _support_at(vote.diameter, finer) / np.maximum(expected, 1e-12)
    shown_well = vote_trust(vote.diameter * finer.scale, trained) >= _SHOWN_WELL
    return replace(vote, weight=vote.weight * np.where(shown_well & known, np.minimum(support, 1), 1))


def _expected(vote: Vote, finer: Vote, shape: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """How much of each object's kind a finer scale should have seen, per area, and whether that is enough to refute."""
    whole = _is_whole(finer, shape)
    expected = _support_at(vote.diameter, vote if whole else vote.within(finer.fields, finer.looked_at))
    return expected, np.asarray(whole | (expected * finer.looked_at >= _SOME))


def _fields_around_unchecked(
    seen: list[Vote], trained: tuple[float, float], shape: tuple[int, ...]
) -> list[tuple[float, Field]]:
    """A field on each scale around what the next coarser one sees and this one missed, where that makes up much of all.

    Fields spread over an image miss an island of cells.
    """
    joined = _by_scale(seen)
    total = _total(seen)
    fields = []
    for scale, finer in joined.items():
        vote = joined.get(scale / 2)
        if vote is None:
            continue
        shown_well = vote_trust(vote.diameter * scale, trained) >= _SHOWN_WELL
        weight = np.where(shown_well & ~_expected(vote, finer, shape)[1], vote.weight, 0.0)
        if weight.sum() < max(_UNCHECKED * total, _ENOUGH):
            continue
        side = round(FIELD / scale)
        near = (np.abs(vote.place[:, None] - vote.place) < side / 2).all(axis=2)
        y, x = vote.place[np.argmax(near @ weight)]
        fields.append((scale, window_around(int(y), int(x), side, shape)))
    return fields


def _support_at(diameter: NDArray[np.float64], vote: Vote) -> NDArray[np.float64]:
    """Weight of a vote's objects that are about as large as each diameter, per area searched."""
    octaves = np.abs(np.log2(vote.diameter[None, :] / diameter[:, None]))
    return np.asarray((octaves < _ALIKE) @ vote.weight / vote.looked_at)
