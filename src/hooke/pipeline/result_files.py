"""Names the files that are written for each image, and defines the columns and rows of a run's summary."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hooke.addresses import path_text
from hooke.pipeline.image_facts import FACTS

#: Columns of ``summary.csv``; position in a stack comes after the file, and what else a row holds at the end.
SUMMARY_COLUMNS = (
    "image",
    "file",
    "count",
    "dropped",
    "median_area",
    "diameter",
    "scale",
    "modality",
    "channel",
    "channel_reason",
    "low",
    "high",
    "min_size",
    *FACTS,
    "seconds",
    "model",
    "warning",
    "error",
    "options",
    "version",
)


#: The table of objects in 3-D.
DEPTH_TABLE = "measurements_3d.csv"


@dataclass(frozen=True)
class ImageResult:
    """The result of one input file.

    Parameters
    ----------
    name : str
        What its results are named after.
    path : Path
    rows : list of dict
        Its rows of ``summary.csv``.
    error : str
        Empty when all went well.
    reused : bool
        True when the results of an earlier run were still good.
    """

    name: str
    path: Path
    rows: list[dict[str, Any]]
    error: str = ""
    reused: bool = False

    @property
    def count(self) -> int:
        """Objects found."""
        return sum(int(row["count"] or 0) for row in self.rows)


def failure(name: str, path: Path, error: str) -> ImageResult:
    """Give the result of a file that could not be segmented."""
    return ImageResult(name, path, [failure_row(name, path_text(path), error)], error)


def failure_row(name: str, file: str, error: str) -> dict[str, Any]:
    """Row of ``summary.csv`` of a file that could not be segmented."""
    return dict.fromkeys(SUMMARY_COLUMNS, "") | {"image": name, "file": file, "error": error}


def labels_path(out: Path, name: str) -> Path:
    """Where the label image of a file goes."""
    return out / "labels" / f"{name}.tif"


def depth_table_path(out: Path, name: str) -> Path:
    """Where the table of a file's objects in 3-D waits for those of all files."""
    return out / ".hooke" / f"{name}.depth"


def cytoplasm_path(out: Path, name: str) -> Path:
    """Where the rings around the objects of a file go."""
    return out / "cytoplasm" / f"{name}.tif"


def overlay_path(out: Path, name: str, plane: dict[str, int]) -> Path:
    """Where the overlay of a file goes, or that of one plane of it."""
    return out / "overlays" / f"{plane_name(name, plane)}.png"


def thumbnail_path(out: Path, name: str, plane: dict[str, int]) -> Path:
    """Where the small overlay that the page of the run shows goes, or that of one plane."""
    return out / ".hooke" / f"{plane_name(name, plane)}.jpg"


def picture_path(out: Path, name: str) -> Path:
    """Where the overlay of an image goes that was segmented in blocks: a pyramid."""
    return out / "overlays" / f"{name}.tif"


def plane_name(name: str, plane: dict[str, int]) -> str:
    """Name of one plane of a stack, such as ``A01_t0_z3``; that of the image where there is one plane."""
    return name + "".join(f"_{axis}{index}" for axis, index in plane.items())


def plane_prefixes(name: str) -> list[str]:
    """Names of stacks that have a plane whose overlay would get this name, folded: ``a`` and ``a_t0`` for a_t0_z3."""
    prefixes, rest = [], name.casefold()
    while match := re.fullmatch(r"(.+)_[a-z]\d+", rest):
        rest = match[1]
        prefixes.append(rest)
    return prefixes
