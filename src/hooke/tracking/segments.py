"""Closes gaps between the segments of tracks, and finds divisions and, where wanted, fusions, in one assignment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.tracking.assignment import Pairs, SegmentLinks, assign_segments
from hooke.tracking.frames import Frames
from hooke.tracking.linker import LIMIT, shape_cost
from hooke.tracking.options import Parameters, TrackOptions
from hooke.tracking.planes import Floats, Ints, diameters_of

_AREA, _UNSEEN, _CLASS = 0.25, 0.25, 0.5  # as between neighbouring frames; overlap across a gap is not known
# Of two parts and the whole that they come out of: what they may differ by at most.
_MIDDLE = 0.6  # diameters of the whole, between its place and the middle of the parts ...
_STRAY = 0.7  # ... or of the largest distance that objects move, where that is more
_APART = 2.0  # diameters of the whole, between the parts, ...
_WIDER = 1.6  # ... or this multiple of the usual in the divisions found, where there are enough
_FEW = 10  # divisions
_SYMMETRY = 1.0  # octaves of area between the parts
_TOTAL = 0.7  # octaves between the areas of both parts and of the whole
_OUTSIDE = 0.5  # where the edge of the image cuts an object before and after a gap: one may have left, one come
_CUT = 2.0  # times as many octaves, where the edge of the image cuts one of the three
_SMALLER = 0.85  # of the whole's area, which a part has at most
_RARE = 0.5  # what a division costs more than a gap: most objects that appear were there before
_WAITED = 0.1  # for each frame that a daughter is missing in
_SUDDEN = 0.65  # of the area, which a cell that rounds up keeps from frame to frame
_RECENT = 3  # frames of a mother whose largest area counts: cells round up before they divide


@dataclass(frozen=True, eq=False)
class Segments:
    """Stretches of frames without a gap in which an object is linked from each frame to the next.

    Parameters
    ----------
    of_object : ndarray of int64, shape (N,)
        The segment of each object.
    nodes : ndarray of int64, shape (N,)
        All objects, segment by segment, in the order of their frames.
    begin : ndarray of int64, shape (S + 1,)
        Where the segments begin in `nodes`.
    """

    of_object: Ints
    nodes: Ints
    begin: Ints

    def __len__(self) -> int:
        return len(self.begin) - 1

    @property
    def starts(self) -> Ints:
        """First object of each segment."""
        return self.nodes[self.begin[:-1]]

    @property
    def ends(self) -> Ints:
        """Last object of each segment."""
        return self.nodes[self.begin[1:] - 1]

    @property
    def lengths(self) -> Ints:
        """Frames of each segment."""
        return np.diff(self.begin)

    def at(self, segment: Ints, frame: Ints, frames: Ints) -> Ints:
        """Objects of segments in given frames; -1 where a segment does not reach there."""
        offset = frame - frames[self.nodes[self.begin[segment]]]
        inside = (offset >= 0) & (offset < self.lengths[segment])
        return np.where(inside, self.nodes[self.begin[segment] + np.where(inside, offset, 0)], -1)


def find_segments(frames: Frames, following: Ints) -> Segments:
    """Cut the links from frame to frame into segments, numbered as they appear.

    Parameters
    ----------
    frames : Frames
    following : ndarray of int64, shape (N,)
        For each object that of the next frame; -1 for none.
    """
    owner = number_linked(frames, following)
    nodes = np.argsort(owner, kind="stable")
    return Segments(owner, nodes, np.searchsorted(owner[nodes], np.arange(owner.max(initial=-1) + 2)))


def number_linked(frames: Frames, following: Ints) -> Ints:
    """Number what is linked from 0, in the order of frames; shape (N,)."""
    before = reverse(following)
    owner = np.zeros(frames.count, np.int64)
    number = 0
    for index in range(len(frames.planes)):
        here = np.arange(frames.first[index], frames.first[index + 1])
        fresh = before[here] < 0
        owner[here] = np.where(fresh, number + np.cumsum(fresh) - 1, owner[before[here]])
        number += int(fresh.sum())
    return owner


def reverse(following: Ints) -> Ints:
    """For each object that of the frame before; -1 for none."""
    before = np.full(len(following), -1, np.int64)
    linked = np.flatnonzero(following >= 0)
    before[following[linked]] = linked
    return before


@dataclass(frozen=True, eq=False)
class _Objects:
    """Properties of all objects, with the drift taken out of their places."""

    frame: Ints
    areas: Floats
    places: Floats
    classes: Ints
    mothers: Floats  # the largest area of the last frames
    cut: NDArray[np.bool_]  # by the edge of the image
    elongations: Floats
    anisotropy: float

    @property
    def diameters(self) -> Floats:
        return diameters_of(self.mothers, self.places.shape[1], self.anisotropy)


def link_segments(
    frames: Frames, segments: Segments, following: Ints, parameters: Parameters, options: TrackOptions
) -> SegmentLinks:
    """Find how segments continue: after a gap, out of a division, or into another object.

    Parameters
    ----------
    frames : Frames
    segments : Segments
    following : ndarray of int64, shape (N,)
    parameters : Parameters
    options : TrackOptions

    Returns
    -------
    SegmentLinks
        `splits_from` and `merges_into` are objects by their number in all frames.
    """
    objects = _properties(frames, following)
    gaps = _gaps(objects, segments, parameters, options.max_gap)
    none = Pairs.none(len(segments), frames.count)
    merges = _merges(objects, segments, following, parameters) if options.merging else none
    splits = _splits(objects, segments, parameters, options.max_gap) if options.divisions else none
    found = assign_segments(_with_only_daughters(gaps, splits, segments), splits, merges, LIMIT)
    apart = _usual_apart(objects, segments, found)
    if apart < _APART:
        splits = _splits(objects, segments, parameters, options.max_gap, apart)
        found = assign_segments(_with_only_daughters(gaps, splits, segments), splits, merges, LIMIT)
    return found


def _usual_apart(objects: _Objects, segments: Segments, found: SegmentLinks) -> float:
    """How far apart daughters may be, by the divisions that were found; in diameters of the mother."""
    born = np.flatnonzero(found.splits_from >= 0)
    part, whole = segments.starts[born], found.splits_from[born]
    other = segments.at(segments.of_object[whole], objects.frame[part], objects.frame)
    known = (other >= 0) & ~objects.cut[part] & ~objects.cut[whole]
    known[known] &= ~objects.cut[other[known]]
    if known.sum() < _FEW:
        return _APART
    part, whole, other = part[known], whole[known], other[known]
    apart = np.linalg.norm(objects.places[part] - objects.places[other], axis=1) / objects.diameters[whole]
    return float(min(_WIDER * np.median(apart), _APART))


def _properties(frames: Frames, following: Ints) -> _Objects:
    frame = frames.frame
    areas = np.asarray(frames.joined("areas"), np.float64)
    largest, before = areas.copy(), reverse(following)
    back = np.arange(len(areas))
    for _ in range(_RECENT - 1):
        earlier = np.where(back >= 0, before[back], -1)
        # Beyond a sudden loss of area is no earlier state of the same cell, but its mother.
        back = np.where((earlier >= 0) & (_SUDDEN * areas[earlier] < areas[back]), earlier, -1)
        largest = np.maximum(largest, np.where(back >= 0, areas[back], 0))
    places = np.asarray(frames.joined("centroids"), np.float64) - frames.moved[frame]
    classes = np.asarray(frames.joined("classes"), np.int64)
    cut = np.asarray(frames.joined("at_border"), np.bool_)
    elongations = np.asarray(frames.joined("elongations"), np.float64)
    return _Objects(frame, areas, places, classes, largest, cut, elongations, frames.anisotropy)


def _gaps(objects: _Objects, segments: Segments, parameters: Parameters, longest: int) -> Pairs:
    """Ends and starts with frames in between that may be of the same object."""
    starts, ends = segments.starts, segments.ends
    found = [Pairs.none(0)]
    end_order, end_frames = _by_frame(objects.frame[ends])
    start_order, start_frames = _by_frame(objects.frame[starts])
    for frame in np.unique(objects.frame[starts]).tolist():
        later = start_order[slice(*np.searchsorted(start_frames, (frame, frame + 1)))]
        earlier = end_order[slice(*np.searchsorted(end_frames, (frame - 1 - longest, frame)))]
        if not len(later) or not len(earlier):
            continue
        row, column = (side.ravel() for side in np.meshgrid(earlier, later, indexing="ij"))
        before, after = ends[row], starts[column]
        reach = parameters.max_distance * np.sqrt(objects.frame[after] - objects.frame[before])
        distance = np.linalg.norm(objects.places[after] - objects.places[before], axis=1)
        near = np.flatnonzero(distance <= reach)
        row, column, before, after = row[near], column[near], before[near], after[near]
        unlike = (objects.classes[before] != objects.classes[after]) & (
            objects.classes[before] * objects.classes[after] > 0
        )
        cut = objects.cut[before] | objects.cut[after]
        cost = (
            (distance[near] / reach[near]) ** 2
            + _AREA * np.minimum(np.log2(objects.areas[after] / objects.areas[before]) ** 2, 1)
            + shape_cost(objects.elongations[before], objects.elongations[after], cut, parameters.shape_spread)
            + _UNSEEN
            + _OUTSIDE * (objects.cut[before] & objects.cut[after])
            + _CLASS * unlike
        )
        found.append(Pairs(0, 0, row, column, cost))
    return _joined(found, len(segments), len(segments))


def _splits(
    objects: _Objects, segments: Segments, parameters: Parameters, longest: int, apart: float = _APART
) -> Pairs:
    """Starts and the objects that they may have come out of by division."""
    starts, frame, far = segments.starts, objects.frame, parameters.max_distance
    order, frames = _by_frame(frame[starts])
    node_order, node_frames = _by_frame(frame)
    found = [Pairs.none(0)]
    for here in np.unique(frame[starts]).tolist():
        if here == 0:
            continue
        born = order[slice(*np.searchsorted(frames, (here, here + 1)))]
        mothers = node_order[slice(*np.searchsorted(node_frames, (here - 1 - longest, here)))]
        row, mother = _near(objects, born, starts, mothers, parameters)
        if not len(row):
            continue
        sister = segments.at(segments.of_object[mother], np.full(len(mother), here), frame)
        # The sister is one already in the frame after the mother's last; a division longer ago is less likely.
        first = segments.at(segments.of_object[mother], frame[mother] + 1, frame)
        grown = (first >= 0) & (objects.areas[first] > _SMALLER * objects.mothers[mother])
        cost = _parts_cost(objects, starts[row], np.where(grown, -1, sister), mother, far, apart)
        waited = here - 1 - frame[mother]
        # What first shows at the edge of the image came from outside, unless its mother was there just before.
        cost = np.where(objects.cut[starts[row]] & (waited > 0), np.inf, cost + _WAITED * waited)
        is_end = segments.ends[segments.of_object[mother]] == mother
        for at in np.flatnonzero(is_end).tolist():
            # Both daughters are new here: the best other one that starts near the same mother.
            others = starts[row[(mother == mother[at]) & (row != row[at])]]
            if len(others):
                single = np.full(len(others), starts[row[at]])
                cost[at] = _parts_cost(objects, single, others, np.full(len(others), mother[at]), far, apart).min()
        found.append(Pairs(0, 0, row, mother, cost))
    return _joined(found, len(segments), len(frame))


def _with_only_daughters(gaps: Pairs, splits: Pairs, segments: Segments) -> Pairs:
    """Let a mother that ends continue as one of her daughters, so that the other can split from her."""
    segment = segments.of_object[splits.column]
    known = np.isfinite(splits.cost) & (segments.ends[segment] == splits.column)
    row, column = (np.concatenate(sides) for sides in ((gaps.row, segment[known]), (gaps.column, splits.row[known])))
    cost = np.concatenate([gaps.cost, splits.cost[known]])
    order = np.lexsort((cost, column, row))
    row, column, cost = row[order], column[order], cost[order]
    first = np.ones(len(row), np.bool_)
    first[1:] = (np.diff(row) != 0) | (np.diff(column) != 0)
    return Pairs(gaps.rows, gaps.columns, row[first], column[first], cost[first])


def _near(objects: _Objects, born: Ints, starts: Ints, mothers: Ints, parameters: Parameters) -> tuple[Ints, Ints]:
    """Pairs of segments that start and objects of earlier frames that are near enough to be their mothers."""
    if not len(mothers):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    farthest = parameters.max_distance + float(objects.diameters[mothers].max())
    first, second = _pairs_within(objects.places[starts[born]], objects.places[mothers], farthest)
    return born[first], mothers[second]


def _pairs_within(first: Floats, second: Floats, farthest: float) -> tuple[Ints, Ints]:
    """Positions of places, of one list and of another, that are no farther apart than this."""
    from scipy.spatial import cKDTree

    near = cKDTree(first).sparse_distance_matrix(cKDTree(second), farthest, output_type="ndarray")
    return near["i"], near["j"]


def _parts_cost(objects: _Objects, part: Ints, other: Ints, whole: Ints, far: float, apart: float = _APART) -> Floats:
    """Cost of two parts and the whole: least where they fit exactly, infinite beyond the limits or without a part."""
    cost = np.full(len(part), np.inf)
    there = np.flatnonzero(other >= 0)
    part, other, whole = part[there], other[there], whole[there]
    areas, places = objects.areas, objects.places
    steps = np.maximum(np.abs(objects.frame[part] - objects.frame[whole]), 1)
    both = areas[part] + areas[other]
    middle = (areas[part, None] * places[part] + areas[other, None] * places[other]) / both[:, None]
    reach = np.sqrt(steps) * objects.diameters[whole]
    stray = np.maximum(_MIDDLE * reach, _STRAY * far * np.sqrt(steps))
    # A mother that has rounded up is compared as she is and as she was.
    total = np.minimum(np.abs(np.log2(both / areas[whole])), np.abs(np.log2(both / objects.mothers[whole])))
    # An object that the edge of the image cuts is larger than what is seen of it.
    cut = objects.cut[part] | objects.cut[other] | objects.cut[whole]
    loose = np.where(cut, _CUT, 1.0)
    measures = (
        np.linalg.norm(middle - places[whole], axis=1) / stray,
        np.linalg.norm(places[part] - places[other], axis=1) / (apart * reach),
        np.abs(np.log2(areas[part] / areas[other])) / (loose * _SYMMETRY),
        total / (loose * _TOTAL),
    )
    fits = np.max(measures, axis=0) <= 1
    fits &= np.maximum(areas[part], areas[other]) <= _SMALLER * objects.mothers[whole]
    cost[there[fits]] = _RARE + np.mean(np.square(measures), axis=0)[fits]
    return cost


def _merges(objects: _Objects, segments: Segments, following: Ints, parameters: Parameters) -> Pairs:
    """Ends and the objects of the next frame that they may have become part of."""
    ends, frame, far = segments.ends, objects.frame, parameters.max_distance
    before = reverse(following)
    found = [Pairs.none(0)]
    for here in np.unique(frame[ends]).tolist():
        ending = np.flatnonzero(frame[ends] == here)
        wholes = np.flatnonzero((frame == here + 1) & (before >= 0))
        if not len(ending) or not len(wholes):
            continue
        farthest = _APART * float(objects.diameters[wholes].max())
        first, second = _pairs_within(objects.places[ends[ending]], objects.places[wholes], farthest)
        row, whole = ending[first], wholes[second]
        found.append(Pairs(0, 0, row, whole, _parts_cost(objects, ends[row], before[whole], whole, far)))
    return _joined(found, len(segments), len(frame))


def _by_frame(frame: Ints) -> tuple[Ints, Ints]:
    """Positions in the order of their frames, and these frames."""
    order = np.argsort(frame, kind="stable")
    return order, frame[order]


def _joined(parts: list[Pairs], rows: int, columns: int) -> Pairs:
    return Pairs(
        rows,
        columns,
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("row", "column", "cost")),
    )
