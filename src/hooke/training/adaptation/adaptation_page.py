"""Writes the report of an adaptation: figures before and after, and pictures of what changed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.labels.window import bounding_window
from hooke.report.html.address import picture
from hooke.report.html.markup import counted, element, number, paragraph, table
from hooke.report.html.page import Section, render_page, write_page
from hooke.report.overlay import overlay
from hooke.report.picture_size import fitted_size
from hooke.training.adaptation.judgement import Judged

if TYPE_CHECKING:
    from hooke.training.adaptation.few_shot import Adaptation

_TITLES = {"dsb": "DSB score", "ap_50": "AP at IoU 0.5", "f1_50": "F1 at IoU 0.5"}
_SHOWN = 6
_SIDE = 300  # of a panel, pixels
_OBJECTS_WIDE = 5  # diameters of an object that a shown window is wide, where most has changed


def write_adaptation_page(path: Path, done: Adaptation, judged: Sequence[Judged], facts: dict[str, Any]) -> None:
    """Write the page.

    Parameters
    ----------
    path : Path
    done : Adaptation
    judged : sequence of Judged
        The held-out parts.
    facts : dict
        Of the card.
    """
    lead = paragraph(
        f"Model {facts['parent']}, adapted to {facts['name']}. {_ways(done)} "
        "Scores are of objects found as hooke segment finds them.",
        class_="facts",
    )
    sections = [
        Section("warnings", "Before you use it", _list(done.warnings)),
        Section("scores", "Before and after", _scores(done)),
        Section("images", "Image by image", _by_image(judged)),
        Section("pictures", "What changed", _pictures(judged)),
        Section("notes", "Notes", _list([*done.notes, *(f"{name}: {why}" for name, why in done.failed.items())])),
    ]
    write_page(path, render_page(f"{done.bundle.name}: before and after", lead, sections))


def _ways(done: Adaptation) -> str:
    held = f"Held out: {done.how}; by them the moment to stop was chosen." if done.how else "Nothing was held out."
    return held + (" It was stopped early." if done.stopped else "")


def _list(lines: Sequence[str]) -> str:
    return element("ul", "".join(element("li", escape(line)) for line in lines)) if lines else ""


def _scores(done: Adaptation) -> str:
    rows = []
    for place, before, after in (
        (f"held out: {done.how}", done.before, done.after),
        (f"at home: {done.home}", done.home_before, done.home_after),
    ):
        rows += [
            (f"{place}, {title}", number(before[name]), number(after[name]), number(after[name] - before[name]))
            for name, title in _TITLES.items()
            if before
        ]
    return table("Means over images", ("where", "before", "after", "difference"), rows) if rows else ""


def _by_image(judged: Sequence[Judged]) -> str:
    rows = [
        (
            item.checked.source.name,
            str(len(np.unique(item.checked.source.labels[item.checked.part & (item.checked.source.labels > 0)]))),
            number(item.scores_before["dsb"]),
            number(item.scores_after["dsb"]),
        )
        for item in judged
    ]
    header = ("image", "objects held out", "DSB score before", "after")
    return table(f"Held-out parts of {counted(len(rows), 'image')}", header, rows) if rows else ""


def _pictures(judged: Sequence[Judged]) -> str:
    """Held-out parts whose score has changed most, the largest change first."""
    if not judged:
        return ""
    changed = sorted(judged, key=lambda item: -abs(item.scores_after["dsb"] - item.scores_before["dsb"]))[:_SHOWN]
    rows = np.concatenate([_row(item) for item in changed])
    names = ", ".join(item.checked.source.name for item in changed)
    words = paragraph(f"From top to bottom: {names}. Shown is where, of the held-out part, most has changed.")
    return words + picture(
        rows, f"objects before and after in {names}", "jpeg", ("image", "corrected", "before", "after")
    )


def _row(item: Judged) -> NDArray[np.uint8]:
    window = _window(item)
    pixels = _fit(item.checked.source.image.pixels[window], cv2.INTER_LINEAR)
    nothing = np.zeros(pixels.shape[:2], np.int32)
    # Outlines are drawn on the enlarged picture, so that they stay thin.
    labels = [_fit(found[window], cv2.INTER_NEAREST) for found in (item.checked.source.labels, item.before, item.after)]
    return np.concatenate([_framed(overlay(pixels, found)) for found in (nothing, *labels)], axis=1)


def _window(item: Judged) -> tuple[slice, slice]:
    """The held-out part; of a large one the window in which before and after differ most."""
    rows, columns = bounding_window(item.checked.part) if item.checked.part.any() else np.s_[0:1, 0:1]
    areas = np.bincount(item.checked.source.labels.ravel())[1:]
    diameter = float(np.sqrt(np.median(areas[areas > 0]))) if areas.any() else 32.0
    side = max(32, round(_OBJECTS_WIDE * diameter))
    differs = ((item.before > 0) != (item.after > 0)).astype(np.float32)
    best = (-1.0, rows, columns)
    for top in _starts(rows, side):
        for left in _starts(columns, side):
            window = slice(top, min(top + side, rows.stop)), slice(left, min(left + side, columns.stop))
            best = max(best, (float(differs[window].sum()), *window), key=lambda found: found[0])
    return best[1], best[2]


def _starts(side: slice, window: int) -> list[int]:
    last = max(side.start, side.stop - window)
    return [*range(side.start, last, max(1, window // 4)), last]


def _fit(values: NDArray[Any], way: int) -> NDArray[Any]:
    """Scale an image or label image to the size of a panel."""
    enlarged = cv2.resize(values.astype(np.float32), fitted_size(values.shape, _SIDE - 4), interpolation=way)
    return enlarged.astype(np.int32) if way == cv2.INTER_NEAREST else enlarged


def _framed(panel: NDArray[np.uint8]) -> NDArray[np.uint8]:
    frame = np.full((_SIDE, _SIDE, 3), 255, np.uint8)
    frame[2 : 2 + panel.shape[0], 2 : 2 + panel.shape[1]] = panel
    return frame
