"""Reads the normalised samples of a training run when they are needed, and keeps them if memory allows."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hooke.datasets.layout import INDEX_NAME, find_image, find_labels, read_column, read_index
from hooke.errors import DatasetError
from hooke.image import Image
from hooke.io import read_image, read_labels
from hooke.io.annotations.classes_json import CLASSES_NAME, read_classes
from hooke.labels.spelling import spelling_key
from hooke.preprocess import Channels, Normalisation, fit_channels, fit_normalisation
from hooke.targets import equivalent_diameters
from hooke.training.augmentation.crops import UNKNOWN, Sample, touching_places
from hooke.training.config import DatasetConfig
from hooke.training.inputs import check_dataset, read_exclusions


class DataConfig(Protocol):
    """The part of a configuration that says which images a run uses, and which classes it looks up for them."""

    @property
    def datasets(self) -> Sequence[DatasetConfig]:
        """Data sets that the run draws from."""

    @property
    def exclude(self) -> Path | None:
        """Text file of image ids that are not used."""

    @property
    def object_classes(self) -> Sequence[str]:
        """Classes of objects to look up; empty where they are not learnt."""

    @property
    def image_classes(self) -> Sequence[str]:
        """Classes of whole images to look up; empty where they are not learnt."""

    @property
    def image_class_column(self) -> str:
        """Column of the index that holds the classes of whole images."""


@dataclass(frozen=True)
class Record:
    """One image of a data set: its path, how often it is sampled, and what is known of it.

    Parameters
    ----------
    id : str
    image, labels : Path
    modality : str
    weight : float
        Times that it is drawn, relative to the others of its modality.
    classes : dict of int to int
        Object to its class, a position in the configuration's ``classes``; objects of other classes are left out.
    image_class : int
        Position in the configuration's ``image_classes``, or `UNKNOWN`.
    objects : int
        Labelled in the image, as the index says.
    """

    id: str
    image: Path
    labels: Path
    modality: str
    weight: float = 1.0
    classes: dict[int, int] = field(default_factory=dict)
    image_class: int = UNKNOWN
    objects: int = 0


def list_records(config: DataConfig, split: str) -> list[Record]:
    """The images of one side of the run.

    Parameters
    ----------
    config : DataConfig
        Such as the configuration of a run of any task.
    split : {"train", "val"}

    Raises
    ------
    DatasetError
        When an index is missing, it names a file that is not there, none of its images is in the given splits, or
        no object, or image, to train on has one of the given classes.
    """
    banned = read_exclusions(config.exclude)
    listed = (record for data in config.datasets for record in _records_of(data, config, split))
    records = [record for record in listed if record.id not in banned]
    if not records:
        remedy = "check the data sets and their splits"
        if split == "val":  # as of a data set that is one sequence, and so one group
            remedy += ", or name val: [train] under datasets to validate on the training images"
        raise DatasetError(f"no image for the {split} side of the run", remedy=remedy)
    if split == "train":
        _check_classes(records, config)
    return records


def without_objects(**sides: Sequence[Record]) -> list[str]:
    """Say which sides of a run, by what they are for, have no object in any image: a sentence for each."""
    return [
        f"none of {len(records)} images for {side} has an object: check the label images (hooke doctor), and the splits"
        for side, records in sides.items()
        if not any(record.objects for record in records)
    ]


def records_hash(records: Sequence[Record]) -> str:
    """SHA-256 over ids and label files: names the data that a model was trained on."""
    digest = hashlib.sha256()
    for record in sorted(records, key=lambda record: record.id):
        digest.update(record.id.encode())
        digest.update(record.labels.read_bytes())
    return digest.hexdigest()


def load_sample(
    record: Record,
    nominal_diameter: float,
    fit: Callable[[Image], Normalisation] = fit_normalisation,
    stains: Channels | None = None,
) -> Sample:
    """Read and normalise one image, with its labels.

    Parameters
    ----------
    record : Record
    nominal_diameter : float
        Taken for an image without objects.
    fit : callable
        Chooses channel and intensity scale.
    stains : Channels, optional
        Use these, each on its own scale; `fit` is then not used.

    Raises
    ------
    HookeError
        When a file can't be read, image and labels differ in size, or the image lacks a channel.
    """
    image = read_image(record.image)
    labels = read_labels(record.labels)
    if labels.shape != image.pixels.shape[:2]:
        raise DatasetError(
            f"labels {labels.shape} for an image {image.pixels.shape[:2]}", path=record.labels, remedy="prepare again"
        )
    if stains is not None:
        image, fit = stains.take(image), fit_channels
    return make_sample(image, labels, fit(image), nominal_diameter, classes=record.classes)


def make_sample(
    image: Image,
    labels: NDArray[np.int32],
    normalisation: Normalisation,
    nominal_diameter: float,
    *,
    classes: Mapping[int, int] | None = None,
    known: NDArray[np.bool_] | None = None,
) -> Sample:
    """Normalise an image in memory, and note what training needs of its objects.

    Parameters
    ----------
    image : Image
    labels : ndarray of int32, shape (Y, X)
    normalisation : Normalisation
        Fitted to the image.
    nominal_diameter : float
        Taken for an image without objects.
    classes : mapping of int to int, optional
        Object to its class.
    known : ndarray of bool, shape (Y, X), optional
        Where the labels are known; None: everywhere.
    """
    pixels = normalisation.apply(image.pixels)
    several = normalisation.mode != "grey" and pixels.shape[2] > 1
    diameters = equivalent_diameters(labels)
    ids, first = np.unique(labels.ravel(), return_index=True)
    ids, first = ids[ids > 0], first[ids > 0]
    of_id = None
    if classes:
        of_id = np.full(len(diameters), UNKNOWN, np.int64)
        of_id[[label for label in classes if label < len(diameters)]] = [
            number for label, number in classes.items() if label < len(diameters)
        ]
    return Sample(
        image=(pixels if several else pixels[..., 0]).astype(np.float16),
        labels=labels,
        diameters=diameters,
        centres=np.stack(np.unravel_index(first, labels.shape), axis=1).astype(np.float32),
        diameter=float(np.median(diameters[ids])) if len(ids) else nominal_diameter,
        colour=normalisation.keeps_colours,
        classes=of_id,
        touching=touching_places(labels),
        known=known,
    )


class SampleStore(Sequence[Sample]):
    """Samples by number, read when first needed; those used longest ago are dropped when memory is full.

    Parameters
    ----------
    records : sequence of Record
    nominal_diameter : float
        Taken for images without objects.
    cache_mb : float
        Memory for decoded samples, in 1e6 bytes; one sample is held at least.
    stains : Channels, optional
        See `load_sample`.
    """

    def __init__(
        self, records: Sequence[Record], nominal_diameter: float, cache_mb: float, stains: Channels | None = None
    ) -> None:
        self.records = records
        self.nominal_diameter = nominal_diameter
        self.stains = stains
        self.limit = int(cache_mb * 1e6)
        self.held = 0
        self._samples: OrderedDict[int, Sample] = OrderedDict()

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, number: int) -> Sample:  # type: ignore[override]
        if number in self._samples:
            self._samples.move_to_end(number)
            return self._samples[number]
        sample = self.load(self.records[number])
        self._samples[number] = sample
        self.held += _bytes(sample)
        while self.held > self.limit and len(self._samples) > 1:
            self.held -= _bytes(self._samples.popitem(last=False)[1])
        return sample

    def load(self, record: Record) -> Sample:
        """Read one sample, as it will be kept."""
        return load_sample(record, self.nominal_diameter, stains=self.stains)


def _bytes(sample: Sample) -> int:
    return sample.image.nbytes + sample.labels.nbytes + sample.diameters.nbytes + sample.centres.nbytes


def _records_of(dataset: DatasetConfig, config: DataConfig, split: str) -> Iterator[Record]:
    folder = dataset.path
    check_dataset(folder)
    wanted = getattr(dataset, split)
    classes = read_classes(folder) if config.object_classes else {}
    position = {name: number for number, name in enumerate(config.object_classes)}
    of_image = _image_classes(folder, config) if config.image_classes else {}
    for row in read_index(folder):
        if row.split not in wanted:
            continue
        yield Record(
            row.id,
            _known(find_image(folder, row.id), folder / "images" / row.id, "an image that is"),
            _known(find_labels(folder, row.id), folder / "labels" / row.id, "an image whose labels are"),
            row.modality,
            dataset.weight,
            {label: position[name] for label, name in classes.get(row.id, {}).items() if name in position},
            of_image.get(row.id, UNKNOWN),
            row.nuclei,
        )


def _image_classes(folder: Path, config: DataConfig) -> dict[str, int]:
    """Class of each image that has one of the given classes, from the index's column."""
    position = {name: number for number, name in enumerate(config.image_classes)}
    values = read_column(folder, config.image_class_column)
    return {id_: position[value] for id_, value in values.items() if value in position}


def _known(found: Path | None, place: Path, what: str) -> Path:
    if found is None:
        remedy = "run hooke prepare again, or take it out of index.csv"
        raise DatasetError(f"the index names {what} missing", path=place, remedy=remedy)
    return found


def _check_classes(records: list[Record], config: DataConfig) -> None:
    """Check that every given class occurs, in the same spelling; otherwise it would not be learnt."""
    folders = [data.path for data in config.datasets]
    if wanted := config.object_classes:
        named = {
            folder: {name for names in read_classes(folder).values() for name in names.values()} for folder in folders
        }
        seen = {name for record in records for name in record.classes.values()}
        _check_names(wanted, {folder / CLASSES_NAME: known for folder, known in named.items()}, seen, "object")
    if wanted := config.image_classes:
        columns = {
            folder / INDEX_NAME: {*read_column(folder, config.image_class_column).values()} for folder in folders
        }
        _check_names(wanted, columns, {record.image_class for record in records}, "image")


def _check_names(wanted: Sequence[str], known: dict[Path, set[str]], seen: set[int], what: str) -> None:
    """Compare the given classes with those of each file, and with the positions of those that occur."""
    folded = {spelling_key(name): name for name in wanted}
    for path, names in known.items():
        # Objects of an unknown class are left out, which users would not notice.
        for name in sorted(names - set(wanted)):
            if spelling_key(name) in folded:
                raise DatasetError(
                    f"class {name!r} is {folded[spelling_key(name)]!r} in the configuration",
                    path=path,
                    remedy="spell it the same in all data sets (hooke prepare --rename) and in the configuration",
                )
    if absent := [name for number, name in enumerate(wanted) if number not in seen]:
        there = sorted(set().union(*known.values()))
        raise DatasetError(
            f"no {what} of class {', '.join(absent)} to learn from",
            remedy=f"classes there: {', '.join(there) or 'none'}",
        )
