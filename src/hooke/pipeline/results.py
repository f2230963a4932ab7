"""What a run writes of each image: a segmentation in; names of files, rows of the tables, the tables themselves out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hooke.io import atomic_path, write_labels, write_png
from hooke.pipeline.classes import CLASS_COUNTS, write_counts
from hooke.pipeline.ledger import write_measurements

if TYPE_CHECKING:
    from hooke.pipeline.segmentation import Segmentation

__all__ = [
    "ImageResult",
    "failure",
    "labels_path",
    "object_table",
    "overlay_path",
    "save_one",
    "summary_row",
    "write_summary",
]

_SUMMARY_COLUMNS = (
    "image",
    "file",
    "count",
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
)


@dataclass(frozen=True)
class ImageResult:
    """One input file after its turn.

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


def save_one(segmentation: Segmentation, out: Path) -> Path:
    """Write one segmentation as `segment_folder` would."""
    image = segmentation.image
    write_labels(
        labels_path(out, image.name),
        [segmentation.labels],
        pixel_size_um=image.pixel_size_um,
        max_label=segmentation.count,
    )
    write_png(overlay_path(out, image.name, {}), segmentation.overlay())
    write_measurements([object_table(segmentation, image.name)], out / "measurements.csv")
    path = image.path or Path(image.name)
    write_summary([ImageResult(image.name, path, [summary_row(segmentation, image.name, path)])], out)
    return out


def failure(name: str, path: Path, error: str) -> ImageResult:
    """Give the result of a file that could not be segmented."""
    row = dict.fromkeys(_SUMMARY_COLUMNS, "") | {"image": name, "file": str(path), "error": error}
    return ImageResult(name, path, [row], error)


def labels_path(out: Path, name: str) -> Path:
    """Where the label image of a file goes."""
    return out / "labels" / f"{name}.tif"


def overlay_path(out: Path, name: str, plane: dict[str, int]) -> Path:
    """Where the overlay of a file goes, or that of one plane of it."""
    suffix = "".join(f"_{axis}{index}" for axis, index in plane.items())
    return out / "overlays" / f"{name}{suffix}.png"


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


def write_summary(results: list[ImageResult], out: Path) -> None:
    """Write ``summary.csv``, and ``counts.csv`` where classes are known."""
    rows = [row for result in results for row in result.rows]
    planes = sorted({key for row in rows for key in row if key not in (*_SUMMARY_COLUMNS, CLASS_COUNTS)})
    columns = [*_SUMMARY_COLUMNS[:2], *planes, *_SUMMARY_COLUMNS[2:]]
    with atomic_path(out / "summary.csv") as partial:
        pd.DataFrame(rows, columns=columns).to_csv(partial, index=False)
    told = ("image", *planes, CLASS_COUNTS)
    counted = [{key: row[key] for key in told if key in row} for row in rows if CLASS_COUNTS in row]
    if counted:
        write_counts(counted, out / "counts.csv")
