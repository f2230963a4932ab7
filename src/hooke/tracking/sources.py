"""Finds the sequences that a command line names: results of ``hooke segment``, or label images in the order of time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import DatasetError, HookeError, ImageReadError
from hooke.io import ImageFile, LabelPlanes, find_images, open_image
from hooke.io.channel_files import open_recorded
from hooke.io.entry import run_entries
from hooke.io.find import natural_key
from hooke.io.tables import OWN_TEXTS, read_header, read_table
from hooke.labels.recognition import holds_labels
from hooke.tracking.frame_numbers import (
    is_numbered,
    lost_frames,
    missing_frames,
    mixed_sequences,
    unnumbered_frames,
)
from hooke.tracking.track_files import LABEL_STACK, RECORD

_Plane = TypeVar("_Plane", bound=NDArray[np.generic])
_LABELS, _MEASUREMENTS = "labels", "measurements.csv"
_IN_DEPTH, _SUMMARY = "measurements_3d.csv", "summary.csv"
# Frames of a file that are read to know what it holds: the first may be black, or without objects.
_SPREAD = (0, 0.25, 0.5, 0.75, 1)
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

    @property
    def paths(self) -> list[Path]:
        """Files that are read."""
        return [file.path for part in (self.labels, self.images) if part is not None for file in part.files]


def find_sequences(
    inputs: Sequence[str | Path],
    *,
    images: Sequence[str | Path] | None = None,
    axes: str | None = None,
    on_error: Callable[[Path, HookeError], None] | None = None,
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
    on_error : callable, optional
        Given a file that would be a sequence of its own and can't be used, and why; without it, or with `images`, or
        where the file may be a frame of others, that is raised.

    Raises
    ------
    HookeError
        If there is no label image, one has an axis other than time or another size, or images do not fit.
    """
    on_error = on_error if images is None else None
    found: list[LabelSequence] = []
    single = [given for given in inputs if Path(given).expanduser().is_file()]
    if single:
        # Files of one plane each are the frames of one sequence by folder, also where a shell has put their names in
        # place of a pattern, in its own order.
        given_order = find_images(single, results=True)
        paths = sorted(given_order, key=natural_key)
        if not is_numbered([path.name for path in paths]):
            paths = sorted(given_order, key=lambda path: path.parent)
        for folder, group in itertools.groupby(paths, key=lambda path: path.parent):
            found += _sequences(list(group), None, axes, folder.resolve().name, on_error)
    for given in inputs:
        folder = Path(given).expanduser()
        if given in single:
            continue
        results = folder if (folder / _LABELS).is_dir() else None
        found += _sequences(_label_paths(given), results, axes, folder.name, on_error)
    if images is not None:
        files = [open_image(path, axes=axes) for path in find_images(images, results=True)]
        found = _with_images(found, files)
    return found


def _holds_labels(file: ImageFile, read: Callable[[int], NDArray[np.generic]]) -> bool:
    """Whether a file holds labels, by the first of some of its frames that shows anything."""
    frames = _frames(file)
    some = [frames[round(share * (len(frames) - 1))] for share in _SPREAD]
    shown = (holds_labels(read(number)) for number in dict.fromkeys(planes[len(planes) // 2] for planes in some))
    return next((labels for labels in shown if labels is not None), True)


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
        The axes of the stack of the first file that can be read, such as ``"T"`` or ``"TZ"``, or ``"-"`` for a single
        plane, where it is an image; empty where it holds labels.

    Raises
    ------
    HookeError
        If no file can be read.
    """
    if (Path(inputs[0]).expanduser() / _LABELS).is_dir():
        return ""
    file = _first_readable(_label_paths(inputs[0]), axes)
    if len(file.plane_shape) == 2 and _holds_labels(file, lambda number: file.plane(number).pixels):
        return ""
    return file.axes or "-"


def _label_paths(given: str | Path) -> list[Path]:
    """Files of results of ``hooke segment`` or ``hooke track``, or of label images."""
    folder = Path(given).expanduser()
    if (folder / _LABELS).is_dir():
        return find_images([folder / _LABELS], results=True)
    own = folder / LABEL_STACK
    return [own] if (folder / RECORD).is_file() and own.is_file() else find_images([given], results=True)


def _first_readable(paths: Sequence[Path], axes: str | None) -> ImageFile:
    errors: list[HookeError] = []
    for path in paths:
        try:
            return open_image(path, axes=axes)
        except HookeError as error:
            errors.append(error)
    raise errors[0]


def _sequences(
    paths: Sequence[Path],
    results: Path | None,
    axes: str | None,
    name: str,
    on_error: Callable[[Path, HookeError], None] | None,
) -> list[LabelSequence]:
    opened: list[LabelPlanes] = []
    failed: list[tuple[Path, HookeError]] = []
    for path in paths:
        try:
            opened.append(LabelPlanes(path, axes=axes))
        except HookeError as error:
            failed.append((path, error))
    depth = [planes for planes in opened if planes.file.axes == "Z"]
    depth = depth if len(depth) > 1 else []
    single = [planes for planes in opened if not planes.file.axes]
    joined = [
        _sequence(parts, parts[0].file.name if len(parts) == 1 else name.split("*")[0] or "sequence", results)
        for parts in filter(None, (single, depth))
    ]
    series = []
    for planes in opened:
        if planes.file.axes and planes not in depth:
            try:
                check_time(planes.file)
                series.append(_sequence([planes], planes.file.name, results))
            except HookeError as error:
                failed.append((planes.file.path, error))
    for path, reason in failed:
        if on_error is None or joined:
            raise reason
        on_error(path, reason)
    return series + joined


def check_time(file: ImageFile) -> None:
    """Refuse a stack whose planes are not frames, or stacks in depth, one after the other.

    Raises
    ------
    ImageReadError
        When it has no time axis, or one besides time and depth.
    """
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


def check_one_size(files: Sequence[ImageFile]) -> None:
    """Refuse frames of a sequence that differ in size.

    Raises
    ------
    DatasetError
        When one differs from the first.
    """
    for file in files[1:]:
        own, first = ((*each.stack_shape, *each.plane_shape[:2]) for each in (file, files[0]))
        if own != first:
            cause = f"is {own} pixels, and {files[0].path.name} {first}"
            raise DatasetError(cause, path=file.path, remedy="give frames of one size")


def _sequence(group: Sequence[LabelPlanes], name: str, results: Path | None) -> LabelSequence:
    first = group[0].file
    check_one_size([planes.file for planes in group])
    labels: Joined[NDArray[np.int32]] = Joined(
        [planes.file for planes in group], lambda file, plane: group[file][plane]
    )
    if results is not None and "Z" in first.axes:
        _check_joined(results, [planes.file for planes in group])
    if not _holds_labels(first, group[0].__getitem__):
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
        _said_of(group, results),
    )


def _said_of(group: Sequence[LabelPlanes], results: Path | None) -> tuple[str, ...]:
    """What the names of a sequence's files tell, and those of the images of its run."""
    names = [planes.file.path.name for planes in group]
    if said := mixed_sequences(names):
        return said
    known = [] if results is None or len(group) == 1 else [entry.name for entry in run_entries(results)]
    lost = lost_frames([planes.file.name for planes in group], known) or missing_frames(names)
    return lost or unnumbered_frames(names)


def _check_joined(results: Path, files: Sequence[ImageFile]) -> None:
    """Refuse stacks whose planes were segmented each by itself: their numbers mean nothing from plane to plane."""
    path = results / _SUMMARY
    if not path.is_file():
        return
    column = "objects_3d"
    table = read_table(path, ("image",), (column,), texts=("image",))
    names = set(table["image"][table[column].notna()]) if column in table else set()
    for file in files:
        if file.name not in names:
            cause = "its planes were segmented each by itself, so that an object has another number in each plane"
            remedy = 'segment again with --stitch z (stitch="z"), which joins them to objects in 3-D'
            raise ImageReadError(cause, path=file.path, remedy=remedy)


def _images_of_results(
    results: Path, names: Sequence[str], labels: Joined[NDArray[np.int32]]
) -> Joined[NDArray[np.generic]] | None:
    """The images that results were made from, where they are still there."""
    entries = {entry.name: entry for entry in run_entries(results)}
    try:
        own = [entries[name] for name in names]
        files = [open_recorded(entry.path, entry.scene, entry.channels) for entry in own]
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
    table = read_table(path, ("image", "label"), ("t", *known), texts=OWN_TEXTS)
    begins = np.cumsum([0, *(len(_frames(file)) for file in labels.files)])
    first = dict(zip(names, begins[:-1].tolist(), strict=True))
    table = table[table["image"].isin(first)]
    offset = table["t"] if "t" in table and len(labels.files) == 1 else 0
    table = table.assign(frame=table["image"].map(first).astype(np.int64) + offset)
    return table[["frame", "label", *known]].astype({"frame": np.int64, "label": np.int64})


def _with_images(found: Sequence[LabelSequence], files: Sequence[ImageFile]) -> list[LabelSequence]:
    """Give each sequence its images, in the order of both."""
    paired = []
    for sequence, own in zip(found, _shared_out(files, [len(other.labels) for other in found]), strict=True):
        for file in own:
            if file.plane_shape[:2] != sequence.labels.files[0].plane_shape:
                shapes = f"is {file.plane_shape[:2]} pixels, its labels {sequence.labels.files[0].plane_shape}"
                raise DatasetError(shapes, path=file.path, remedy="give the images that were segmented")
        first = own[0]
        paired.append(
            replace(
                sequence,
                images=_joined_images(own),
                pixel_size_um=sequence.pixel_size_um or first.pixel_size_um,
                z_step_um=sequence.z_step_um or first.z_step_um,
                time_step_s=sequence.time_step_s or first.time_step_s,
            )
        )
    return paired


def _shared_out(files: Sequence[ImageFile], lengths: Sequence[int]) -> list[list[ImageFile]]:
    """Files of as many frames as each sequence has, in the order of both."""
    rest, shares = list(files), list[list[ImageFile]]()
    for length in lengths:
        own: list[ImageFile] = []
        while rest and _count(own) < length:
            own.append(rest.pop(0))
        shares.append(own)
    if rest or [_count(own) for own in shares] != list(lengths):
        cause = f"{_count(files)} images for {sum(lengths)} label images"
        raise DatasetError(cause, remedy="give one image per label image, in the same order")
    return shares


def _count(files: Sequence[ImageFile]) -> int:
    return sum(len(_frames(file)) for file in files)


def _joined_images(files: Sequence[ImageFile]) -> Joined[NDArray[np.generic]]:
    return Joined(files, lambda file, plane: files[file].plane(plane).pixels)
