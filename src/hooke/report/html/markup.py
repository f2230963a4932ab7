"""Writes tables, figures and numbers as escaped HTML."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

_NOT_DEFINED = "–"
_MINUS = "−"
_SIGNS = (_NOT_DEFINED, _MINUS)


def element(name: str, body: str, **attrs: object) -> str:
    """Give an element around HTML that is escaped already; attributes as in `attributes`."""
    return f"<{name}{attributes(**attrs)}>{body}</{name}>"


def attributes(**attrs: object) -> str:
    """Write attributes, a space before each: ``class_`` is ``class``, other ``_`` become ``-``, None is left out."""
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attrs.items()
        if value is not None
    )


def paragraph(text: str, **attrs: object) -> str:
    """Give a paragraph of plain text."""
    return element("p", escape(text), **attrs)


def table(
    caption: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    shade: Sequence[Sequence[float]] | None = None,
) -> str:
    """Make a table whose first column names the rows.

    Parameters
    ----------
    caption : str
        What it shows.
    header : sequence of str
        Names of the columns, the first column's too.
    rows : iterable of sequence of str
        Plain text.
    shade : sequence of sequence of float, optional
        How dark to shade each cell after the first of its row, 0..1.

    Returns
    -------
    str
        HTML; the table scrolls sideways on its own where the page is narrow, by keyboard too.
    """
    lines = [tuple(row) for row in rows]
    numeric = [
        index > 0 and all(_is_number(cell) for cell in column) for index, column in enumerate(zip(*lines, strict=True))
    ] or [False] * len(header)
    head = "".join(
        element("th", escape(name), scope="col", class_="n" if right else None)
        for name, right in zip(header, numeric, strict=True)
    )
    body = "".join(
        element("tr", _cells(row, numeric, None if shade is None else shade[index])) for index, row in enumerate(lines)
    )
    inner = element("caption", escape(caption)) + element("thead", element("tr", head)) + element("tbody", body)
    frame = {"class_": "scroll", "role": "region", "tabindex": "0", "aria_label": caption}
    return element("div", element("table", inner), **frame)


def _cells(row: Sequence[str], numeric: Sequence[bool], shade: Sequence[float] | None) -> str:
    cells = element("th", escape(row[0]), scope="row")
    for index, (text, right) in enumerate(zip(row[1:], numeric[1:], strict=True)):
        style = None if shade is None else f"--shade:{100 * shade[index]:.0f}%"
        classes = " ".join(name for name, wanted in (("n", right), ("shaded", shade is not None)) if wanted)
        cells += element("td", escape(text), style=style, class_=classes or None)
    return cells


def _is_number(text: str) -> bool:
    """Whether a cell begins as numbers do: it is lined up at the right."""
    return text[:1].isdecimal() or text[:1] in _SIGNS


def figure(drawing: str, caption: str, data: str = "") -> str:
    """Put a drawing and its caption together, with the numbers in it as a table that can be unfolded.

    Parameters
    ----------
    drawing : str
        SVG.
    caption : str
        Plain text.
    data : str
        HTML of a table; may be empty.
    """
    numbers = element("details", element("summary", "Numbers") + data) if data else ""
    return element("figure", drawing + element("figcaption", escape(caption)) + numbers)


def number(value: float | None, digits: int = 3) -> str:
    """Write a number, or a dash where it is not defined."""
    return _NOT_DEFINED if value is None or not math.isfinite(value) else f"{value:.{digits}f}".replace("-", _MINUS)


def interval(bounds: Sequence[float] | None, digits: int = 3) -> str:
    """Write an interval, or a dash where there is none."""
    return _NOT_DEFINED if bounds is None else f"{number(bounds[0], digits)} to {number(bounds[1], digits)}"


def whole(value: float) -> str:
    """Write a count with thin spaces between thousands."""
    return f"{value:,.0f}".replace(",", "\u202f").replace("-", _MINUS)


def counted(count: float, noun: str) -> str:
    """Write a count with its noun, in the singular for one."""
    return f"{whole(count)} {noun}" + ("" if count == 1 else "s")


def share(value: float) -> str:
    """Write a share 0..1 as a percentage."""
    return f"{100 * value:.1f} %"
