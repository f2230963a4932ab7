"""`hooke.track`: label images in time to tracks, from the objects of all frames to the table of tracks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hooke.errors import ConfigError
from hooke.labels import UNKNOWN
from hooke.labels.recognition import holds_labels
from hooke.labels.runs import find_runs
from hooke.measure.image_table import parse_pixel_size
from hooke.tracking.edits import EditedPlanes
from hooke.tracking.frames import ClassNumbers, Frames, ImagePlanes, list_again, list_frames
from hooke.tracking.gaps import fill_gaps
from hooke.tracking.lineage import Lineage, find_lineage
from hooke.tracking.options import TrackOptions
from hooke.tracking.repair import Repair
from hooke.tracking.tables import (
    OWN,
    lineage_rows,
    numbers_by_frame,
    object_rows,
    with_steps,
    with_units,
    without_short,
)
from hooke.tracking.tracks import Tracks

_PLACES = 4  # places of a value: labels have fewer
_PIECES, _FRAMES_READ = 3, 5  # a frame's pieces of one value that make it a mask; frames that are read for that
_TRACKED = 0.9  # of the links between equal ids, from which the ids seem to persist already
_PERSISTING = 0.9  # of the voxels above one of an object, which have its label where labels persist in depth
_LISTED = 10


def track(
    labels: ArrayLike | Sequence[NDArray[np.integer]],
    images: ArrayLike | Sequence[NDArray[np.generic]] | None = None,
    *,
    options: TrackOptions | None = None,
    objects: pd.DataFrame | None = None,
    pixel_size_um: float | tuple[float, float] | None = None,
    z_step_um: float | None = None,
    time_step_s: float | None = None,
    on_frame: Callable[[int], None] | None = None,
) -> Tracks:
    """Follow objects from frame to frame.

    Parameters
    ----------
    labels : ndarray of integer, shape (T, Y, X) or (T, Z, Y, X), or sequence of ndarray, shape (Y, X) or (Z, Y, X)
        Label images in the order of time; 0 is background. A sequence is read one frame at a time. Frames that are
        stacks in depth hold objects in 3-D: see `hooke.tracking.stitch_planes`.
    images : ndarray, shape (T, Y, X) or (T, Y, X, C), or sequence, optional
        The images, from which the drift of the whole field is estimated better than from the labels alone.
    options : TrackOptions, optional
    objects : DataFrame, optional
        What is known of the objects: ``frame``, ``label``, and ``class`` or ``score`` or both.
    pixel_size_um : float or (float, float), optional
        Height and width of a pixel in micrometres.
    z_step_um : float, optional
        Distance of the planes of frames that are stacks, in micrometres; planes count as one pixel apart without it, or
        without the size of a pixel.
    time_step_s : float, optional
        Seconds between frames.
    on_frame : callable, optional
        Given the number of frames that are read.

    Returns
    -------
    Tracks

    Raises
    ------
    ConfigError
        If there is no frame, frames differ in size or hold no labels, a number is out of range, or laptrack is
        not installed.

    Examples
    --------
    >>> frames = np.zeros((3, 8, 8), int)
    >>> for t in range(3):
    ...     frames[t, 2:5, t : t + 3] = 7 - t
    >>> import hooke
    >>> tracks = hooke.track(frames)
    >>> tracks.table[["track", "frame", "label", "displacement"]].fillna(0).values.tolist()
    [[1.0, 0.0, 7.0, 0.0], [1.0, 1.0, 6.0, 1.0], [1.0, 2.0, 5.0, 1.0]]
    """
    options = options or TrackOptions()
    size = None if pixel_size_um is None else parse_pixel_size(pixel_size_um)
    if time_step_s is not None and not 0 < time_step_s < np.inf:
        raise ConfigError(f"time_step_s is {time_step_s}", remedy="give seconds, more than 0")
    source = _label_planes(labels)
    pictures = _image_planes(images, len(source))
    numbers = _class_numbers(objects)
    depth = source[0].ndim == 3
    anisotropy = _anisotropy(size, z_step_um)
    frames = list_frames(
        source, None if depth else pictures, numbers, drift=options.drift, anisotropy=anisotropy, on_frame=on_frame
    )
    _refuse_binary(frames, source)
    planes = EditedPlanes(source)
    if options.repair and not depth:
        _repair(frames, planes, options, numbers)
    lineage = find_lineage(frames, options)
    notes = _notes(lineage, planes, options.max_gap)
    filled = fill_gaps(lineage, planes) if options.fill_gaps and not depth else []
    rows = object_rows(lineage, planes, filled, objects)
    rows, tracks = without_short(rows, lineage_rows(rows, lineage), options.min_length)
    rows = with_units(with_steps(rows, tracks, anisotropy), size, z_step_um, time_step_s)
    return Tracks(
        table=rows.drop(columns=OWN),
        lineage=tracks,
        planes=planes,
        parameters=lineage.parameters,
        options=options,
        drift=frames.drift,
        pixel_size_um=size,
        z_step_um=z_step_um,
        time_step_s=time_step_s,
        notes=notes,
        _numbers=numbers_by_frame(rows),
    )


def _repair(frames: Frames, planes: EditedPlanes, options: TrackOptions, classes: ClassNumbers | None) -> None:
    """Correct what links and outlines show to be wrong.

    Links are found without divisions: two objects that were found as one would be taken for its daughters.
    """
    linking = replace(options, divisions=False, merging=False)
    repair = Repair(find_lineage(frames, linking), planes)
    changed = repair.split_sudden()
    if changed:
        list_again(frames, planes, sorted(changed), classes)
        repair = Repair(find_lineage(frames, linking), planes)
    changed = repair.join_pieces() | repair.split_merged()
    if changed:
        list_again(frames, planes, sorted(changed), classes)


def _anisotropy(pixel_size_um: tuple[float, float] | None, z_step_um: float | None) -> float:
    """Distance of two planes in pixels; 1 where a size is not known."""
    if z_step_um is not None and not 0 < z_step_um < np.inf:
        raise ConfigError(f"z_step_um is {z_step_um}", remedy="give micrometres, more than 0")
    return 1.0 if z_step_um is None or pixel_size_um is None else z_step_um / float(np.sqrt(np.prod(pixel_size_um)))


def _label_planes(labels: Any) -> Sequence[NDArray[np.integer]]:
    """Frames of one size, each of whole numbers."""
    planes: Any = labels if isinstance(labels, Sequence) else np.asarray(labels)
    if isinstance(planes, str | bytes) or (isinstance(planes, np.ndarray) and planes.ndim not in (3, 4)):
        shape = getattr(planes, "shape", None)
        cause = "labels are not frames" if shape is None else f"labels have the shape {shape}"
        raise ConfigError(cause, remedy="give label images as an array (T, Y, X) or (T, Z, Y, X), or a list of them")
    if not len(planes):
        raise ConfigError("there is no frame", remedy="give one label image or more")
    if isinstance(planes, list | tuple):
        planes = [_as_frame(plane) for plane in planes]
    if isinstance(planes, np.ndarray | list):  # a sequence that reads its frames checks them itself
        _check_frames(planes)
    frames: Sequence[NDArray[np.integer]] = planes
    return frames


def _as_frame(plane: Any) -> NDArray[np.generic]:
    """An array of what NumPy takes for one; anything else is refused by its name."""
    array = np.asarray(plane)
    if array.ndim == 0:
        cause = f"a list of {type(plane).__name__} holds no label images"
        raise ConfigError(cause, remedy="give arrays, such as found.labels of each segmentation")
    return array


def _check_frames(planes: Any) -> None:
    for index, plane in enumerate(planes):
        if plane.ndim not in (2, 3) or plane.shape != planes[0].shape:
            cause = f"frame {index} has the shape {plane.shape}, frame 0 {planes[0].shape}"
            raise ConfigError(cause, remedy="give frames (Y, X) or (Z, Y, X) of one size")
        if plane.dtype.kind not in "iub":
            raise ConfigError(f"frame {index} holds {plane.dtype}", remedy="give label images of whole numbers")
        if plane.size and plane.dtype.kind == "i" and plane.min() < 0:
            raise ConfigError(f"frame {index} holds the label {plane.min()}", remedy="give labels of 0 or more")
    if planes[0].ndim == 2 and _is_scattered(planes[0]) and holds_labels(planes[0]) is False:
        remedy = "give label images: hooke track IMAGES -o OUT --model nuclei segments images first"
        raise ConfigError("the frames hold intensities, not labels", remedy=remedy)


def _is_scattered(plane: NDArray[np.integer]) -> bool:
    """Whether each value is in many places, hardly more than a pixel wide, as in images of intensities."""
    runs = find_runs(plane)
    return len(runs.index) > _PLACES * len(runs.ids) and runs.are_specks


def _image_planes(images: Any, count: int) -> ImagePlanes | None:
    if images is None:
        return None
    planes: Any = images if isinstance(images, Sequence) else np.asarray(images)
    if len(planes) != count:
        cause = f"{len(planes)} images for {count} label images"
        raise ConfigError(cause, remedy="give one image per label image, in the same order")
    pictures: ImagePlanes = planes
    return pictures


def _class_numbers(objects: pd.DataFrame | None) -> ClassNumbers | None:
    """Number the classes, as linking compares them."""
    if objects is None:
        return None
    missing = [name for name in ("frame", "label") if name not in objects]
    if missing:
        remedy = "give the columns frame and label, and class, score or both"
        raise ConfigError(f"the table of objects has no column {missing[0]!r}", remedy=remedy)
    if "class" not in objects:
        return None
    known = objects[objects["class"].notna() & ~objects["class"].isin(["", UNKNOWN])]
    codes = known["class"].astype("category").cat.codes + 1
    numbers: dict[int, dict[int, int]] = {}
    for frame, label, code in zip(known["frame"], known["label"], codes, strict=True):
        numbers.setdefault(int(frame), {})[int(label)] = int(code)
    return numbers


def _refuse_binary(frames: Frames, source: Sequence[NDArray[np.integer]]) -> None:
    """Refuse frames of one value, the same in all of them, each in several pieces: binary masks, not label images."""
    held = [index for index, plane in enumerate(frames.planes) if len(plane)]
    if not held or source[0].ndim != 2 or len(set(frames.joined("ids").tolist())) != 1:
        return
    pieces = (cv2.connectedComponents((source[index] > 0).astype(np.uint8))[0] - 1 for index in held[:_FRAMES_READ])
    if min(pieces) >= _PIECES:
        cause = "every frame holds one value for all objects: binary masks, not label images"
        raise ConfigError(cause, remedy="number the objects first: hooke convert MASKS LABELS --to labels")


def _notes(lineage: Lineage, planes: EditedPlanes, max_gap: int) -> tuple[str, ...]:
    """What the user should know of the sequence."""
    notes = []
    frames = lineage.frames
    if frames.drift.shape[1] == 3:
        notes.append("frames are stacks in depth: objects are linked, but none is split, joined or filled in")
        notes += _depth_notes(frames, planes)
    if len(frames.planes) == 1:
        notes.append("one frame: each object is a track of its own")
    empty = [index for index, plane in enumerate(frames.planes) if not len(plane)]
    if empty:
        named = ", ".join(map(str, empty[:_LISTED])) + (" and others" if len(empty) > _LISTED else "")
        notes.append(f"{len(empty)} of {len(frames.planes)} frames are without objects ({named})")
    seen = np.flatnonzero([len(plane) > 0 for plane in frames.planes])
    longest = int(np.diff(seen).max(initial=1)) - 1
    if longest > max_gap:
        notes.append(
            f"no track is continued over {longest} frames without objects: the longest gap allowed is {max_gap}; "
            f"--max-gap {longest} (max_gap={longest}) closes it"
        )
    ids, linked = np.asarray(frames.joined("ids"), np.int64), np.flatnonzero(lineage.following >= 0)
    equal = float((ids[linked] == ids[lineage.following[linked]]).mean()) if len(linked) else 0.0
    if equal >= _TRACKED and len(set(ids.tolist())) > 1:
        notes.append(
            f"{100 * equal:.0f} % of the links are between equal labels: these label images seem to be tracked "
            "already; tracks are numbered again, and the column label holds the numbers given"
        )
    return tuple(notes)


def _depth_notes(frames: Frames, planes: EditedPlanes) -> list[str]:
    """Warn of label stacks whose planes seem to be numbered each by itself."""
    held = next((index for index, plane in enumerate(frames.planes) if len(plane)), 0)
    stack = planes[held]
    both = (stack[:-1] > 0) & (stack[1:] > 0)
    equal = float((stack[:-1] == stack[1:])[both].mean()) if both.any() else 1.0
    if equal >= _PERSISTING:
        return []
    return [
        f"{100 * (1 - equal):.0f} % of the voxels above an object have the label of another one: if planes were "
        "labelled each by itself, join them to objects in 3-D before (hooke segment --stitch z, or "
        "hooke.tracking.stitch_planes)"
    ]
