"""Finds the sequences that a command line names: results of ``hooke segment``, or label images in the order of time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import DatasetError, HookeError, ImageReadError
from hooke.io import ImageFile, LabelPlanes, find_images, open_image
from hooke.io.entry import run_entries
from hooke.io.find import natural_key
from hooke.io.tables import read_header, read_table
from hooke.tracking.frame_numbers import missing_frames

_Plane = TypeVar("_Plane", bound=NDArray[np.generic])
_LABELS, _MEASUREMENTS = "labels", "measurements.csv"
_IN_DEPTH = "measurements_3d.csv"
_ALIKE = 0.75  # of neighbouring pixels are equal in a label image, at least; in a grey image few are
_NAME_TIME = 'name its axes, for example --axes TYX (axes="TYX") where the first one is time'


class Joined(Sequence[_Plane], Generic[_Plane]):
    """The frames of files one after the other, read one at a time: planes, or stacks in depth.

    Parameters
    ----------
    files : sequence of ImageFile
        What they hold.
    read : callable
        Given a file's position and a plane's, gives its pixels.
    """

    def __init__(self, files: Sequence[ImageFile], read: Callable[[int, int], _Plane]) -> None:
        self.files = files
        self._at = [(file, planes) for file, opened in enumerate(files) for planes in _frames(opened)]
        self._read = read

    def __len__(self) -> int:
        return len(self._at)

    def __getitem__(self, index: int) -> _Plane:  # type: ignore[override]
        file, planes = self._at[index]
        if "Z" not in self.files[file].axes:
            return self._read(file, planes[0])
        stack: Any = np.stack([self._read(file, plane) for plane in planes])
        return stack  # type: ignore[no-any-return]


def _frames(file: ImageFile) -> list[list[int]]:
    """Numbers of the planes of each frame of a file."""
    numbers = np.arange(len(file)).reshape(file.stack_shape)
    if "Z" not in file.axes:
        return numbers.reshape(-1, 1).tolist()
    depth = file.axes.index("Z")
    return np.moveaxis(numbers, depth, -1).reshape(-1, file.stack_shape[depth]).tolist()


@dataclass(frozen=True, eq=False)
class LabelSequence:
    """One sequence of label images, and what is known of it.

    Parameters
    ----------
    name : str
    labels : sequence of ndarray of int32, shape (Y, X) or (Z, Y, X)
    images : sequence of ndarray, shape (Y, X) or (Y, X, C), or with Z in front, optional
    objects : DataFrame, optional
        As `hooke.track` takes it.
    pixel_size_um : (float, float), optional
    z_step_um, time_step_s : float, optional
    notes : tuple of str
        What the user should know of it.
    """

    name: str
    labels: Joined[NDArray[np.int32]]
    images: Joined[NDArray[np.generic]] | None = None
    objects: pd.DataFrame | None = None
    pixel_size_um: tuple[float, float] | None = None
    z_step_um: float | None = None
    time_step_s: float | None = None
    notes: tuple[str, ...] = ()


def find_sequences(
    inputs: Sequence[str | Path], *, images: Sequence[str | Path] | None = None, axes: str | None = None
) -> list[LabelSequence]:
    """Find sequences: each file with a time axis is one, and single label images are one together, in natural order.

    So are several stacks in depth without a time axis: each is a frame.

    Parameters
    ----------
    inputs : sequence of str or Path
        Folders of results of ``hooke segment``, or label images: files, folders and patterns.
    images : sequence of str or Path, optional
        The images of the label images, as many and in the same order; of results, they are found.
    axes : str, optional
        Axes of files that do not state them, such as ``TYX``.

    Raises
    ------
    HookeError
        If there is no label image, one has an axis other than time or another size, or images do not fit.
    """
    found: list[LabelSequence] = []
    single = [given for given in inputs if Path(given).expanduser().is_file()]
    if single:
        # Files of one plane each are the frames of one sequence by folder, also where a shell has put their names in
        # place of a pattern, in its own order.
        paths = sorted(find_images(single, results=True), key=natural_key)
        for folder, group in itertools.groupby(paths, key=lambda path: path.parent):
            found += _sequences(list(group), None, axes, folder.resolve().name)
    for given in inputs:
        folder = Path(given).expanduser()
        if given in single:
            continue
        results = folder if (folder / _LABELS).is_dir() else None
        paths = find_images([folder / _LABELS if results else given], results=True)
        found += _sequences(paths, results, axes, folder.name)
    if images is not None:
        files = [open_image(path, axes=axes) for path in find_images(images, results=True)]
        found = _with_images(found, files)
    return found


def looks_like_labels(plane: NDArray[np.generic]) -> bool:
    """Whether a plane holds labels rather than intensities: whole numbers, and most pixels equal their neighbours.

    Pixels of 0 say nothing: they are the background of label images, and of many images.
    """
    if plane.ndim != 2 or plane.dtype.kind not in "biu":
        return False
    left, right = plane[:, :-1], plane[:, 1:]
    inside = (left != 0) & (right != 0)
    return not inside.any() or bool((left == right)[inside].mean() >= _ALIKE)


def holds_images(inputs: Sequence[str | Path], axes: str | None = None) -> str:
    """Whether inputs are images that are to be segmented before, rather than label images or results.

    Parameters
    ----------
    inputs : sequence of str or Path
    axes : str, optional
        Axes of files that do not state them.

    Returns
    -------
    str
        The axes of the first file's stack, such as ``"T"`` or ``"TZ"``, or ``"-"`` for a single plane, where it is an
        image; empty where it holds labels.
    """
    given = inputs[0]
    if (Path(given).expanduser() / _LABELS).is_dir():
        return ""
    file = open_image(find_images([given], results=True)[0], axes=axes)
    if len(file.plane_shape) == 2:
        planes = _frames(file)[0]
        if looks_like_labels(file.plane(planes[len(planes) // 2]).pixels):
            return ""
    return file.axes or "-"


def _sequences(paths: Sequence[Path], results: Path | None, axes: str | None, name: str) -> list[LabelSequence]:
    opened = [LabelPlanes(path, axes=axes) for path in paths]
    depth = [planes for planes in opened if planes.file.axes == "Z"]
    depth = depth if len(depth) > 1 else []
    single = [planes for planes in opened if not planes.file.axes]
    series = [planes for planes in opened if planes.file.axes and planes not in depth]
    for planes in series:
        _check_time(planes.file)
    groups = [([planes], planes.file.name) for planes in series]
    groups += [
        (parts, parts[0].file.name if len(parts) == 1 else name.split("*")[0] or "sequence")
        for parts in filter(None, (single, depth))
    ]
    return [_sequence(group, own, results) for group, own in groups]


def _check_time(file: ImageFile) -> None:
    if set(file.axes) in ({"T"}, {"T", "Z"}):
        return
    if file.axes == "Z":
        cause, remedy = (
            "is a stack in depth, not in time",
            f"{_NAME_TIME}; to join planes in depth, hooke segment --stitch z",
        )
    elif "T" in file.axes:
        cause, remedy = (
            f"has the axes {file.axes} besides the plane",
            "give one plane per frame: join or choose planes first",
        )
    else:
        cause, remedy = "does not say which axis is time", _NAME_TIME
    raise ImageReadError(cause, path=file.path, remedy=remedy)


def _sequence(group: Sequence[LabelPlanes], name: str, results: Path | None) -> LabelSequence:
    first = group[0].file
    for planes in group[1:]:
        shapes = [(*file.stack_shape, *file.plane_shape) for file in (planes.file, first)]
        if shapes[0] != shapes[1]:
            cause = f"is {shapes[0]} pixels, and {first.path.name} {shapes[1]}"
            raise DatasetError(cause, path=planes.file.path, remedy="give frames of one size")
    labels: Joined[NDArray[np.int32]] = Joined(
        [planes.file for planes in group], lambda file, plane: group[file][plane]
    )
    planes_of_first = _frames(first)[0]
    if not looks_like_labels(group[0][planes_of_first[len(planes_of_first) // 2]]):
        remedy = "segment and track images in one go: hooke segment IMAGES -o OUT --track"
        raise ImageReadError("looks like an image, not like a label image", path=first.path, remedy=remedy)
    names = [planes.file.name for planes in group]
    return LabelSequence(
        name,
        labels,
        None if results is None else _images_of_results(results, names, labels),
        None if results is None else _objects_of_results(results, names, labels),
        first.pixel_size_um,
        first.z_step_um,
        first.time_step_s,
        missing_frames([planes.file.path.name for planes in group]),
    )


def _images_of_results(
    results: Path, names: Sequence[str], labels: Joined[NDArray[np.int32]]
) -> Joined[NDArray[np.generic]] | None:
    """The images that results were made from, where they are still there."""
    entries = {entry.name: entry for entry in run_entries(results)}
    try:
        files = [open_image(entries[name].path, scene=entries[name].scene or None) for name in names]
    except (KeyError, HookeError):
        return None
    fitting = all(
        file.stack_shape == own.stack_shape and file.plane_shape[:2] == own.plane_shape
        for file, own in zip(files, labels.files, strict=True)
    )
    return _joined_images(files) if fitting else None


def _objects_of_results(results: Path, names: Sequence[str], labels: Joined[NDArray[np.int32]]) -> pd.DataFrame | None:
    """Scores and classes of the objects, by frame."""
    path = results / (_IN_DEPTH if "Z" in labels.files[0].axes else _MEASUREMENTS)
    if not path.is_file():
        return None
    known = [name for name in ("score", "class") if name in read_header(path, ("score", "class"))]
    texts = ("image", "class")
    table = read_table(path, ("image", "label"), ("t", *known), texts=texts)
    begins = np.cumsum([0, *(len(_frames(file)) for file in labels.files)])
    first = dict(zip(names, begins[:-1].tolist(), strict=True))
    table = table[table["image"].isin(first)]
    offset = table["t"] if "t" in table and len(labels.files) == 1 else 0
    table = table.assign(frame=table["image"].map(first).astype(np.int64) + offset)
    return table[["frame", "label", *known]].astype({"frame": np.int64, "label": np.int64})


def _with_images(found: Sequence[LabelSequence], files: Sequence[ImageFile]) -> list[LabelSequence]:
    """Give each sequence its images, in the order of both."""
    taken, paired = 0, []
    for sequence in found:
        own: list[ImageFile] = []
        while taken < len(files) and _count(own) < len(sequence.labels):
            own.append(files[taken])
            taken += 1
        if _count(own) != len(sequence.labels):
            cause = f"{_count(files)} images for {sum(len(other.labels) for other in found)} label images"
            raise DatasetError(cause, remedy="give one image per label image, in the same order")
        for file in own:
            if file.plane_shape[:2] != sequence.labels.files[0].plane_shape:
                shapes = f"is {file.plane_shape[:2]} pixels, its labels {sequence.labels.files[0].plane_shape}"
                raise DatasetError(shapes, path=file.path, remedy="give the images that were segmented")
        first = own[0]
        paired.append(
            LabelSequence(
                sequence.name,
                sequence.labels,
                _joined_images(own),
                sequence.objects,
                sequence.pixel_size_um or first.pixel_size_um,
                sequence.z_step_um or first.z_step_um,
                sequence.time_step_s or first.time_step_s,
                sequence.notes,
            )
        )
    return paired


def _count(files: Sequence[ImageFile]) -> int:
    return sum(len(_frames(file)) for file in files)


def _joined_images(files: Sequence[ImageFile]) -> Joined[NDArray[np.generic]]:
    return Joined(files, lambda file, plane: files[file].plane(plane).pixels)
