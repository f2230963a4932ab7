"""Writes the tables of a plate: ``wells.csv``, ``conditions.csv``, ``controls.csv`` and the heat map ``plate.svg``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from hooke import plates
from hooke.errors import HookeError
from hooke.io import atomic_path, open_image
from hooke.io.class_counts import CLASS_COUNTS
from hooke.io.content_hash import hash_file
from hooke.io.spreadsheet import write_table
from hooke.pipeline.ledger import Ledger
from hooke.pipeline.object_rows import read_all_objects
from hooke.report.html.page import Section
from hooke.report.html.plate_section import Measure, plate_picture, plate_sections

#: Recognises the names of known microscopes.
AUTO = "auto"
_IN_PLATE = re.compile(r"[A-Za-z]{1,2}/\d{1,2}/\d+")  # path of a field in a plate of OME-Zarr
_PLACES = ("p", "r")  # axes of stacks whose planes are fields of their own


@dataclass(frozen=True)
class PlateRequest:
    """How the images of a run are on a plate.

    Parameters
    ----------
    layout : plates.PlateLayout or None
    pattern : str or None
        Of file names; None: as microscopes write them.
    digest : str, optional
        SHA-256 of the file of the layout.
    """

    layout: plates.PlateLayout | None
    pattern: str | None
    digest: str | None = None

    @property
    def facts(self) -> dict[str, str | None]:
        """What repeats the request, for the record of a run."""
        path = None if self.layout is None or self.layout.path is None else str(self.layout.path.resolve())
        return {"layout": path, "sha256": self.digest, "wells": self.pattern or AUTO}

    def check(self, paths: Sequence[Path]) -> None:
        """Find what is wrong with names and layout before any image is segmented.

        Raises
        ------
        ConfigError
            See `hooke.plates.assign_images`.
        """
        inner = [place for path in paths for place in _places_in(path)]
        plates.assign_images(inner, self.layout, self.pattern)

    def without_previews(self, paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
        """Leave out the small copies that MetaXpress keeps beside its images, and say so."""
        kept = [path for path, full in zip(paths, plates.without_previews(paths, self.pattern), strict=True) if full]
        left_out = len(paths) - len(kept)
        return kept, [f"left out {left_out} small copies (thumb) of images"] if left_out else []


def request_plate(layout: str | Path | None, wells: str | None) -> PlateRequest | None:
    """Read what is known of a plate; None where the images are of none.

    Raises
    ------
    HookeError
        See `hooke.plates.read_layout`.
    """
    if layout is None and wells is None:
        return None
    pattern = None if wells in (None, AUTO) else wells
    if layout is None:
        return PlateRequest(None, pattern)
    return PlateRequest(plates.read_layout(layout), pattern, hash_file(Path(layout)))


@dataclass(frozen=True)
class PlateResults:
    """What the page of a run shows of its plates.

    Parameters
    ----------
    sections : list of Section
    groups : list of str
        Condition of each row of ``summary.csv``.
    notes : tuple of str
        What does not fit.
    """

    sections: list[Section]
    groups: list[str]
    notes: tuple[str, ...]


def write_plate(ledger: Ledger, rows: Sequence[Mapping[str, Any]], request: PlateRequest) -> PlateResults:
    """Write ``wells.csv``, ``plate.svg`` and, where they are known, ``conditions.csv`` and ``controls.csv``.

    Parameters
    ----------
    ledger : Ledger
        Of the folder; its tables are written.
    rows : sequence of mapping
        Those of ``summary.csv``.
    request : PlateRequest

    Raises
    ------
    ConfigError
        See `hooke.plates.assign_images`.
    OutputError
        When a file can't be written.
    """
    paths = [_place(Path(str(row["file"])), _scene(ledger, row)) for row in rows]
    unique = list(dict.fromkeys(paths))
    images = plates.assign_images(unique, request.layout, request.pattern)
    place = {path: index for index, path in enumerate(unique)}
    found = [
        plates.FieldRow(place[path], _count(row), row.get(CLASS_COUNTS) or {}, _part(ledger, row))
        for path, row in zip(paths, rows, strict=True)
    ]
    objects = read_all_objects(ledger, rows)
    wells = plates.summarise_wells(images, found, objects)
    write_table(plates.compare_with_controls(wells), ledger.out / "wells.csv", float_format="%.8g")
    controls = plates.control_quality(wells)
    if len(controls):
        write_table(controls, ledger.out / "controls.csv", float_format="%.8g")
    conditions = plates.summarise_conditions(wells)
    if len(conditions):
        write_table(conditions, ledger.out / "conditions.csv", float_format="%.8g")
    measures = _measures(wells, rows)
    with atomic_path(ledger.out / "plate.svg") as part:
        part.write_text(plate_picture(wells, measures[0]), encoding="utf-8")
    groups = [images.treatments[row.image].condition for row in found]
    alone = plates.plates_without_control(wells)
    unlike = [f"{len(alone)} plate(s) have no control well to compare with: {', '.join(alone)}"] if alone else []
    return PlateResults(plate_sections(wells, measures), groups, (*images.notes, *unlike))


def _scene(ledger: Ledger, row: Mapping[str, Any]) -> str:
    entry = ledger.entries.get(str(row["image"]))
    return "" if entry is None else entry.scene


def _place(path: Path, scene: str) -> Path:
    """Path of an image whose wells the store states, as OME-Zarr's plates do (``A/1/0``); else that of its file."""
    return path / scene if path.suffix.lower() == ".zarr" and _IN_PLATE.fullmatch(scene) else path


def _places_in(path: Path) -> list[Path]:
    """Paths of the images of a plate in OME-Zarr; of any other file, its own."""
    if path.suffix.lower() != ".zarr":
        return [path]
    try:
        scenes = open_image(path).scenes
    except HookeError:  # reported when it is its turn
        return [path]
    return list(dict.fromkeys(_place(path, scene) for scene in scenes)) or [path]


def _part(ledger: Ledger, row: Mapping[str, Any]) -> str:
    """Which field of its file an image or plane is of: its scene, and its position where one has several."""
    said = [_scene(ledger, row), *(str(row.get(axis, "")) for axis in _PLACES)]
    return " ".join(filter(None, said))


def _count(row: Mapping[str, Any]) -> int | None:
    """Objects of an image or plane; None where it has no results."""
    return None if row["count"] in ("", None) else int(row["count"])


def _measures(wells: pd.DataFrame, rows: Sequence[Mapping[str, Any]]) -> list[Measure]:
    """What the page shows: counts, sizes, and the intensity in the channel that was segmented."""
    measures = [Measure("count_per_field", "objects per field")]
    if "mean_area_um2" in wells and wells["mean_area_um2"].notna().any():
        measures.append(Measure("mean_area_um2", "area of an object", "µm²"))
    elif "mean_area" in wells:
        measures.append(Measure("mean_area", "area of an object", "pixels"))
    names = [str(name) for name in wells.columns if str(name).startswith("mean_intensity_mean")]
    chosen = [int(row["channel"]) for row in rows if str(row.get("channel", "")).isdecimal()]
    if names:
        usual = max(set(chosen), key=chosen.count) if chosen else 0
        channel = names[min(usual, len(names) - 1)]
        named = channel.removeprefix("mean_intensity_mean").strip("_")
        measures.append(Measure(channel, f"intensity of an object{f' in {named}' if named else ''}"))
    return measures
