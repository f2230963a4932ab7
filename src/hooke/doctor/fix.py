"""Makes a copy of a data set with safe corrections of its labels, and lists every change.

Safe is what no annotator could have meant otherwise:

- holes of up to `HOLE_PIXELS` pixels, which hold background and lie inside one object, are filled;
- pieces that are stray pixels (`hooke.doctor.shapes.is_stray`) are removed from their object;
- objects under `hooke.doctor.shapes.SPECK_PIXELS` pixels that the border does not cut are removed;
- a piece as large as an object gets its own id where it is farther from the largest piece than `FAR` times
  that piece's diameter with nothing but background between: nearer ones may be one object behind another, or one
  that a line cut in two;
- ids are numbered 1..n again where that left gaps.

All else (merges, missing objects, duplicates, larger holes) needs a person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.datasets.layout import IndexRow, read_index, write_index, write_sample
from hooke.doctor.anatomy import Part, cut_out, find_holes, find_pieces, gap_is_background
from hooke.doctor.dataset_images import DatasetImage, find_dataset_images, load_dataset_image
from hooke.doctor.shapes import SPECK_PIXELS, box_of, is_stray
from hooke.errors import DatasetError, OutputError
from hooke.io.annotations.classes_json import read_classes, write_classes
from hooke.io.spreadsheet import write_table
from hooke.labels import edit
from hooke.labels.numbering import number_from_one
from hooke.measure import measure

CHANGES_NAME = "changes.csv"
HOLE_PIXELS = 10
FAR = 0.5


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes
    ----------
    image : str
    action : str
        ``hole filled``, ``stray pixels removed``, ``speck removed``, ``piece split off``, ``renumbered`` or
        ``left out``.
    label : int
        The object's id in the source; 0 where it is about the image.
    new_label : int
        Its id in the copy, of a piece split off its own; 0 where it is gone.
    pixels : int
        That were changed.
    note : str
    """

    image: str
    action: str
    label: int = 0
    new_label: int = 0
    pixels: int = 0
    note: str = ""


def fix_dataset(
    dataset: str | Path, dst: str | Path, *, progress: Callable[[int, int], None] | None = None
) -> list[Change]:
    """Copy a data set and correct the labels of the copy; the source is not changed.

    Parameters
    ----------
    dataset : str or Path
        A hooke data set.
    dst : str or Path
        A folder that is not there yet, or is empty.
    progress : callable, optional
        Called with the number of images done and the number of all.

    Returns
    -------
    list of Change
        Written into ``changes.csv`` of the copy too.

    Raises
    ------
    DatasetError
        If `dataset` is not a hooke data set.
    OutputError
        If `dst` holds something, or can't be written.
    """
    target = Path(dst)
    rows = {row.id: row for row in read_index(dataset)}
    classes = read_classes(dataset)
    if target.exists() and any(target.iterdir()):
        raise OutputError("is not empty", path=target, remedy="give a new folder for the corrected copy")
    kept, changes = [], []
    for done, member in enumerate(find_dataset_images(dataset), start=1):
        row, made = _copy(member, rows[member.id], target, classes)
        kept += [row] if row is not None else []
        changes += made
        if progress is not None:
            progress(done, len(rows))
    if not kept:
        raise DatasetError("no image of it can be read", path=dataset, remedy="prepare it again")
    write_classes(target, ((row.id, classes.get(row.id, {})) for row in kept))
    write_index(target, kept)
    write_table(pd.DataFrame(changes, columns=[field.name for field in fields(Change)]), target / CHANGES_NAME)
    return changes


def _copy(
    member: DatasetImage, row: IndexRow, target: Path, classes: dict[str, dict[int, str]]
) -> tuple[IndexRow | None, list[Change]]:
    """Write one image with corrected labels, and move its classes to the new ids."""
    opened = load_dataset_image(member)
    if opened.image is None or opened.labels is None:
        why = "; ".join(f"{finding.kind}: {finding.message}" for finding in opened.findings)
        return None, [Change(member.id, "left out", note=why)]
    labels, new_ids, changes = correct_labels(member.id, opened.labels)
    write_sample(target, member.id, opened.image.pixels, labels)
    if member.id in classes:
        named = classes[member.id]
        classes[member.id] = {new: named[old] for new, old in sorted(new_ids.items()) if old in named}
    height, width = labels.shape
    count = int(labels.max(initial=0))
    return IndexRow(row.id, row.split, row.modality, row.field_of_view, height, width, count), changes


def correct_labels(image: str, labels: NDArray[np.int32]) -> tuple[NDArray[np.int32], dict[int, int], list[Change]]:
    """Correct one label image.

    Parameters
    ----------
    image : str
        Its id, for the changes.
    labels : ndarray of int32, shape (Y, X)
        Left as it is.

    Returns
    -------
    labels : ndarray of int32, shape (Y, X)
        Ids 1..n.
    old_ids : dict of int to int
        For each id of the copy, the one that its object had in the source.
    changes : list of Change
    """
    corrected, changes = labels.copy(), []
    next_id = int(labels.max(initial=0)) + 1
    old_ids = {int(id_): int(id_) for id_ in np.unique(labels[labels > 0])}
    for _, row in measure(labels, None, more=False).iterrows():
        for change, part, new in _correct_object(image, labels, row):
            top, left = box_of(row)[:2]
            rows, columns = slice(top, top + part.shape[0]), slice(left, left + part.shape[1])
            if new is None:
                new, next_id = next_id, next_id + 1
                old_ids[new] = change.label
            edit.paint(corrected, part > 0, new, (rows, columns)).apply(corrected, in_place=True)
            changes.append(Change(image, change.action, change.label, new, change.pixels, change.note))
    return _renumber(image, corrected, old_ids, changes)


def _correct_object(
    image: str, labels: NDArray[np.int32], row: object
) -> list[tuple[Change, NDArray[np.uint8], int | None]]:
    """Decide what to do with one object: the change, its pixels within the box, and their new id (None: a new one)."""
    label, box = int(row["label"]), box_of(row)  # type: ignore[index]
    inside = labels[box[0] : box[2], box[1] : box[3]]
    mask = cut_out(labels, label, box)
    pieces = find_pieces(mask)
    area = sum(piece.area for piece in pieces)
    at_border = box[0] == 0 or box[1] == 0 or box[2] == labels.shape[0] or box[3] == labels.shape[1]
    if area < SPECK_PIXELS and not at_border:
        return [(Change(image, "speck removed", label, 0, area), mask[1:-1, 1:-1], 0)]
    made: list[tuple[Change, NDArray[np.uint8], int | None]] = []
    for piece in pieces[1:]:
        shape = piece.mask[1:-1, 1:-1]
        if is_stray(piece, area):
            made.append((Change(image, "stray pixels removed", label, 0, piece.area), shape, 0))
        elif (gap := _gap(inside, pieces[0], piece)) is not None:
            note = f"{gap:.0f} pixels from the largest piece"
            made.append((Change(image, "piece split off", label, 0, piece.area, note), shape, None))
    small = (hole for hole in find_holes(mask, inside) if hole.area <= HOLE_PIXELS)
    made += [(Change(image, "hole filled", label, 0, hole.area), hole.mask[1:-1, 1:-1], label) for hole in small]
    return made


def _gap(inside: NDArray[np.int32], largest: Part, piece: Part) -> float | None:
    """Distance of a piece that is surely an object of its own; None where it may belong to the largest."""
    distance, clear = gap_is_background(inside, largest.mask[1:-1, 1:-1], piece.mask[1:-1, 1:-1])
    return distance if clear and distance > FAR * np.sqrt(4 / np.pi * largest.area) else None


def _renumber(
    image: str, labels: NDArray[np.int32], old_ids: dict[int, int], changes: list[Change]
) -> tuple[NDArray[np.int32], dict[int, int], list[Change]]:
    """Close gaps in the ids, and put the final ids into the changes."""
    numbered, ids = number_from_one(labels)
    final = {old: new for new, old in enumerate(ids, start=1)}
    if ids and ids[-1] != len(ids):
        changes = [*changes, Change(image, "renumbered", pixels=0, note=f"{len(ids)} ids up to {ids[-1]}")]
    changes = [replace(change, new_label=final.get(change.new_label, 0)) for change in changes]
    return numbered, {new: old_ids[old] for old, new in final.items()}, changes
