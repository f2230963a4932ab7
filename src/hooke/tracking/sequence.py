"""Links the objects of each frame with those of the next, with parameters found from the data."""

from __future__ import annotations

import numpy as np

from hooke.tracking.assignment import Pairs, assign
from hooke.tracking.frames import Frames
from hooke.tracking.linker import find_candidates
from hooke.tracking.options import Parameters, TrackOptions
from hooke.tracking.planes import Floats, Ints, Plane

#: Pairs of two frames that cost this much are not linked: at the largest distance, with an area that does not fit.
_LIMIT = 1.5
_ROUGH_REACH = 3.0  # times the median distance of nearest neighbours
_REACH = 1.4  # times the displacement that 19 of 20 objects stay below
_LEAST_REACH, _MOST_REACH = 0.5, 2.0  # diameters
_LEAST_OCTAVES, _MOST_OCTAVES = 0.15, 1.0
_LEAST_SHAPE = 0.05  # change of an elongation that pixels alone may make
_TELLING = 0.75  # of the change between any two objects, which that of one object stays below where shapes count
_FAR = 0.5  # diameters of median displacement from which overlap is chance
_NEAR = 0.3  # of that, below which places decide and shapes need not
_ALIKE = 0.6  # octaves of area within which nearest neighbours show a displacement
_FEW = 20  # steps, below which no persistence is found
_NORMAL = 2.08  # 95th percentile over median of the lengths of normal steps in a plane
_MOST_POWER, _PIXELS = 6.0, 0.01
_STEADY = 0.2  # persistence below this is none
_DRIFTING = 5  # links of a frame from which its drift is refined
_SURE = 3.0  # standard errors of the median from which a drift is one ...
_LEAST_DRIFT = 0.3  # ... and pixels


def link_sequence(frames: Frames, options: TrackOptions) -> tuple[Ints, Parameters]:
    """Link every frame with the next, twice: first roughly, then by what the first links show.

    The drift of `frames` is refined on the way.

    Returns
    -------
    following : ndarray of int64, shape (N,)
        For each object of all frames, that of the next frame; -1 for none.
    parameters : Parameters
    """
    diameter = _median(np.concatenate([plane.diameters for plane in frames.planes]), 1.0)
    guess = _nearest_displacement(frames)
    reach = options.max_distance or _reach(_ROUGH_REACH * guess, diameter)
    rough = Parameters(diameter, guess, reach, 0.0, _MOST_OCTAVES)
    following = _link(frames, rough)
    if options.drift:
        _refine_drift(frames, following)
    steps, later = _steps(frames, following)
    lengths = np.linalg.norm(steps, axis=1)
    farthest = float(np.quantile(lengths, 0.95)) if len(lengths) else guess
    found = Parameters(
        diameter,
        _median(lengths, guess),
        options.max_distance or _reach(_REACH * farthest, diameter),
        _persistence(steps, later),
        _area_octaves(frames, following),
        _shape_spread(frames, following, _median(lengths, guess) / (_FAR * diameter)),
        _distance_power(lengths),
    )
    return _link(frames, found), found


def _reach(distance: float, diameter: float) -> float:
    return float(np.clip(distance, _LEAST_REACH * diameter, _MOST_REACH * diameter))


def _distance_power(lengths: Floats) -> float:
    """Power that distances cost by: 2 where steps are normal, more where they are as likely to be long as short.

    What tells is how far 19 of 20 steps stay below, by the median: 2.08 times in a plane where they are normal.
    """
    half, most = np.quantile(lengths, [0.5, 0.95]) if len(lengths) >= _FEW else (1.0, _NORMAL)
    longer = max(float(most) / max(float(half), _PIXELS), 1 + _PIXELS)
    return float(np.clip(2 * np.log(_NORMAL) / np.log(longer), 2, _MOST_POWER))


def _area_octaves(frames: Frames, following: Ints) -> float:
    """Twice the spread of the areas' change over the links, by its median."""
    areas = np.asarray(frames.joined("areas"), np.float64)
    linked = np.flatnonzero(following >= 0)
    change = np.abs(np.log2(areas[following[linked]] / areas[linked]))
    return float(np.clip(2 * 1.4826 * _median(change, 1.0), _LEAST_OCTAVES, _MOST_OCTAVES))


def _shape_spread(frames: Frames, following: Ints, far: float) -> float:
    """Twice the median change of elongations over the links, larger where objects move little.

    0, so that shape does not count, where objects move so little that their places decide, or where elongations change
    about as much as between any two objects: cells that crawl change their shapes.

    Parameters
    ----------
    frames : Frames
    following : ndarray of int64, shape (N,)
    far : float
        Median displacement; 1 and more: so far that overlap is chance.
    """
    if far < _NEAR:
        return 0.0
    shapes = np.asarray(frames.joined("elongations"), np.float64)
    whole = ~np.asarray(frames.joined("at_border"), np.bool_)
    linked = np.flatnonzero((following >= 0) & whole)
    linked = linked[whole[following[linked]]]
    own = _median(np.linalg.norm(shapes[following[linked]] - shapes[linked], axis=1), 0.0)
    # Any other object: the one before in the order of places, which no numbering of labels changes.
    places = np.asarray(frames.joined("centroids"), np.float64)[linked]
    linked = linked[np.lexsort((*places.T[::-1], frames.frame[linked]))]
    others = _median(np.linalg.norm(shapes[np.roll(following[linked], 1)] - shapes[linked], axis=1), 0.0)
    return max(2 * own, _LEAST_SHAPE) / min(far, 1.0) ** 0.5 if own < _TELLING * others else 0.0


def _link(frames: Frames, parameters: Parameters) -> Ints:
    following = np.full(frames.count, -1, np.int64)
    steps = np.zeros_like(frames.planes[0].centroids)
    weight = float(np.clip(1 - parameters.displacement / (_FAR * parameters.diameter), 0, 1))
    for index in range(len(frames.planes) - 1):
        before, after, drift = frames.planes[index], frames.planes[index + 1], frames.drift[index]
        expected = before.centroids + drift + parameters.persistence * steps
        found = find_candidates(
            before,
            after,
            frames.shared[index],
            parameters.max_distance,
            expected=expected,
            area_octaves=parameters.area_octaves,
            overlap_weight=weight,
            shape_spread=parameters.shape_spread,
            distance_power=parameters.distance_power,
        )
        pairs = Pairs(len(before), len(after), found.before, found.after, found.cost)
        row, column = assign(pairs, _LIMIT)
        following[frames.first[index] + row] = frames.first[index + 1] + column
        steps = np.zeros_like(after.centroids)
        steps[column] = after.centroids[column] - before.centroids[row] - drift
    return following


def _nearest_displacement(frames: Frames) -> float:
    """Median distance of objects that are each other's nearest in two frames, and about as large."""
    found = [
        _mutual_distances(frames.planes[index], frames.planes[index + 1], drift)
        for index, drift in enumerate(frames.drift)
    ]
    return _median(np.concatenate([np.zeros(0), *found]), 0.0)


def _mutual_distances(before: Plane, after: Plane, drift: Floats) -> Floats:
    from scipy.spatial import cKDTree

    if not len(before) or not len(after):
        return np.zeros(0)
    expected = before.centroids + drift
    distance, nearest = cKDTree(after.centroids).query(expected)
    _, back = cKDTree(expected).query(after.centroids)
    mutual = back[nearest] == np.arange(len(before))
    alike = np.abs(np.log2(after.areas[nearest] / before.areas)) < _ALIKE
    return np.asarray(distance[mutual & alike], np.float64)


def _refine_drift(frames: Frames, following: Ints) -> None:
    """Take the median displacement of a frame's links for its drift, where it is more than chance."""
    centroids = np.asarray(frames.joined("centroids"), np.float64)
    for index in range(len(frames.planes) - 1):
        here = np.arange(frames.first[index], frames.first[index + 1])
        linked = here[following[here] >= 0]
        if len(linked) < _DRIFTING:
            continue
        steps = centroids[following[linked]] - centroids[linked]
        median = np.median(steps, axis=0)
        spread = 1.4826 * np.median(np.abs(steps - median), axis=0)
        error = 1.25 * float(np.linalg.norm(spread)) / np.sqrt(len(linked))
        frames.drift[index] = median if np.linalg.norm(median) > max(_SURE * error, _LEAST_DRIFT) else 0.0


def _steps(frames: Frames, following: Ints) -> tuple[Floats, Ints]:
    """Displacement of each link, drift apart; and for each the position of the step before it, -1 for none."""
    centroids, frame = np.asarray(frames.joined("centroids"), np.float64), frames.frame
    linked = np.flatnonzero(following >= 0)
    steps = centroids[following[linked]] - centroids[linked] - frames.drift[frame[linked]]
    arrives = np.full(frames.count, -1, np.int64)
    arrives[following[linked]] = np.arange(len(linked))
    return steps, arrives[linked]


def _persistence(steps: Floats, before: Ints) -> float:
    """Share of the step before that a step repeats on average: the slope of a regression through 0."""
    known = np.flatnonzero(before >= 0)
    if len(known) < _FEW:
        return 0.0
    earlier, later = steps[before[known]], steps[known]
    power = float((earlier**2).sum())
    slope = float((earlier * later).sum()) / power if power > 0 else 0.0
    return float(np.clip(slope, 0, 1)) if slope >= _STEADY else 0.0


def _median(values: Floats, otherwise: float) -> float:
    return float(np.median(values)) if len(values) else otherwise
