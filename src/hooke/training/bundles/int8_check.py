"""Holds a network in 8 bits against itself in 32: the objects that hooke's whole pipeline finds with each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hooke.corrections import CorrectedImage
from hooke.corrections.known_regions import clear_unknown
from hooke.datasets import read_index
from hooke.errors import DatasetError
from hooke.metrics import PairedScores
from hooke.metrics.paired import SAME
from hooke.models import Model
from hooke.pipeline import SegmentOptions, segment_image
from hooke.training.bundles.calibration import images_for

#: By how much the DSB score may fall.
MOST_LOSS = 0.005


@dataclass(frozen=True)
class Int8Check:
    """Scores of the same images by both.

    Parameters
    ----------
    images : int
    fp32, int8 : float
        Mean DSB scores.
    low, high : float
        95 % interval of the difference: paired, images of one field of view drawn together.
    same_objects : float
        Share of objects, 0..1, that both find, at an IoU of 0.9 or more.
    """

    images: int
    fp32: float
    int8: float
    low: float
    high: float
    same_objects: float

    @property
    def difference(self) -> float:
        """By how much int8 scores more."""
        return self.int8 - self.fp32

    @property
    def is_worse(self) -> bool:
        """Whether it scores less by more than may be."""
        return self.difference < -MOST_LOSS

    def __str__(self) -> str:
        return (
            f"DSB score {self.int8:.4f} against {self.fp32:.4f} on {self.images} images, difference "
            f"{self.difference:+.4f} [{self.low:+.4f}, {self.high:+.4f}], allowed {-MOST_LOSS}; "
            f"{100 * self.same_objects:.1f} % of the objects are the same at IoU {SAME}"
        )

    def to_dict(self) -> dict[str, Any]:
        """The figures, rounded, as a description has them."""
        return {name: value if name == "images" else round(value, 4) for name, value in vars(self).items()}


def check_int8(fp32: Model, int8: Model, dataset: Path) -> Int8Check:
    """Segment the validation images of a data set with both.

    Parameters
    ----------
    fp32, int8 : Model
        Images that go to their networks for colour are left out.
    dataset : Path
        A hooke data set.

    Raises
    ------
    DatasetError
        When no validation image is left.
    """
    found = compare_int8(fp32, int8, _val_images(fp32, dataset))
    if found is None:
        raise DatasetError("no val image is one for this network", path=dataset, remedy="give another data set")
    return found


def _val_images(model: Model, dataset: Path) -> Iterator[CorrectedImage]:
    rows = (row for row in read_index(dataset) if row.split == "val")
    for sample in images_for(model, dataset, rows):
        group = sample.row.field_of_view or sample.row.id
        yield CorrectedImage(sample.row.id, sample.image, sample.labels, group=group)


def compare_int8(fp32: Model, int8: Model, images: Iterable[CorrectedImage]) -> Int8Check | None:
    """Segment images in memory with both; None where there is no image.

    Parameters
    ----------
    fp32, int8 : Model
    images : iterable of CorrectedImage
        Objects of which less than half is known do not count.
    """
    options = SegmentOptions()
    pairs = PairedScores()
    for image in images:
        labels = [segment_image(image.image, model, options).labels for model in (fp32, int8)]
        first, second, truth = (clear_unknown(one, image.known) for one in (*labels, image.labels))
        pairs.add(first, second, truth, image.group or image.name)
    if not pairs.scores:
        return None
    return Int8Check(len(pairs.scores), *pairs.means, *pairs.interval, pairs.same_objects)
