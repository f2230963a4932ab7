"""Draws the report's pictures: scored images with their outlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.metrics import MATCHED
from hooke.report.html.address import picture_address
from hooke.report.html.markup import element
from hooke.report.html.outlines import joined, outline_objects
from hooke.report.html.svg import mark
from hooke.report.overlay import to_rgb
from hooke.report.picture_size import shrunk

#: What is drawn over a picture: its class in the style sheet, and what it is.
LAYERS = {
    "true": "true outline, found",
    "pred": "predicted outline, matched",
    "missed": "missed: true, without a match",
    "spurious": "spurious: predicted, without a match",
}
_WINDOW = 1024  # pixels a side; of a larger image only the part with the most errors is shown
_SIDE = 720  # of the embedded picture
_QUALITY = 80  # of its JPEG coding, percent


@dataclass(frozen=True, eq=False)
class Subject:
    """An image to show.

    Parameters
    ----------
    name : str
        Of the image.
    caption : str
        What is said of it.
    pred, truth : ndarray of integer, shape (Y, X)
        Label images.
    objects : DataFrame
        Its rows of `Evaluation.per_object`.
    pixels : ndarray, shape (Y, X) or (Y, X, C), optional
        The image; without it, only outlines are drawn.
    """

    name: str
    caption: str
    pred: NDArray[np.integer]
    truth: NDArray[np.integer]
    objects: pd.DataFrame
    pixels: NDArray[np.generic] | None = None


def draw_subject(subject: Subject) -> str:
    """Draw an image and its outlines, as an HTML figure."""
    top, left, bottom, right = _window(subject.truth.shape, subject.objects)
    height, width = bottom - top, right - left
    backdrop = mark("rect", class_="nothing", width=width, height=height)
    if subject.pixels is not None:
        address = _small_address(to_rgb(subject.pixels, None)[top:bottom, left:right])
        backdrop = mark("image", href=address, width=width, height=height, preserveAspectRatio="none")
    lines = _layers(subject, (slice(top, bottom), slice(left, right)))
    part = "" if (height, width) == subject.truth.shape else f" Rows {top} to {bottom}, columns {left} to {right}."
    alt = f"{subject.name} with outlines. {subject.caption} Without a match: {_errors(subject.objects)}.{part}"
    drawing = element(
        "svg", backdrop + lines, class_="outlines", viewBox=f"0 0 {width} {height}", role="img", aria_label=alt
    )
    enlarge = element("button", "Enlarge", type="button", class_="enlarge", aria_pressed="false", hidden="")
    words = element("code", escape(subject.name)) + element("span", escape(subject.caption + part))
    return element("figure", drawing + element("figcaption", words + enlarge), class_="picture")


def _errors(objects: pd.DataFrame) -> str:
    """Say how many objects of which kind have no match."""
    parts = []
    for side, word in (("true", "true"), ("pred", "predicted")):
        wrong = objects.loc[(objects["kind"] == side) & (objects["outcome"] != MATCHED), "outcome"]
        parts += [f"{count} {word} {kind}" for kind, count in wrong.value_counts().items()]
    return ", ".join(parts) or "none"


def _layers(subject: Subject, window: tuple[slice, slice]) -> str:
    """Outlines, what went well below what did not; each object without a match shows its error when pointed at."""
    kind, found = subject.objects["kind"], subject.objects["outcome"] == MATCHED
    paths = {"true": outline_objects(subject.truth[window]), "pred": outline_objects(subject.pred[window])}
    layers = ""
    for side in ("true", "pred"):
        layers += _line(side, joined(paths[side], subject.objects.loc[(kind == side) & found, "label"].tolist()))
    for side, layer, whose in (("true", "missed", "true"), ("pred", "spurious", "predicted")):
        lost = subject.objects[(kind == side) & ~found]
        for label, outcome in zip(lost["label"].tolist(), lost["outcome"].tolist(), strict=True):
            layers += _line(layer, joined(paths[side], [label]), f"{whose} object {label}: {outcome}")
    return layers


def _line(layer: str, path: str, note: str = "") -> str:
    """A line of the layer's own colour and style on a dark casing, seen on black, on white and on every stain."""
    if not path:
        return ""
    title = element("title", escape(note)) if note else ""
    return element(
        "g", title + mark("path", class_="casing", d=path) + mark("path", class_="ink", d=path), class_=layer
    )


def _window(shape: Sequence[int], objects: pd.DataFrame) -> tuple[int, int, int, int]:
    """Choose the part to show: the whole image, or of a large one the part that holds the most errors."""
    height, width = shape
    if max(height, width) <= _WINDOW:
        return 0, 0, height, width
    wrong = objects[objects["outcome"] != MATCHED]
    places = (wrong if len(wrong) else objects)[["centroid_y", "centroid_x"]].to_numpy(np.float64)
    tops, lefts = _starts(height), _starts(width)
    counts = [
        (int(((places >= (top, left)) & (places < (top + _WINDOW, left + _WINDOW))).all(axis=1).sum()), -top, -left)
        for top in tops
        for left in lefts
    ]
    _, top, left = max(counts)
    return -top, -left, min(height, _WINDOW - top), min(width, _WINDOW - left)


def _starts(length: int) -> list[int]:
    """Where windows may begin along an axis: every half window, the last one flush with the end."""
    last = max(length - _WINDOW, 0)
    return [*range(0, last, _WINDOW // 2), last]


def _small_address(rgb: NDArray[np.uint8]) -> str:
    """Address of a picture at a limited size: JPEG, whose flaws lie below what such a size shows."""
    return picture_address(shrunk(rgb, _SIDE), "jpeg", _QUALITY)
