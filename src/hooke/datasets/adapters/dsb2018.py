"""Data Science Bowl 2018, Kaggle's own layout: a folder per image, with masks or run lengths.

::

    stage1_train/<id>/images/<id>.png     RGBA
    stage1_train/<id>/masks/*.png         one binary mask per nucleus
    stage1_train_labels.csv               ImageId, EncodedPixels: a row per nucleus, pairs of start and length

The csv is read where no image has masks, or on request; it may be next to the folder or in it. So can
``stage1_solution.csv`` with the images of ``stage1_test``. A row whose ``Usage`` is ``Ignored`` is passed over.

BBBC038, Caicedo et al. (2019), "Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl", CC0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.datasets.adapter import Sample
from hooke.datasets.layout import Entry
from hooke.errors import ConfigError, DatasetError
from hooke.image import has_equal_channels
from hooke.io import read_image
from hooke.io.name_match import bare_name, match_names
from hooke.io.tables import read_header, read_table
from hooke.labels.painter import Mask, paint
from hooke.labels.run_length import decode_pairs

TAKES = (
    "Data Science Bowl 2018 (BBBC038), Kaggle's stage1_train: <id>/images, <id>/masks; "
    "--option truth=csv for run lengths"
)

FOLDERS = ("stage1_train", "stage1_test", ".")
TRUTHS = ("masks", "csv")
REMEDY = "unpack Kaggle's stage1_train.zip into a folder stage1_train and give that"
CSV_REMEDY = "give stage1_train_labels.csv as it was unpacked"
COLUMNS = ("ImageId", "EncodedPixels")
IGNORED = "Ignored"


@dataclass(frozen=True)
class Source:
    """Where images and masks are.

    Attributes
    ----------
    folder : Path
        Holds a folder for each image.
    table : Path, optional
        The csv with run lengths; None where masks are files.
    runs : dict of str to list of (int, str)
        For each image, the line and the run lengths of each nucleus.
    """

    folder: Path
    table: Path | None
    runs: dict[str, list[tuple[int, str]]]


def find(src: str | Path, *, truth: str = "") -> tuple[Source, list[Entry]]:
    """Find the images, sorted; Kaggle states no split, modality or field of view.

    Parameters
    ----------
    src : str or Path
        ``stage1_train``, or the folder that holds it; or the csv beside it.
    truth : {"", "masks", "csv"}
        Where nuclei are taken from; by default masks, unless no image has any and there is a csv.

    Returns
    -------
    source : Source
        For `load`.
    entries : list of Entry
        One for each image that there is a folder of, or that the csv names.

    Raises
    ------
    ConfigError
        If `truth` is something else.
    DatasetError
        If there is no image, or the csv can't be read or is missing.
    """
    if truth not in ("", *TRUTHS):
        raise ConfigError(f"truth is {truth!r}", remedy=f"choose one of: {', '.join(TRUTHS)}")
    src = Path(src)
    base = src.parent if src.is_file() else src
    folder, ids = _image_folders(base)
    has_masks = any((folder / id_ / "masks").is_dir() for id_ in ids)
    by_masks = truth == "masks" or (not truth and has_masks and not src.is_file())
    table = None if by_masks else src if src.is_file() else _find_table(base, folder, needed=truth == "csv")
    runs = {} if table is None else _read_runs(table, ids)
    return Source(folder, table, runs), [Entry(id_) for id_ in sorted({*ids, *runs})]


def _image_folders(base: Path) -> tuple[Path, list[str]]:
    """Find the folder of images' folders, and their names."""
    for name in FOLDERS:
        if (base / name).is_dir():
            ids = [folder.name for folder in (base / name).iterdir() if (folder / "images").is_dir()]
            if ids:
                return base / name, ids
    raise DatasetError("no <id>/images and <id>/masks folders here", path=base, remedy=REMEDY)


def _find_table(base: Path, folder: Path, *, needed: bool) -> Path | None:
    """Find the one csv of run lengths."""
    places = dict.fromkeys([base, folder, folder.parent])
    found = [path for place in places for path in sorted(place.glob("*.csv")) if _columns(path) is not None]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(path.name for path in found)
        raise DatasetError(f"more than one csv of run lengths: {names}", path=base, remedy="give the one to read")
    if needed:
        raise DatasetError("no csv with ImageId and EncodedPixels here", path=base, remedy="unpack its zip here")
    return None


def _columns(path: Path) -> list[str] | None:
    """Read the columns of a csv; None where it is none of run lengths."""
    try:
        columns = read_header(path, COLUMNS)
    except DatasetError:
        return None
    return columns if set(columns) >= set(COLUMNS) else None


def _read_runs(path: Path, ids: Sequence[str]) -> dict[str, list[tuple[int, str]]]:
    """Read the run lengths of each image; an image without nuclei has a row without."""
    table = read_table(path, COLUMNS, ("Usage",), remedy=CSV_REMEDY)
    meant = match_names(table["ImageId"].unique(), ids, path=path)
    runs: dict[str, list[tuple[int, str]]] = {}
    for line, row in zip(table.index, table.to_dict("records"), strict=True):
        if row.get("Usage") != IGNORED:
            nuclei = runs.setdefault(meant.get(row["ImageId"], bare_name(row["ImageId"])), [])
            if row["EncodedPixels"]:
                nuclei.append((line, row["EncodedPixels"]))
    return runs


def load(root: Source, id_: str) -> Sample:
    """Read one image and join its masks to a label image.

    Masks get their ids in the order of their file names, or of the csv's rows, counting from 1; a mask without pixels
    of its own gets none. A pixel in two masks stays with the first.

    Raises
    ------
    DatasetError
        If the masks are missing, one is not of the image's size, or run lengths don't fit the image.
    ImageReadError
        If a file is missing or damaged.
    """
    image = _read_image(root.folder / id_ / "images" / f"{id_}.png")
    shape = image.shape[:2]
    if root.table is None:
        masks = _files(root.folder / id_ / "masks", shape)
    else:
        masks = _rows(root.table, root.runs.get(id_), shape)
    painting = paint([Mask.crop(mask, name=name) for name, mask in masks], shape, "first").renumber()
    return Sample(image, painting.labels, painting.oddities, conflicts=painting.conflicts)


def _files(folder: Path, shape: tuple[int, ...]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Read the masks of a folder."""
    if not folder.is_dir():
        raise DatasetError("folder of masks is missing", path=folder, remedy="take it from stage1_train.zip")
    for path in sorted(folder.glob("*.png")):
        yield path.name, _read_mask(path, shape)


def _rows(
    table: Path, runs: list[tuple[int, str]] | None, shape: tuple[int, ...]
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Read the masks of a csv's rows."""
    if runs is None:
        raise DatasetError("the csv has no row for this image", path=table, remedy="give the csv of these images")
    for line, text in runs:
        try:
            yield f"line {line}", decode_pairs(text, (shape[0], shape[1]))
        except DatasetError as error:
            raise DatasetError(f"line {line}: {error.cause}", path=table, remedy=error.remedy) from error


def _read_image(path: Path) -> NDArray[np.generic]:
    """Read an image: grey where red, green and blue are the same everywhere, RGB otherwise; alpha is left out."""
    pixels = read_image(path).pixels
    is_grey = pixels.ndim == 3 and has_equal_channels(pixels)
    return np.ascontiguousarray(pixels[..., 0]) if is_grey else pixels


def _read_mask(path: Path, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Read a mask: every pixel above 0 belongs to the nucleus."""
    pixels = read_image(path).pixels
    plane = pixels if pixels.ndim == 2 else pixels[..., 0]
    if plane.shape != shape:
        raise DatasetError(
            f"mask {plane.shape} for an image {shape}", path=path, remedy="take it from stage1_train.zip"
        )
    return np.asarray(plane != 0)
