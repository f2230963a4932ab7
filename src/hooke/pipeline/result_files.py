"""Names the files that are written for each image, and makes its rows of the tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hooke.io.class_counts import CLASS_COUNTS

if TYPE_CHECKING:
    from hooke.pipeline.segmentation import Segmentation

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
    "seconds",
    "model",
    "warning",
    "error",
    "options",
    "version",
)


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
    return ImageResult(name, path, [failure_row(name, str(path), error)], error)


def failure_row(name: str, file: str, error: str) -> dict[str, Any]:
    """Row of ``summary.csv`` of a file that could not be segmented."""
    return dict.fromkeys(SUMMARY_COLUMNS, "") | {"image": name, "file": file, "error": error}


def labels_path(out: Path, name: str) -> Path:
    """Where the label image of a file goes."""
    return out / "labels" / f"{name}.tif"


def overlay_path(out: Path, name: str, plane: dict[str, int]) -> Path:
    """Where the overlay of a file goes, or that of one plane of it."""
    return out / "overlays" / f"{plane_name(name, plane)}.png"


def plane_name(name: str, plane: dict[str, int]) -> str:
    """Name of one plane of a stack, such as ``A01_t0_z3``; that of the image where there is one plane."""
    return name + "".join(f"_{axis}{index}" for axis, index in plane.items())


def object_table(segmentation: Segmentation, name: str) -> pd.DataFrame:
    """Rows of ``measurements.csv`` of one image or plane."""
    table = segmentation.table.copy(deep=False)
    table.insert(0, "image", name)
    for position, (axis, index) in enumerate(segmentation.image.plane.items(), 1):
        table.insert(position, axis, index)
    return table


def summary_row(segmentation: Segmentation, name: str, path: Path) -> dict[str, Any]:
    """Row of ``summary.csv`` of one image or plane."""
    normalisation = segmentation.normalisation
    area = np.bincount(segmentation.labels.ravel())[1:]
    return {
        "image": name,
        "file": str(path),
        **segmentation.image.plane,
        "count": segmentation.count,
        "dropped": segmentation.dropped,
        "median_area": float(np.median(area)) if area.size else "",
        "diameter": "" if segmentation.diameter is None else round(segmentation.diameter, 2),
        "scale": round(segmentation.scale, 4),
        "modality": normalisation.modality,
        "channel": (normalisation.channel or 0) if normalisation.mode == "grey" else normalisation.mode,
        "channel_reason": normalisation.why,
        "low": normalisation.low,
        "high": normalisation.high,
        "min_size": round(segmentation.min_size, 2),
        "seconds": round(segmentation.seconds, 4),
        "model": segmentation.model.name,
        "warning": "; ".join(segmentation.warnings),
        "error": "",
        **({} if segmentation.classes is None else {CLASS_COUNTS: segmentation.classes.counts}),
    }
