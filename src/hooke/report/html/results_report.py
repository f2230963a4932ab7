"""Writes the page of a run: its images with outlines, what is unusual about some, counts and distributions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import listed
from hooke.io.warning_cell import part_warnings
from hooke.report.html.charts import histogram_chart
from hooke.report.html.markup import counted, element, figure, number, paragraph, table, whole
from hooke.report.html.page import Section, render_page, write_page
from hooke.report.html.thumbnails import Gallery, Thumbnail
from hooke.report.unusual_images import find_unusual

_PICTURES = 4_000_000  # characters that the pictures may take; a page stays under 5 MB
_LISTED = 500  # images in the table
_NAMED = 20  # images in a warning
_BARS = 30
_INNER = (0.5, 99.5)  # percentiles that a histogram spans
_WIDE = 20.0  # ratio of its ends from which a histogram is logarithmic
_GROUPS = 6  # conditions that one histogram shows


@dataclass(frozen=True, eq=False)
class RunResults:
    """What a run left in its folder, for its page.

    Parameters
    ----------
    title : str
        Plain text.
    facts : sequence of str
        How the results were made, a paragraph each.
    images : DataFrame
        A row per image or plane: ``name``, ``count``, ``area``, ``intensity`` and ``score`` (medians over its objects),
        ``doubtful`` (objects), ``group`` (see `find_unusual`), ``warning``, ``error``, ``link`` (the full picture,
        relative to the page).
    objects : DataFrame
        A row per object: ``row`` (of its image), ``area``, ``intensity``, ``score``.
    area_unit : str
        Of the areas.
    picture : callable
        Gives the small picture of a row of `images`, a JPEG file's bytes; None where there is none.
    notes : sequence of str
        What concerns the whole run.
    sections : sequence of Section
        What else is known: a plate, conditions.
    """

    title: str
    facts: Sequence[str]
    images: pd.DataFrame
    objects: pd.DataFrame
    area_unit: str
    picture: Callable[[int], bytes | None]
    notes: Sequence[str] = ()
    sections: Sequence[Section] = field(default=())


def write_results(results: RunResults, path: str | Path) -> None:
    """Write the page of a run.

    Raises
    ------
    OutputError
        When it can't be written.
    """
    write_page(path, render_results(results))


def render_results(results: RunResults) -> str:
    """Give the HTML that `write_results` writes."""
    unusual = find_unusual(results.images)
    checked, others = _galleries(results, unusual)
    sections = (
        Section("check", "Images to check", checked),
        *results.sections,
        Section("pictures", "Images", others),
        Section("distributions", "Counts, sizes, intensities, scores", _distributions(results)),
        Section("table", "All images", _image_table(results.images, unusual)),
        Section("made", "How this was made", "".join(paragraph(fact, class_="facts") for fact in results.facts)),
    )
    return render_page(results.title, _lead(results, unusual), sections)


def _lead(results: RunResults, unusual: Mapping[int, Sequence[str]]) -> str:
    images = results.images
    good, failed = images[images["error"] == ""], int((images["error"] != "").sum())
    objects, median = int(good["count"].sum()), good["count"].median()
    doubtful = int(good["doubtful"].sum())
    check = len(set(unusual) | set(np.flatnonzero((images["warning"] != "") | (images["error"] != "")).tolist()))
    cards = (
        ("objects", whole(objects), f"in {counted(len(good), 'image')}"),
        ("objects in the typical image", number(median, 0), _span(good["count"])),
        ("doubtful objects", whole(doubtful), f"{100 * doubtful / max(objects, 1):.1f} %, drawn dashed"),
        (
            "images to check",
            whole(check),
            f"{whole(failed)} of them failed" if failed else "see below" if check else "",
        ),
    )
    shown = "".join(
        element(
            "li",
            element("span", value, class_="value")
            + escape(title)
            + (element("span", escape(more), class_="range") if more else ""),
        )
        for title, value, more in cards
    )
    return element("ul", shown, class_="cards") + _warnings(results)


def _span(counts: pd.Series[int]) -> str:
    return f"{whole(counts.min())} to {whole(counts.max())}" if len(counts) else ""


def _warnings(results: RunResults) -> str:
    """List each kind of warning once, with the images that have it."""
    kinds: dict[str, tuple[str, list[str]]] = {}
    images = results.images
    for name, warning in zip(images["name"], images["warning"], strict=True):
        for said in part_warnings(warning):
            kinds.setdefault(_kind(said), (said, []))[1].append(name)
    lines = [(said, names) for said, names in sorted(kinds.values(), key=lambda item: -len(item[1]))]
    boxes = [_warning(said, names) for said, names in lines]
    failed = images[images["error"] != ""]
    boxes += [escape(error) for error in failed["error"].head(_NAMED)]
    if len(failed) > _NAMED:
        boxes.append(f"{len(failed) - _NAMED} more images failed: see the table below.")
    boxes += [escape(note[:1].upper() + note[1:]) + "." for note in results.notes]
    return "".join(element("div", box, class_="warning", role="note") for box in boxes)


def _warning(said: str, names: Sequence[str]) -> str:
    """One kind of warning; of several images, the words are those of the first."""
    kind, _, more = said.partition(": ")
    title = element("strong", escape(kind[:1].upper() + kind[1:]))
    if len(names) == 1:
        return f"{title} ({escape(names[0])}): {escape(more)}."
    folded = element(
        "details", element("summary", f"{len(names)} images") + element("code", escape(listed(names, _NAMED)))
    )
    return f"{title}, such as: {escape(more)}." + folded


def _kind(warning: str) -> str:
    """What a warning is about: the words before its colon, without numbers."""
    return "".join(letter for letter in warning.split(":")[0] if not letter.isdecimal())


def _galleries(results: RunResults, unusual: Mapping[int, Sequence[str]]) -> tuple[str, str]:
    """Show the images to check first, and of the others as many as there is room for."""
    checked: list[Thumbnail] = []
    others: list[Thumbnail] = []
    for row, image in enumerate(results.images.to_dict("records")):
        remarks = [str(image["error"])] if image["error"] else []
        remarks += [*unusual.get(row, ()), *map(_before_colon, part_warnings(str(image["warning"])))]
        caption = "failed" if image["error"] else counted(int(image["count"]), "object")
        thumbnail = Thumbnail(str(image["name"]), caption, remarks, partial(results.picture, row), str(image["link"]))
        (checked if remarks else others).append(thumbnail)
    gallery = Gallery(_PICTURES)
    first = gallery.draw(checked, share=0.5 if others else 1.0)
    note = paragraph(
        "Unlike the other images of this run by count, size, intensity or score, or noticed while they were segmented.",
        class_="note",
    )
    return (note + first if first else ""), gallery.draw(others)


def _before_colon(warning: str) -> str:
    return warning.split(":")[0]


def _distributions(results: RunResults) -> str:
    images, objects = results.images[results.images["error"] == ""], results.objects
    if images.empty:
        return ""
    plots = [_histogram({"images": images["count"]}, "objects in the image", "images", whole_numbers=True)]
    by_group = _by_group(results)
    for column, label in (
        ("area", f"area of the object ({results.area_unit})"),
        ("intensity", "mean intensity of the object"),
        ("score", "score of the object"),
    ):
        groups = {name: part[column].dropna() for name, part in by_group.items()}
        if any(len(values) for values in groups.values()):
            ends = (0.0, 1.0) if column == "score" else None
            plots.append(_histogram(groups, label, "objects", ends=ends))
    return element("div", "".join(plots), class_="plots") if len(objects) else element("div", plots[0], class_="plots")


def _by_group(results: RunResults) -> dict[str, pd.DataFrame]:
    """The objects of each group of images; all in one where there are too many groups to distinguish their colours."""
    names = results.images["group"].to_numpy(str)[results.objects["row"].to_numpy(np.int64)]
    groups = list(dict.fromkeys(names.tolist()))
    if not 1 < len(groups) <= _GROUPS:
        return {"objects": results.objects}
    return {name or "unknown": results.objects[names == name] for name in groups}


def _histogram(
    groups: Mapping[str, pd.Series[float]],
    x_label: str,
    y_label: str,
    *,
    ends: tuple[float, float] | None = None,
    whole_numbers: bool = False,
) -> str:
    """Draw a histogram with its numbers: quartiles of each group."""
    values = np.concatenate([part.to_numpy(np.float64) for part in groups.values()])
    edges, log = _edges(values, ends, whole_numbers)
    quartiles = {name: np.percentile(part, (5, 25, 50, 75, 95)) for name, part in groups.items() if len(part)}
    said = "; ".join(
        (f"{name}: " if len(quartiles) > 1 else "")
        + f"median {_digits(quartile[2])}, half of them {_digits(quartile[1])} to {_digits(quartile[3])}"
        for name, quartile in quartiles.items()
    )
    drawing = histogram_chart(
        {name: part.tolist() for name, part in groups.items()},
        edges,
        alt=f"Histogram of the {x_label}. {said}",
        x_label=x_label,
        y_label=y_label,
        log=log,
    )
    rows = [(name, whole(len(groups[name])), *map(_digits, quartile)) for name, quartile in quartiles.items()]
    header = ("", "number", "5 %", "25 %", "median", "75 %", "95 %")
    outside = "" if ends else " What lies beyond the axis is counted in the outermost bars."
    return figure(drawing, f"{x_label[:1].upper()}{x_label[1:]}. {said}.{outside}", table(x_label, header, rows))


def _edges(
    values: NDArray[np.float64], ends: tuple[float, float] | None, whole_numbers: bool
) -> tuple[list[float], bool]:
    """Edges of the bars, and whether they are even on a logarithmic axis."""
    if ends is not None:
        return np.linspace(*ends, _BARS + 1).tolist(), False
    low, high = (float(end) for end in np.percentile(values, _INNER)) if values.size else (0.0, 1.0)
    if whole_numbers:
        step = max(1, int(np.ceil((high - low + 1) / _BARS)))
        return np.arange(np.floor(low), np.ceil(high) + step + 1, step, dtype=np.float64).tolist(), False
    if low > 0 and high / low > _WIDE:
        return np.geomspace(low, high, _BARS + 1).tolist(), True
    return np.linspace(low, high if high > low else low + 1, _BARS + 1).tolist(), False


def _digits(value: float) -> str:
    return whole(value) if abs(value) >= 100 else f"{value:.3g}".replace("-", "−")


def _image_table(images: pd.DataFrame, unusual: Mapping[int, Sequence[str]]) -> str:
    """List the images in the order of the run."""
    rows = []
    for row, image in enumerate(images.head(_LISTED).to_dict("records")):
        said = [str(image["error"]), *unusual.get(row, ()), str(image["warning"])]
        numbers = (
            ("–",) * 4
            if image["error"]
            else tuple(_dash(image[name]) for name in ("count", "area", "intensity", "score"))
        )
        rows.append((str(image["name"]), *numbers, "; ".join(filter(None, said))))
    caption = "Images; area, intensity and score are medians over the objects"
    if len(images) > _LISTED:
        caption += f": the first {_LISTED} of {whole(len(images))}; all of them are in summary.csv"
    return table(caption, ("image", "objects", "area", "intensity", "score", "to check"), rows)


def _dash(value: float) -> str:
    return _digits(float(value)) if np.isfinite(value) else "–"
