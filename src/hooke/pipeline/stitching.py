"""Joins the objects of a stack's planes in depth, once all planes are segmented, and measures them in 3-D."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import ImageReadError
from hooke.image import Image
from hooke.labels import count_overlap
from hooke.labels.classes import Classes
from hooke.labels.packed_planes import PackedPlanes
from hooke.measure import MeasureOptions, cytoplasm_labels, known_channels, measure_stack
from hooke.pipeline.segmentation import DOUBTFUL, Segmentation, complete_table
from hooke.report.class_overlay import class_overlay
from hooke.report.overlay import overlay
from hooke.tracking import StitchedPlanes, Tracks, stitch_planes, track

Ints = NDArray[np.int64]

_IN_VOXELS = "objects in depth are measured in voxels only, as if planes were as far apart as pixels are wide"
NO_STEP = f"the distance of the planes is not known: {_IN_VOXELS}: give --z-step (z_step) in micrometres"
NO_PIXEL = f"the size of a pixel is not known: {_IN_VOXELS}: give --pixel-size (pixel_size) in micrometres"
NO_SIZE = (
    f"neither the size of a pixel nor the distance of the planes is known: {_IN_VOXELS}: give --pixel-size "
    "(pixel_size) and --z-step (z_step) in micrometres"
)


@dataclass(frozen=True, eq=False)
class _Found:
    """What is kept of a segmented plane: no pixels."""

    image: Image
    scores: NDArray[np.float32]
    classes: Classes | None
    channel: int | None


@dataclass(frozen=True, eq=False)
class PlaneOfStack:
    """One plane of a stack whose objects were joined in depth.

    Parameters
    ----------
    image : Image
    labels : ndarray of int32, shape (Y, X)
        With the numbers that objects have in all planes.
    scores : ndarray of float32, shape (n,)
        Of the cross-sections here, by increasing label; of one that was drawn where none was found, its object's mean.
    classes : Classes or None
        Of the cross-sections.
    channel : int or None
        The one that shows the objects.
    measuring : MeasureOptions
    ids : bool
        Whether the overlay shows the number of each object.
    threads : int
    """

    image: Image
    labels: NDArray[np.int32]
    scores: NDArray[np.float32]
    classes: Classes | None
    channel: int | None
    measuring: MeasureOptions
    ids: bool = False
    threads: int = 1

    @property
    def table(self) -> pd.DataFrame:
        """A row per cross-section: the columns of `Segmentation.table`."""
        width = self.measuring.expand
        rings = None if width is None else cytoplasm_labels(self.labels, width)
        return complete_table(
            self.image, self.labels, self.scores, self.classes, self.measuring, cytoplasm=rings, threads=self.threads
        )

    def overlay(self) -> NDArray[np.uint8]:
        """The plane with outlines, RGB, shape (Y, X, 3): an object's colour is the same in all planes.

        Where classes are known, each in the colour of its class, and a legend below.
        """
        doubtful = self.scores < DOUBTFUL
        if self.classes is not None:
            shown = None if self.image.is_rgb else self.channel
            return class_overlay(self.image, self.labels, self.classes, channel=shown, doubtful=doubtful, ids=self.ids)
        objects = np.unique(self.labels[self.labels > 0])
        return overlay(
            self.image.pixels, self.labels, channel=self.channel, dashed=objects[doubtful], groups=objects, ids=self.ids
        )


@dataclass(eq=False)
class StackWork:
    """A stack whose planes are segmented one by one, and then joined in depth.

    Parameters
    ----------
    axes : str
        Letters of the stack's axes, ``Z`` among them.
    shape : tuple of int
        Length of each.
    read : callable
        Given the number of a plane, gives its image.
    z_step_um : float or None
    measuring : MeasureOptions
    through_time : bool
        Whether an object has one number at all times, too.
    ids : bool
        Whether overlays show the number of each object.
    threads : int
    """

    axes: str
    shape: tuple[int, ...]
    read: Callable[[int], Image]
    z_step_um: float | None
    measuring: MeasureOptions
    through_time: bool = False
    ids: bool = False
    threads: int = 1
    _labels: PackedPlanes = field(default_factory=PackedPlanes)
    _found: list[_Found] = field(default_factory=list)

    def add(self, segmentation: Segmentation) -> None:
        """Take the next plane."""
        self._labels.append(segmentation.labels)
        image = replace(segmentation.image, pixels=np.zeros((0, 0), np.uint8))
        found = _Found(image, segmentation.scores, segmentation.classes, segmentation.normalisation.channel)
        self._found.append(found)

    @property
    def pixel_size_um(self) -> tuple[float, float] | None:
        """Height and width of a pixel."""
        return self._found[0].image.pixel_size_um

    @property
    def anisotropy(self) -> float | None:
        """Distance of two planes in pixels; None where a size is not known."""
        if self.z_step_um is None or self.pixel_size_um is None:
            return None
        return self.z_step_um / float(np.sqrt(np.prod(self.pixel_size_um)))

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the measurements."""
        if self.pixel_size_um is None:
            return (NO_SIZE if self.z_step_um is None else NO_PIXEL,)
        return (NO_STEP,) if self.z_step_um is None else ()

    @cached_property
    def columns(self) -> list[Ints]:
        """Numbers of the planes of each stack in depth, of which there is one for each time, position and so on."""
        numbers = np.arange(int(np.prod(self.shape))).reshape(self.shape)
        depth = self.axes.index("Z")
        return list(np.moveaxis(numbers, depth, -1).reshape(-1, self.shape[depth]))

    @cached_property
    def stitched(self) -> list[StitchedPlanes]:
        """Each stack in depth, its objects joined."""
        return [stitch_planes(_Selected(self._labels, column), anisotropy=self.anisotropy) for column in self.columns]

    def place(self, index: int) -> tuple[int, int]:
        """Which stack in depth a plane is of, and where in it."""
        position = list(np.unravel_index(index, self.shape))
        z = int(position.pop(self.axes.index("Z")))
        others = [size for axis, size in zip(self.axes, self.shape, strict=True) if axis != "Z"]
        return int(np.ravel_multi_index(position, others)) if others else 0, z

    def labels(self, index: int) -> NDArray[np.int32]:
        """Label image of a plane, with the numbers that objects have in all planes."""
        return np.asarray(self.numbers[self.place(index)[0]][self._stitched_plane(index)], np.int32)

    def _stitched_plane(self, index: int) -> NDArray[np.int32]:
        stack, z = self.place(index)
        return self.stitched[stack].plane(z)

    @cached_property
    def series(self) -> list[Ints]:
        """Numbers of the stacks in depth that follow each other in time."""
        sizes = {axis: size for axis, size in zip(self.axes, self.shape, strict=True) if axis != "Z"}
        numbers = np.arange(len(self.columns)).reshape(tuple(sizes.values()))
        if "T" not in sizes:
            return [np.array([number]) for number in numbers.ravel().tolist()]
        return list(np.moveaxis(numbers, list(sizes).index("T"), -1).reshape(-1, sizes["T"]))

    @cached_property
    def tracks(self) -> list[Tracks]:
        """Objects of each series followed through time."""
        return [
            track(
                _Stacks([self.stitched[stack] for stack in stacks.tolist()]),
                pixel_size_um=self.pixel_size_um,
                z_step_um=self.z_step_um,
            )
            for stacks in (self.series if self.through_time else [])
        ]

    @cached_property
    def numbers(self) -> list[Ints]:
        """The number that each object of each stack in depth has, with that of the background, 0, in front."""
        numbers = [np.arange(stitched.count + 1) for stitched in self.stitched]
        for stacks, tracks in zip(self.series, self.tracks, strict=False):
            rows = tracks.table[["frame", "label", "track"]].to_numpy(np.int64)
            for frame, stack in enumerate(stacks.tolist()):
                here = rows[rows[:, 0] == frame]
                numbers[stack][here[:, 1]] = here[:, 2]
        return numbers

    @property
    def count(self) -> int:
        """Objects in 3-D; one that is followed through time counts once."""
        if self.through_time:
            return sum(tracks.count for tracks in self.tracks)
        return sum(stitched.count for stitched in self.stitched)

    def plane(self, index: int) -> PlaneOfStack:
        """Read a plane's image again, and give what is known of it; negative numbers count from the end."""
        index = range(len(self._found))[index]
        found, labels, (stack, _) = self._found[index], self._stitched_plane(index), self.place(index)
        image = replace(found.image, pixels=self.read(index).pixels)
        number = self.numbers[stack]
        objects = np.unique(labels[labels > 0])
        members = self._members(index, labels)
        scores = self._of_objects[stack].scores[objects - 1]
        scores[np.searchsorted(objects, members.objects)] = found.scores[members.found - 1]
        order = np.argsort(number[objects])
        classes = found.classes
        if classes is not None:
            probabilities = self._of_objects[stack].probabilities[objects - 1]
            probabilities[np.searchsorted(objects, members.objects)] = classes.probabilities[members.found - 1]
            classes = replace(classes, probabilities=probabilities[order])
        return PlaneOfStack(
            image,
            np.asarray(number[labels], np.int32),
            scores[order],
            classes,
            found.channel,
            self.measuring,
            self.ids,
            self.threads,
        )

    def table(self, stack: int = 0) -> pd.DataFrame:
        """A row per object in 3-D of one stack in depth: see `hooke.measure.measure_stack`; with scores and classes."""
        column = self.columns[stack]
        first = self._found[int(column[0])]
        table = measure_stack(
            self.stitched[stack],
            (self.read(index).pixels for index in column.tolist()),
            pixel_size_um=self.pixel_size_um,
            z_step_um=self.z_step_um,
            channel_names=known_channels(first.image),
        )
        facts = self._of_objects[stack]
        table["score"] = facts.scores
        if first.classes is not None:
            table = table.assign(**replace(first.classes, probabilities=facts.probabilities).columns)
        if self.through_time:
            table["label"] = self.numbers[stack][table["label"]]
            table.insert(1, "parent", self._parents(stack)[table["label"]])
            table = table.sort_values("label", ignore_index=True)
        for position, (axis, at) in enumerate((self.position(stack)).items()):
            table.insert(position, axis, at)
        return table

    def _parents(self, stack: int) -> Ints:
        """The mother of each track of a stack in depth, by its number; 0 for none."""
        place = next(place for place, stacks in enumerate(self.series) if stack in stacks)
        return np.array([0, *self.tracks[place].lineage["parent"]], np.int64)

    def position(self, stack: int) -> dict[str, int]:
        """Where a stack in depth is along the other axes, such as ``{"t": 3}``."""
        plane = self._found[int(self.columns[stack][0])].image.plane
        return {axis: at for axis, at in plane.items() if axis != "z"}

    def _members(self, index: int, labels: NDArray[np.int32]) -> _Members:
        """Which objects of a plane were found there as what: of several, what covers most of it."""
        overlap = count_overlap(labels, self._labels[index])
        order = np.argsort(overlap.intersection, kind="stable")
        objects = overlap.pred_ids[overlap.pair_pred[order]][::-1]
        found = overlap.true_ids[overlap.pair_true[order]][::-1]
        shown, first = np.unique(objects, return_index=True)
        return _Members(shown, found[first], overlap.intersection[order][::-1][first])

    @cached_property
    def _of_objects(self) -> list[_Facts]:
        """Scores and classes of the objects in 3-D: means over their cross-sections, by area."""
        facts = []
        for column, stitched in zip(self.columns, self.stitched, strict=True):
            classes = self._found[int(column[0])].classes
            sums = np.zeros((stitched.count, 2 + (0 if classes is None else len(classes.names))))
            for index in column.tolist():
                found, members = self._found[index], self._members(index, self._stitched_plane(index))
                own, weights = members.found - 1, members.pixels[:, None]
                values = [np.ones((len(own), 1)), found.scores[own, None]]
                if found.classes is not None:
                    values.append(found.classes.probabilities[own])
                sums[members.objects - 1] += weights * np.concatenate(values, axis=1)
            with np.errstate(invalid="ignore"):
                means = (sums[:, 1:] / sums[:, :1]).astype(np.float32)
            facts.append(_Facts(means[:, 0], means[:, 1:]))
        return facts


@dataclass(frozen=True, eq=False)
class _Members:
    """Objects of a plane, what they were found as there, and how many pixels both share."""

    objects: Ints
    found: Ints
    pixels: Ints


@dataclass(frozen=True, eq=False)
class _Facts:
    """Scores, shape (n,), and probabilities of classes, shape (n, K), of objects in 3-D."""

    scores: NDArray[np.float32]
    probabilities: NDArray[np.float32]


class _Selected(Sequence[NDArray[np.int32]]):
    """Some planes of many, read when they are needed."""

    def __init__(self, planes: Sequence[NDArray[np.int32]], numbers: Ints) -> None:
        self._planes = planes
        self._numbers: list[int] = numbers.tolist()

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, index: int) -> NDArray[np.int32]:  # type: ignore[override]
        return self._planes[self._numbers[index]]


class _Stacks(Sequence[NDArray[np.int32]]):
    """Label stacks in depth, made when they are needed."""

    def __init__(self, stitched: Sequence[StitchedPlanes]) -> None:
        self._stitched = stitched

    def __len__(self) -> int:
        return len(self._stitched)

    def __getitem__(self, index: int) -> NDArray[np.int32]:  # type: ignore[override]
        return self._stitched[index].labels


def check_depth(axes: str, stitch: str | None, path: Path | None) -> None:
    """Refuse to join along axes that a file does not have; one of a single plane or time is none.

    Raises
    ------
    ImageReadError
        If there is no axis ``Z``, or ``T`` where it is wanted.
    """
    if "Z" in axes and ("T" in axes or stitch != "z,t"):
        return
    name_depth = 'name its axes, for example --axes ZYX (axes="ZYX") where the first one is depth'
    leave_out = "leave --stitch (stitch) out"
    if "Z" in axes:
        cause = f"has the axes {axes} besides the plane, no time of two frames or more"
        remedy = 'give --stitch z (stitch="z"), or name the axes: --axes TZYX (axes="TZYX") where the first one is time'
    elif not axes:
        cause = "is one plane, not a stack in depth"
        remedy = f"{leave_out}; planes in files of their own are to be saved as one stack before"
    elif "I" in axes:
        cause, remedy = "does not say which of its axes is depth", f"{name_depth}, or {leave_out}"
    else:
        cause = f"has the axes {axes} besides the plane, no depth of two planes or more"
        remedy = f"{leave_out}, or {name_depth}"
    raise ImageReadError(cause, path=path, remedy=remedy)
