"""Writes the page of a sequence: counts over time, lengths of tracks, speeds, and a lineage tree that can be read."""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from hooke.report.html.charts import Curve, curve_chart, histogram_chart
from hooke.report.html.markup import counted, element, figure, number, paragraph, table
from hooke.report.html.page import Section, render_page, write_page
from hooke.report.html.svg import Scale, drawing, mark, text
from hooke.report.palette import series_name
from hooke.tracking.tracks import Tracks

_BARS = 24
_DRAWN = 120  # tracks in the tree
_LISTED = 300  # tracks in the table
_ROW = 16.0  # height of a track in the tree
_LEFT, _RIGHT, _TOP, _WIDTH = 14.0, 44.0, 10.0, 760.0
_JOINT = "stroke: var(--soft); stroke-width: 1.2"
_LINE = "stroke-dasharray: none; stroke-width: 4"
_HIGHEST = 0.99  # quantile of speeds that the histogram ends at


def write_tracks_page(tracks: Tracks, path: Path, name: str = "Tracks") -> None:
    """Write ``tracks.html``.

    Raises
    ------
    OutputError
        When it can't be written.
    """
    write_page(path, render_tracks(tracks, name))


def render_tracks(tracks: Tracks, name: str = "Tracks") -> str:
    """Give the page of one sequence as HTML.

    Parameters
    ----------
    tracks : Tracks
    name : str
        Of the sequence; plain text.
    """
    sections = [
        Section(
            "overview",
            "Over time",
            element("div", _counts(tracks) + _lengths(tracks) + _speeds(tracks), class_="plots"),
        ),
        Section("lineage", "Lineage", _tree(tracks)),
        Section("tracks", "Tracks", _table(tracks)),
    ]
    return render_page(name, _lead(tracks), sections)


def _lead(tracks: Tracks) -> str:
    divisions = tracks.divisions["parent"].nunique()
    parameters = tracks.parameters
    facts = (
        f"{counted(tracks.count, 'track')} of {counted(len(tracks.table), 'object')} in "
        f"{counted(len(tracks), 'frame')}, {counted(divisions, 'division')}. "
        f"Objects are {parameters.diameter:.0f} pixels wide (median) and move "
        f"{parameters.displacement:.1f} pixels from frame to frame; links reach up to {parameters.max_distance:.0f}."
    )
    repaired = tracks.table["repaired"]
    kinds = repaired[repaired != ""].value_counts()
    said = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    lead = paragraph(facts, class_="facts") + (paragraph(f"Corrected objects: {said}.", class_="facts") if said else "")
    return lead + "".join(paragraph(note, class_="warning") for note in tracks.notes)


def _counts(tracks: Tracks) -> str:
    counts = tracks.table["frame"].value_counts().reindex(range(len(tracks)), fill_value=0).tolist()
    frames = list(range(len(tracks)))
    chart = curve_chart(
        [Curve("objects", frames, counts)],
        alt=f"Objects over time: {counts[0]} in the first frame, {counts[-1]} in the last.",
        x_label="frame",
        y_label="objects",
        x_range=(0, max(len(tracks) - 1, 1)),
        y_range=(0, max(*counts, 1) * 1.08),
        whole=True,
    )
    rows = [(str(frame), str(count)) for frame, count in zip(frames, counts, strict=True)]
    return figure(chart, "Objects in each frame.", table("Objects in each frame", ("frame", "objects"), rows))


def _lengths(tracks: Tracks) -> str:
    lengths = tracks.lineage["frames"].to_numpy(np.float64)
    if not len(lengths):
        return ""
    edges = np.linspace(0.5, len(tracks) + 0.5, min(_BARS, len(tracks)) + 1).tolist()
    median = float(np.median(lengths))
    chart = histogram_chart(
        {"tracks": lengths.tolist()},
        edges,
        alt=f"Lengths of tracks; half are seen in {median:g} frames or more.",
        x_label="frames in which a track is seen",
        y_label="tracks",
        marked=median,
    )
    return figure(chart, f"Lengths of {len(lengths)} tracks; the dashed line is their median, {median:g} frames.")


def _speeds(tracks: Tracks) -> str:
    has_units = "speed_um_s" in tracks.table
    speeds = tracks.table["speed_um_s" if has_units else "speed"].dropna().to_numpy(np.float64)
    unit = "µm per second" if has_units else "pixels per frame"
    if not len(speeds):
        return ""
    highest = float(np.quantile(speeds, _HIGHEST)) or 1.0
    median = float(np.median(speeds))
    chart = histogram_chart(
        {"steps": speeds.tolist()},
        np.linspace(0, highest, _BARS + 1).tolist(),
        alt=f"Speeds; the median is {median:.3g} {unit}.",
        x_label=f"speed ({unit})",
        y_label="steps",
        marked=median,
    )
    return figure(chart, f"Speed of each step, drift included; the dashed line is the median, {median:.3g} {unit}.")


def _tree(tracks: Tracks) -> str:
    """Draw families from left to right: a line per track, daughters above and below their mother."""
    lineage = tracks.lineage
    if lineage.empty:
        return paragraph("No object was found.")
    mothers = dict(zip(lineage["track"].tolist(), lineage["parent"].tolist(), strict=True))
    daughters: dict[int, list[int]] = {}
    for track, mother in mothers.items():
        daughters.setdefault(mother, []).append(track)
    order = _ordered(daughters, lineage)
    rows = {track: row for row, track in enumerate(order)}
    names = ["track", "begins", "ends", "frames", "generation"]
    spans = {track: tuple(rest) for track, *rest in lineage[names].to_numpy(np.int64).tolist()}
    height = _TOP + _ROW * len(order) + 34
    scale = Scale(0, max(len(tracks) - 1, 1), _LEFT, _WIDTH - _RIGHT, whole=True)
    bottom = _TOP + _ROW * len(order) + 6
    parts = ""
    for tick in scale.ticks():
        parts += mark("line", class_="grid", x1=scale(tick), x2=scale(tick), y1=_TOP, y2=bottom)
        parts += text(scale.label(tick), scale(tick), bottom + 14, text_anchor="middle")
    parts += text("frame", (_LEFT + _WIDTH - _RIGHT) / 2, height - 2, text_anchor="middle", class_="label")
    for track in order:
        begin, end, seen, generation = spans[track]
        y = _TOP + _ROW * (rows[track] + 0.5)
        mother = mothers[track]
        if mother in rows:
            at, above = scale(spans[mother][1]), _TOP + _ROW * (rows[mother] + 0.5)
            points = f"{at:.1f},{above:.1f} {at:.1f},{y:.1f} {scale(begin):.1f},{y:.1f}"
            parts += mark("polyline", class_="whisker", points=points, style=_JOINT)
        note = f"track {track}: frames {begin} to {end}, seen in {seen}" + (f", mother {mother}" if mother else "")
        place = {"x1": scale(begin), "x2": max(scale(end), scale(begin) + 2), "y1": y, "y2": y}
        line = mark("line", class_=f"{series_name(generation)} line", style=_LINE, **place)
        parts += element("g", element("title", escape(note)) + line)
        parts += text(str(track), scale(end) + 6, y + 4)
    all_shown = len(order) == len(lineage)
    left_out = (
        f" The first {len(order)} of {len(lineage)} tracks, families that divide before others; all are in lineage.csv."
    )
    caption = "Each line is a track, in the colour of its generation; its number stands at its end."
    caption += "" if all_shown else left_out
    plot = drawing(parts, _WIDTH, height, f"Lineage of {len(order)} tracks.").replace(
        'class="plot"', 'class="plot" style="max-width: none"', 1
    )
    return figure(plot, caption)


def _ordered(daughters: dict[int, list[int]], lineage: pd.DataFrame) -> list[int]:
    """Tracks from top to bottom: large families first, each mother between her daughters."""
    sizes: dict[int, int] = {}
    for track in sorted(lineage["track"].tolist(), reverse=True):  # daughters have higher numbers than their mother
        sizes[track] = 1 + sum(sizes[daughter] for daughter in daughters.get(track, ()))
    order: list[int] = []
    roots = sorted(daughters.get(0, ()), key=lambda track: (-sizes[track], track))
    for root in roots:
        if order and len(order) + sizes[root] > _DRAWN:
            break
        stack: list[tuple[int, bool]] = [(root, False)]
        while stack:
            track, is_open = stack.pop()
            below = daughters.get(track, [])
            if is_open or not below:
                order.append(track)
            else:
                half = (len(below) + 1) // 2
                stack += [(other, False) for other in reversed(below[half:])]
                stack.append((track, True))
                stack += [(other, False) for other in reversed(below[:half])]
    return order


def _table(tracks: Tracks) -> str:
    lineage = tracks.lineage.head(_LISTED)
    size, unit = ("area", "px") if "area" in tracks.table else ("volume", "voxels")
    means = tracks.table.groupby("track")[[size, "displacement"]].mean().to_numpy(np.float64)
    rows = [
        (
            *(str(value) for value in row[:4]),
            str(row[4]) if row[4] else "–",
            str(row[5]),
            number(float(means[row[0] - 1, 0]), 0),
            number(float(means[row[0] - 1, 1]), 2),
        )
        for row in lineage[["track", "begins", "ends", "frames", "parent", "generation"]].to_numpy(np.int64).tolist()
    ]
    known = ("track", "begins", "ends", "frames", "mother", "generation")
    header = (*known, f"mean {size} ({unit})", "mean displacement (px)")
    more = f" (the first {_LISTED} of {tracks.count})" if tracks.count > _LISTED else ""
    return table(f"Frames, mother and means of each track{more}", header, rows)
