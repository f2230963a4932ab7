"""Plots: plain numbers in, SVG out. Curves with bands, intervals, bars, and points against the line of agreement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hooke.report.html.markup import element, number
from hooke.report.html.svg import SERIES, Frame, Scale, coordinate, mark, text

__all__ = ["Bars", "Curve", "Estimate", "bar_chart", "curve_chart", "interval_chart", "scatter_chart"]

_MAX_POINTS = 5000  # more tell no more, and make a page heavy
_ROW = 34


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
    identity: bool = False,
    columns: Sequence[tuple[float, float, float]] = (),
) -> str:
    """Plot curves of values 0..1.

    Parameters
    ----------
    curves : sequence of Curve
    alt, x_label, y_label : str
        As `Frame.draw` takes them.
    x_range : (float, float)
        Ends of the horizontal axis.
    identity : bool
        Draw the line on which both values are equal.
    columns : sequence of (from, to, share)
        Faint columns at the bottom: how many there are where. A share of 1 fills a quarter of the plot.
    """
    named = [curve.name for curve in curves] if len(curves) > 1 else []
    frame = Frame.around(x_range, (0, 1), legend_lines=len(named))
    body = frame.identity() if identity else ""
    for low, high, part in columns:
        y = frame.y(part / 4)
        x, width = frame.x(low), frame.x(high) - frame.x(low)
        body += mark("rect", class_="column", x=x + 1, y=y, width=width - 2, height=frame.y.start - y)
    # The first, which the page is about, comes to lie on top.
    drawn = [_draw_curve(frame, curve, index % SERIES) for index, curve in enumerate(curves)]
    return frame.draw(body + "".join(reversed(drawn)), alt=alt, x_label=x_label, y_label=y_label, legend=named)


def _draw_curve(frame: Frame, curve: Curve, series: int) -> str:
    points = [(frame.x(x), frame.y(y)) for x, y in zip(curve.x, curve.y, strict=True)]
    band = ""
    if curve.band:
        upper = [(frame.x(x), frame.y(high)) for x, (_, high) in zip(curve.x, curve.band, strict=True)]
        lower = [(frame.x(x), frame.y(low)) for x, (low, _) in zip(curve.x, curve.band, strict=True)]
        band = mark("polygon", class_=f"s{series} band", points=_points([*upper, *reversed(lower)]))
    line = mark("polyline", class_=f"s{series} line", points=_points(points))
    notes = curve.notes or [f"{x:g}: {number(y)}" for x, y in zip(curve.x, curve.y, strict=True)]
    dots = "".join(_dot(x, y, series, note) for (x, y), note in zip(points, notes, strict=True))
    return band + line + dots


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{coordinate(x)},{coordinate(y)}" for x, y in points)


def _dot(x: float, y: float, series: int, note: str) -> str:
    place = {"class_": f"s{series} dot", "cx": coordinate(x), "cy": coordinate(y), "r": "3.2"}
    return element("circle", element("title", note.replace("&", "&amp;").replace("<", "&lt;")), **place)


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
        ends = [abs(end) for one in estimates for end in (one.value, *(one.interval or ())) if math.isfinite(end)]
        reach = max([0.01, *ends]) * 1.1
    scale = Scale(-reach if around_zero else 0, reach, start, width - 58)
    axis = Frame(scale, Scale(0, 0, bottom, 8), width, bottom + 44)
    body = ""
    if around_zero:
        body += mark("line", class_="ideal", x1=scale(0), x2=scale(0), y1=bottom, y2=8.0)
    for index, one in enumerate(estimates):
        body += _estimate(one, scale, 10 + _ROW * (index + 0.5), signed=around_zero)
    # The vertical axis has names instead of values.
    parts = (
        _value_axis(axis)
        + body
        + text(x_label, (start + width - 58) / 2, bottom + 36, text_anchor="middle", class_="label")
    )
    view = f"0 0 {width:g} {axis.height:g}"
    return element("svg", parts, class_="plot", viewBox=view, role="img", aria_label=alt)


def _value_axis(axis: Frame) -> str:
    parts = ""
    for value in axis.x.ticks():
        at = axis.x(value)
        parts += mark("line", class_="grid", x1=at, x2=at, y1=axis.y.start, y2=axis.y.stop)
        parts += text(f"{value:.10g}".replace("-", "−"), at, axis.y.start + 16, text_anchor="middle")
    return parts


def _estimate(one: Estimate, scale: Scale, y: float, *, signed: bool) -> str:
    name = one.name if len(one.name) <= 22 else f"{one.name[:21]}…"
    parts = text(name, scale.start - 10, y + 4, text_anchor="end")
    if not math.isfinite(one.value):
        return parts
    if one.interval is not None:
        low, high = scale(one.interval[0]), scale(one.interval[1])
        parts += mark("line", class_="s0 whisker", x1=low, x2=high, y1=y, y2=y)
    shown = f"{one.value:+.3f}".replace("-", "−") if signed else number(one.value)
    return parts + _dot(scale(one.value), y, 0, f"{one.name}: {shown}") + text(shown, scale.stop + 8, y + 4)


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
    longest = max((value for one in series for value in one.values if math.isfinite(value)), default=0) or 1
    scale = Scale(0, longest, start, width - 62)
    parts = ""
    for index, one in enumerate(series):
        parts += mark("rect", class_=f"s{index} bar", x=start, y=float(6 + 18 * index), width=12, height=10)
        parts += text(one.name, start + 20, 15 + 18 * index)
    for row, category in enumerate(categories):
        y = top + 10 + step * row
        parts += text(category, start - 8, y + bar * len(series) / 2 + 4, text_anchor="end")
        for index, one in enumerate(series):
            value = one.values[row] if math.isfinite(one.values[row]) else 0.0
            end, at = scale(value), y + bar * index
            parts += mark("rect", class_=f"s{index} bar", x=start, y=at + 1.0, width=end - start, height=bar - 2)
            parts += text(one.labels[row], end + 6, at + 12)
    view = f"0 0 {width:g} {top + step * len(categories) + 8:g}"
    return element("svg", parts, class_="plot", viewBox=view, role="img", aria_label=alt)


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
        f"M{coordinate(frame.x(one))} {coordinate(frame.y(other))}h0"
        for one, other in zip(x[::step], y[::step], strict=True)
    )
    dots = mark("path", class_="s0 points few" if len(x) <= 300 else "s0 points", d=path) if path else ""
    return frame.draw(frame.identity() + dots, alt=alt, x_label=x_label, y_label=y_label)
