"""Lists the objects of all frames of a sequence, what neighbouring frames share, and the drift between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hooke.tracking.drift import estimate_drift
from hooke.tracking.linker import count_shared
from hooke.tracking.planes import Floats, Ints, Plane, list_objects

LabelPlanes = Sequence[NDArray[np.integer]]
ImagePlanes = Sequence[NDArray[np.generic]]
#: Number of the class of each label, by frame.
ClassNumbers = Mapping[int, Mapping[int, int]]

_Shared = tuple[Ints, Ints, Ints]


@dataclass(eq=False)
class Frames:
    """What linking knows of a sequence.

    Parameters
    ----------
    planes : list of Plane
        The objects of each frame.
    shared : list of (ndarray, ndarray, ndarray)
        Labels in each frame and the next that share pixels once the drift is taken out, and how many.
    drift : ndarray of float64, shape (T - 1, 2) or (T - 1, 3)
        Pixels in (z,) y and x by which the field moves from each frame to the next.
    anisotropy : float
        Distance of the planes of stacks in pixels.
    """

    planes: list[Plane]
    shared: list[_Shared]
    drift: Floats
    anisotropy: float = 1.0
    first: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.number()

    def number(self) -> None:
        """Number the objects of all frames: those of frame t from ``first[t]`` on."""
        self.first = np.cumsum([0, *(len(plane) for plane in self.planes)])

    @property
    def count(self) -> int:
        """Objects of all frames together."""
        return int(self.first[-1])

    @property
    def frame(self) -> Ints:
        """The frame of each object, shape (N,)."""
        return np.repeat(np.arange(len(self.planes)), np.diff(self.first))

    def joined(self, name: str) -> NDArray[np.generic]:
        """A property of the planes' objects (``ids``, ``areas``, ``centroids``, ``classes``) for all frames."""
        return np.concatenate([getattr(plane, name) for plane in self.planes])

    @property
    def moved(self) -> Floats:
        """Pixels by which the field has moved since the first frame, shape (T, 2) or (T, 3)."""
        return np.concatenate([np.zeros((1, self.drift.shape[1])), np.cumsum(self.drift, axis=0)])

    def whole_drift(self, index: int) -> tuple[int, ...]:
        """Whole (planes,) rows and columns by which the field moves to the next frame."""
        shift = self.drift[index].tolist()
        if len(shift) == 3:
            shift[0] /= self.anisotropy
        return tuple(round(part) for part in shift)


def list_frames(
    labels: LabelPlanes,
    images: ImagePlanes | None = None,
    classes: ClassNumbers | None = None,
    *,
    drift: bool = True,
    anisotropy: float = 1.0,
    on_frame: Callable[[int], None] | None = None,
) -> Frames:
    """Read all frames once, in their order, two at a time.

    Parameters
    ----------
    labels : sequence of ndarray of integer, shape (Y, X) or (Z, Y, X)
    images : sequence of ndarray, shape (Y, X) or (Y, X, C), optional
        For the drift; not for stacks.
    classes : mapping, optional
    drift : bool
        Whether to estimate it; of stacks, at first only across, from the labels' projection.
    anisotropy : float
        Distance of the planes of stacks in pixels.
    on_frame : callable, optional
        Given the number of frames that are read.
    """
    before = labels[0]
    frames = Frames([], [], np.zeros((max(len(labels) - 1, 0), before.ndim)), anisotropy)
    for index in range(len(labels)):
        here = labels[index]
        frames.planes.append(list_objects(here, (classes or {}).get(index), anisotropy))
        if index:
            if drift and here.ndim == 2:
                pictures = None if images is None else (images[index - 1], images[index])
                frames.drift[index - 1] = estimate_drift(before, here, pictures)
            elif drift:
                frames.drift[index - 1, 1:] = estimate_drift(before.max(axis=0), here.max(axis=0))
            frames.shared.append(count_shared(before, here, frames.whole_drift(index - 1)))
        before = here
        if on_frame is not None:
            on_frame(index + 1)
    frames.number()
    return frames


def list_again(
    frames: Frames, labels: LabelPlanes, changed: Sequence[int], classes: ClassNumbers | None = None
) -> None:
    """Read frames again that were changed."""
    for index in changed:
        frames.planes[index] = list_objects(labels[index], (classes or {}).get(index))
    last = len(frames.planes) - 1
    for index in sorted({max(index - 1, 0) for index in changed} | {min(index, last - 1) for index in changed}):
        frames.shared[index] = count_shared(labels[index], labels[index + 1], frames.whole_drift(index))
    frames.number()
