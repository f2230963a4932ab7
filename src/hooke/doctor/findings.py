"""Defines what the doctor can find: kind, severity and place of a finding, shared by checks and reports."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

#: Top, left, bottom, right in pixels; the last two are one past the end.
Box = tuple[int, int, int, int]


class Severity(StrEnum):
    """How bad a finding is.

    An error breaks a training or makes a figure false; a warning is a label that is wrong or probably so; an info is
    worth knowing.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Kind:
    """A kind of finding.

    Attributes
    ----------
    severity : Severity
        How bad it is as a rule; a finding can say otherwise.
    meaning : str
        What was found, in a few words.
    remedy : str
        What to do about it.
    """

    severity: Severity
    meaning: str
    remedy: str


_FIXED = "hooke doctor --fix does it"

KINDS: dict[str, Kind] = {
    "unreadable": Kind(Severity.ERROR, "a file is missing, truncated or damaged", "copy or prepare it again"),
    "size-mismatch": Kind(Severity.ERROR, "image and labels differ in size", "give the labels of this image"),
    "leak": Kind(
        Severity.ERROR,
        "the same image in two splits or two data sets",
        "leave one of the two out, or put both into one split",
    ),
    "duplicate": Kind(Severity.WARNING, "the same image twice in one split", "leave one of the two out"),
    "index-mismatch": Kind(Severity.WARNING, "the index and the files do not agree", "prepare the data set again"),
    "unlisted": Kind(Severity.WARNING, "a file that the index does not list", "list it, or remove it"),
    "empty-labels": Kind(Severity.WARNING, "no object is labelled", "check whether the image is empty too"),
    "pieces": Kind(
        Severity.WARNING, "one id in several pieces", f"give distant pieces their own ids; {_FIXED} where it is safe"
    ),
    "stray-pixels": Kind(Severity.WARNING, "a few pixels apart from their object", f"remove them; {_FIXED}"),
    "holes": Kind(Severity.WARNING, "background inside an object", f"fill them; {_FIXED} up to a few pixels"),
    "specks": Kind(Severity.WARNING, "an object of a few pixels", f"remove it; {_FIXED}"),
    "merge": Kind(
        Severity.WARNING, "one id that looks like two objects (thin neck or low solidity)", "draw the line between them"
    ),
    "missing": Kind(Severity.WARNING, "looks like an object and has no label", "label it"),
    "no-signal": Kind(Severity.WARNING, "a label where the image shows background", "remove the label or move it"),
    "disagreement": Kind(Severity.WARNING, "the model and the labels disagree", "check which is right"),
    "size-outlier": Kind(Severity.INFO, "far larger or smaller than the others", "check it"),
    "brightness-outlier": Kind(Severity.INFO, "far brighter or darker than the others", "check it"),
    "border": Kind(Severity.INFO, "objects cut by the image's border", "leave them out when sizes are measured"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or may be.

    Attributes
    ----------
    kind : str
        A key of `KINDS`.
    image : str
        Id of the image.
    message : str
        What was found there, with its figures.
    severity : Severity
        As the kind's, or worse or milder.
    split : str
        Split of the image; empty where it has none.
    label : int or None
        Id of the object; None where it is about the image, or about pixels without a label.
    box : Box or None
        Where in the image; None for all of it.
    value : float or None
        The figure that findings of the kind are ranked by, the largest first.
    other : str or None
        The other image of a pair.
    """

    kind: str
    image: str
    message: str
    severity: Severity
    split: str = ""
    label: int | None = None
    box: Box | None = None
    value: float | None = None
    other: str | None = None

    @classmethod
    def of_kind(cls, kind: str, image: str, message: str, **more: Any) -> Finding:
        """Make a finding of its kind's severity, or of the one given."""
        return cls(kind, image, message, more.pop("severity", KINDS[kind].severity), **more)

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values, ready for JSON."""
        return asdict(self) | {"severity": str(self.severity)}


def sort_findings(findings: list[Finding]) -> list[Finding]:
    """Order findings by kind as in `KINDS`, within a kind by severity and by value, the largest first.

    Examples
    --------
    >>> found = [Finding.of_kind("border", "a", ""), Finding.of_kind("specks", "b", "", value=2)]
    >>> found.append(Finding.of_kind("specks", "a", ""))
    >>> [(finding.kind, finding.image) for finding in sort_findings(found)]
    [('specks', 'b'), ('specks', 'a'), ('border', 'a')]
    """
    kinds, severities = list(KINDS), list(Severity)

    def place(finding: Finding) -> tuple[int, int, float, str]:
        value = float("-inf") if finding.value is None else finding.value
        return kinds.index(finding.kind), severities.index(finding.severity), -value, finding.image

    return sorted(findings, key=place)
