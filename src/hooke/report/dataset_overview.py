"""Draws contact sheets and histograms of a data set, and counts its objects."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hooke.datasets.layout import SPLITS, IndexRow, read_index, read_sample
from hooke.errors import DatasetError, HookeError
from hooke.io import atomic_path, write_png
from hooke.io.annotations.classes_json import read_classes
from hooke.measure import measure
from hooke.report.html.charts import histogram_chart
from hooke.report.html.svg import stand_alone
from hooke.report.sheet import Tile, draw_pages

_BARS = 24  # of a histogram
_INNER = (1, 99)  # percentiles: what lies outside is counted in the outermost bars


@dataclass
class Overview:
    """What a data set holds, and where its pictures are.

    Attributes
    ----------
    images, objects : Counter of (split, modality)
        How many there are.
    classes : Counter of (split, class)
        Objects of each class; empty where the data set names none.
    diameters, per_image : dict of str to list of float
        For each split, equivalent diameters of the objects in pixels, and objects of each image.
    failed : dict of str to HookeError
        Images that can't be read.
    pages : list of Path
        The contact sheets.
    """

    images: Counter[tuple[str, str]] = field(default_factory=Counter)
    objects: Counter[tuple[str, str]] = field(default_factory=Counter)
    classes: Counter[tuple[str, str]] = field(default_factory=Counter)
    diameters: dict[str, list[float]] = field(default_factory=dict)
    per_image: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[str, HookeError] = field(default_factory=dict)
    pages: list[Path] = field(default_factory=list)


def show_dataset(
    dataset: str | Path,
    out: str | Path,
    *,
    split: str | None = None,
    most: int | None = None,
    columns: int = 6,
    rows: int = 5,
    side: int = 256,
    progress: Callable[[int, int], None] | None = None,
) -> Overview:
    """Draw contact sheets with outlines and histograms, and count what there is.

    Parameters
    ----------
    dataset : str or Path
        A hooke data set.
    out : str or Path
        Folder for ``sheet-001.png`` and so on, ``histograms.svg`` and ``counts.csv``.
    split : str, optional
        Only this one.
    most : int, optional
        Show this many images, evenly taken from all in the order of the index; figures are of those alone.
    columns, rows, side : int
        Pictures a page, and the pixels of a picture's longer side.
    progress : callable, optional
        Called with the number of images done and the number of all.

    Returns
    -------
    Overview

    Raises
    ------
    DatasetError
        If it is not a hooke data set, has no such image, or none can be read.
    OutputError
        If a file can't be written.
    """
    listed = [row for row in read_index(dataset) if split in (None, row.split)]
    if most is not None and 0 < most < len(listed):
        listed = [listed[index] for index in np.linspace(0, len(listed) - 1, most).round().astype(int)]
    if not listed:
        what = "no image" if split is None else f"no image of the split {split!r}"
        raise DatasetError(f"has {what}", path=dataset, remedy=f"splits are {', '.join(SPLITS)}")
    overview, folder = Overview(), Path(out)
    tiles = _tiles(Path(dataset), listed, overview, progress)
    for number, page in enumerate(draw_pages(tiles, columns=columns, rows=rows, side=side), start=1):
        overview.pages.append(folder / f"sheet-{number:03}.png")
        write_png(overview.pages[-1], page)
    if not overview.images:
        raise next(iter(overview.failed.values()))
    with atomic_path(folder / "histograms.svg") as part:
        part.write_text(stand_alone(*_histograms(overview)), encoding="utf-8")
    _write_counts(folder / "counts.csv", overview)
    return overview


def _tiles(
    dataset: Path, rows: list[IndexRow], overview: Overview, progress: Callable[[int, int], None] | None
) -> Iterator[Tile]:
    """Read the images one by one, and take their figures on the way."""
    classes = read_classes(dataset)
    for done, row in enumerate(rows, start=1):
        if progress is not None:
            progress(done, len(rows))
        try:
            pixels, labels = read_sample(dataset, row.id)
        except HookeError as error:
            overview.failed[row.id] = error
            continue
        diameters = measure(labels, None, more=False)["equivalent_diameter"].tolist()
        overview.images[row.split, row.modality] += 1
        overview.objects[row.split, row.modality] += len(diameters)
        overview.diameters.setdefault(row.split, []).extend(diameters)
        overview.per_image.setdefault(row.split, []).append(float(len(diameters)))
        for name in classes.get(row.id, {}).values():
            overview.classes[row.split, name] += 1
        yield Tile(pixels, labels, (row.id, f"{row.split}, {row.modality}, {len(diameters)} objects"))


def _histograms(overview: Overview) -> list[str]:
    """Draw sizes, counts, and classes where there are any."""
    splits = [split for split in SPLITS if split in overview.per_image]
    diameters = {split: overview.diameters[split] for split in splits}
    per_image = {split: overview.per_image[split] for split in splits}
    charts = [
        _histogram(diameters, "diameter of the object (pixels)", "objects"),
        _histogram(per_image, "objects in the image", "images"),
    ]
    names = sorted({name for _, name in overview.classes})
    if names:
        counts = {split: [overview.classes[split, name] for name in names] for split in splits}
        by_class = {split: np.repeat(np.arange(len(names)), counts[split]).tolist() for split in splits}
        edges = [index - 0.5 for index in range(len(names) + 1)]
        charts.append(histogram_chart(by_class, edges, alt="Objects by class", x_label="class", names=names))
    return charts


def _histogram(groups: dict[str, list[float]], x_label: str, y_label: str) -> str:
    values = np.concatenate([np.asarray(group, np.float64) for group in groups.values()])
    low, high = np.percentile(values, _INNER) if values.size else (0, 1)
    edges = np.linspace(low, high if high > low else low + 1, _BARS + 1).tolist()
    return histogram_chart(groups, edges, alt=f"Histogram: {x_label}", x_label=x_label, y_label=y_label)


def _write_counts(path: Path, overview: Overview) -> None:
    """Write counts by split and modality, and by split and class."""
    with atomic_path(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("split", "modality", "class", "images", "objects"))
        for (split, modality), images in sorted(overview.images.items()):
            writer.writerow((split, modality, "", images, overview.objects[split, modality]))
        for (split, name), objects in sorted(overview.classes.items()):
            writer.writerow((split, "", name, "", objects))
