"""Writes the report of `hooke evaluate` as one HTML file: how good the result is, and where it fails."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import HookeError, listed
from hooke.evaluation import Evaluation
from hooke.evaluation.saved_evaluation import Run
from hooke.metrics import Summary
from hooke.report.html import plots
from hooke.report.html.class_section import class_section
from hooke.report.html.gallery import LAYERS, Subject, draw_subject
from hooke.report.html.images import ImageFinder
from hooke.report.html.markup import counted, element, interval, number, paragraph, table, whole
from hooke.report.html.page import Section, render_page, write_page
from hooke.report.html.svg import mark

# Title, name in `hooke.metrics.score_counts`.
_CARDS = (("DSB score", "dsb"), ("AP at IoU 0.5", "ap_50"), ("F1 at IoU 0.5", "f1_50"), ("Panoptic quality", "pq"))
_SCORES = (
    ("DSB score", "dsb"),
    ("AP at IoU 0.5", "ap_50"),
    ("AP at IoU 0.75", "ap_75"),
    ("AP at IoU 0.9", "ap_90"),
    ("precision at IoU 0.5", "precision_50"),
    ("recall at IoU 0.5", "recall_50"),
    ("F1 at IoU 0.5", "f1_50"),
    ("F1 at IoU 0.9", "f1_90"),
    ("panoptic quality (PQ)", "pq"),
    ("mean matched IoU (SQ)", "sq"),
    ("aggregated Jaccard (AJI)", "aji"),
    ("AJI+", "aji_plus"),
    ("boundary F", "boundary_f"),
    ("detection F1 by points", "point_f1"),
    ("pixel IoU", "pixel_iou"),
    ("pixel Dice", "pixel_dice"),
)
_WORST, _MEDIAN = 6, 3
_LISTED = 200  # images in the table
_NAMED = 10  # images in a warning
_PICTURE_BUDGET = 3_500_000  # characters that the pictures may take; a report stays under 5 MB


def write_report(evaluation: Evaluation, path: str | Path, against: Sequence[Run] = ()) -> None:
    """Write the report of an evaluation.

    Parameters
    ----------
    evaluation : Evaluation
        From `hooke.evaluation.evaluate`. The label images of the pictures are read again from its sources, and images
        from a dataset's ``images`` folder or from where the prediction's run found them; what is gone is left out.
    path : str or Path
        The HTML file.
    against : sequence of Run
        Saved evaluations whose AP is shown too, after those that the evaluation itself names.

    Raises
    ------
    OutputError
        When it can't be written.
    """
    write_page(path, render_report(evaluation, against))


def render_report(evaluation: Evaluation, against: Sequence[Run] = ()) -> str:
    """Give the HTML that `write_report` writes."""
    sections = (
        Section("summary", "Summary", _summary(evaluation)),
        Section("quality", "Outlines and errors", _quality(evaluation, [*evaluation.earlier, *against])),
        Section("breakdown", "By kind and size", _breakdown(evaluation)),
        Section("pictures", "Worst and median images", _pictures(evaluation)),
        Section("agreement", "Sizes and counts", _agreement(evaluation)),
        Section("confidence", "Object score", _confidence(evaluation)),
        Section("classes", "Classes", class_section(evaluation)),
        Section("images", "Images", _image_table(evaluation.per_image)),
    )
    return render_page("Segmentation report", _lead(evaluation), sections)


def _lead(evaluation: Evaluation) -> str:
    source, summary = evaluation.source, evaluation.overall
    split = f", split {source['split']}" if source.get("split") else ""
    through = f", encoded and decoded by {source['through']}," if source.get("through") else ""
    facts = (
        f"{source['pred']}{through} against {source['truth']}{split}: {counted(summary.images, 'image')}, "
        f"{whole(summary.n_true)} true and {whole(summary.n_pred)} predicted objects."
    )
    return paragraph(facts, class_="facts") + _warnings(evaluation)


def _warnings(evaluation: Evaluation) -> str:
    """List missing, unreadable and extra images, so that no mean hides them."""
    lines = []
    if evaluation.missing:
        lines.append(
            f"{len(evaluation.missing)} without a prediction, scored as empty: {listed(evaluation.missing, _NAMED)}."
        )
    if evaluation.bad:
        problems = [f"{name} ({problem})" for name, problem in evaluation.bad.items()]
        lines.append(f"{len(problems)} could not be used: {listed(problems, _NAMED)}.")
    if evaluation.extra:
        lines.append(
            f"{len(evaluation.extra)} predictions without a truth, not scored: {listed(evaluation.extra, _NAMED)}."
        )
    if evaluation.notes:
        lines.append(f"Noted: {listed(evaluation.notes, _NAMED)}.")
    return "".join(paragraph(line, class_="warning", role="note") for line in lines)


def _summary(evaluation: Evaluation) -> str:
    summary = evaluation.overall
    cards = "".join(
        element(
            "li",
            escape(title)
            + element("span", number(summary.mean[score]), class_="value")
            + element("span", interval(summary.mean_interval.get(score)), class_="range"),
        )
        for title, score in _CARDS
    )
    header = ("score", "mean over images", "95 % interval", "pooled", "95 % interval")
    rows = [(title, *_both(summary, score)) for title, score in _SCORES]
    if evaluation.coco is not None:
        rows += [
            ("COCO AP of masks", "–", "–", number(evaluation.coco.ap), "–"),
            ("COCO AR of masks", "–", "–", number(evaluation.coco.ar), "–"),
        ]
    note = "In a mean over images every image weighs the same; pooled, every object (or pixel). " + _interval_note(
        summary
    )
    return element("ul", cards, class_="cards") + paragraph(note, class_="note") + table("All scores", header, rows)


def _interval_note(summary: Summary) -> str:
    if not summary.mean_interval:
        return "There are no intervals: they need two groups of images."
    return f"Intervals are 95\u00a0% bootstrap intervals over the {summary.groups} groups of images."


def _both(summary: Summary, score: str) -> tuple[str, str, str, str]:
    return (
        number(summary.mean[score]),
        interval(summary.mean_interval.get(score)),
        number(summary.pooled[score]),
        interval(summary.pooled_interval.get(score)),
    )


def _quality(evaluation: Evaluation, against: Sequence[Run]) -> str:
    return _grid([plots.ap_curves(evaluation, against), plots.error_kinds(evaluation.overall)])


def _breakdown(evaluation: Evaluation) -> str:
    parts = [plots.breakdown(column, groups) for column, groups in evaluation.by.items() if len(groups) > 1]
    return _grid([*parts, plots.size_breakdown(evaluation.overall, evaluation.threshold)])


def _agreement(evaluation: Evaluation) -> str:
    return _grid([plots.count_agreement_plot(evaluation), plots.size_agreement_plot(evaluation.per_object)])


def _confidence(evaluation: Evaluation) -> str:
    plot = plots.score_calibration(evaluation.per_object)
    return _grid([plot]) if plot else paragraph("The predicted objects have no score.", class_="note")


def _grid(figures: Iterable[str]) -> str:
    return element("div", "".join(figures), class_="plots")


def _pictures(evaluation: Evaluation) -> str:
    """Draw the worst and the median images by DSB score, as many as the page has room for."""
    ranked = evaluation.per_image.dropna(subset=["dsb"]).sort_values("dsb", kind="stable", ignore_index=True)
    worst = ranked.head(_WORST)
    middle = max(len(ranked) // 2 - _MEDIAN // 2, len(worst))
    room = _PICTURE_BUDGET
    body = ""
    for title, chosen in (("Worst", worst), ("Median", ranked.iloc[middle : middle + _MEDIAN])):
        drawn = ""
        for picture in _drawn(evaluation, chosen):
            if len(picture) <= room:
                drawn += picture
                room -= len(picture)
        if drawn:
            body += element("h3", f"{title} by DSB score") + element("div", drawn, class_="gallery")
    return element("div", _layer_switches() + body, class_="shown") if body else ""


def _drawn(evaluation: Evaluation, rows: pd.DataFrame) -> Iterable[str]:
    if evaluation.opened is None:
        return
    preds, truths = evaluation.opened
    finder = ImageFinder(str(evaluation.source["truth"]), str(evaluation.source["pred"]))
    for row in rows.to_dict("records"):
        name = str(row["image"])
        try:
            truth = truths.read(name).labels
        except HookeError:
            continue  # gone since it was scored
        if truth.ndim != 2:
            continue  # a stack has no one picture
        try:
            pred = preds.read(name, truth.shape).labels if row["status"] == "ok" else np.zeros_like(truth)
        except HookeError:
            continue
        yield draw_subject(_subject(evaluation, row, pred, truth, finder))


def _subject(
    evaluation: Evaluation,
    row: dict[Hashable, Any],
    pred: NDArray[np.int32],
    truth: NDArray[np.int32],
    finder: ImageFinder,
) -> Subject:
    name = str(row["image"])
    kind = f"{row['modality']}, " if "modality" in row else ""
    status = "" if row["status"] == "ok" else f" {row['status']}."
    caption = (
        f"{kind}DSB score {number(row['dsb'])}; {whole(row['n_true'])} true, "
        f"{whole(row['n_pred'])} predicted objects.{status}"
    )
    objects = evaluation.per_object[evaluation.per_object["image"] == name]
    return Subject(name, caption, pred, truth, objects, finder.read(name, truth.shape))


def _layer_switches() -> str:
    """Switches that show and hide the outlines; each shows its line."""
    switches = ""
    for layer, meaning in LAYERS.items():
        line = mark("path", class_="ink", d="M2 7H38")
        sample = element(
            "svg", element("g", line, class_=layer), class_="sample", viewBox="0 0 40 14", aria_hidden="true"
        )
        switches += _switch(layer, f"{sample} {escape(meaning)}")
    legend = element("legend", "Show (point at an object without a match to read its kind of error)")
    return element("fieldset", legend + switches + _switch("image", "the image itself"))


def _switch(layer: str, label: str) -> str:
    box = mark("input", type="checkbox", id=f"show-{layer}", checked="").replace("/>", ">")
    return element("label", f"{box} {label}", for_=f"show-{layer}")


def _image_table(per_image: pd.DataFrame) -> str:
    """List images, the worst first."""
    ranked = per_image.sort_values("dsb", kind="stable", na_position="first")
    extra = [name for name in ("split", "modality") if name in ranked and ranked[name].nunique() > 1]
    header = ("image", *extra, "status", "DSB", "AP 0.5", "F1 0.5", "PQ", "true", "predicted")
    rows = [
        (
            str(row["image"]),
            *(str(row[name]) for name in extra),
            str(row["status"]),
            *(number(row[score]) for score in ("dsb", "ap_50", "f1_50", "pq")),
            *(number(row[count], 0) for count in ("n_true", "n_pred")),
        )
        for row in ranked.head(_LISTED).to_dict("records")
    ]
    caption = "Images, the lowest DSB score first"
    if len(ranked) > _LISTED:
        caption += f": {_LISTED} of {whole(len(ranked))}; all of them are in per_image.csv"
    return table(caption, header, rows)
