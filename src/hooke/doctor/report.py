"""Writes what the doctor found: a page with pictures, JSON and csv."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.doctor.dataset_images import DatasetImage, find_dataset_images, load_dataset_image
from hooke.doctor.examine import Diagnosis
from hooke.doctor.findings import KINDS, Finding, Severity
from hooke.doctor.pictures import picture_box, picture_pair
from hooke.errors import HookeError
from hooke.io import atomic_path, read_image
from hooke.io.lock import only_run
from hooke.report.html.address import picture_address
from hooke.report.html.markup import element, paragraph, table, whole
from hooke.report.html.page import Section, render_page, write_page

PICTURED = 12  # findings of a kind that get a picture
LISTED = 200  # images of the ranking by disagreement
COLUMNS = ("kind", "severity", "split", "image", "label", "top", "left", "bottom", "right", "value", "other", "message")


def write_report(diagnosis: Diagnosis, folder: str | Path) -> Path:
    """Write ``doctor.html``, ``findings.json``, ``findings.csv`` and, with a model, ``disagreement.csv``.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    OutputError
        If a file can't be written, or another run writes to the folder.
    """
    out = Path(folder)
    with only_run(out):
        with atomic_path(out / "findings.json") as part:
            part.write_text(json.dumps(to_json(diagnosis), indent=1) + "\n", encoding="utf-8")
        _write_csv(out / "findings.csv", COLUMNS, (_row(finding) for finding in diagnosis.findings))
        if diagnosis.disagreements:
            rows = [image.to_dict() for image in diagnosis.disagreements]
            _write_csv(out / "disagreement.csv", tuple(rows[0]), rows)
        write_page(out / "doctor.html", render_report(diagnosis))
    return out / "doctor.html"


def to_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """Give a diagnosis as plain values."""
    return {
        "dataset": str(diagnosis.dataset),
        "against": [str(folder) for folder in diagnosis.against],
        "images": diagnosis.images,
        "objects": diagnosis.objects,
        "counts": {kind: {str(name): n for name, n in count.items()} for kind, count in diagnosis.counts().items()},
        "findings": [finding.to_dict() for finding in diagnosis.findings],
        "disagreements": [image.to_dict() for image in diagnosis.disagreements],
    }


def _row(finding: Finding) -> dict[str, object]:
    box = dict(zip(("top", "left", "bottom", "right"), finding.box or (), strict=False))
    return finding.to_dict() | box


def _write_csv(path: Path, columns: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> None:
    with atomic_path(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def render_report(diagnosis: Diagnosis) -> str:
    """Draw the page: what was found by kind, and pictures of the first findings of each kind."""
    lead = paragraph(
        f"{diagnosis.dataset}: {whole(diagnosis.images)} images, {whole(diagnosis.objects)} objects, "
        f"{whole(len(diagnosis.findings))} findings.",
        class_="facts",
    )
    gallery = _Gallery(diagnosis)
    sections = [Section("summary", "Summary", _summary(diagnosis))]
    for kind, count in diagnosis.counts().items():
        found = [finding for finding in diagnosis.findings if finding.kind == kind]
        sections.append(Section(kind, f"{kind} ({count.total()})", gallery.show(kind, found)))
    sections.append(Section("ranking", "Images by disagreement with the model", _ranking(diagnosis)))
    return render_page(f"Label doctor: {diagnosis.dataset.resolve().name}", lead, sections)


def _summary(diagnosis: Diagnosis) -> str:
    if not diagnosis.findings:
        return paragraph("Nothing was found.")
    rows = [
        (kind, *(str(count[severity]) for severity in Severity), KINDS[kind].meaning, KINDS[kind].remedy)
        for kind, count in diagnosis.counts().items()
    ]
    header = ("kind", *(str(severity) for severity in Severity), "what it is", "what to do")
    return table("Findings by kind. An error breaks a training or makes a figure false.", header, rows)


def _ranking(diagnosis: Diagnosis) -> str:
    if not diagnosis.disagreements:
        return ""
    rows = [
        (
            image.image,
            f"{image.f1:.3f}",
            f"{image.ap:.3f}",
            *map(str, (image.labelled, image.found, image.missed, image.spurious)),
        )
        for image in diagnosis.disagreements[:LISTED]
    ]
    header = ("image", "F1", "AP at 0.5", "labelled", "found", "missed", "spurious")
    return table("The largest disagreement first; all images are in disagreement.csv.", header, rows)


class _Gallery:
    """Pictures of findings, read from the data set again so that no image is kept in memory."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.members = {member.id: member for member in find_dataset_images(diagnosis.dataset)}
        for folder in diagnosis.against:
            name = folder.resolve().name
            self.members |= {f"{name}:{member.id}": member for member in find_dataset_images(folder)}

    def show(self, kind: str, findings: list[Finding]) -> str:
        """Draw the first findings of a kind."""
        meaning = paragraph(f"{KINDS[kind].meaning}. To do: {KINDS[kind].remedy}.")
        figures = "".join(self._figure(finding) for finding in findings[:PICTURED])
        rest = len(findings) - PICTURED
        note = paragraph(f"And {rest} more, in findings.csv.", class_="note") if rest > 0 else ""
        return meaning + element("div", figures, class_="gallery") + note

    def _figure(self, finding: Finding) -> str:
        """Draw one finding: its picture, where there is one, and its words."""
        picture = self._picture(finding)
        drawing = (
            ""
            if picture is None
            else f'<img alt="{escape(finding.message)}" style="width:100%" src="{picture_address(picture, "jpeg")}">'
        )
        name = finding.image if finding.label is None else f"{finding.image}, id {finding.label}"
        words = element("code", escape(name)) + "<br>" + escape(finding.message)
        if finding.other is not None:
            words += "<br>" + element("code", escape(finding.other))
        return element("figure", drawing + element("figcaption", words))

    def _picture(self, finding: Finding) -> NDArray[np.uint8] | None:
        member = self.members.get(finding.image)
        if member is None:
            return None
        opened = load_dataset_image(member)
        if opened.image is None:
            return None
        if finding.other is None:
            return picture_box(opened.image.pixels, opened.labels, finding.box)
        other = self._pixels(self.members.get(finding.other))
        return None if other is None else picture_pair(opened.image.pixels, other)

    def _pixels(self, member: DatasetImage | None) -> NDArray[np.generic] | None:
        if member is None or member.image is None:
            return None
        try:
            return read_image(member.image).pixels
        except HookeError:
            return None
