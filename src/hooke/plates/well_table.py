"""Counts and measures the objects of each well, and each condition by its replicates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hooke.plates.plate_images import PlateImages
from hooke.plates.plate_layout import Treatment
from hooke.plates.position import Position
from hooke.plates.well import Well

#: Columns of a table of wells that name the well; what stands after them is counted and measured.
WELL_COLUMNS = ("plate", "well", "row", "column", "condition", "replicate")
#: What begins the name of a mean over the objects of a well.
MEAN = "mean_"
# Student's t of 97.5 % by degrees of freedom, from 1.
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True)
class FieldRow:
    """What was found in one image or plane.

    Parameters
    ----------
    image : int
        Position of the image in `PlateImages`.
    count : int or None
        Objects; None where it could not be segmented.
    classes : mapping of str to int
        Objects of each class.
    part : str
        Which field of a file that holds several, such as a scene or a position; empty where it holds one.
    """

    image: int
    count: int | None
    classes: Mapping[str, int]
    part: str = ""


def summarise_wells(images: PlateImages, found: Sequence[FieldRow], objects: pd.DataFrame) -> pd.DataFrame:
    """Count and measure the objects of each well.

    Parameters
    ----------
    images : PlateImages
    found : sequence of FieldRow
        A row per image, or per plane of a stack.
    objects : DataFrame
        A row per object: ``row`` (position in `found`), and measurements.

    Returns
    -------
    DataFrame
        A row per well, by plate, row and column: ``plate``, ``well``, ``row``, ``column`` (from 1), ``condition``,
        ``replicate``, further columns of the layout; ``fields`` (segmented), ``failed`` (fields that could not be),
        ``count`` (objects in all fields), ``count_per_field``, ``count_<class>``; then ``mean_<measurement>`` over all
        objects of the well. The count of a field with several planes or times is the mean over them. Wells of the
        layout without images are there, with 0 fields.
    """
    rows: dict[tuple[str, Well], dict[str, Any]] = {}
    fields = _fields(images, found)
    of_well: dict[tuple[str, Well], list[list[FieldRow]]] = {key: [] for key in images.missing}
    for (plate, well, *_), field in fields.items():
        of_well.setdefault((plate, well), []).append(field)
    for key in sorted(of_well):
        rows[key] = _count_fields(of_well[key])
    members = _members(images)
    table = pd.DataFrame(
        [
            {**_head(plate, well, members.get((plate, well)) or _listed_treatment(images, plate, well)), **counts}
            for (plate, well), counts in rows.items()
        ]
    )
    for name in [name for name in table.columns if name == "count" or str(name).startswith("count_")]:
        numbers = pd.to_numeric(table[name])
        is_whole = name != "count_per_field" and bool((numbers.dropna() % 1 == 0).all())
        table[name] = numbers.astype("Int64" if is_whole else "float64")
    return _with_means(table, images, found, objects)


def _fields(images: PlateImages, found: Sequence[FieldRow]) -> dict[tuple[str, Well, str, str], list[FieldRow]]:
    """The rows of each field: its planes and times, in one file or several."""
    fields: dict[tuple[str, Well, str, str], list[FieldRow]] = {}
    for row in found:
        position = images.positions[row.image]
        if position is not None:
            fields.setdefault((position.plate, position.well, position.site, row.part), []).append(row)
    return fields


def _count_fields(fields: Sequence[Sequence[FieldRow]]) -> dict[str, Any]:
    """Sum up the fields of a well, each the mean over its planes."""
    done = [[row for row in field if row.count is not None] for field in fields]
    counts = [float(np.mean([row.count for row in rows if row.count is not None])) for rows in done if rows]
    names = list(dict.fromkeys(name for rows in done for row in rows for name in row.classes))
    classes = {
        f"count_{name}": _whole(
            sum(float(np.mean([row.classes.get(name, 0) for row in rows])) for rows in done if rows)
        )
        for name in names
    }
    return {
        "fields": len(counts),
        "failed": len(fields) - len(counts),
        "count": _whole(sum(counts)) if counts else None,
        "count_per_field": sum(counts) / len(counts) if counts else None,
        **classes,
    }


def _whole(value: float) -> float:
    """A sum of whole counts as a whole number."""
    return int(value) if float(value).is_integer() else value


def _members(images: PlateImages) -> dict[tuple[str, Well], Treatment]:
    found: dict[tuple[str, Well], Treatment] = {}
    for position, treatment in zip(images.positions, images.treatments, strict=True):
        if position is not None:
            found.setdefault((position.plate, position.well), treatment)
    return found


def _listed_treatment(images: PlateImages, plate: str, well: Well) -> Treatment:
    found = None if images.layout is None else images.layout.find(plate, well)
    return found or Treatment()


def _head(plate: str, well: Well, treatment: Treatment) -> dict[str, Any]:
    named = (plate, well.name, well.row + 1, well.column + 1, treatment.condition, treatment.replicate)
    return {**dict(zip(WELL_COLUMNS, named, strict=True)), **treatment.others}


def _with_means(
    table: pd.DataFrame, images: PlateImages, found: Sequence[FieldRow], objects: pd.DataFrame
) -> pd.DataFrame:
    """Add the mean of each measurement over the objects of a well."""
    of_row = [_key(images.positions[row.image]) for row in found]
    keys = pd.DataFrame([key or ("", "") for key in of_row], columns=["plate", "well"])
    measured = objects.drop(columns="row").astype(np.float64).add_prefix(MEAN)
    place = keys.iloc[objects["row"].to_numpy(np.int64)].reset_index(drop=True)
    means = measured.reset_index(drop=True).groupby([place["plate"], place["well"]]).mean()
    return table.join(means, on=["plate", "well"])


def _key(position: Position | None) -> tuple[str, str] | None:
    return None if position is None else (position.plate, position.well.name)


def replicate_values(wells: pd.DataFrame) -> pd.DataFrame:
    """Average the wells of each replicate.

    Parameters
    ----------
    wells : DataFrame
        From `summarise_wells`.

    Returns
    -------
    DataFrame
        A row per condition and replicate, in the order of the wells: ``condition``, ``replicate`` (the plate and well
        where the layout names no replicate: each well is its own then), ``wells``, ``count_per_field`` and the means.
        Wells without a condition or a segmented field are left out.
    """
    used = wells[(wells["condition"] != "") & (wells["fields"] > 0)]
    own = (used["plate"] + " " + used["well"]).str.strip()
    named = used.assign(replicate=used["replicate"].where(used["replicate"] != "", own))
    measured = ["count_per_field", *(name for name in wells.columns if str(name).startswith(MEAN))]
    groups = named.groupby(["condition", "replicate"], sort=False)
    return (
        groups[measured]
        .mean()
        .assign(wells=groups.size())
        .reset_index()[["condition", "replicate", "wells", *measured]]
    )


def summarise_conditions(wells: pd.DataFrame) -> pd.DataFrame:
    """Summarise each condition over its replicates.

    A replicate counts once, however many cells and wells it has: cells of one well share its treatment, so they are not
    independent repetitions of the experiment (Lord et al. 2020, "SuperPlots", doi:10.1083/jcb.202001064).

    Parameters
    ----------
    wells : DataFrame
        From `summarise_wells`.

    Returns
    -------
    DataFrame
        A row per condition and measurement: ``condition``, ``measurement``, ``replicates``, ``mean``, ``sd`` (sample
        standard deviation), ``low`` and ``high`` (95 % interval of the mean by Student's t). The last three are empty
        where there is one replicate.
    """
    values = replicate_values(wells)
    rows = []
    for condition, part in values.groupby("condition", sort=False):
        for name in values.columns[3:]:
            numbers = part[name].dropna().to_numpy(np.float64)
            mean = float(numbers.mean()) if len(numbers) else math.nan
            sd = float(numbers.std(ddof=1)) if len(numbers) > 1 else math.nan
            reach = student_t(len(numbers) - 1) * sd / math.sqrt(len(numbers)) if len(numbers) > 1 else math.nan
            rows.append((condition, name, len(numbers), mean, sd, mean - reach, mean + reach))
    return pd.DataFrame(rows, columns=["condition", "measurement", "replicates", "mean", "sd", "low", "high"])


def student_t(freedom: int) -> float:
    """Student's t that 2.5 % of the values exceed.

    Parameters
    ----------
    freedom : int
        Degrees of freedom, 1 or more.

    Notes
    -----
    To 30 from a table, then two terms of Abramowitz and Stegun (1964), 26.7.5; within 0.001.
    """
    if freedom <= len(_T):
        return _T[freedom - 1]
    z = 1.959964
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
