"""Makes ``results.html``, the page of an output folder, from what its runs left there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke import __version__
from hooke.errors import ConfigError, HookeError
from hooke.io import read_image
from hooke.io.lock import only_run
from hooke.io.spreadsheet import from_cell
from hooke.pipeline.ledger import Ledger
from hooke.pipeline.result_files import plane_name
from hooke.pipeline.tables import write_tables
from hooke.pipeline.work import Settings
from hooke.report.html.page import Section
from hooke.report.html.results_report import RunResults, write_results
from hooke.report.html.thumbnails import encode_thumbnail

PAGE = "results.html"


def write_results_page(
    ledger: Ledger,
    rows: Sequence[Mapping[str, Any]],
    *,
    notes: Sequence[str] = (),
    groups: Sequence[str] | None = None,
    sections: Sequence[Section] = (),
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
    groups : sequence of str, optional
        What each row's image is like, for comparison; its modality when not given.
    sections : sequence of Section
        Of a plate, for example.

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
    images["group"] = list(groups) if groups is not None else [str(row.get("modality") or "") for row in rows]
    results = RunResults(
        title=f"Results: {ledger.out.resolve().name}",
        facts=_facts(ledger, rows),
        images=images,
        objects=objects,
        area_unit="µm²" if objects.attrs["physical"] else "pixels",
        picture=lambda row: _read_picture(ledger.out, files[row]),
        notes=notes,
        sections=sections,
    )
    path = ledger.out / PAGE
    write_results(results, path)
    return path


def report_results(folder: str | Path) -> Path:
    """Write the tables and the page of an output folder again, without segmenting anything.

    Parameters
    ----------
    folder : str or Path
        What ``hooke segment`` or `Segmentation.save` wrote.

    Returns
    -------
    Path
        The page, ``results.html`` in the folder.

    Raises
    ------
    ConfigError
        When the folder holds no results.
    OutputError
        When it can't be written to, or another run has it.
    """
    out = Path(folder)
    if not (out / ".hooke").is_dir():
        raise ConfigError("holds no results of hooke", path=out, remedy="give the folder that hooke segment -o names")
    with only_run(out):
        table = out / "measurements.csv"
        foreign = table.is_file() and "AreaShape_Area" in _header(table)
        ledger = Ledger(out, Settings("", "", __version__))
        return write_results_page(ledger, write_tables(ledger, "cellprofiler" if foreign else "hooke"))


def read_objects(ledger: Ledger, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Read what a page shows of ``measurements.csv``.

    Parameters
    ----------
    ledger : Ledger
    rows : sequence of mapping
        Those of ``summary.csv``.

    Returns
    -------
    DataFrame
        A row per object: ``row`` (position in `rows`), ``area`` (square micrometres where the pixel size of all images
        is known: ``attrs["physical"]``, else pixels), ``intensity`` (mean in the channel that was segmented),
        ``score``, ``doubtful``.
    """
    planes = sorted({key for row in rows for key in row if len(key) == 1})
    wanted = {"image", *planes, "area", "area_um2", "score", "doubtful"}
    table = _read_measurements(ledger, lambda name: name in wanted or name.startswith("intensity_mean"))
    # A position without plane, such as a single image among stacks, is -1 on both sides.
    keys = pd.DataFrame([[row.get(key, "") for key in ("image", *planes)] for row in rows], columns=["image", *planes])
    for axis in planes:
        keys[axis] = pd.to_numeric(keys[axis], errors="coerce").fillna(-1).astype(np.int64)
        table[axis] = table.get(axis, pd.Series(-1, index=table.index)).fillna(-1).astype(np.int64)
    names = {name: from_cell(name) for name in table["image"].unique()}
    table["image"] = table["image"].map(names)
    keys["row"] = np.arange(len(keys))
    table = table.merge(keys.drop_duplicates(["image", *planes]), on=["image", *planes], how="inner")
    physical = "area_um2" in table and bool(table["area_um2"].notna().all()) and len(table) > 0
    objects = pd.DataFrame(
        {
            "row": table["row"].to_numpy(np.int64),
            "area": _column(table, "area_um2" if physical else "area"),
            "intensity": _intensities(table, rows),
            "score": _column(table, "score"),
            "doubtful": table["doubtful"].to_numpy() == True if "doubtful" in table else False,  # noqa: E712
        }
    )
    objects.attrs["physical"] = physical
    return objects


def _read_measurements(ledger: Ledger, wanted: Callable[[str], bool]) -> pd.DataFrame:
    """Read columns of the measurements of all images, by hooke's names."""
    path = ledger.out / "measurements.csv"
    parts = [path]
    if "area" not in _header(path):  # named as another program does
        parts = [ledger.measurements(entry) for entry in ledger.ordered() if entry.is_there(ledger.out)]
    tables = [
        pd.read_csv(part, usecols=wanted, dtype={"image": str}, keep_default_na=False, na_values=[""]) for part in parts
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["image"])


def _header(path: Path) -> list[str]:
    return list(pd.read_csv(path, nrows=0).columns)


def _column(table: pd.DataFrame, name: str) -> NDArray[np.float64]:
    return table[name].to_numpy(np.float64) if name in table else np.full(len(table), np.nan)


def _intensities(table: pd.DataFrame, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
    """Mean intensity of each object in the channel that was segmented, the mean over all where colours were."""
    names = [name for name in table.columns if name.startswith("intensity_mean")]
    values = table[names].to_numpy(np.float64)
    there = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        result = np.where(there, values, 0).sum(axis=1) / there.sum(axis=1)
    chosen = np.array([_channel(row.get("channel")) for row in rows], np.int64)[table["row"].to_numpy(np.int64)]
    # Images of one run may differ in the names of their channels: each channel's place is among its image's own.
    place = np.where(there, np.cumsum(there, axis=1) - 1, -1)
    found = there & (place == chosen[:, None])
    return np.asarray(np.where(found.any(axis=1), np.where(found, values, 0).sum(axis=1), result), np.float64)


def _channel(value: object) -> int:
    return int(str(value)) if str(value).isdecimal() else -1


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
