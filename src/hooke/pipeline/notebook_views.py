"""Shows a segmentation in notebooks: a card with overlay, count and sizes, and axes of matplotlib."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.io.annotations import AnnotatedPlane
from hooke.labels.labelled_image import LabelledImage
from hooke.pipeline.result_files import plane_name
from hooke.report.html.charts import histogram_chart
from hooke.report.html.markup import counted, element, paragraph
from hooke.report.html.svg import stand_alone
from hooke.report.html.thumbnails import encode_thumbnail

if TYPE_CHECKING:
    from hooke.pipeline.segmentation import Segmentation

_SIDE = 480  # pixels of the overlay in a card
_BARS = 20
_FIGURE = 6.0  # inches


def annotated_plane(found: Segmentation) -> AnnotatedPlane:
    """Give what formats of other programs are written from."""
    image, ids = found.image, range(1, found.count + 1)
    classes = {} if found.classes is None else dict(zip(ids, found.classes.labels, strict=True))
    content = LabelledImage(found.labels, scores=dict(zip(ids, found.scores.tolist(), strict=True)), classes=classes)
    return AnnotatedPlane(
        plane_name(image.name, image.plane),
        content,
        found.table,
        image.plane,
        image.pixel_size_um,
        "" if image.path is None else image.path.name,
    )


def draw_axes(found: Segmentation, axes: Any = None) -> Any:
    """Draw the overlay with matplotlib: see `Segmentation.plot`."""
    if axes is None:
        try:
            from matplotlib import pyplot
        except ImportError as error:
            remedy = "install it: pip install matplotlib; overlay() gives the same picture as an array"
            raise ConfigError("plots need matplotlib", remedy=remedy) from error
        height, width = found.labels.shape
        largest = max(height, width)
        _, axes = pyplot.subplots(figsize=(_FIGURE * width / largest, _FIGURE * height / largest), layout="constrained")
    axes.imshow(found.overlay())
    axes.set_title(f"{plane_name(found.image.name, found.image.plane)}: {_said(found)}")
    axes.set_axis_off()
    return axes


def describe(found: Segmentation) -> str:
    """Say in one line what was found: see `Segmentation.__repr__`."""
    name, (height, width) = plane_name(found.image.name, found.image.plane), found.labels.shape
    facts = [f"{_said(found)} in {name}", f"{height} x {width} pixels"]
    if doubtful := int(found.doubtful.sum()):
        facts.append(f"{doubtful} doubtful")
    facts += [f"warning: {warning}" for warning in found.warnings]
    return f"<Segmentation: {', '.join(facts)}>"


def render_card(found: Segmentation) -> str:
    """Show a segmentation as HTML that needs no style sheet: see `Segmentation._repr_html_`."""
    name = plane_name(found.image.name, found.image.plane)
    picture = _shown(encode_thumbnail(found.overlay(), _SIDE), "image/jpeg", f"{name} with outlines: {_said(found)}")
    facts = [element("strong", escape(_said(found))) + f" in {escape(name)}"]
    if found.diameter is not None:
        facts.append(escape(f"typical diameter {found.diameter:.0f} pixels"))
    if doubtful := int(found.doubtful.sum()):
        facts.append(escape(f"{doubtful} doubtful, drawn dashed"))
    words = element("p", "<br>".join(facts)) + "".join(paragraph(f"Check: {warning}") for warning in found.warnings)
    sizes = _size_histogram(found) if found.count else ""
    text = element("div", words + sizes, style="flex: 1 1 16em; max-width: 30em; text-align: left")
    return element("div", picture + text, style="display: flex; flex-wrap: wrap; gap: 1em; align-items: flex-start")


def _said(found: Segmentation) -> str:
    return counted(found.count, "object")


def _size_histogram(found: Segmentation) -> str:
    """Plot the diameters of circles of the objects' areas, as a picture: styles of a page would reach into an SVG."""
    diameters, unit = _diameters(found)
    low, high = float(diameters.min()), float(diameters.max())
    edges = np.linspace(low, high if high > low else low + 1, _BARS + 1).tolist()
    said = f"Histogram of diameters: median {np.median(diameters):.3g} {unit}, {low:.3g} to {high:.3g}"
    groups = {"objects": diameters.tolist()}
    drawn = histogram_chart(groups, edges, alt=said, x_label=f"diameter of the object ({unit})")
    return _shown(stand_alone(drawn).encode(), "image/svg+xml", said)


def _diameters(found: Segmentation) -> tuple[NDArray[np.float64], str]:
    area = np.bincount(found.labels.ravel(), minlength=found.count + 1)[1:]
    size = found.image.pixel_size_um
    pixel = 1.0 if size is None else size[0] * size[1]
    return np.sqrt(4 * area * pixel / np.pi), "pixels" if size is None else "µm"


def _shown(code: bytes, kind: str, alt: str) -> str:
    address = f"data:{kind};base64," + base64.b64encode(code).decode("ascii")
    return f'<img src="{address}" alt="{escape(alt)}" style="max-width: 100%; height: auto">'
