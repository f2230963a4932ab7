"""The one hooke data set layout on disk: samples and an index in, files out, and back.

::

    DATASET/
      index.csv            id, split, modality, field_of_view, height, width, nuclei
      images/<id>.png      grey or RGB, 8 or 16 bit
      labels/<id>.png      16-bit label image: 0 background, 1..n nuclei (<id>.tif, 32 bit, above 65 535 nuclei)
"""

from __future__ import annotations

import csv
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
import PIL.Image
import tifffile
from numpy.typing import NDArray

from hooke.errors import DatasetError
from hooke.io.atomic import atomic_path

__all__ = [
    "INDEX_NAME",
    "SPLITS",
    "IndexRow",
    "find_labels",
    "image_path",
    "read_index",
    "read_png",
    "read_sample",
    "write_index",
    "write_sample",
]

INDEX_NAME = "index.csv"
SPLITS = ("train", "val", "test")


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
        Images with the same value show the same place, and are never split.
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
    path = Path(path) / INDEX_NAME if Path(path).is_dir() else Path(path)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
            if missing:
                raise DatasetError(
                    f"column {missing[0]!r} is missing", path=path, remedy=f"give the columns {', '.join(COLUMNS)}"
                )
            rows = [_parse(record, path, line) for line, record in enumerate(reader, start=2)]
    except OSError as error:
        raise DatasetError(
            f"index can't be read ({error.strerror})", path=path, remedy="make the data set with hooke prepare"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError("not a csv file in UTF-8", path=path, remedy="make it anew with hooke prepare") from error
    seen: set[str] = set()
    for row in rows:
        if row.id in seen:
            raise DatasetError(f"id {row.id!r} occurs twice", path=path, remedy="remove one of the rows")
        seen.add(row.id)
    return rows


def _parse(record: dict[str, str | None], path: Path, line: int) -> IndexRow:
    """Turn one line of the csv into a row."""
    value = {name: record[name] or "" for name in COLUMNS}
    if not value["id"] or value["id"] != Path(value["id"]).name:
        raise DatasetError(f"line {line}: id is {value['id']!r}", path=path, remedy="use the stem of a file name")
    if value["split"] not in SPLITS:
        raise DatasetError(f"line {line}: split is {value['split']!r}", path=path, remedy=f"use {', '.join(SPLITS)}")
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


def image_path(folder: str | Path, id_: str) -> Path:
    """Return where the image of an id lies."""
    return Path(folder) / "images" / f"{id_}.png"


def find_labels(folder: str | Path, id_: str) -> Path | None:
    """Return the label image of an id, or None where there is none yet."""
    candidates = (Path(folder) / "labels" / f"{id_}{suffix}" for suffix in (".png", ".tif"))
    return next((path for path in candidates if path.is_file()), None)


def write_sample(
    folder: str | Path, id_: str, image: NDArray[np.uint8] | NDArray[np.uint16], labels: NDArray[np.integer]
) -> None:
    """Write one image and its labels, the labels last: where they are, the sample is whole.

    Parameters
    ----------
    folder : str or Path
        The data set.
    id_ : str
        Stem of both files.
    image : ndarray, uint8 or uint16, shape (Y, X), or uint8, shape (Y, X, 3)
        Grey or RGB.
    labels : ndarray of integer, shape (Y, X)
        0 background, 1..n.

    Raises
    ------
    OutputError
        If a file can't be written.
    """
    with atomic_path(image_path(folder, id_)) as part:
        PIL.Image.fromarray(image).save(part, format="PNG", compress_level=4)
    fits = labels.max(initial=0) <= np.iinfo(np.uint16).max
    for_labels = Path(folder) / "labels" / f"{id_}{'.png' if fits else '.tif'}"
    with atomic_path(for_labels) as part:
        if fits:
            PIL.Image.fromarray(labels.astype(np.uint16)).save(part, format="PNG", compress_level=4)
        else:
            tifffile.imwrite(part, labels.astype(np.uint32), compression="zlib", predictor=True)


def read_sample(folder: str | Path, id_: str) -> tuple[NDArray[np.generic], NDArray[np.int32]]:
    """Read one image and its labels.

    Returns
    -------
    image : ndarray, shape (Y, X) or (Y, X, 3)
        As stored.
    labels : ndarray, int32, shape (Y, X)
        0 background, 1..n.

    Raises
    ------
    DatasetError
        If a file is missing or damaged, or their sizes differ.
    """
    path = find_labels(folder, id_)
    if path is None:
        raise DatasetError("label image is missing", path=Path(folder) / "labels" / f"{id_}.png", remedy="prepare anew")
    image = read_png(image_path(folder, id_))
    labels = read_png(path) if path.suffix == ".png" else tifffile.imread(path)
    if image.shape[:2] != labels.shape:
        raise DatasetError(f"labels {labels.shape} with an image {image.shape}", path=path, remedy="prepare it anew")
    return image, labels.astype(np.int32)


def read_png(path: str | Path) -> NDArray[np.generic]:
    """Read a PNG as it is stored, colour tables resolved.

    Raises
    ------
    DatasetError
        If it is missing, empty, cut short or no image.
    """
    try:
        with PIL.Image.open(path) as file:
            # A table of colours ("P") and single bits ("1") are turned into what they stand for.
            return np.asarray(file.convert("RGBA") if file.mode == "P" else file)
    except FileNotFoundError as error:
        raise DatasetError("file is missing", path=path, remedy="copy the data set again") from error
    except (OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError) as error:
        raise DatasetError(f"can't be read as an image ({error})", path=path, remedy="copy the file again") from error
