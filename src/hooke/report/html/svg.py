"""Draws the axes, grid and legend that all plots share, as SVG.

Colours and line styles come from ``plot.css`` by class (``s0`` … ``s5`` for the series), so that light and dark pages
share one drawing. A drawing outside of a page needs `stand_alone`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from hooke.report.html.markup import attributes, element
from hooke.report.palette import series_name, with_colours

_LEGEND_LINE = 18
_SIZE = re.compile(r'<svg [^>]*viewBox="0 0 (\S+) (\S+)"')
# What a page's style sheet gives a plot on it.
_FILE_STYLE = "text { font: 12px system-ui, sans-serif; } .paper { fill: var(--card); }\n"


@dataclass(frozen=True)
class Scale:
    """Where values lie on the drawing.

    Parameters
    ----------
    low, high : float
        Values at the ends of the axis; over 0 where it is logarithmic.
    start, stop : float
        The ends on the drawing.
    log : bool
        Whether equal steps are equal ratios.
    whole : bool
        Whether only whole numbers are marked.
    names : sequence of str
        Where the values are the numbers of categories, counted from 0: what they are called.
    """

    low: float
    high: float
    start: float
    stop: float
    log: bool = False
    whole: bool = False
    names: Sequence[str] = ()

    def __call__(self, value: float) -> float:
        """Give the place of a value, at most a little outside of the axis."""
        low, high, value = (math.log(max(v, 1e-9)) if self.log else v for v in (self.low, self.high, value))
        part = (value - low) / (high - low) if high > low else 0.5
        return self.start + min(max(part, -0.02), 1.02) * (self.stop - self.start)

    def ticks(self) -> list[float]:
        """Round values to mark, about five of them; or every category."""
        if self.names:
            return [float(index) for index in range(len(self.names))]
        return self._log_ticks() if self.log else self._even_ticks()

    def label(self, tick: float) -> str:
        """What is written at a tick."""
        return short(self.names[int(tick)], 16) if self.names else f"{tick:.10g}".replace("-", "−")

    def _even_ticks(self) -> list[float]:
        rough = (self.high - self.low) / 5 or 1.0
        power = 10 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
        step = max(step, 1.0) if self.whole else step
        first = math.ceil(self.low / step - 1e-9)
        return [index * step for index in range(first, math.floor(self.high / step + 1e-9) + 1)]

    def _log_ticks(self) -> list[float]:
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        factors = (1, 2, 5) if self.high <= 200 * self.low else (1,)
        values = [factor * 10.0**power for power in powers for factor in factors]
        return [value for value in values if self.low * 0.999 <= value <= self.high * 1.001]


@dataclass(frozen=True)
class Frame:
    """A drawing with two axes.

    Parameters
    ----------
    x, y : Scale
        Their axes.
    width, height : float
        Size of the drawing.
    """

    x: Scale
    y: Scale
    width: float
    height: float

    @classmethod
    def around(
        cls,
        x: tuple[float, float],
        y: tuple[float, float],
        *,
        log: bool = False,
        whole: bool = False,
        names: Sequence[str] = (),
        size: tuple[float, float] = (460, 320),
        legend_lines: int = 0,
    ) -> Frame:
        """Lay out a plot of ranges of values, with space for labels and for a legend above it."""
        width, height = size
        top = 12 + _LEGEND_LINE * legend_lines
        height += top - 12
        x_axis = Scale(*x, 58, width - 16, log=log, whole=whole, names=names)
        return cls(x_axis, Scale(*y, height - 46, top, log=log, whole=whole), width, height)

    def draw(
        self, body: str, *, alt: str, x_label: str, y_label: str, legend: Sequence[str] = (), bars: bool = False
    ) -> str:
        """Give the SVG: grid, axes, what is plotted, and the names of the series with their marks.

        Parameters
        ----------
        body : str
            SVG of what is plotted.
        alt : str
            What the plot shows, for who can't see it.
        x_label, y_label : str
            What the axes show, with the unit.
        legend : sequence of str
            Names of the series, in order, one a line.
        bars : bool
            Whether the series are bars, not lines.
        """
        names = "".join(
            _legend_line(series_name(index), name, self.x.start, 14 + _LEGEND_LINE * index, bars)
            for index, name in enumerate(legend)
        )
        parts = self.grid() + body + self._labels(x_label, y_label) + names
        return drawing(parts, self.width, self.height, alt)

    def identity(self) -> str:
        """Give the line on which both values are equal."""
        low, high = max(self.x.low, self.y.low), min(self.x.high, self.y.high)
        return mark("line", class_="ideal", x1=self.x(low), y1=self.y(low), x2=self.x(high), y2=self.y(high))

    def grid(self) -> str:
        """Give a line and a label for each tick."""
        parts = self.upright_grid()
        for value in self.y.ticks():
            at = self.y(value)
            parts += mark("line", class_="grid", x1=self.x.start, x2=self.x.stop, y1=at, y2=at)
            parts += text(self.y.label(value), self.x.start - 7, at + 4, text_anchor="end")
        return parts

    def upright_grid(self) -> str:
        """Give a line and a label for each tick of the x axis."""
        parts = ""
        for value in self.x.ticks():
            at = self.x(value)
            parts += mark("line", class_="grid", x1=at, x2=at, y1=self.y.start, y2=self.y.stop)
            parts += text(self.x.label(value), at, self.y.start + 16, text_anchor="middle")
        return parts

    def _labels(self, x_label: str, y_label: str) -> str:
        middle = (self.y.start + self.y.stop) / 2
        return text(
            x_label, (self.x.start + self.x.stop) / 2, self.height - 8, text_anchor="middle", class_="label"
        ) + text(y_label, 14, middle, text_anchor="middle", class_="label", transform=f"rotate(-90 14 {middle:g})")


def drawing(parts: str, width: float, height: float, alt: str) -> str:
    """Give the SVG around its parts, which a page shows as large as there is room."""
    return element("svg", parts, class_="plot", viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=alt)


def stand_alone(*plots: str) -> str:
    """Give plots, side by side, as an SVG file of its own, in the colours of the light page.

    Parameters
    ----------
    *plots : str
        As the functions of `hooke.report.html.charts` give them.
    """
    sizes = [(float(found[1]), float(found[2])) for plot in plots for found in _SIZE.finditer(plot)]
    width, height = sum(size[0] for size in sizes), max(size[1] for size in sizes)
    style = _FILE_STYLE + Path(__file__).with_name("plot.css").read_text(encoding="utf-8")
    parts, at = element("style", with_colours(style)) + mark("rect", class_="paper", width=width, height=height), 0.0
    for plot, (wide, high) in zip(plots, sizes, strict=True):
        parts += plot.replace("<svg", f'<svg x="{at:g}" width="{wide:g}" height="{high:g}"', 1)
        at += wide
    size = {"width": f"{width:g}", "height": f"{height:g}", "viewBox": f"0 0 {width:g} {height:g}"}
    return element("svg", parts, xmlns="http://www.w3.org/2000/svg", **size)


def mark(name: str, **attrs: object) -> str:
    """Give an SVG element without content; numbers are rounded to a tenth."""
    rounded = {key: coordinate(value) if isinstance(value, float) else value for key, value in attrs.items()}
    return f"<{name}{attributes(**rounded)}/>"


def text(words: str, x: float, y: float, **attrs: object) -> str:
    """Give plain text at a place."""
    return element("text", escape(words), x=coordinate(x), y=coordinate(y), **attrs)


def coordinate(value: float) -> str:
    """Write a place on the drawing, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def short(name: str, length: int) -> str:
    """Cut a name that is too long for its place."""
    return name if len(name) <= length else f"{name[: length - 1]}…"


def _legend_line(style: str, name: str, x: float, y: float, bar: bool) -> str:
    line = mark("line", class_=f"{style} line", x1=x, x2=x + 26, y1=y - 4, y2=y - 4)
    sample = mark("rect", class_=f"{style} bar", x=x, y=y - 9, width=26, height=10) if bar else line
    return sample + text(short(name, 55), x + 34, y)
