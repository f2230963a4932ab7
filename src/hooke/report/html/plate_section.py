"""Writes the parts of a run's page on its plates and conditions: heat maps, and each replicate of each condition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from hooke.plates import Well, plate_shape, replicate_values, summarise_conditions
from hooke.report.html.markup import element, figure, paragraph, table, whole
from hooke.report.html.page import Section
from hooke.report.html.plate_charts import (
    Replicates,
    WellValue,
    condition_chart,
    fits_colours,
    plate_chart,
    replicate_chart,
)
from hooke.report.html.svg import stand_alone

_PLATES = 8  # plates on the page
_CONDITIONS = 40  # conditions in a plot
_WELLS = 400  # wells in a table
_INTERVALS = (
    "A dot is a replicate: the mean of its wells. The line is the mean over replicates, the bar its 95\u00a0% interval "
    "(Student's t). Cells do not count as replicates: those of one well share its treatment."
)


@dataclass(frozen=True)
class Measure:
    """A column of a table of wells to show.

    Parameters
    ----------
    column : str
    title : str
    unit : str
        May be empty.
    """

    column: str
    title: str
    unit: str = ""

    @property
    def label(self) -> str:
        """Title with the unit."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


def plate_sections(wells: pd.DataFrame, measures: Sequence[Measure]) -> list[Section]:
    """Show plates and conditions.

    Parameters
    ----------
    wells : DataFrame
        From `hooke.plates.summarise_wells`.
    measures : sequence of Measure
        What to show; the first one of every plate, the others of the first plate.
    """
    return [
        Section("plate", "Plate" if wells["plate"].nunique() < 2 else "Plates", _plates(wells, measures)),
        Section("conditions", "Conditions", _conditions(wells, measures)),
    ]


def plate_picture(wells: pd.DataFrame, measure: Measure) -> str:
    """Draw the heat map of every plate, side by side, as an SVG file."""
    return stand_alone(*(_heat_map(part, str(plate), measure) for plate, part in wells.groupby("plate", sort=False)))


def _plates(wells: pd.DataFrame, measures: Sequence[Measure]) -> str:
    figures = ""
    for index, (plate, part) in enumerate(wells.groupby("plate", sort=False)):
        if index >= _PLATES:
            break
        numbers = _well_table(part, measures)
        for place, measure in enumerate(measures if index == 0 else measures[:1]):
            over = "fields" if place == 0 else "objects"
            caption = f"{_sentence(measure.label)} of each well, the mean over its {over}. {_empty(part)}"
            figures += figure(_heat_map(part, str(plate), measure), caption, "" if place else numbers)
        conditions = [name for name in dict.fromkeys(part["condition"]) if name]
        if fits_colours(conditions):
            treated = dict(zip(_wells(part), part["condition"].astype(str), strict=True))
            shape = plate_shape(treated)
            drawn = condition_chart(treated, shape, conditions, title="Conditions")
            figures += figure(drawn, "Which well had which condition.")
    more = wells["plate"].nunique() - _PLATES
    note = paragraph(f"{more} more plates are in wells.csv and plate.svg.", class_="note") if more > 0 else ""
    return element("div", figures, class_="plots") + note


def _wells(part: pd.DataFrame) -> list[Well]:
    places = zip(part["row"].tolist(), part["column"].tolist(), strict=True)
    return [Well(int(row) - 1, int(column) - 1) for row, column in places]


def _empty(part: pd.DataFrame) -> str:
    none, failed = int((part["fields"] == 0).sum()), int(part["failed"].sum())
    said = [
        f"{none} wells without an image that could be used" if none else "",
        f"{failed} fields failed" if failed else "",
    ]
    joined = " and ".join(filter(None, said))
    return f"{joined[:1].upper()}{joined[1:]}." if joined else ""


def _heat_map(part: pd.DataFrame, plate: str, measure: Measure) -> str:
    values: dict[Well, WellValue] = {}
    for well, row in zip(_wells(part), part.to_dict("records"), strict=True):
        value = float(row[measure.column]) if pd.notna(row[measure.column]) else math.nan
        condition = f", {row['condition']}" if row["condition"] else ""
        fields = f"{row['fields']} fields" + (f", {row['failed']} failed" if row["failed"] else "")
        note = f"{row['well']}{condition}: {_digits(value)} {measure.unit}".rstrip() + f" ({fields})"
        values[well] = WellValue(value, _digits(value), note)
    known = [well.value for well in values.values() if math.isfinite(well.value)]
    title = f"{plate}: {measure.title}" if plate else measure.title
    span = f"from {_digits(min(known))} to {_digits(max(known))}" if known else "none"
    alt = f"Heat map of {title}: {len(known)} wells, {span}."
    return plate_chart(values, plate_shape(values), alt=alt, title=title, unit=measure.unit)


def _well_table(part: pd.DataFrame, measures: Sequence[Measure]) -> str:
    header = ("well", "condition", "replicate", "fields", "failed", "objects", *(measure.label for measure in measures))
    rows = [
        (
            str(row["well"]),
            str(row["condition"]),
            str(row["replicate"]),
            whole(row["fields"]),
            whole(row["failed"]),
            _digits(float(row["count"])) if pd.notna(row["count"]) else "–",
            *(_digits(float(row[measure.column])) if pd.notna(row[measure.column]) else "–" for measure in measures),
        )
        for row in part.head(_WELLS).to_dict("records")
    ]
    return table("Wells; all of them are in wells.csv", header, rows)


def _conditions(wells: pd.DataFrame, measures: Sequence[Measure]) -> str:
    values = replicate_values(wells)
    if values.empty:
        return ""
    summary = summarise_conditions(wells).set_index(["measurement", "condition"])
    figures = ""
    for measure in measures:
        shown = [_replicates(values, summary, measure, name) for name in dict.fromkeys(values["condition"])]
        shown = [condition for condition in shown if condition.values]
        if not shown:
            continue
        said = "; ".join(f"{condition.name}: {_digits(condition.mean)}" for condition in shown)
        drawn = replicate_chart(
            shown[:_CONDITIONS],
            alt=f"{measure.label} by condition, mean over replicates. {said}",
            x_label=measure.label,
        )
        rows = [
            (
                condition.name,
                whole(len(condition.values)),
                _digits(condition.mean),
                "–"
                if condition.interval is None
                else f"{_digits(condition.interval[0])} to {_digits(condition.interval[1])}",
            )
            for condition in shown
        ]
        numbers = table(measure.label, ("condition", "replicates", "mean", "95\u00a0% interval"), rows)
        more = len(shown) - _CONDITIONS
        left_out = f" {more} more conditions are in conditions.csv." if more > 0 else ""
        figures += figure(drawn, f"{_sentence(measure.label)} by condition.{left_out}", numbers)
    return paragraph(_INTERVALS, class_="note") + element("div", figures, class_="plots")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _replicates(values: pd.DataFrame, summary: pd.DataFrame, measure: Measure, condition: str) -> Replicates:
    own = values[values["condition"] == condition][["replicate", measure.column]].dropna()
    mean, low, high = (float(summary[name][measure.column, condition]) for name in ("mean", "low", "high"))
    interval = (low, high) if math.isfinite(low) else None
    points = list(zip(own["replicate"].astype(str), own[measure.column].astype(float), strict=True))
    return Replicates(condition, points, mean, interval)


def _digits(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    return whole(value) if abs(value) >= 100 or value == round(value) else f"{value:.3g}".replace("-", "−")
