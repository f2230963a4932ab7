"""Draws plates as heat maps, and conditions with each of their replicates, as SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from hooke.plates import Well
from hooke.plates.well import row_letters
from hooke.report.html.markup import element
from hooke.report.html.svg import Scale, coordinate, drawing, mark, short, text
from hooke.report.palette import SERIES, series_name

_WIDTH = 500.0  # of all wells of a row
_LARGEST = 40.0  # width of a well
_LETTERED = 24.0  # width of a well from which its value is written in it
_LEFT, _TOP, _LEGEND = 26.0, 40.0, 30.0
_PALE, _DARK = 0.06, 0.94  # shares of the colour of the lowest and the highest value
_REVERSED = 0.7  # share of the colour from which the text on it is light
_ROW, _NAMES = 30.0, 150.0  # of conditions
_NEAR = 0.6  # of the highest value: where the lowest is below, the axis begins at 0


@dataclass(frozen=True)
class WellValue:
    """What a heat map shows of a well.

    Parameters
    ----------
    value : float
        NaN where there is none: the well is drawn empty.
    text : str
        Written in it where there is room.
    note : str
        What the pointer shows.
    """

    value: float
    text: str
    note: str


def plate_chart(
    wells: Mapping[Well, WellValue], shape: tuple[int, int], *, alt: str, title: str, unit: str = ""
) -> str:
    """Draw a plate whose wells are shaded by their value, from the lowest, which is pale, to the highest.

    Parameters
    ----------
    wells : mapping of Well to WellValue
        Wells that are not there are drawn as outlines.
    shape : (int, int)
        Rows and columns of the plate.
    alt : str
        What it shows, for who can't see it.
    title : str
        Above it.
    unit : str
        After the ends of the scale.
    """
    values = [well.value for well in wells.values() if math.isfinite(well.value)]
    low, high = min(values, default=0.0), max(values, default=1.0)

    def draw(well: Well, box: _Box) -> str:
        shown = wells.get(well)
        if shown is None or not math.isfinite(shown.value):
            return box.empty("" if shown is None else shown.note)
        part = (shown.value - low) / (high - low) if high > low else 0.5
        return box.shaded(_PALE + (_DARK - _PALE) * part, shown)

    return _plate(shape, draw, alt, title, _scale(low, high, unit) if values else "")


def condition_chart(wells: Mapping[Well, str], shape: tuple[int, int], conditions: Sequence[str], *, title: str) -> str:
    """Draw which condition each well has, by colour and number.

    Parameters
    ----------
    wells : mapping of Well to str
        Conditions.
    shape : (int, int)
        Rows and columns of the plate.
    conditions : sequence of str
        All of them, at most as many as a plot has series.
    title : str
        Above it.
    """

    def draw(well: Well, box: _Box) -> str:
        if wells.get(well) not in conditions:
            return box.empty(well.name)
        number = list(conditions).index(wells[well])
        return box.coloured(series_name(number), str(number + 1), f"{well.name}: {wells[well]}")

    legend, at = "", _LEFT
    for number, name in enumerate(conditions):
        legend += mark("rect", class_=f"{series_name(number)} bar", x=at, y=0.0, width=12, height=12)
        words = f"{number + 1} {short(name, 20)}"
        legend += text(words, at + 17, 11)
        at += 30 + 6.6 * len(words)
    said = "; ".join(f"{name}: {sum(own == name for own in wells.values())} wells" for name in conditions)
    return _plate(shape, draw, f"Conditions of the wells. {said}", title, legend)


def fits_colours(conditions: Sequence[str]) -> bool:
    """Whether each condition gets a colour of its own."""
    return 0 < len(conditions) <= SERIES


@dataclass(frozen=True)
class _Box:
    """Where a well is drawn."""

    x: float
    y: float
    side: float

    @property
    def _place(self) -> dict[str, object]:
        gap = 1.0 if self.side < _LETTERED else 2.0
        side = coordinate(self.side - gap)
        return {"x": coordinate(self.x), "y": coordinate(self.y), "width": side, "height": side, "rx": 3}

    def empty(self, note: str) -> str:
        return element("rect", element("title", escape(note)) if note else "", class_="well", **self._place)

    def shaded(self, share: float, shown: WellValue) -> str:
        title = element("title", escape(shown.note))
        box = element("rect", title, class_="s0 bar", fill_opacity=f"{share:.2f}", **self._place)
        return box + self._letter(shown.text, "reversed" if share > _REVERSED else None)

    def coloured(self, style: str, letter: str, note: str) -> str:
        box = element("rect", element("title", escape(note)), class_=f"{style} bar", **self._place)
        return box + self._letter(letter, "reversed")

    def _letter(self, words: str, style: str | None) -> str:
        if self.side < _LETTERED:
            return ""
        middle, below = self.x + self.side / 2 - 1, self.y + self.side / 2 + 3
        return text(words, middle, below, text_anchor="middle", class_=style, pointer_events="none")


_Draw = Callable[[Well, _Box], str]


def _plate(shape: tuple[int, int], draw: _Draw, alt: str, title: str, legend: str) -> str:
    """Draw rows, columns and wells."""
    rows, columns = shape
    side = min(_LARGEST, _WIDTH / columns)
    step = 1 if side >= 18 else 2 if side >= 12 else 4  # of the names of rows and columns
    parts = text(title, _LEFT, 14, class_="title")
    for column in range(0, columns, step):
        parts += text(str(column + 1), _LEFT + side * (column + 0.5), _TOP - 6, text_anchor="middle", class_="label")
    for row in range(0, rows, step):
        middle = _TOP + side * (row + 0.5) + 4
        parts += text(row_letters(row), _LEFT - 6, middle, text_anchor="end", class_="label")
    for row in range(rows):
        for column in range(columns):
            parts += draw(Well(row, column), _Box(_LEFT + side * column, _TOP + side * row, side))
    bottom = _TOP + side * rows + 10
    parts += element("g", legend, transform=f"translate(0 {coordinate(bottom)})") if legend else ""
    return drawing(parts, _LEFT + side * columns + 8, bottom + (_LEGEND if legend else 0), alt)


def _scale(low: float, high: float, unit: str) -> str:
    """Five shades from the lowest to the highest value."""
    parts, start = "", _LEFT + 62
    parts += text(_number(low), start - 6, 12, text_anchor="end")
    for step in range(5):
        shade = f"{_PALE + (_DARK - _PALE) * step / 4:.2f}"
        parts += mark("rect", class_="s0 bar", fill_opacity=shade, x=start + 24.0 * step, y=1.0, width=24, height=14)
    return parts + text(f"{_number(high)} {unit}".strip(), start + 126, 12)


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


@dataclass(frozen=True)
class Replicates:
    """A condition: the value of each of its replicates, their mean and its interval.

    Parameters
    ----------
    name : str
    values : sequence of (str, float)
        Name and value of each replicate.
    mean : float
    interval : (float, float), optional
        Where there are two replicates or more.
    """

    name: str
    values: Sequence[tuple[str, float]]
    mean: float
    interval: tuple[float, float] | None = None


def replicate_chart(conditions: Sequence[Replicates], *, alt: str, x_label: str) -> str:
    """Plot conditions one below the other: a dot for each replicate, a line for the mean, a bar for its interval."""
    width, bottom = 460.0, 8.0 + _ROW * len(conditions)
    ends = [value for condition in conditions for _, value in condition.values]
    ends += [end for condition in conditions for end in condition.interval or ()]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    margin = 0.04 * (high - low) or abs(high) * 0.1 or 1.0
    low = (
        0.0 if 0 <= low < _NEAR * high or (low < 0 <= min(v for c in conditions for _, v in c.values)) else low - margin
    )
    scale = Scale(low, high + margin, _NAMES, width - 16)
    parts = ""
    for value in scale.ticks():
        at = scale(value)
        parts += mark("line", class_="grid", x1=at, x2=at, y1=bottom, y2=4.0)
        parts += text(scale.label(value), at, bottom + 16, text_anchor="middle")
    for row, condition in enumerate(conditions):
        parts += _condition(condition, scale, 8 + _ROW * (row + 0.5))
    parts += text(x_label, (scale.start + scale.stop) / 2, bottom + 36, text_anchor="middle", class_="label")
    return drawing(parts, width, bottom + 44, alt)


def _condition(condition: Replicates, scale: Scale, y: float) -> str:
    parts = text(short(condition.name, 22), _NAMES - 10, y + 4, text_anchor="end")
    if condition.interval is not None:
        ends = {f"x{side}": scale(end) for side, end in enumerate(condition.interval, start=1)}
        parts += mark("line", class_="s0 whisker", y1=y, y2=y, **ends)
    for name, value in condition.values:
        note = element("title", escape(f"{name}: {_number(value)}"))
        parts += element("circle", note, class_="s1 dot open", cx=coordinate(scale(value)), cy=coordinate(y), r="4")
    at = scale(condition.mean)
    note = element("title", escape(f"{condition.name}, mean: {_number(condition.mean)}"))
    line = {"x1": coordinate(at), "x2": coordinate(at), "y1": coordinate(y - 10), "y2": coordinate(y + 10)}
    return parts + element("line", note, class_="s0 line", **line)
