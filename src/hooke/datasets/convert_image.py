"""Converts one image of a source: reads it by its adapter, and writes its files and their record."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.datasets.adapter import Adapter, Sample
from hooke.datasets.class_rules import ClassRules
from hooke.datasets.journal import Part, Record
from hooke.datasets.layout import find_image, find_labels, write_sample
from hooke.datasets.standardise import SizeBy, check_size, standardise
from hooke.errors import DatasetError
from hooke.image import Image, has_equal_channels
from hooke.preprocess import describe
from hooke.preprocess.phase_contrast import looks_like_phase_contrast

DARK = 90  # median of 255: below it the background is dark
COLOURED = 8  # mean difference between the highest and the lowest of red, green, blue, of 255: above it is a stain


@dataclass(frozen=True)
class PrepareSettings:
    """How images are made from a source.

    Attributes
    ----------
    options : mapping of str to str
        Of the layout's adapter.
    rules : ClassRules
        What becomes of the source's classes.
    size : int, optional
        Pixels of the side of square images; None leaves images as they are.
    size_by : {"tile", "resize"}
        Whether images are cut or scaled to that size.
    """

    options: Mapping[str, str] = field(default_factory=dict)
    rules: ClassRules = field(default_factory=ClassRules)
    size: int | None = None
    size_by: SizeBy = "tile"

    def __post_init__(self) -> None:
        """Refuse a size that can't be made, before anything is read."""
        if self.size is not None:
            check_size(self.size, self.size_by)

    def describe(self) -> dict[str, Any]:
        """Say it in JSON's types."""
        rules = {name: value if name == "rename" else sorted(value) for name, value in asdict(self.rules).items()}
        return {
            "options": dict(self.options),
            "classes": rules,
            "size": self.size,
            "size_by": None if self.size is None else self.size_by,
        }

    def key(self, layout: str) -> str:
        """Stand for all of it: images made with another key are made again."""
        text = json.dumps([layout, self.describe()], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True)
class ImageWriter:
    """Writes the files of a data set from the images of a source.

    Attributes
    ----------
    layout : str
        Name of the adapter.
    adapter : Adapter
        Reads the images.
    root : object
        What the adapter's ``find`` returned for its ``load``.
    dst : Path
        The data set.
    settings : PrepareSettings
        How images are made.
    """

    layout: str
    adapter: Adapter
    root: Any
    dst: Path
    settings: PrepareSettings

    def is_made(self, record: Record | None) -> bool:
        """Whether an earlier run has made this image, in this way, and its files are whole."""
        if record is None or record.recipe != self.settings.key(self.layout):
            return False
        return bool(record.parts) and all(part.is_whole(self.dst) for part in record.parts)

    def write(self, id_: str) -> Record:
        """Read an image and write it, or its tiles.

        Raises
        ------
        HookeError
            If it can't be read, or its labels are of another size; an `OutputError` if it can't be written.
        """
        sample = self._load(id_)
        ruled = self.settings.rules.apply(sample)
        size, by = self.settings.size, self.settings.size_by
        parts, classes, oddities = [], {}, dict(ruled.oddities)
        for suffix, piece in [("", ruled)] if size is None else standardise(ruled, size, by):
            parts.append(self._write(id_ + suffix, piece))
            classes[id_ + suffix] = piece.classes
            oddities.update(piece.oddities)
        return Record(
            source=id_,
            recipe=self.settings.key(self.layout),
            parts=tuple(parts),
            named=dict(Counter(sample.classes.values())),
            oddities={oddity: count for oddity, count in oddities.items() if count},
            classes={part: named for part, named in classes.items() if named},
            conflicts=sample.conflicts,
        )

    def remove(self, parts: set[str]) -> None:
        """Remove files that an earlier run made in another way."""
        for id_ in parts:
            for path in (find_image(self.dst, id_), find_labels(self.dst, id_)):
                if path is not None:
                    path.unlink()

    def _load(self, id_: str) -> Sample:
        """Read an image from the source."""
        try:
            sample = self.adapter.load(self.root, id_)
        except OSError as error:
            remedy = "check that the file is there and may be read"
            raise DatasetError(f"can't be read ({error.strerror})", path=error.filename, remedy=remedy) from error
        if sample.image.shape[:2] != sample.labels.shape:
            raise DatasetError(
                f"{id_}: labels {sample.labels.shape} for an image {sample.image.shape[:2]}",
                remedy="give the labels of this image",
            )
        return sample

    def _write(self, id_: str, sample: Sample) -> Part:
        """Write one image of the data set."""
        image, labels = write_sample(self.dst, id_, sample.image, sample.labels)
        height, width = sample.labels.shape
        return Part(
            id=id_,
            modality=guess_modality(sample.image),
            height=height,
            width=width,
            nuclei=int(sample.labels.max(initial=0)),
            image_bytes=image.stat().st_size,
            labels_bytes=labels.stat().st_size,
        )


def guess_modality(image: NDArray[np.generic]) -> str:
    """Guess from colour and background: coloured is histology; grey on dark fluorescence, on light brightfield.

    Fluorescence stored as a blue or green picture has a dark background too, which distinguishes it from a stain. So
    has phase contrast, whose detail is darker than the background as well as brighter, and which is brightfield.
    More than 8 bits are rarely used to the full: there, an image's own brightest pixels stand for white.
    """
    values = np.asarray(image, np.float32)
    if image.dtype != np.uint8:
        values = values * np.float32(255 / max(float(np.nanpercentile(values, 99.9)), 1e-9))
    if float(np.nanmedian(values)) < DARK:
        return "brightfield" if _is_phase_contrast(image) else "fluorescence"
    coloured = image.shape[2:] == (3,) and float(np.nanmean(np.ptp(values, axis=2))) > COLOURED
    return "histology" if coloured else "brightfield"


def _is_phase_contrast(image: NDArray[np.generic]) -> bool:
    """Whether a grey image is phase contrast: two signs of it, since faint fluorescence may show either."""
    grey = image[..., 0] if image.ndim == 3 and has_equal_channels(image) else image
    return grey.ndim == 2 and describe(Image(grey)).modality == "brightfield" and looks_like_phase_contrast(grey)
