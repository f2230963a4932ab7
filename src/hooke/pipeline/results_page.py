"""Makes ``results.html``, the page of an output folder, from what its runs left there."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hooke import __version__
from hooke.errors import ConfigError, HookeError
from hooke.io import read_image
from hooke.io.lock import only_run
from hooke.pipeline.ledger import Ledger
from hooke.pipeline.object_rows import measurement_columns, read_objects
from hooke.pipeline.plate_tables import PlateResults, request_plate, write_plate
from hooke.pipeline.result_files import plane_name
from hooke.pipeline.tables import changed_since, write_tables
from hooke.pipeline.work import Settings
from hooke.report.html.results_report import RunResults, write_results
from hooke.report.html.thumbnails import encode_thumbnail

PAGE = "results.html"


def write_results_page(
    ledger: Ledger,
    rows: Sequence[Mapping[str, Any]],
    *,
    notes: Sequence[str] = (),
    plate: PlateResults | None = None,
) -> Path:
    """Write the page of an output folder.

    Parameters
    ----------
    ledger : Ledger
        Of the folder; its tables are written.
    rows : sequence of mapping
        Those of ``summary.csv``.
    notes : sequence of str
        What concerns the whole run.
    plate : PlateResults, optional
        Images are compared with those of their condition, not of their modality, where conditions are known.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        When it can't be written.
    """
    objects = read_objects(ledger, rows)
    files = _pictures(ledger, rows)
    images = _image_frame(rows, objects, files)
    modalities = [str(row.get("modality") or "") for row in rows]
    images["group"] = plate.groups if plate is not None and any(plate.groups) else modalities
    results = RunResults(
        title=f"Results: {ledger.out.resolve().name}",
        facts=_facts(ledger, rows),
        images=images,
        objects=objects,
        area_unit="µm²" if objects.attrs["physical"] else "pixels",
        picture=lambda row: _read_picture(ledger.out, files[row]),
        notes=notes,
        sections=() if plate is None else plate.sections,
    )
    path = ledger.out / PAGE
    write_results(results, path)
    return path


@dataclass(frozen=True)
class ResultsPage:
    """A page that was written, and what the user should know.

    Parameters
    ----------
    path : Path
    notes : tuple of str
    """

    path: Path
    notes: tuple[str, ...] = ()


def report_results(folder: str | Path, *, layout: str | Path | None = None, wells: str | None = None) -> ResultsPage:
    """Write the tables and the page of an output folder again, without segmenting anything.

    Parameters
    ----------
    folder : str or Path
        What ``hooke segment`` or `Segmentation.save` wrote.
    layout, wells : str or Path, str, optional
        What is known of a plate, as `segment_folder` takes it: tables of wells and conditions are then written, too.

    Returns
    -------
    ResultsPage
        ``results.html`` in the folder, which images the tables leave out, and what does not fit of a plate.

    Raises
    ------
    ConfigError
        When the folder holds no results, or names and layout of a plate can't be used.
    OutputError
        When it can't be written to, or another run has it.
    """
    out = Path(folder)
    if not (out / ".hooke").is_dir():
        raise ConfigError(
            "holds no results of hooke segment", path=out, remedy="give the folder that hooke segment -o names"
        )
    request = request_plate(layout, wells)
    with only_run(out):
        table = out / "measurements.csv"
        foreign = table.is_file() and "AreaShape_Area" in measurement_columns(table)
        ledger = Ledger(out, Settings("", "", __version__))
        rows = write_tables(ledger, "cellprofiler" if foreign else "hooke")
        plate = None if request is None else write_plate(ledger, rows, request)
        notes = (*changed_since(rows), *(() if plate is None else plate.notes))
        return ResultsPage(write_results_page(ledger, rows, notes=notes, plate=plate), notes)


def _pictures(ledger: Ledger, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The small and the full picture of each row, by their paths in the folder; empty where there is none."""
    by_image: dict[str, list[tuple[str, str]]] = {}
    for entry in ledger.entries.values():
        full = [name for name in entry.files if name.startswith("overlays/")]
        small = [name for name in entry.files if name.endswith(".jpg")]
        by_image[entry.name] = list(zip(small if len(small) == len(full) else [""] * len(full), full, strict=True))
    taken: dict[str, int] = {}
    found = []
    for row in rows:
        image = str(row["image"])
        place = taken.get(image, 0)
        taken[image] = place + 1
        own = by_image.get(image, [])
        found.append(own[place] if place < len(own) else ("", ""))
    return found


def _read_picture(out: Path, files: tuple[str, str]) -> bytes | None:
    """The small picture, made from the full one where an older run or other hands left none."""
    small, full = files
    try:
        if small and (out / small).is_file():
            return (out / small).read_bytes()
        return encode_thumbnail(np.asarray(read_image(out / full).pixels, np.uint8)) if full else None
    except (OSError, HookeError):
        return None


def _image_frame(
    rows: Sequence[Mapping[str, Any]], objects: pd.DataFrame, files: Sequence[tuple[str, str]]
) -> pd.DataFrame:
    """What the page says of each image."""
    medians = objects.groupby("row")[["area", "intensity", "score"]].median().reindex(range(len(rows)))
    doubtful = np.bincount(objects["row"][objects["doubtful"]], minlength=len(rows))
    return pd.DataFrame(
        {
            "name": [plane_name(str(row["image"]), _plane(row)) for row in rows],
            "count": [int(row.get("count") or 0) for row in rows],
            "area": medians["area"].to_numpy(np.float64),
            "intensity": medians["intensity"].to_numpy(np.float64),
            "score": medians["score"].to_numpy(np.float64),
            "doubtful": doubtful,
            "warning": [str(row.get("warning") or "") for row in rows],
            "error": [str(row.get("error") or "") for row in rows],
            "link": [full for _, full in files],
        }
    )


def _plane(row: Mapping[str, Any]) -> dict[str, int]:
    return {key: value for key, value in row.items() if len(key) == 1 and value != ""}


def _facts(ledger: Ledger, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """How the results were made."""
    models, versions, options = (_distinct(rows, key) for key in ("model", "version", "options"))
    seconds = sum(float(row.get("seconds") or 0) for row in rows)
    return [
        f"Model: {', '.join(models) or 'none'}. hooke {', '.join(versions)}. "
        f"Options: {'; '.join(options) or 'defaults'}.",
        f"Segmented in {seconds:.0f} seconds of work, page written {time.strftime('%Y-%m-%d %H:%M')}.",
        f"Results are in {ledger.out.resolve()}: measurements.csv has a row for each object, summary.csv one for each "
        "image, run.json what it takes to repeat the run. A picture on this page opens its full size there.",
    ]


def _distinct(rows: Sequence[Mapping[str, Any]], key: str) -> list[str]:
    return list(dict.fromkeys(str(row[key]) for row in rows if row.get(key)))
