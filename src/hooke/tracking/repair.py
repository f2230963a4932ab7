"""Splits objects that were found as one in between, and joins the parts of one that was found in two.

Both need two kinds of evidence: in time, the objects exist before and after; in outline, what was found covers what is
expected between the outlines before and after.
"""

from __future__ import annotations

import numpy as np

from hooke.tracking.edits import JOINED, SPLIT, EditedPlanes
from hooke.tracking.lineage import Lineage
from hooke.tracking.merges import find_merges, split_mask
from hooke.tracking.planes import Floats, Ints
from hooke.tracking.segments import reverse
from hooke.tracking.shapes import Shape, blend, cut_out, signed_distance

_SAME_AREA = 0.45  # octaves by which the whole may differ from the sum of its parts
_COVERED = 0.5  # of what is expected of each part, which what was found covers
_PART = 0.3  # of the expected area, which each part has at least
_GROWN = 0.45  # octaves of area between the object before and after that was found in two
_LESS = 0.9  # of the expected area, which the larger of two parts has at most
_INSIDE = 0.6  # of a part, which lies where the object is expected


class Repair:
    """Corrections of one sequence.

    Parameters
    ----------
    lineage : Lineage
    planes : EditedPlanes
        Takes the corrections.
    """

    def __init__(self, lineage: Lineage, planes: EditedPlanes) -> None:
        self.planes = planes
        self.lineage = lineage
        frames = lineage.frames
        self.frame = frames.frame
        self.ids = np.asarray(frames.joined("ids"), np.int64)
        self.areas = np.asarray(frames.joined("areas"), np.float64)
        self.places = np.asarray(frames.joined("centroids"), np.float64)
        self.moved = frames.moved
        self.before = reverse(lineage.following)

    def split_merged(self) -> set[int]:
        """Split what was found as one object where two are before and after; return the frames changed."""
        following = self.lineage.following
        linked = np.flatnonzero(following >= 0)
        across = linked[self.frame[following[linked]] - self.frame[linked] > 1]
        # All links over a gap that lead through an object.
        through: dict[int, list[tuple[int, int]]] = {}
        for start in across[np.argsort(self.frame[across], kind="stable")].tolist():
            end = int(following[start])
            for frame in range(int(self.frame[start]) + 1, int(self.frame[end])):
                whole = self._found_at(self.between(start, end, frame), frame)
                if whole is not None:
                    through.setdefault(whole, []).append((start, end))
        return {int(self.frame[whole]) for whole, links in sorted(through.items()) if self._split(whole, links)}

    def split_sudden(self) -> set[int]:
        """Split objects that are as large as two before and after; return the frames changed."""
        changed: set[int] = set()
        for merge in find_merges(self.lineage):
            frame, label = int(self.frame[merge.whole]), int(self.ids[merge.whole])
            shape = self.shape(merge.whole)
            before, after = np.array(merge.before), np.array(merge.after)
            places = self.moved[frame] + (self.unmoved(before) + self.unmoved(after)) / 2
            areas = (self.areas[before] + self.areas[after]) / 2
            part = split_mask(shape.mask, places - [shape.top, shape.left], areas * shape.area / areas.sum())
            if part is None:
                continue
            new = self.planes.new_label(frame, origin=label)
            self.planes.paint(frame, Shape(part, shape.top, shape.left).pixels(self.planes[frame].shape), new)
            self.planes.repairs[frame, new] = self.planes.repairs[frame, label] = SPLIT
            changed.add(frame)
        return changed

    def unmoved(self, nodes: Ints) -> Floats:
        """Centroids with the drift since the first frame taken out."""
        return np.asarray(self.places[nodes] - self.moved[self.frame[nodes]])

    def join_pieces(self) -> set[int]:
        """Join an object that was found in two pieces in one frame; return the frames changed."""
        changed: set[int] = set()
        lineage = self.lineage
        single = lineage.segments.lengths == 1
        for piece in lineage.segments.starts[single].tolist():  # in the order of frames
            if lineage.following[piece] < 0 and self.before[piece] < 0 and self._join(piece):
                changed.add(int(self.frame[piece]))
        return changed

    def shape(self, node: int) -> Shape:
        """Mask of an object."""
        labels = self.planes[int(self.frame[node])]
        return cut_out(labels, int(self.ids[node]), self.places[node], self.areas[node])

    def expected(self, start: int, end: int, frame: int) -> Shape:
        """Outline of an object in a frame between two of its own."""
        share = (frame - self.frame[start]) / (self.frame[end] - self.frame[start])
        return blend(self.shape(start), self.shape(end), float(share), self.between(start, end, frame))

    def between(self, start: int, end: int, frame: int) -> Floats:
        """Where an object is expected between two frames: on the straight line, the drift apart."""
        first, last = int(self.frame[start]), int(self.frame[end])
        share = (frame - first) / (last - first)
        here, there = (self.places[node] - self.moved[self.frame[node]] for node in (start, end))
        return np.asarray((1 - share) * here + share * there + self.moved[frame], np.float64)

    def _split(self, whole: int, links: list[tuple[int, int]]) -> bool:
        frame, label = int(self.frame[whole]), int(self.ids[whole])
        other = links[1] if len(links) > 1 else self._own_link(whole, links[0])
        if other is None:
            return False
        # Which of the two before is which of the two after: the link through the whole may have mixed them up.
        pairs = (links[0], other)
        crossed = ((pairs[0][0], pairs[1][1]), (pairs[1][0], pairs[0][1]))
        if self._travel(crossed) < self._travel(pairs):
            pairs = crossed
        # By place: pixels as near to both go to the second one, no matter how labels are numbered.
        by_place = sorted(pairs, key=lambda pair: tuple(self.between(pair[0], pair[1], frame)))
        parts = [self.expected(*pair, frame) for pair in by_place]
        sizes = [max(part.area, 1) for part in parts]
        labels = self.planes[frame]
        covered = [np.count_nonzero(labels[part.pixels(labels.shape)] == label) for part in parts]
        if (
            abs(np.log2(self.areas[whole] / sum(sizes))) > _SAME_AREA
            or min(pixels / size for pixels, size in zip(covered, sizes, strict=True)) < _COVERED
        ):
            return False
        shape = cut_out(labels, label, self.places[whole], self.areas[whole])
        window = (shape.top, shape.left, *shape.mask.shape)
        first, second = (signed_distance(part, window) for part in parts)
        cut = Shape(shape.mask & (first > second), shape.top, shape.left)
        if cut.area < _PART * sizes[0] or shape.area - cut.area < _PART * sizes[1]:
            return False
        new = self.planes.new_label(frame, origin=label)
        self.planes.paint(frame, cut.pixels(labels.shape), new)
        self.planes.repairs[frame, new] = self.planes.repairs[frame, label] = SPLIT
        return True

    def _own_link(self, whole: int, link: tuple[int, int]) -> tuple[int, int] | None:
        """The objects before and after that an object is linked to; else such as have no link on that side."""
        start, end = int(self.frame[link[0]]), int(self.frame[link[1]])
        frame = int(self.frame[whole])
        before = self._walk(whole, self.before, start)
        after = self._walk(whole, self.lineage.following, end)
        if before is None and self.before[whole] < 0:
            before = self._nearest_free(whole, range(start, frame), self.lineage.following, link[0])
        if after is None and self.lineage.following[whole] < 0:
            after = self._nearest_free(whole, range(frame + 1, end + 1), self.before, link[1])
        return None if before is None or after is None else (before, after)

    def _nearest_free(self, whole: int, frames: range, links: Ints, but: int) -> int | None:
        """The nearest object of some frames without a link, within the diameter of an object."""
        first = self.lineage.frames.first
        here = np.arange(first[frames.start], first[frames.stop])
        here = here[(links[here] < 0) & (here != but)]
        apart = self.places[here] - self.moved[self.frame[here]].reshape(-1, 2)
        apart = np.hypot(*(apart - self.places[whole] + self.moved[self.frame[whole]]).T)
        if not len(here) or apart.min() > 2 * np.sqrt(self.areas[whole] / np.pi):
            return None
        return int(here[apart.argmin()])

    def _join(self, piece: int) -> bool:
        frame, frames = int(self.frame[piece]), self.lineage.frames
        here = np.arange(frames.first[frame], frames.first[frame + 1])
        mother = self.lineage.mother
        following = self.lineage.following
        # Beside the piece: an object that was there before and is there after, or a supposed sister of it.
        earlier = np.where(self.before[here] >= 0, self.before[here], mother[here])
        near = np.hypot(*(self.places[here] - self.places[piece]).T) < 2 * np.sqrt(
            (self.areas[here] + self.areas[piece]) / np.pi
        )
        for other in here[near & (here != piece) & (earlier >= 0) & (following[here] >= 0)].tolist():
            start, end = int(self.before[other] if self.before[other] >= 0 else mother[other]), int(following[other])
            usual = (self.areas[start] + self.areas[end]) / 2
            if (
                abs(np.log2(self.areas[end] / self.areas[start])) > _GROWN
                or abs(np.log2((self.areas[piece] + self.areas[other]) / usual)) > _GROWN
                or max(self.areas[other], self.areas[piece]) > _LESS * usual
            ):
                continue
            labels = self.planes[frame]
            expected = self.expected(start, end, frame)
            inside = np.count_nonzero(labels[expected.pixels(labels.shape)] == self.ids[piece])
            if inside < _INSIDE * self.areas[piece]:
                continue
            self.planes.paint(frame, self.shape(piece).pixels(labels.shape), int(self.ids[other]))
            self.planes.repairs[frame, int(self.ids[other])] = JOINED
            return True
        return False

    def _found_at(self, place: Floats, frame: int) -> int | None:
        """The object that covers a place; None where there is background."""
        labels = self.planes[frame]
        row, column = (round(float(at)) for at in place)
        if not (0 <= row < labels.shape[0] and 0 <= column < labels.shape[1]) or not labels[row, column]:
            return None
        frames = self.lineage.frames
        at = int(np.searchsorted(frames.planes[frame].ids, labels[row, column]))
        is_listed = at < len(frames.planes[frame]) and frames.planes[frame].ids[at] == labels[row, column]
        return int(frames.first[frame]) + at if is_listed else None

    def _walk(self, node: int, links: Ints, frame: int) -> int | None:
        sign = 1 if frame > self.frame[node] else -1
        while node >= 0 and sign * (frame - self.frame[node]) > 0:
            node = int(links[node])
        return node if node >= 0 and self.frame[node] == frame else None

    def _travel(self, pairs: tuple[tuple[int, int], tuple[int, int]]) -> float:
        """Sum of the squared displacements, and of the changes in area on the scale of a diameter."""
        total = 0.0
        for start, end in pairs:
            step = self.places[end] - self.moved[self.frame[end]] - self.places[start] + self.moved[self.frame[start]]
            total += (
                float((step**2).sum()) + self.areas[start] * float(np.log2(self.areas[end] / self.areas[start])) ** 2
            )
        return total
