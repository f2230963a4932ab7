"""Makes tracks of linked objects: each a number that persists, with the track that it came out of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hooke.tracking.assignment import SegmentLinks
from hooke.tracking.frames import Frames
from hooke.tracking.options import Parameters, TrackOptions
from hooke.tracking.planes import Ints
from hooke.tracking.segments import Segments, find_segments, link_segments, number_linked
from hooke.tracking.sequence import link_sequence


@dataclass(frozen=True, eq=False)
class Lineage:
    """The tracks of all objects of a sequence.

    Parameters
    ----------
    frames : Frames
    following : ndarray of int64, shape (N,)
        For each object the next one of its track, in a later frame; -1 for none.
    mother : ndarray of int64, shape (N,)
        For the first object of a daughter's track, the last one of the mother's; -1 for all others.
    fuses_into : ndarray of int64, shape (N,)
        For the last object of a track that becomes part of another object, that one; -1 for all others.
    track : ndarray of int64, shape (N,)
        Numbers from 1, in the order of frames.
    segments : Segments
    parameters : Parameters
    """

    frames: Frames
    following: Ints
    mother: Ints
    fuses_into: Ints
    track: Ints
    segments: Segments
    parameters: Parameters


def find_lineage(frames: Frames, options: TrackOptions) -> Lineage:
    """Link all objects of a sequence.

    Parameters
    ----------
    frames : Frames
    options : TrackOptions
    """
    links, parameters = link_sequence(frames, options)
    segments = find_segments(frames, links)
    joined = link_segments(frames, segments, links, parameters, options)
    following, mother, fuses_into = _continue(links, segments, joined)
    return Lineage(frames, following, mother, fuses_into, number_linked(frames, following) + 1, segments, parameters)


def _continue(links: Ints, segments: Segments, joined: SegmentLinks) -> tuple[Ints, Ints, Ints]:
    """Add gaps, divisions and fusions to the links from frame to frame."""
    following = links.copy()
    starts, ends = segments.starts, segments.ends
    after_gap = np.flatnonzero(joined.continues >= 0)
    following[ends[after_gap]] = starts[joined.continues[after_gap]]
    mother, fuses_into = np.full(len(links), -1, np.int64), np.full(len(links), -1, np.int64)
    for segment in np.flatnonzero(joined.splits_from >= 0).tolist():
        whole, part = int(joined.splits_from[segment]), int(starts[segment])
        if following[whole] < 0:  # an only daughter is the same object
            following[whole] = part
            continue
        mother[[part, following[whole]]] = whole
        following[whole] = -1
    into = np.flatnonzero(joined.merges_into >= 0)
    fuses_into[ends[into]] = joined.merges_into[into]
    return following, mother, fuses_into
