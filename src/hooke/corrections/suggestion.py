"""Names the images of a run whose correction would teach a model most, and draws why.

What teaches: objects that the model is unsure of, and objects that it finds in an image and not in its mirror image.
Of images that look the same, one is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import ConfigError, DatasetError, HookeError
from hooke.image import Image
from hooke.io import read_labels, write_png
from hooke.io.channel_files import open_recorded
from hooke.io.entry import Entry, run_entries
from hooke.io.spreadsheet import write_table
from hooke.labels import find_objects
from hooke.metrics import count_overlap, panoptic_quality
from hooke.models import load_model
from hooke.pipeline import segment_image
from hooke.pipeline.record import recorded_options
from hooke.report.sheet import Tile, draw_pages

SHEET_NAME, TABLE_NAME = "suggestions.png", "suggestions.csv"
_MIRRORED = 3  # times as many images as are wanted are segmented in a mirror
_REGION = 512  # pixels: of a larger image, a region of this side is suggested
_UNSURE = 0.6  # of objects that score below this, about half have no true object


@dataclass(frozen=True)
class Suggestion:
    """An image, or a region of it, to correct next.

    Parameters
    ----------
    image : str
        Name of its results.
    file : str
    teaches : float
        How much its correction would teach, 0..1, before others like it are counted off.
    score : float
        Mean score of its objects, 0..1.
    unsure : int
        Objects that score below 0.6.
    disagreement : float
        1 less the panoptic quality of what is found in its mirror image, 0..1.
    top, left, height, width : int
        The region to correct, pixels; all of a small image.
    why : str
    """

    image: str
    file: str
    teaches: float
    score: float
    unsure: int
    disagreement: float
    top: int
    left: int
    height: int
    width: int
    why: str


@dataclass(eq=False)
class _Candidate:
    """An image of a run, and what is known of it."""

    name: str
    entry: Entry
    labels: NDArray[np.int32]
    scores: NDArray[np.float64]
    looks: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    disagreement: float = 0.0

    @property
    def score(self) -> float:
        """Mean score; 0 where nothing was found."""
        return float(self.scores.mean()) if len(self.scores) else 0.0

    @property
    def teaches(self) -> float:
        """How much its correction would teach: the mean of low score and disagreement."""
        return (1 - self.score + self.disagreement) / 2


def suggest(
    results: str | Path,
    count: int = 5,
    *,
    out: str | Path | None = None,
    threads: int = 0,
    progress: Callable[[str], None] | None = None,
) -> list[Suggestion]:
    """Name the images of a run whose correction would teach a model most.

    The images whose objects score lowest are segmented again in a mirror, by the model and options of the run. Images
    are then taken one by one, those that teach most and look least like those taken before first.

    Parameters
    ----------
    results : str or Path
        What ``hooke segment`` wrote.
    count : int
        Number of images.
    out : str or Path, optional
        Folder for ``suggestions.csv`` and the contact sheet ``suggestions.png``; that of the results when not given.
    threads : int
        Threads to compute with; 0 takes all available cores.
    progress : callable, optional
        Given what is done next.

    Returns
    -------
    list of Suggestion
        The most useful first.

    Raises
    ------
    DatasetError
        When there are no results of a run, or none of its images can be read.
    ConfigError
        When the record of the run can't be read, or the number is not 1 or more.
    """
    if count < 1:
        raise ConfigError(f"count is {count}", remedy="give 1 or more images")
    folder, say = Path(results), progress or (lambda _: None)
    options = recorded_options(folder / "run.json", threads=threads)
    candidates = sorted(_candidates(folder), key=lambda found: found.score)[: _MIRRORED * count]
    model = load_model(options.model).with_runtime(options.resolved_runtime)
    shown: list[tuple[_Candidate, Image]] = []
    for done, found in enumerate(candidates):
        say(f"mirror image {done + 1} of {len(candidates)}: {found.name}")
        try:
            image = open_recorded(found.entry.path, found.entry.scene, found.entry.channels).plane(0)
            if found.labels.shape != (image.height, image.width):
                continue
            mirrored = segment_image(
                Image(image.pixels[:, ::-1].copy(), image.name, is_rgb=image.is_rgb, channel_names=image.channel_names),
                model,
                options,
            )
        except HookeError:
            continue  # the run has reported what can't be read
        quality = panoptic_quality(count_overlap(mirrored.labels[:, ::-1], found.labels))
        found.disagreement = 1 - quality.pq
        found.looks = _looks(image, found.labels)
        shown.append((found, image))
    if not shown:
        raise DatasetError("none of its images can be read", path=folder, remedy="put the images back where they were")
    chosen = _spread(shown, count)
    made = [_suggestion(found, image) for found, image in chosen]
    _write(Path(out) if out is not None else folder, made, chosen)
    return made


def _candidates(folder: Path) -> list[_Candidate]:
    """Images of a run that are single planes, with labels and scores."""
    import pandas as pd

    entries = [entry for entry in run_entries(folder) if entry.is_done and entry.path]
    found = []
    for entry in entries:
        table = folder / ".hooke" / f"{entry.name}.csv"
        try:
            labels = read_labels(folder / "labels" / f"{entry.name}.tif")
            scores = pd.read_csv(table)["score"].to_numpy(np.float64)
        except (HookeError, OSError, ValueError, KeyError):
            continue
        if labels.ndim == 2:
            found.append(_Candidate(entry.name, entry, labels, scores))
    if not found:
        raise DatasetError("holds no results of single images", path=folder, remedy="give what hooke segment wrote")
    return found


def _looks(image: Image, labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Features of an image, of about one unit each: brightness, contrast, colours, size and number of objects."""
    pixels = image.pixels.reshape(image.height, image.width, -1)[::4, ::4].astype(np.float64)
    low, high = np.percentile(pixels, (1, 99.5))
    scaled = np.clip((pixels - low) / max(high - low, 1e-9), 0, 1)
    mean = scaled.mean(axis=(0, 1))
    colours = mean - mean.mean() if len(mean) == 3 else np.zeros(3)
    areas = find_objects(labels).areas
    size = np.log2(np.median(areas)) / 4 if len(areas) else 0.0
    number = np.log2(1 + 1e4 * len(areas) / labels.size) / 2
    return np.array([2 * mean.mean(), 2 * scaled.std(), *(4 * colours), size, number])


def _spread(shown: Sequence[tuple[_Candidate, Image]], count: int) -> list[tuple[_Candidate, Image]]:
    """Take what teaches most, times how little it looks like what was taken."""
    left = list(shown)
    taken: list[tuple[_Candidate, Image]] = []
    while left and len(taken) < count:
        worth = [found.teaches * _unlike(found, [other for other, _ in taken]) for found, _ in left]
        taken.append(left.pop(int(np.argmax(worth))))
    return taken


def _unlike(found: _Candidate, taken: Sequence[_Candidate]) -> float:
    """Distance to the nearest image taken, 0..1; 1 where there is none."""
    away = [float(np.abs(found.looks - other.looks).sum()) for other in taken]
    return 0.25 + 0.75 * min(min(away, default=1.0), 1.0)


def _suggestion(found: _Candidate, image: Image) -> Suggestion:
    unsure = int((found.scores < _UNSURE).sum())
    reasons = [
        "nothing was found" if not len(found.scores) else f"mean score {found.score:.2f}",
        f"{unsure} of {len(found.scores)} objects are unsure" if unsure else "",
        f"{found.disagreement:.0%} differs in its mirror image" if found.disagreement else "",
    ]
    top, left, height, width = _region(found, image)
    if (height, width) != (image.height, image.width):
        reasons.append(f"correct rows {top} to {top + height}, columns {left} to {left + width}")
    return Suggestion(
        found.name, found.entry.path, round(found.teaches, 4), round(found.score, 4), unsure,
        round(found.disagreement, 4), top, left, height, width, ", ".join(filter(None, reasons)),
    )  # fmt: skip


def _region(found: _Candidate, image: Image) -> tuple[int, int, int, int]:
    """Region of an image in which most is unsure: the sum of 1 less the score of its objects is largest."""
    height, width = min(image.height, _REGION), min(image.width, _REGION)
    if (height, width) == (image.height, image.width) or not len(found.scores):
        return 0, 0, height, width
    objects = find_objects(found.labels)
    # Where labels were edited since, scores are no longer those of the objects.
    doubts = 1 - found.scores if len(found.scores) == len(objects.ids) else np.ones(len(objects.ids))
    y, x = objects.centroids.T
    best, place = -1.0, (0, 0)
    for top in _starts(image.height, height):
        for left in _starts(image.width, width):
            inside = (y >= top) & (y < top + height) & (x >= left) & (x < left + width)
            if (total := float(doubts[inside].sum())) > best:
                best, place = total, (top, left)
    return (*place, height, width)


def _starts(length: int, side: int) -> list[int]:
    return sorted({min(start, length - side) for start in range(0, length, side // 2)})


def _write(out: Path, made: Sequence[Suggestion], chosen: Sequence[tuple[_Candidate, Image]]) -> None:
    """Write the table and the contact sheet."""
    tiles = []
    for number, (said, (found, image)) in enumerate(zip(made, chosen, strict=True), 1):
        window = np.s_[said.top : said.top + said.height, said.left : said.left + said.width]
        tiles.append(Tile(image.pixels[window], found.labels[window], (f"{number}  {said.image}", said.why)))
    (page,) = draw_pages(tiles, columns=min(3, len(tiles)), rows=-(-len(tiles) // 3), side=420)
    write_png(out / SHEET_NAME, page)
    write_table(pd.DataFrame(made, columns=[column.name for column in fields(Suggestion)]), out / TABLE_NAME)
