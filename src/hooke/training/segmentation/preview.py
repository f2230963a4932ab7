"""Shows what a network will see: crops as training draws them, their target maps and the sizes of their objects.

The page is one HTML file that holds its pictures; a PNG sheet of the same crops is next to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.io import write_png
from hooke.report.html.address import picture
from hooke.report.html.charts import histogram_chart
from hooke.report.html.markup import figure, paragraph
from hooke.report.html.page import Section, render_page, write_page
from hooke.report.overlay import overlay
from hooke.targets import Scheme
from hooke.training.augmentation.config import AugmentConfig
from hooke.training.augmentation.crops import Sample, as_colours, crop_sample, make_negative

_SHOWN = 4  # crops shown of a group
_MEASURED = 32  # crops whose objects make a group's histogram
_PANEL = 176  # side of a panel in the sheet, pixels
_EDGES = np.geomspace(2, 256, 33).tolist()  # of the histogram: diameters in pixels


@dataclass(frozen=True)
class _Group:
    """What is shown of images of one kind."""

    name: str
    images: int
    rows: list[NDArray[np.uint8]]
    diameters: NDArray[np.float64]
    empty: int
    crops: int


def write_preview(
    samples: Sequence[Sample],
    groups: Sequence[str],
    config: AugmentConfig,
    scheme: Scheme,
    out: Path,
    rng: np.random.Generator,
) -> Path:
    """Draw crops as training would, and show them by group with their target maps.

    Parameters
    ----------
    samples : sequence of Sample
        Only those that are drawn are used, so it may read them when needed.
    groups : sequence of str
        Group of each sample, such as its dataset and modality; they are shown in order of their names.
    config : AugmentConfig
    scheme : Scheme
    out : Path
        HTML file; the sheet is the same name with the ending ``.png``.
    rng : Generator

    Returns
    -------
    Path
        The HTML file.

    Raises
    ------
    ConfigError
        When there is no sample, or not one group a sample.
    OutputError
        When a file can't be written.
    """
    if not samples or len(samples) != len(groups):
        raise ConfigError(
            f"{len(samples)} images with {len(groups)} groups to preview", remedy="give one group an image"
        )
    shown = list(_draw_groups(samples, groups, config, scheme, rng))
    titles = ("image", "objects", *scheme.maps)
    write_png(out.with_suffix(".png"), np.concatenate([part for group in shown for part in _sheet(group, titles)]))
    write_page(out, _page(shown, titles, config, scheme))
    return out


def _draw_groups(
    samples: Sequence[Sample],
    groups: Sequence[str],
    config: AugmentConfig,
    scheme: Scheme,
    rng: np.random.Generator,
) -> Iterator[_Group]:
    for name in sorted(set(groups)):
        members = [number for number, group in enumerate(groups) if group == name]
        yield _draw_group(name, samples, members, config, scheme, rng)
    if config.negative:
        images = [make_negative(config.crop, rng) for _ in range(_SHOWN)]
        nothing = np.zeros((config.crop, config.crop), np.int32)
        rows = [_row(image, nothing, scheme.encode(nothing)) for image in images]
        yield _Group(f"made up: {config.negative:.0%} of all crops", 0, rows, np.empty(0), _SHOWN, _SHOWN)


def _draw_group(
    name: str,
    samples: Sequence[Sample],
    members: Sequence[int],
    config: AugmentConfig,
    scheme: Scheme,
    rng: np.random.Generator,
) -> _Group:
    # Different images as long as there are any; crops of one image differ less.
    order = np.concatenate([rng.permutation(members) for _ in range(math.ceil(_MEASURED / len(members)))])[:_MEASURED]
    rows: list[NDArray[np.uint8]] = []
    sizes: list[NDArray[np.float32]] = []
    for number in order:
        image, labels, diameters = crop_sample(samples[int(number)], config, rng)
        ids = np.unique(labels)
        sizes.append(diameters[ids[ids > 0]])
        if len(rows) < _SHOWN:
            rows.append(_row(image, labels, scheme.encode(labels, diameters)))
    empty = sum(len(per_crop) == 0 for per_crop in sizes)
    return _Group(name, len(members), rows, np.concatenate(sizes).astype(np.float64), empty, len(order))


# --- pictures -----------------------------------------------------------------------------------------------------


def _row(image: NDArray[np.float32], labels: NDArray[np.int32], maps: NDArray[np.float32]) -> NDArray[np.uint8]:
    """One crop: its image as the network gets it, its objects outlined, its target maps in false colours."""
    bare = (np.clip(as_colours(image), 0, 1) * 255).astype(np.uint8)
    panels = [bare, overlay(np.clip(image, 0, 1), labels), *(_false_colours(target_map) for target_map in maps)]
    return np.concatenate([_fit(panel) for panel in panels], axis=1)


def _false_colours(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    grey = (np.clip(values, 0, 1) * 255).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(grey, cv2.COLORMAP_VIRIDIS)[..., ::-1], np.uint8)


def _fit(panel: NDArray[np.uint8]) -> NDArray[np.uint8]:
    inner = _PANEL - 4
    way = cv2.INTER_AREA if panel.shape[0] > inner else cv2.INTER_NEAREST
    small = cv2.resize(panel, (inner, inner), interpolation=way)
    return cv2.copyMakeBorder(small, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=(255, 255, 255)).astype(np.uint8)


def _sheet(group: _Group, titles: Sequence[str]) -> list[NDArray[np.uint8]]:
    """Title bar and rows of a group."""
    bar = np.full((26, _PANEL * len(titles), 3), 255, np.uint8)
    for column, title in enumerate((group.name, *titles[1:])):
        text = title.encode("ascii", "replace").decode()  # OpenCV's font has no other letters
        place = (column * _PANEL + 4, 18)
        cv2.putText(bar, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (40, 40, 40), 1, cv2.LINE_AA)
    return [bar, *group.rows]


# --- the page -----------------------------------------------------------------------------------------------------


def _page(groups: Sequence[_Group], titles: Sequence[str], config: AugmentConfig, scheme: Scheme) -> str:
    settings = ", ".join(f"{key} {value}" for key, value in config.model_dump().items())
    lead = paragraph(
        "Crops as training draws them, their objects outlined, and the maps that the network is to give, from 0 (dark) "
        f"to 1 (yellow). Augmentation: {settings}."
    )
    sections = []
    for index, group in enumerate(groups):
        body = paragraph(_facts(group)) + picture(np.concatenate(group.rows), f"crops of {group.name}", columns=titles)
        body += _histogram(group.diameters, config, scheme) if len(group.diameters) else ""
        sections.append(Section(f"group-{index}", group.name, body))
    return render_page("What the network will see", lead, sections)


def _facts(group: _Group) -> str:
    if not group.images:
        return "Images without any object, so that the network learns to find nothing."
    facts = f"{group.images} images; in {group.crops} crops {len(group.diameters)} objects"
    if group.empty:
        facts += f", {group.empty} crops without any"
    if len(group.diameters):
        low, middle, high = np.percentile(group.diameters, (5, 50, 95))
        facts += f"; diameter {middle:.0f} px at the median, {low:.0f} to {high:.0f} for nine in ten"
    return facts + "."


def _histogram(diameters: NDArray[np.float64], config: AugmentConfig, scheme: Scheme) -> str:
    drawing = histogram_chart(
        {"objects": diameters.tolist()},
        _EDGES,
        alt=f"Diameters of {len(diameters)} objects",
        x_label="diameter of the object (pixels)",
        log=True,
        usual=config.diameter,
        marked=scheme.nominal_diameter,
    )
    words = (
        "Diameters of the objects in the crops. Shaded: the usual range of a crop's median; dashed: the nominal one."
    )
    return figure(drawing, words)
