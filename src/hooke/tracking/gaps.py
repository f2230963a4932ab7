"""Draws objects into the frames that they are missing in, with outlines between those before and after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hooke.tracking.edits import FILLED, EditedPlanes
from hooke.tracking.lineage import Lineage
from hooke.tracking.planes import Floats
from hooke.tracking.repair import Repair
from hooke.tracking.shapes import Shape, moved

_KNOWN = 3  # frames that an object is seen in which is drawn in the first or the last one
_FREE = 0.3  # of an outline that must lie on background to be drawn


@dataclass(frozen=True)
class Filled:
    """An object that was drawn: its frame, its new label there, its track, area in pixels, and centroid."""

    frame: int
    label: int
    track: int
    area: int
    centroid: tuple[float, float]


def fill_gaps(lineage: Lineage, planes: EditedPlanes) -> list[Filled]:
    """Draw each object into the frames that it is missing in, as far as there is background.

    Also where a daughter is missing while her sister is seen, where a mother is missing before both are, and in the
    first or last frame of the sequence, where an object far from the edge was seen in the frames beside it.

    Parameters
    ----------
    lineage : Lineage
    planes : EditedPlanes
        Takes what is drawn.
    """
    known = Repair(lineage, planes)
    filled: list[Filled] = []

    def draw(frame: int, shape: Shape, track: int) -> None:
        labels = planes[frame]
        rows, columns = shape.pixels(labels.shape)
        free = labels[rows, columns] == 0
        rows, columns = rows[free], columns[free]
        if len(rows) and len(rows) >= _FREE * shape.area:
            new = planes.new_label(frame)
            planes.paint(frame, (rows, columns), new)
            planes.repairs[frame, new] = FILLED
            filled.append(Filled(frame, new, track, len(rows), (float(rows.mean()), float(columns.mean()))))

    linked = np.flatnonzero(lineage.following >= 0)
    across = linked[known.frame[lineage.following[linked]] - known.frame[linked] > 1]
    for start in across.tolist():
        end = int(lineage.following[start])
        for frame in range(int(known.frame[start]) + 1, int(known.frame[end])):
            draw(frame, known.expected(start, end, frame), int(lineage.track[start]))
    for daughter in np.flatnonzero(lineage.mother >= 0).tolist():
        mother = int(lineage.mother[daughter])
        first, last = int(known.frame[mother]), int(known.frame[daughter])
        sisters = np.flatnonzero(lineage.mother == mother)
        begins = int(known.frame[sisters].min())
        for frame in range(max(begins, first + 1), last):
            place = known.between(mother, daughter, frame)
            draw(frame, _at(known, daughter, place), int(lineage.track[daughter]))
        if daughter == sisters[0]:
            middle = known.places[sisters].mean(axis=0) - known.places[mother]
            for frame in range(first + 1, begins):
                share = (frame - first) / (begins - first)
                draw(frame, _at(known, mother, known.places[mother] + share * middle), int(lineage.track[mother]))
    for node, frame in _cut_short(lineage, known, planes[0].shape):
        place = known.places[node] + known.moved[frame] - known.moved[known.frame[node]]
        draw(frame, _at(known, node, place), int(lineage.track[node]))
    return filled


def _cut_short(lineage: Lineage, known: Repair, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Objects that are missing in the first or the last frame alone, and that frame."""
    last = len(lineage.frames.planes) - 1
    lengths = np.bincount(lineage.track)
    radii = np.sqrt(known.areas / np.pi)
    to_edge = np.minimum(known.places, np.asarray(shape) - 1 - known.places).min(axis=1)
    inside = (to_edge > radii + lineage.parameters.max_distance) & (lengths[lineage.track] >= _KNOWN)
    has_daughters = np.isin(np.arange(len(known.frame)), lineage.mother)
    ends = inside & (lineage.following < 0) & (lineage.fuses_into < 0) & ~has_daughters & (known.frame == last - 1)
    starts = inside & (known.before < 0) & (lineage.mother < 0) & (known.frame == 1)
    return [(node, last) for node in np.flatnonzero(ends).tolist()] + [
        (node, 0) for node in np.flatnonzero(starts).tolist()
    ]


def _at(known: Repair, node: int, place: Floats) -> Shape:
    """An object's own mask at another place."""
    return moved(known.shape(node), place)
