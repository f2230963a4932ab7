"""Writes the report of `hooke compare` as one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hooke.evaluation.compare import ALL, COMPARED, MIN_GROUPS, RunComparison
from hooke.evaluation.saved_evaluation import Run
from hooke.report.html.charts import Estimate, interval_chart
from hooke.report.html.markup import counted, element, figure, interval, number, paragraph, table
from hooke.report.html.page import Section, render_page, write_page
from hooke.report.html.plots import curves_figure, run_curve

_LEVEL = 0.05


def write_comparison(runs: Sequence[Run], comparison: RunComparison, path: str | Path) -> None:
    """Write the report of a comparison.

    Parameters
    ----------
    runs : sequence of Run
        In the order of the comparison.
    comparison : RunComparison
        From `hooke.evaluation.compare.compare_runs`.
    path : str or Path
        The HTML file.

    Raises
    ------
    OutputError
        When it can't be written.
    """
    write_page(path, render_comparison(runs, comparison))


def render_comparison(runs: Sequence[Run], comparison: RunComparison) -> str:
    """Give the HTML that `write_comparison` writes."""
    sections = (
        Section("scores", "Side by side", _means(comparison)),
        Section("curves", "Outlines", element("div", _curves(runs, comparison), class_="plots")),
        Section("differences", "Is the difference real?", _differences(comparison)),
    )
    facts = f"{', '.join(comparison.runs)}: {counted(comparison.images, 'image')} that all of them scored."
    return render_page(
        "Comparison of segmentations", paragraph(facts, class_="facts") + _warnings(comparison), sections
    )


def verdict(p: float) -> str:
    """Say what a p-value means at the 5 % level."""
    if p != p:
        return "too few groups"
    return "real" if p < _LEVEL else "may be chance"


def _warnings(comparison: RunComparison) -> str:
    lines = [
        f"Left out of {run}, not scored by every run: {counted(len(names), 'image')}."
        for run, names in comparison.left_out.items()
        if names
    ]
    lines += [
        f"Scored as if nothing had been found, by {run}, without a prediction or with a bad one: "
        f"{counted(len(names), 'image')}."
        for run, names in comparison.empty.items()
        if names
    ]
    return "".join(paragraph(line, class_="warning", role="note") for line in lines)


def _curves(runs: Sequence[Run], comparison: RunComparison) -> str:
    left_out = any(comparison.left_out.values())
    note = "Each curve is of all images of its run." if left_out else ""
    return curves_figure([run_curve(run) for run in runs]) + (paragraph(note, class_="note") if note else "")


def _means(comparison: RunComparison) -> str:
    means = comparison.means
    tables = []
    for part in means["part"].unique():
        rows = means[means["part"] == part]
        images, groups = int(rows["images"].iloc[0]), int(rows["groups"].iloc[0])
        caption = f"{part}: means over {counted(images, 'image')} in {counted(groups, 'group')}"
        body = [
            (COMPARED[row["score"]], *(number(row[run]) for run in comparison.runs)) for row in rows.to_dict("records")
        ]
        tables.append(table(caption, ("score", *comparison.runs), body))
    return element("div", "".join(tables), class_="plots")


def _differences(comparison: RunComparison) -> str:
    first = comparison.runs[0]
    method = (
        f"Difference from {first}, image by image; the interval and p are bootstrapped over the groups "
        f"of images (paired bootstrap). A difference is called real when p is under {_LEVEL}; p is not adjusted for "
        f"the number of rows, and there is none for fewer than {MIN_GROUPS} groups."
    )
    plots = "".join(_difference_plot(comparison, run) for run in comparison.runs[1:])
    table_ = comparison.differences
    rows = [
        (
            f"{row['run']}, {row['part']}",
            COMPARED[row["score"]],
            number(row["difference"]),
            "–" if row["p"] != row["p"] else interval((row["low"], row["high"])),
            number(row["p"]),
            verdict(row["p"]),
        )
        for row in table_.to_dict("records")
    ]
    header = ("run, images", "score", "difference", "95 % interval", "p", "the difference is")
    return (
        paragraph(method)
        + element("div", plots, class_="plots")
        + element("h3", "All differences")
        + table(f"Differences from {first}", header, rows)
    )


def _difference_plot(comparison: RunComparison, run: str) -> str:
    rows = comparison.differences
    rows = rows[(rows["run"] == run) & (rows["part"] == ALL)]
    estimates = [
        Estimate(COMPARED[row["score"]], row["difference"], None if row["p"] != row["p"] else (row["low"], row["high"]))
        for row in rows.to_dict("records")
    ]
    said = "; ".join(f"{estimate.name} {number(estimate.value)}" for estimate in estimates)
    title = f"{run} minus {comparison.runs[0]}"
    drawing = interval_chart(estimates, alt=f"{title}. {said}", x_label="difference of means", around_zero=True)
    return figure(drawing, f"{title}, all images, with 95 % intervals; the dashed line marks a difference of 0.")
