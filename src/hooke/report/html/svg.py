"""The ground of every plot: ranges of values in; scales, axes, a legend and a finished SVG drawing out.

Colours and line styles come from the page's style sheet by class (``s0`` … ``s5`` for the series), so that light and
dark pages share one drawing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from hooke.report.html.markup import attributes, element

__all__ = ["SERIES", "Frame", "Scale", "coordinate", "mark", "text"]

#: Series that differ in colour and line style; a further one begins anew.
SERIES = 6
_CHARACTER = 6.4  # mean width of a character at the size of the labels, in units of the drawing
_LEGEND_LINE = 18


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
    """

    low: float
    high: float
    start: float
    stop: float
    log: bool = False
    whole: bool = False

    def __call__(self, value: float) -> float:
        """Give the place of a value, at most a little outside of the axis."""
        low, high, value = (math.log(max(one, 1e-9)) if self.log else one for one in (self.low, self.high, value))
        part = (value - low) / (high - low) if high > low else 0.5
        return self.start + min(max(part, -0.02), 1.02) * (self.stop - self.start)

    def ticks(self) -> list[float]:
        """Round values to mark, about five of them."""
        return self._log_ticks() if self.log else self._even_ticks()

    def _even_ticks(self) -> list[float]:
        rough = (self.high - self.low) / 5 or 1.0
        power = 10 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
        step = max(step, 1.0) if self.whole else step
        first = math.ceil(self.low / step - 1e-9)
        return [index * step for index in range(first, math.floor(self.high / step + 1e-9) + 1)]

    def _log_ticks(self) -> list[float]:
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        factors = (1, 2, 5) if len(powers) <= 3 else (1,)
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
        size: tuple[float, float] = (460, 320),
        legend_lines: int = 0,
    ) -> Frame:
        """Lay out a plot of ranges of values, with space for labels and for a legend above it."""
        width, height = size
        top = 12 + _LEGEND_LINE * legend_lines
        height += top - 12
        x_axis = Scale(*x, 58, width - 16, log=log, whole=whole)
        return cls(x_axis, Scale(*y, height - 46, top, log=log, whole=whole), width, height)

    def draw(self, body: str, *, alt: str, x_label: str, y_label: str, legend: Sequence[str] = ()) -> str:
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
        """
        names = "".join(
            _legend_entry(index, name, self.x.start, 14 + _LEGEND_LINE * index) for index, name in enumerate(legend)
        )
        parts = self._grid() + body + self._labels(x_label, y_label) + names
        view = f"0 0 {self.width:g} {self.height:g}"
        return element("svg", parts, class_="plot", viewBox=view, role="img", aria_label=alt)

    def identity(self) -> str:
        """Give the line on which both values are equal."""
        low, high = max(self.x.low, self.y.low), min(self.x.high, self.y.high)
        return mark("line", class_="ideal", x1=self.x(low), y1=self.y(low), x2=self.x(high), y2=self.y(high))

    def _grid(self) -> str:
        parts = ""
        for value in self.x.ticks():
            at = self.x(value)
            parts += mark("line", class_="grid", x1=at, x2=at, y1=self.y.start, y2=self.y.stop)
            parts += text(_tick(value), at, self.y.start + 16, text_anchor="middle")
        for value in self.y.ticks():
            at = self.y(value)
            parts += mark("line", class_="grid", x1=self.x.start, x2=self.x.stop, y1=at, y2=at)
            parts += text(_tick(value), self.x.start - 7, at + 4, text_anchor="end")
        return parts

    def _labels(self, x_label: str, y_label: str) -> str:
        middle = (self.y.start + self.y.stop) / 2
        return text(
            x_label, (self.x.start + self.x.stop) / 2, self.height - 8, text_anchor="middle", class_="label"
        ) + text(y_label, 14, middle, text_anchor="middle", class_="label", transform=f"rotate(-90 14 {middle:g})")


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


def _legend_entry(index: int, name: str, x: float, y: float) -> str:
    line = mark("line", class_=f"s{index % SERIES} line", x1=x, x2=x + 26, y1=y - 4, y2=y - 4)
    return line + text(name if len(name) * _CHARACTER < 360 else f"{name[:54]}…", x + 34, y)


def _tick(value: float) -> str:
    return f"{value:.10g}".replace("-", "−")
