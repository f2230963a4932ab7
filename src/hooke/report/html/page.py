"""The page of every report: one HTML file that needs no other file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from hooke import __version__
from hooke.io import atomic_path
from hooke.report.html.markup import element
from hooke.report.palette import page_colours


@dataclass(frozen=True)
class Section:
    """A part of a report: its name in the address, its title, its HTML."""

    id: str
    title: str
    body: str


def render_page(title: str, lead: str, sections: Sequence[Section], *, reload: int | None = None) -> str:
    """Put a report together.

    Parameters
    ----------
    title : str
        Plain text.
    lead : str
        HTML below the title.
    sections : sequence of Section
        Those without a body are left out.
    reload : int, optional
        Seconds after which the browser loads the page again, while the run continues.

    Returns
    -------
    str
        HTML with style, script and pictures inside. A policy in it forbids the browser to load anything else.
    """
    shown = [section for section in sections if section.body]
    links = "".join(element("li", element("a", escape(section.title), href=f"#{section.id}")) for section in shown)
    body = "".join(
        element(
            "section",
            element("h2", escape(section.title), id=f"{section.id}-title") + section.body,
            id=section.id,
            aria_labelledby=f"{section.id}-title",
        )
        for section in shown
    )
    return _FRAME.format(
        title=escape(title),
        reload="" if reload is None else f'\n<meta http-equiv="refresh" content="{reload}">',
        style=page_colours() + _read("style.css") + _read("plot.css"),
        script=_read("page.js"),
        links=links,
        lead=lead,
        body=body,
        version=escape(__version__),
    )


def write_page(path: str | Path, html: str) -> None:
    """Write a page, whole or not at all.

    Raises
    ------
    OutputError
        When it can't be written.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(html, encoding="utf-8")


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">{reload}
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<header>
<div class="bar"><h1>{title}</h1><button id="theme" type="button" hidden>Dark page</button></div>
{lead}
<nav aria-label="Sections"><ul>{links}</ul></nav>
</header>
<main id="main" tabindex="-1">
{body}
</main>
<footer><p>Made by hooke {version}. This file is complete in itself.</p></footer>
<script>
{script}</script>
</body>
</html>
"""
