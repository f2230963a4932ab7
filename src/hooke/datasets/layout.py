"""Reads and writes hooke's own data set layout: an index, images and label images.

::

    DATASET/
      index.csv            id, split, modality, field_of_view, height, width, nuclei
      images/<id>.png      grey or RGB, 8 bit (<id>.tif, 16 bit, float or other channels)
      labels/<id>.png      16-bit label image: 0 background, 1..n nuclei (<id>.tif, 32 bit, above 65 535 nuclei)

What else a data set may say of itself is in `hooke.datasets.sidecars`.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import tifffile
from numpy.typing import NDArray

from hooke.errors import DatasetError
from hooke.io import atomic_path, read_image, read_labels
from hooke.io.name_match import matched
from hooke.io.tables import read_table

if TYPE_CHECKING:
    import pandas as pd

INDEX_NAME = "index.csv"
SPLITS = ("train", "val", "test")
LONGEST_STEM = 240  # bytes; most file systems take 255 with the suffix
SUFFIXES = (".png", ".tif")


@dataclass(frozen=True)
class Entry:
    """What is known of an image before it is read; None for what is not.

    Attributes
    ----------
    id : str
        Names the image within its data set; the stem of its files.
    split, modality, field_of_view : str, optional
        As in `IndexRow`.
    """

    id: str
    split: str | None = None
    modality: str | None = None
    field_of_view: str | None = None

    def completed(self, other: Entry | None) -> Entry:
        """Return this entry, and where it does not know, what another says of the same image."""
        if other is None:
            return self
        return Entry(
            self.id,
            self.split or other.split,
            self.modality or other.modality,
            self.field_of_view or other.field_of_view,
        )


@dataclass(frozen=True)
class IndexRow:
    """What the index says of one image.

    Attributes
    ----------
    id : str
        The stem of the image's and the label image's file name.
    split : {"train", "val", "test"}
        What the image is for.
    modality : str
        fluorescence, histology, brightfield...
    field_of_view : str
        The group: images with the same value show the same place, or are of the same well, plate, sequence or patient,
        and belong into one split.
    height, width : int
        Pixels.
    nuclei : int
        Objects in the label image.
    """

    id: str
    split: str
    modality: str
    field_of_view: str
    height: int
    width: int
    nuclei: int


COLUMNS = tuple(field.name for field in fields(IndexRow))


def read_index(path: str | Path) -> list[IndexRow]:
    """Read an index.

    Parameters
    ----------
    path : str or Path
        An ``index.csv``, or the data set's folder.

    Returns
    -------
    list of IndexRow
        In the order of the file.

    Raises
    ------
    DatasetError
        If there is none, a column or a value is missing, a split is unknown, or an id occurs twice.
    """
    path = _index_path(path)
    return [_parse_row(value, path, line) for line, value in _read_table(path, COLUMNS)]


def read_entries(path: str | Path, *, as_written: bool = False) -> list[Entry]:
    """Read what an index says of images before they are read: the first four columns of `IndexRow`.

    Parameters
    ----------
    path : str or Path
        A csv file with the columns id and split, or a data set's folder. The columns modality and field_of_view may be
        empty or missing; others are passed over.
    as_written : bool
        Take names of files and paths for ids too, as lists of people have them.

    Returns
    -------
    list of Entry
        In the order of the file.

    Raises
    ------
    DatasetError
        As `read_index`.
    """
    path = _index_path(path)
    return [
        Entry(value["id"], value["split"], value["modality"] or None, value["field_of_view"] or None)
        for _, value in _read_table(path, ("id", "split"), ("modality", "field_of_view"), as_written=as_written)
    ]


def read_column(path: str | Path, column: str) -> dict[str, str]:
    """Read what one column of an index, its own or one that somebody has added, says of each image.

    Parameters
    ----------
    path : str or Path
        An ``index.csv``, or the data set's folder.
    column : str

    Returns
    -------
    dict of str to str
        By id; empty strings where the column is empty.

    Raises
    ------
    DatasetError
        As `read_index`; when there is no such column, those that there are are named.
    """
    return {value["id"]: value[column] for _, value in _read_table(_index_path(path), ("id", "split", column))}


def read_index_table(
    path: Path,
    columns: Sequence[str] = ("id",),
    optional: Sequence[str] = (),
    *,
    images: Collection[str] | None = None,
    remedy: str = "",
) -> pd.DataFrame:
    """Read all columns of an index as text: an id such as 007 or NA must stay what the file is called.

    Parameters
    ----------
    path : Path
        The csv file.
    columns, optional, remedy
        As `hooke.io.tables.read_table`.
    images : collection of str, optional
        Names of the images, which ids are matched with (`hooke.io.name_match`); by default the stems of the files in
        the folders ``images`` and ``labels`` beside the index.

    Raises
    ------
    DatasetError
        If it can't be read, or a column is missing.
    """
    table = read_table(path, columns, optional, remedy=remedy)
    table["id"] = matched(table["id"], _stems_beside(path) if images is None else images, path=path)
    return table


def rows_of_split(table: pd.DataFrame, split: str | None, path: Path) -> pd.DataFrame:
    """Choose the rows of one split of an index; all where none is named.

    Raises
    ------
    DatasetError
        If there is no such split.
    """
    if split is None:
        return table
    known = sorted(table["split"].unique()) if "split" in table else []
    if split not in known:
        raise DatasetError(f"no split {split!r}", path=path, remedy=f"known splits: {', '.join(known) or 'none'}")
    return table[table["split"] == split]


def _index_path(path: str | Path) -> Path:
    return Path(path) / INDEX_NAME if Path(path).is_dir() else Path(path)


def _read_table(
    path: Path, columns: tuple[str, ...], optional: tuple[str, ...] = (), *, as_written: bool = False
) -> list[tuple[int, dict[str, str]]]:
    """Read some columns of an index, with the number of each line; check ids and splits."""
    read = read_index_table(path, columns, optional)
    names = (*columns, *(name for name in optional if name in read))
    empty = dict.fromkeys(optional, "")
    records = read[list(dict.fromkeys(names))].to_dict("records")
    table = [(line, {**empty, **record}) for line, record in zip(read.index, records, strict=True)]
    for _, value in table:
        value["split"] = value["split"].casefold()
    _check_ids_and_splits(table, path, as_written=as_written)
    return table


def _stems_beside(path: Path) -> set[str]:
    """Stems of the images and label images of the data set that an index belongs to."""
    folders = [path.parent / name for name in ("images", "labels")]
    return {file.stem for folder in folders if folder.is_dir() for file in folder.iterdir() if file.suffix in SUFFIXES}


def _check_ids_and_splits(table: list[tuple[int, dict[str, str]]], path: Path, *, as_written: bool) -> None:
    """Refuse an id that is not a file name or occurs twice, and an unknown split."""
    seen: set[str] = set()
    for line, value in table:
        id_, split = value["id"], value["split"]
        if not id_ or not (as_written or is_file_stem(id_)):
            raise DatasetError(f"line {line}: id is {id_[:80]!r}", path=path, remedy="use the stem of a file name")
        if id_ in seen:
            raise DatasetError(f"id {id_!r} occurs twice", path=path, remedy="remove one of the rows")
        if split not in SPLITS:
            raise DatasetError(f"line {line}: split is {split!r}", path=path, remedy=f"use {', '.join(SPLITS)}")
        seen.add(id_)


def _parse_row(value: dict[str, str], path: Path, line: int) -> IndexRow:
    """Turn one line of the csv into a row."""
    try:
        height, width, nuclei = (int(value[name]) for name in ("height", "width", "nuclei"))
    except ValueError as error:
        raise DatasetError(f"line {line}: {error}", path=path, remedy="give whole numbers") from error
    return IndexRow(value["id"], value["split"], value["modality"], value["field_of_view"], height, width, nuclei)


def write_index(folder: str | Path, rows: list[IndexRow]) -> Path:
    """Write the index of a data set, by increasing id, in one step; return its path.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    path = Path(folder) / INDEX_NAME
    with atomic_path(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(astuple(row) for row in sorted(rows, key=lambda row: row.id))
    return path


def find_image(folder: str | Path, id_: str) -> Path | None:
    """Return the image of an id, or None where there is none yet."""
    return _find(Path(folder) / "images", id_)


def find_labels(folder: str | Path, id_: str) -> Path | None:
    """Return the label image of an id, or None where there is none yet."""
    return _find(Path(folder) / "labels", id_)


def is_file_stem(id_: str) -> bool:
    """Whether files can be named after an id: it leads to no other folder and is not too long.

    Examples
    --------
    >>> is_file_stem("a.b"), is_file_stem("../a"), is_file_stem("a" * 300), is_file_stem("")
    (True, False, False, False)
    """
    try:
        return bool(id_) and id_ == Path(id_).name and "\0" not in id_ and len(os.fsencode(id_)) <= LONGEST_STEM
    except UnicodeEncodeError:
        return False


def _find(folder: Path, id_: str) -> Path | None:
    # Not with_suffix: an id may have dots of its own.
    return next((path for suffix in SUFFIXES if (path := folder / f"{id_}{suffix}").is_file()), None)


def write_sample(
    folder: str | Path, id_: str, image: NDArray[np.generic], labels: NDArray[np.integer]
) -> tuple[Path, Path]:
    """Write one image and its labels, the labels last: where they are, the sample is whole; return the two files.

    Parameters
    ----------
    folder : str or Path
        The data set.
    id_ : str
        Stem of both files.
    image : ndarray of bool, integer or float, shape (Y, X) or (Y, X, C)
        Grey, RGB or other channels; grey and RGB of up to 8 bit become a PNG, all else a TIFF.
    labels : ndarray of integer, shape (Y, X)
        0 background, 1..n.

    Raises
    ------
    OutputError
        If a file can't be written.
    """
    as_png = image.dtype in (np.uint8, np.bool_) and (image.ndim == 2 or image.shape[2] == 3)
    image_path = _write_array(Path(folder) / "images", id_, image, as_png=as_png)
    as_png = bool(labels.max(initial=0) <= np.iinfo(np.uint16).max)
    ids = labels.astype(np.uint16 if as_png else np.uint32)
    return image_path, _write_array(Path(folder) / "labels", id_, ids, as_png=as_png)


def _write_array(folder: Path, id_: str, pixels: NDArray[np.generic], *, as_png: bool) -> Path:
    """Write a PNG or a TIFF, and remove what an earlier run left in the other format."""
    path, other = (folder / f"{id_}{suffix}" for suffix in (SUFFIXES if as_png else reversed(SUFFIXES)))
    with atomic_path(path) as part:
        if as_png:
            PIL.Image.fromarray(pixels).save(part, format="PNG", compress_level=4)
        else:
            photometric = "rgb" if pixels.shape[2:] == (3,) else "minisblack"
            planes = "contig" if pixels.ndim == 3 else None
            tifffile.imwrite(
                part, pixels, photometric=photometric, planarconfig=planes, compression="zlib", predictor=True
            )
    other.unlink(missing_ok=True)
    return path


def read_sample(folder: str | Path, id_: str) -> tuple[NDArray[np.generic], NDArray[np.int32]]:
    """Read one image and its labels.

    Returns
    -------
    image : ndarray, shape (Y, X) or (Y, X, C)
        As stored.
    labels : ndarray, int32, shape (Y, X)
        0 background, 1..n.

    Raises
    ------
    DatasetError
        If a file is missing, or their sizes differ.
    ImageReadError
        If a file is damaged.
    """
    for_image, for_labels = find_image(folder, id_), find_labels(folder, id_)
    remedy = "prepare the data set again"
    if for_image is None:
        raise DatasetError("image is missing", path=Path(folder) / "images" / f"{id_}.png", remedy=remedy)
    if for_labels is None:
        raise DatasetError("label image is missing", path=Path(folder) / "labels" / f"{id_}.png", remedy=remedy)
    image, labels = read_image(for_image).pixels, read_labels(for_labels)
    if image.shape[:2] != labels.shape:
        raise DatasetError(f"labels {labels.shape} with an image {image.shape}", path=for_labels, remedy=remedy)
    return image, labels
