"""Draws plots as SVG: curves, intervals, bars, histograms, confusion matrices, and points against their equality."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise

import numpy as np

from hooke.report.html.markup import element, number, share
from hooke.report.html.svg import Frame, Scale, coordinate, drawing, mark, short, text
from hooke.report.palette import series_name

_MAX_POINTS = 5000  # more show nothing new, and make a page heavy
_MAX_DOTS = 60  # of a curve: more would hide its line
_ROW = 34
_CELL, _CELLS_LEFT, _CELLS_TOP = 84, 190, 70  # of a confusion matrix
_REVERSED = 0.55  # share of the colour from which the text on it is light


@dataclass(frozen=True)
class Curve:
    """A curve to plot.

    Parameters
    ----------
    name : str
        For the legend.
    x, y : sequence of float
        Its points.
    band : sequence of (float, float), optional
        An interval around each point.
    notes : sequence of str, optional
        What the pointer shows at each point.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    band: Sequence[tuple[float, float]] | None = None
    notes: Sequence[str] = ()


def curve_chart(
    curves: Sequence[Curve],
    *,
    alt: str,
    x_label: str,
    y_label: str,
    x_range: tuple[float, float] = (0, 1),
    y_range: tuple[float, float] | None = (0, 1),
    whole: bool = False,
    identity: bool = False,
    level: float | None = None,
    columns: Sequence[tuple[float, float, float]] = (),
) -> str:
    """Plot curves.

    Parameters
    ----------
    curves : sequence of Curve
    alt, x_label, y_label : str
        As `Frame.draw` takes them.
    x_range : (float, float)
        Ends of the horizontal axis.
    y_range : (float, float) or None
        Ends of the vertical axis; None: as the curves need.
    whole : bool
        Whether only whole numbers are marked on the horizontal axis.
    identity : bool
        Draw the line on which both values are equal.
    level : float, optional
        A value of the vertical axis to mark with a dashed line.
    columns : sequence of (from, to, share)
        Faint columns at the bottom: how many there are where. A share of 1 fills a quarter of the plot.
    """
    named = [curve.name for curve in curves] if len(curves) > 1 else []
    frame = Frame.around(x_range, y_range or _range_of(curves, level), legend_lines=len(named))
    frame = replace(frame, x=replace(frame.x, whole=whole))
    body = frame.identity() if identity else ""
    if level is not None:
        at = frame.y(level)
        body += mark("line", class_="ideal", x1=frame.x.start, x2=frame.x.stop, y1=at, y2=at)
    for low, high, part in columns:
        y = frame.y(part / 4)
        x, width = frame.x(low), frame.x(high) - frame.x(low)
        body += mark("rect", class_="column", x=x + 1, y=y, width=width - 2, height=frame.y.start - y)
    # The first, which the page is about, comes to lie on top.
    drawn = [_draw_curve(frame, curve, series_name(index)) for index, curve in enumerate(curves)]
    return frame.draw(body + "".join(reversed(drawn)), alt=alt, x_label=x_label, y_label=y_label, legend=named)


def _range_of(curves: Sequence[Curve], level: float | None) -> tuple[float, float]:
    values = [value for curve in curves for value in curve.y if math.isfinite(value)]
    values += [] if level is None else [level]
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = 0.05 * (high - low) or 0.5
    return low - margin, high + margin


def _draw_curve(frame: Frame, curve: Curve, style: str) -> str:
    points = [(frame.x(x), frame.y(y)) for x, y in zip(curve.x, curve.y, strict=True)]
    band = ""
    if curve.band:
        upper = [(frame.x(x), frame.y(high)) for x, (_, high) in zip(curve.x, curve.band, strict=True)]
        lower = [(frame.x(x), frame.y(low)) for x, (low, _) in zip(curve.x, curve.band, strict=True)]
        band = mark("polygon", class_=f"{style} band", points=_points([*upper, *reversed(lower)]))
    line = mark("polyline", class_=f"{style} line", points=_points(points))
    if len(points) > _MAX_DOTS and not curve.notes:
        return band + line
    notes = curve.notes or [f"{x:g}: {number(y)}" for x, y in zip(curve.x, curve.y, strict=True)]
    dots = "".join(_dot(x, y, style, note) for (x, y), note in zip(points, notes, strict=True))
    return band + line + dots


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{coordinate(x)},{coordinate(y)}" for x, y in points)


def _dot(x: float, y: float, style: str, note: str) -> str:
    place = {"class_": f"{style} dot", "cx": coordinate(x), "cy": coordinate(y), "r": "3.2"}
    return element("circle", element("title", escape(note)), **place)


@dataclass(frozen=True)
class Estimate:
    """A value with its interval, where there is one, and what it is of."""

    name: str
    value: float
    interval: tuple[float, float] | None = None


def interval_chart(estimates: Sequence[Estimate], *, alt: str, x_label: str, around_zero: bool = False) -> str:
    """Plot values with their intervals, one below the other.

    Parameters
    ----------
    estimates : sequence of Estimate
    alt, x_label : str
        As `Frame.draw` takes them.
    around_zero : bool
        False: values are 0..1. True: they are differences, and a line marks zero.
    """
    width, start = 460.0, 150.0
    bottom = 10.0 + _ROW * len(estimates)
    reach = 1.0
    if around_zero:
        ends = [end for estimate in estimates for end in (estimate.value, *(estimate.interval or ()))]
        reach = max([0.01, *(abs(end) for end in ends if math.isfinite(end))]) * 1.1
    scale = Scale(-reach if around_zero else 0, reach, start, width - 58)
    axis = Frame(scale, Scale(0, 0, bottom, 8), width, bottom + 44)
    body = ""
    if around_zero:
        body += mark("line", class_="ideal", x1=scale(0), x2=scale(0), y1=bottom, y2=8.0)
    for index, estimate in enumerate(estimates):
        body += _estimate(estimate, scale, 10 + _ROW * (index + 0.5), signed=around_zero)
    # The vertical axis has names instead of values.
    parts = (
        axis.upright_grid()
        + body
        + text(x_label, (start + width - 58) / 2, bottom + 36, text_anchor="middle", class_="label")
    )
    return drawing(parts, width, axis.height, alt)


def _estimate(estimate: Estimate, scale: Scale, y: float, *, signed: bool) -> str:
    parts = text(short(estimate.name, 22), scale.start - 10, y + 4, text_anchor="end")
    if not math.isfinite(estimate.value):
        return parts
    if estimate.interval is not None:
        low, high = scale(estimate.interval[0]), scale(estimate.interval[1])
        parts += mark("line", class_="s0 whisker", x1=low, x2=high, y1=y, y2=y)
    shown = f"{estimate.value:+.3f}".replace("-", "−") if signed else number(estimate.value)
    dot = _dot(scale(estimate.value), y, series_name(0), f"{estimate.name}: {shown}")
    return parts + dot + text(shown, scale.stop + 8, y + 4)


@dataclass(frozen=True)
class Bars:
    """One series of bars: a value for each category, and the text at its end."""

    name: str
    values: Sequence[float]
    labels: Sequence[str]


def bar_chart(categories: Sequence[str], series: Sequence[Bars], *, alt: str) -> str:
    """Plot lying bars, the series of each category together; values are 0 or more, the longest bar fills the width."""
    width, start, bar = 460.0, 90.0, 15
    top = 4 + 18 * len(series)
    step = bar * len(series) + 14
    longest = max((value for bars in series for value in bars.values if math.isfinite(value)), default=0) or 1
    scale = Scale(0, longest, start, width - 62)
    parts = ""
    for index, bars in enumerate(series):
        parts += mark("rect", class_=f"{series_name(index)} bar", x=start, y=float(6 + 18 * index), width=12, height=10)
        parts += text(bars.name, start + 20, 15 + 18 * index)
    for row, category in enumerate(categories):
        y = top + 10 + step * row
        parts += text(category, start - 8, y + bar * len(series) / 2 + 4, text_anchor="end")
        for index, bars in enumerate(series):
            value = bars.values[row] if math.isfinite(bars.values[row]) else 0.0
            end, at = scale(value), y + bar * index
            parts += mark(
                "rect", class_=f"{series_name(index)} bar", x=start, y=at + 1.0, width=end - start, height=bar - 2
            )
            parts += text(bars.labels[row], end + 6, at + 12)
    return drawing(parts, width, top + step * len(categories) + 8, alt)


def histogram_chart(
    groups: Mapping[str, Sequence[float]],
    edges: Sequence[float],
    *,
    alt: str,
    x_label: str,
    y_label: str = "objects",
    log: bool = False,
    names: Sequence[str] = (),
    usual: tuple[float, float] | None = None,
    marked: float | None = None,
) -> str:
    """Plot how many values lie where, the groups stacked.

    Parameters
    ----------
    groups : mapping of str to sequence of float
        Values of each series.
    edges : sequence of float
        Of the bars; what lies outside is counted in the outermost.
    alt, x_label, y_label : str
        As `Frame.draw` takes them.
    log : bool
        Whether the horizontal axis is logarithmic.
    names : sequence of str
        Where the values are the numbers of categories, counted from 0: what they are called.
    usual : (float, float), optional
        A range to shade.
    marked : float, optional
        A value to mark with a dashed line.
    """
    inside = {name: np.clip(np.asarray(values, np.float64), edges[0], edges[-1]) for name, values in groups.items()}
    counts = {name: np.histogram(values, edges)[0] for name, values in inside.items()}
    below = np.zeros(len(edges) - 1)
    highest = max(1, int(np.sum(list(counts.values()), axis=0).max(initial=0)))
    legend = list(groups) if len(groups) > 1 else []
    frame = Frame.around(
        (edges[0], edges[-1]), (0, highest), log=log, names=names, legend_lines=len(legend), size=(460, 260)
    )
    frame = replace(frame, y=replace(frame.y, log=False, whole=True))
    body = ""
    if usual is not None:
        low, high = frame.x(usual[0]), frame.x(usual[1])
        height = frame.y.start - frame.y.stop
        body += mark("rect", class_="column", x=low, y=float(frame.y.stop), width=high - low, height=height)
    for index, (name, part) in enumerate(counts.items()):
        for (low, high), count, start in zip(pairwise(edges), part.tolist(), below.tolist(), strict=True):
            where = names[round((low + high) / 2)] if names else f"{low:.3g} to {high:.3g}"
            note = f"{name}, {where}: {count}" if legend else f"{where}: {count}"
            body += _bar(frame, (low, high), (start, start + count), series_name(index), note) if count else ""
        below += part
    if marked is not None:
        at = frame.x(marked)
        body += mark("line", class_="ideal", x1=at, x2=at, y1=frame.y.start, y2=frame.y.stop)
    return frame.draw(body, alt=alt, x_label=x_label, y_label=y_label, legend=legend, bars=True)


def _bar(frame: Frame, x: tuple[float, float], y: tuple[float, float], style: str, note: str) -> str:
    (left, right), (bottom, top) = map(frame.x, x), map(frame.y, y)
    place = {"x": left + 0.5, "y": top, "width": right - left - 1, "height": bottom - top}
    rounded = {key: coordinate(value) for key, value in place.items()}
    return element("rect", element("title", escape(note)), class_=f"{style} bar", **rounded)


def confusion_chart(rows: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[int]], *, alt: str) -> str:
    """Plot a confusion matrix: counts, and under each its share of the true class, which shades the cell.

    Parameters
    ----------
    rows, columns : sequence of str
        True and predicted classes.
    counts : sequence of sequence of int
        A row for each true class.
    alt : str
        As `Frame.draw` takes it.
    """
    parts = text("predicted class", _CELLS_LEFT + _CELL * len(columns) / 2, 18, text_anchor="middle")
    parts += text("true class", 70, 18, text_anchor="middle")
    for column, name in enumerate(columns):
        parts += text(
            short(name, 26), _CELLS_LEFT + _CELL * (column + 0.5), 40 + 16 * (column % 2), text_anchor="middle"
        )
    for row, name in enumerate(rows):
        y = _CELLS_TOP + _CELL * row
        parts += text(short(name, 26), _CELLS_LEFT - 10, y + _CELL / 2 + 4, text_anchor="end")
        total = max(1, sum(counts[row]))
        for column, count in enumerate(counts[row]):
            parts += _cell(_CELLS_LEFT + _CELL * column, y, count, count / total)
    return drawing(parts, _CELLS_LEFT + _CELL * len(columns) + 70, _CELLS_TOP + _CELL * len(rows) + 10, alt)


def _cell(x: float, y: float, count: int, part: float) -> str:
    shade = {"class_": "s0 bar", "rx": 3, "fill_opacity": f"{0.04 + 0.9 * part:.3f}"}
    ink = " reversed" if part > _REVERSED else ""
    middle, at = x + _CELL / 2, y + _CELL / 2
    return (
        mark("rect", x=x, y=y, width=_CELL - 2, height=_CELL - 2, **shade)
        + text(str(count), middle, at - 2, text_anchor="middle", class_=f"large{ink}")
        + text(share(part), middle, at + 18, text_anchor="middle", class_=ink.strip() or None)
    )


def scatter_chart(
    x: Sequence[float], y: Sequence[float], *, alt: str, x_label: str, y_label: str, log: bool = False
) -> str:
    """Plot points on two equal axes with the line of agreement.

    Parameters
    ----------
    x, y : sequence of float
        0 or more; where the axes are logarithmic, over 0. Of very many, an even choice is shown.
    alt, x_label, y_label : str
        As `Frame.draw` takes them.
    log : bool
        Whether the axes are logarithmic.
    """
    highest = max([1.0, *x, *y])
    lowest = min([highest, *x, *y]) if log else 0.0
    if log:
        lowest, highest = lowest / 1.1, highest * 1.1
    frame = Frame.around((lowest, highest), (lowest, highest), log=log, whole=not log, size=(400, 380))
    step = math.ceil(len(x) / _MAX_POINTS) or 1
    # One path of dots, each a line of no length with round ends: a tenth of the bytes of as many circles.
    path = "".join(
        f"M{coordinate(frame.x(column))} {coordinate(frame.y(row))}h0"
        for column, row in zip(x[::step], y[::step], strict=True)
    )
    dots = mark("path", class_="s0 points few" if len(x) <= 300 else "s0 points", d=path) if path else ""
    return frame.draw(frame.identity() + dots, alt=alt, x_label=x_label, y_label=y_label)
