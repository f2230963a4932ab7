"""Joins the objects of planes in depth to objects in 3-D: links by overlap, bridges, pieces, and cuts.

Planes are linked as frames are (`hooke.tracking.linker`), but only where objects overlap. Three things are particular
to depth. A nucleus may be in two pieces in a plane, or missing in one. And two nuclei above each other are linked to
one, which shows by a cross-section that shrinks and grows again: a single nucleus has one greatest cross-section.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.labels.numbering import give_numbers
from hooke.tracking.assignment import Pairs, assign
from hooke.tracking.edits import EditedPlanes
from hooke.tracking.frames import Frames, list_again, list_frames
from hooke.tracking.gaps import Filled, fill_gaps
from hooke.tracking.lineage import Lineage
from hooke.tracking.linker import LIMIT, count_shared, find_candidates
from hooke.tracking.options import Parameters
from hooke.tracking.planes import Floats, Ints
from hooke.tracking.repair import Repair
from hooke.tracking.segments import Segments, find_segments, number_linked, reverse

_MOSTLY = 0.5  # of the smaller of two cross-sections, which lies in the other across a gap, or in a piece's neighbour
_TAPERED = 0.7  # of its largest cross-section: an object that ends smaller has come to its end
_SUM = 0.4  # octaves by which two pieces together may differ from the cross-sections above and below them
_NOTCH = 0.7  # of the lesser of two maxima, below which what two planes share is where two objects touch ...
_LONG_NOTCH = 0.8  # ... where both together are much longer than wide
_LONG = 1.7  # times as long in depth as wide
_LESSER = 0.2  # of the greater maximum, which the lesser has at least


@dataclass(frozen=True, eq=False)
class StitchedPlanes:
    """Label images in depth whose objects have one number in all planes.

    Parameters
    ----------
    planes : EditedPlanes
        The label images given, with corrections.
    count : int
        Objects, numbered from 1 in the order in which they first appear.
    """

    planes: EditedPlanes
    count: int
    _numbers: Sequence[tuple[Ints, Ints]] = field(repr=False, default=())

    def __len__(self) -> int:
        return len(self.planes)

    def plane(self, index: int) -> NDArray[np.int32]:
        """One label image with the numbers of the objects, shape (Y, X)."""
        return give_numbers(self.planes[index], *self._numbers[index])

    def __iter__(self) -> Iterator[NDArray[np.int32]]:
        return (self.plane(index) for index in range(len(self)))

    @property
    def labels(self) -> NDArray[np.int32]:
        """All planes, shape (Z, Y, X)."""
        return np.stack(list(self))

    @property
    def repaired(self) -> dict[str, int]:
        """How many cross-sections were ``split``, ``joined`` or ``filled``."""
        return dict(Counter(self.planes.repairs.values()))


def stitch_planes(
    planes: Sequence[NDArray[np.integer]],
    *,
    anisotropy: float | None = None,
    min_overlap: float = 0.4,
    several: bool = True,
    repair: bool = True,
) -> StitchedPlanes:
    """Join the objects of planes in depth: what overlaps from plane to plane is one object.

    An object that is missing in one plane is bridged, and drawn there with an outline between those above and below.
    Two that were found as one in a plane, although they are two above and below, are split there. Objects above each
    other are cut where the cross-section shrinks and grows again.

    Parameters
    ----------
    planes : sequence of ndarray of integer, shape (Y, X)
        Label images in their order, read one at a time.
    anisotropy : float, optional
        Distance of two planes in pixels. Where it is known, objects much longer in depth than wide are cut at lesser
        notches.
    min_overlap : float
        Share (0..1) of the smaller of two cross-sections that lies in the other, at least, for the two to be linked.
    several : bool
        Whether an object may have several pieces in a plane, as a nucleus has that a groove divides.
    repair : bool
        Whether objects are bridged and cut, and cross-sections split and joined.

    Returns
    -------
    StitchedPlanes

    Raises
    ------
    ConfigError
        If there is no plane, planes differ in size, a number is out of range, or laptrack is not installed.

    Examples
    --------
    >>> planes = np.zeros((3, 8, 8), int)
    >>> planes[0, 2:6, 2:6], planes[1, 2:6, 1:7], planes[2, 2:6, 2:6] = 4, 9, 1
    >>> stitch_planes(planes).labels.max(axis=(1, 2)).tolist()
    [1, 1, 1]
    """
    _check(planes, anisotropy, min_overlap)
    edited = EditedPlanes(planes)
    frames = list_frames(edited, drift=False)
    if repair:
        fixing = Repair(_link(frames, edited, min_overlap, bridge=True, through=True), edited)
        changed = (fixing.join_pieces() if several else set()) | fixing.split_merged()
        if changed:
            list_again(frames, edited, sorted(changed))
    lineage = _link(frames, edited, min_overlap, bridge=repair)
    filled = fill_gaps(lineage, edited) if repair else []
    section = _Sections.of(lineage, filled)
    if several:
        section.group = _join_pieces(lineage, section.group)
    if repair:
        _cut(edited, section, anisotropy)
    return _numbered(edited, section)


def join_planes(
    planes: Sequence[NDArray[np.integer]],
    *,
    anisotropy: float | None = None,
    min_overlap: float = 0.4,
    several: bool = True,
    repair: bool = True,
) -> NDArray[np.int32]:
    """Join the objects of planes in depth; `stitch_planes` for stacks in memory.

    Parameters
    ----------
    planes : sequence of ndarray of integer, shape (Y, X)
    anisotropy, min_overlap, several, repair : float, float, bool, bool
        As `stitch_planes` takes them.

    Returns
    -------
    ndarray of int32, shape (Z, Y, X)
        0 is background; objects are numbered from 1 in the order in which they first appear.

    Raises
    ------
    ConfigError
        As `stitch_planes`.

    Examples
    --------
    >>> join_planes(np.array([[[4, 0, 7]], [[1, 0, 0]], [[2, 0, 3]]]), repair=False)[:, 0].tolist()
    [[1, 0, 2], [1, 0, 0], [1, 0, 3]]
    """
    return stitch_planes(planes, anisotropy=anisotropy, min_overlap=min_overlap, several=several, repair=repair).labels


def _check(planes: Sequence[NDArray[np.integer]], anisotropy: float | None, min_overlap: float) -> None:
    if not len(planes):
        raise ConfigError("no plane to join", remedy="give one or more label images")
    if isinstance(planes, list | tuple | np.ndarray):  # others read their planes themselves
        shapes = {np.shape(plane) for plane in planes}
        if len(shapes) > 1 or len(shapes.pop()) != 2:
            raise ConfigError("planes differ in size, or are not (Y, X)", remedy="give label images (Y, X) of one size")
    if anisotropy is not None and not 0 < anisotropy < np.inf:
        raise ConfigError(f"anisotropy is {anisotropy}", remedy="give the distance of two planes in pixels, above 0")
    if not 0 <= min_overlap <= 1:
        raise ConfigError(f"min_overlap is {min_overlap}", remedy="give a share from 0 to 1")


def _link(frames: Frames, planes: EditedPlanes, least: float, *, bridge: bool, through: bool = False) -> Lineage:
    """Link each plane with the next, then what is missing in one plane; `through` what another may hide there, too."""
    following = np.full(frames.count, -1, np.int64)
    for index in range(len(frames.planes) - 1):
        here, there = _assign(frames, index, index + 1, frames.shared[index], least)
        following[here] = there
    segments = find_segments(frames, following)
    if bridge:
        following = _bridge(frames, planes, segments, following)
    if through:
        following = _link_through(frames, following)
    none = np.full(frames.count, -1, np.int64)
    parameters = Parameters(0.0, 0.0, 0.0, 0.0, 1.0)
    return Lineage(frames, following, none, none, number_linked(frames, following) + 1, segments, parameters)


def _assign(
    frames: Frames, first: int, second: int, shared: tuple[Ints, Ints, Ints], least: float
) -> tuple[Ints, Ints]:
    """Objects of two planes that are linked, by their numbers in all planes."""
    before, after = frames.planes[first], frames.planes[second]
    found = find_candidates(before, after, shared, 0.0)
    share = found.shared / np.minimum(before.areas[found.before], after.areas[found.after])
    kept = np.flatnonzero(share >= least)
    pairs = Pairs(len(before), len(after), found.before[kept], found.after[kept], found.cost[kept])
    row, column = assign(pairs, LIMIT)
    return frames.first[first] + row, frames.first[second] + column


def _bridge(frames: Frames, planes: EditedPlanes, segments: Segments, following: Ints) -> Ints:
    """Link objects that end with such as begin two planes farther on, unless both come to their ends there."""
    areas = np.asarray(frames.joined("areas"), np.float64)
    largest = np.maximum.reduceat(areas[segments.nodes], segments.begin[:-1]) if len(segments) else areas
    tapers = (areas < _TAPERED * largest[segments.of_object]) & (segments.lengths[segments.of_object] > 1)
    frame, before = frames.frame, reverse(following)
    bridged = following.copy()
    for index in range(len(frames.planes) - 2):
        ends = np.flatnonzero((frame == index) & (following < 0))
        starts = np.flatnonzero((frame == index + 2) & (before < 0))
        if not len(ends) or not len(starts):
            continue
        shared = count_shared(planes[index], planes[index + 2])
        for here, there in zip(*_assign(frames, index, index + 2, shared, _MOSTLY), strict=True):
            if following[here] < 0 and before[there] < 0 and not (tapers[here] and tapers[there]):
                bridged[here] = there
    return bridged


def _link_through(frames: Frames, following: Ints) -> Ints:
    """Link an object that ends above one with such as begins below it, if both lie in it: the two may be one there."""
    above, below = _covering(frames, reverse(following), -1), _covering(frames, following, 1)
    linked = following.copy()
    for whole in np.intersect1d(above[above >= 0], below[below >= 0]).tolist():
        ends, starts = np.flatnonzero(below == whole), np.flatnonzero(above == whole)
        if len(ends) == len(starts) == 1:
            linked[ends[0]] = starts[0]
    return linked


@dataclass(eq=False)
class _Sections:
    """Cross-sections of all planes, those that were drawn among them; `group` is the object that each is of."""

    plane: Ints
    label: Ints
    area: Floats
    group: Ints

    @classmethod
    def of(cls, lineage: Lineage, filled: Sequence[Filled]) -> _Sections:
        frames = lineage.frames
        drawn = np.array([(made.frame, made.label, made.area, made.track) for made in filled], np.int64).reshape(-1, 4)
        known = (frames.frame, frames.joined("ids"), frames.joined("areas"), lineage.track)
        plane, label, area, group = (np.concatenate([own, more]) for own, more in zip(known, drawn.T, strict=True))
        return cls(plane, label, area.astype(np.float64), group)

    def number(self) -> int:
        """Number the objects from 1 in the order in which they appear; give how many there are."""
        order = np.lexsort((self.label, self.plane))
        found, first, inverse = np.unique(self.group[order], return_index=True, return_inverse=True)
        number = np.empty(len(found), np.int64)
        number[np.argsort(first)] = np.arange(1, len(found) + 1)
        self.group[order] = number[inverse]
        return len(found)

    def by_object(self) -> tuple[Ints, Ints]:
        """Places of all sections, object by object, and where each object's begin; one more at the end."""
        order = np.argsort(self.group, kind="stable")
        return order, np.append(np.unique(self.group[order], return_index=True)[1], len(order))


def _join_pieces(lineage: Lineage, group: Ints) -> Ints:
    """Join a chain of cross-sections to another that covers both of its ends, and a single one to what covers it."""
    frames, track = lineage.frames, lineage.track
    areas = np.asarray(frames.joined("areas"), np.float64)
    above, below = _covering(frames, reverse(lineage.following), -1), _covering(frames, lineage.following, 1)
    chains = np.arange(1, int(group.max(initial=0)) + 1)
    order = np.argsort(track, kind="stable")  # numbers of objects grow with their planes
    first = order[np.searchsorted(track[order], chains)]
    last = order[np.searchsorted(track[order], chains, "right") - 1]
    root = np.arange(len(chains) + 1)
    for top, bottom in zip(first.tolist(), last.tolist(), strict=True):
        over, under = int(above[top]), int(below[bottom])
        owners = {int(track[node]) for node in (over, under) if node >= 0}
        is_part = top == bottom and all(2 * areas[top] <= areas[node] for node in (over, under) if node >= 0)
        if len(owners) == 1 and (min(over, under) >= 0 or is_part):
            unite(root, int(track[top]), owners.pop())
        elif under >= 0 and _changes_sides(lineage, areas, bottom, under, int(first[track[under] - 1]), above):
            unite(root, int(track[bottom]), int(track[under]))
    return np.array([find_root(root, int(one)) for one in group], np.int64)


def _covering(frames: Frames, links: Ints, step: int) -> Ints:
    """For each object without a link on a side, what covers most of it in the plane there; -1 for none."""
    covering = np.full(frames.count, -1, np.int64)
    for index, (upper, lower, pixels) in enumerate(frames.shared):
        one, other = (index, index + 1) if step > 0 else (index + 1, index)
        ids = (upper, lower) if step > 0 else (lower, upper)
        here = frames.first[one] + np.searchsorted(frames.planes[one].ids, ids[0])
        there = frames.first[other] + np.searchsorted(frames.planes[other].ids, ids[1])
        own = frames.planes[one].areas[here - frames.first[one]]
        fits = (links[here] < 0) & (pixels >= _MOSTLY * own)
        covering[here[fits]] = there[fits]  # two halves at most, either will do
    return covering


def _changes_sides(lineage: Lineage, areas: Floats, bottom: int, under: int, start: int, above: Ints) -> bool:
    """Whether a chain ends, and one begins beside it, as two pieces of one object: linked one above, one below."""
    over = int(above[start])
    if start == under or over < 0 or lineage.following[over] != bottom:
        return False
    if lineage.frames.frame[start] != lineage.frames.frame[bottom]:
        return False
    both = areas[bottom] + areas[start]
    return bool(np.abs(np.log2(both / areas[[over, under]])).max() <= _SUM)


def _cut(planes: EditedPlanes, section: _Sections, anisotropy: float | None) -> None:
    """Cut objects where they are narrow between two wider parts."""
    highest = section.number()
    throat = _throats(_numbered(planes, section))
    order, begins = section.by_object()
    of_throat = np.searchsorted(throat[0], np.arange(1, highest + 2))
    for number, (first, stop) in enumerate(itertools.pairwise(begins.tolist()), 1):
        own = order[first:stop]
        at = section.plane[own]
        top = int(at.min())
        profile = np.bincount(at - top, weights=section.area[own]).astype(np.float64)
        narrow = np.zeros(len(profile) - 1)
        here = slice(of_throat[number - 1], of_throat[number])
        narrow[throat[1][here] - top] = throat[2][here]
        for begin in _cuts(profile, narrow, anisotropy):
            highest += 1
            section.group[own[at - top >= begin]] = highest


def _throats(stitched: StitchedPlanes) -> tuple[Ints, Ints, Ints]:
    """Object, plane, and pixels that the object's cross-section there shares with that in the next plane."""
    found = [(np.zeros(0, np.int64),) * 3]
    for index, (plane, following) in enumerate(itertools.pairwise(stitched)):
        count = np.bincount(plane[(plane == following) & (plane > 0)])
        objects = np.flatnonzero(count)
        found.append((objects, np.full(len(objects), index), count[objects]))
    objects, planes, pixels = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(objects, kind="stable")
    return objects[order], planes[order], pixels[order]


def _cuts(profile: Floats, throats: Floats, anisotropy: float | None) -> list[int]:
    """Places of a profile of cross-sections at which another object begins, increasing.

    Parameters
    ----------
    profile : ndarray of float64, shape (N,)
        Pixels of the cross-section in each plane.
    throats : ndarray of float64, shape (N - 1,)
        Pixels that each shares with the next.
    anisotropy : float, optional

    Examples
    --------
    >>> _cuts(np.array([40.0, 90, 100, 50, 110, 80]), np.array([40.0, 90, 50, 45, 80]), None)
    [4]
    >>> _cuts(np.array([40.0, 90, 100, 95, 110, 80]), np.array([40.0, 90, 95, 95, 80]), None)
    []
    """
    if len(profile) < 2:
        return []
    lesser = np.minimum(np.maximum.accumulate(profile)[:-1], np.maximum.accumulate(profile[::-1])[::-1][1:])
    with np.errstate(divide="ignore", invalid="ignore"):
        notch = np.where(lesser >= _LESSER * profile.max(), throats / lesser, np.inf)
    lowest = int(notch.argmin())
    width = 2 * float(np.sqrt(profile.max() / np.pi))
    is_long = anisotropy is not None and len(profile) * anisotropy > _LONG * width
    if not notch[lowest] < (_LONG_NOTCH if is_long else _NOTCH):
        return []
    begin = lowest + 1
    lower = [begin + cut for cut in _cuts(profile[begin:], throats[begin:], anisotropy)]
    return [*_cuts(profile[:begin], throats[:lowest], anisotropy), begin, *lower]


def _numbered(planes: EditedPlanes, section: _Sections) -> StitchedPlanes:
    """Give each plane's labels the numbers of their objects."""
    count = section.number()
    order = np.argsort(section.plane, kind="stable")
    bounds = np.searchsorted(section.plane[order], np.arange(len(planes) + 1)).tolist()
    parts = [order[begin:stop] for begin, stop in itertools.pairwise(bounds)]
    return StitchedPlanes(planes, count, [(section.label[part], section.group[part]) for part in parts])


def find_root(root: Ints, node: int) -> int:
    """The number that a group of joined ones has."""
    while root[node] != node:
        root[node] = root[root[node]]
        node = int(root[node])
    return node


def unite(root: Ints, one_side: int, other_side: int) -> None:
    """Join two groups; the lower number stays their root."""
    low, high = sorted((find_root(root, one_side), find_root(root, other_side)))
    root[high] = low
