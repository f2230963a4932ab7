"""Writes a picture of each explanation, and a page with all."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.io import write_png
from hooke.report.html.address import picture_address
from hooke.report.html.markup import element, number, paragraph, share, table
from hooke.report.html.page import Section, render_page, write_page
from hooke.report.overlay import overlay
from hooke.training.explain.explanation import Explanation

_SIDE = 320  # of a panel, pixels
_STRENGTH = 0.55  # of the colours over the image
_LEAD = (
    "Each row shows the network's input, with the outline of the object, and then how much each place "
    "contributes to its prediction, from blue (nothing) to red (the most). A map shows why, not whether it "
    "is right. Grad-CAM and Grad-CAM++ weigh a feature equally everywhere, and so highlight all that looks like the "
    "object; HiResCAM shows the places that this one answer rests on."
)
_CHECK = (
    "Heat inside: share of the map that lies in the object. Like random: correlation with the map of the same network "
    "with random weights (Adebayo et al. 2018); where it is near 1, the map shows the image and not what was learnt."
)


def write_explanations(explanations: Sequence[Explanation], out: Path, title: str) -> Path:
    """Write a picture of each explanation, and a page that holds them all.

    Parameters
    ----------
    explanations : sequence of Explanation
    out : Path
        Folder; made when missing.
    title : str
        Of the page.

    Returns
    -------
    Path
        ``explain.html`` in the folder; the pictures are next to it, named after what they explain.

    Raises
    ------
    OutputError
        When they can't be written.
    """
    figures = []
    for explanation in explanations:
        picture = draw(explanation)
        write_png(out / f"{explanation.name.replace(' ', '_')}.png", picture)
        figures.append(_figure(explanation, picture))
    sections = [
        Section("maps", "What the answers rest on", "".join(figures)),
        Section("check", "Can the maps be believed?", paragraph(_CHECK) + _table(explanations) if figures else ""),
    ]
    lead = paragraph(_LEAD if figures else "The network finds nothing in this image, so there is nothing to explain.")
    write_page(out / "explain.html", render_page(title, lead, sections))
    return out / "explain.html"


def draw(explanation: Explanation) -> NDArray[np.uint8]:
    """Draw an explanation: the image with the outline, then a map for each method, side by side."""
    panels = [overlay(explanation.pixels, explanation.labels)]
    bare = np.clip(explanation.pixels, 0, 1) * 255
    for heat in explanation.heat.values():
        colours = cv2.applyColorMap(np.rint(heat * 255).astype(np.uint8), cv2.COLORMAP_TURBO)[..., ::-1]
        mixed = ((1 - _STRENGTH) * bare + _STRENGTH * colours).astype(np.uint8)
        panels.append(_outlined(mixed, explanation.labels))
    return np.concatenate([_fitted(panel) for panel in panels], axis=1)


def _outlined(picture: NDArray[np.uint8], labels: NDArray[np.int32]) -> NDArray[np.uint8]:
    contours, _ = cv2.findContours((labels > 0).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(np.ascontiguousarray(picture), contours, -1, (255, 255, 255), 1), np.uint8)


def _fitted(panel: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring a panel to the common height."""
    zoom = _SIDE / panel.shape[0]
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(panel, (round(panel.shape[1] * zoom), _SIDE), interpolation=way), np.uint8)


def _figure(explanation: Explanation, picture: NDArray[np.uint8]) -> str:
    order = ", ".join(["image", *explanation.heat])
    caption = f"{explanation.name}: {explanation.answer}. From the left: {order}."
    shown = f'<img src="{picture_address(picture)}" alt="{escape(caption)}" style="max-width:100%">'
    return element("figure", shown + element("figcaption", escape(caption)), style="margin-bottom:1.2rem")


def _table(explanations: Sequence[Explanation]) -> str:
    rows = []
    for explanation in explanations:
        for method in explanation.heat:
            inside = explanation.inside(method)
            random = number(explanation.random[method], 2)
            rows.append((explanation.name, method, "–" if inside is None else share(inside), random))
    return table("Each map", ("what", "method", "heat inside", "like random"), rows)
