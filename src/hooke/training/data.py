"""Hooke datasets in, training batches out: images held in memory, drawn so that no modality drowns another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from hooke.datasets.layout import find_image, find_labels
from hooke.errors import DatasetError
from hooke.io import read_image, read_labels
from hooke.preprocess import fit_normalisation
from hooke.targets import SplitLine, equivalent_diameters
from hooke.training.augment import Sample, crop_sample, make_negative
from hooke.training.config import AugmentConfig, DatasetConfig, TrainConfig

__all__ = ["Crops", "Record", "list_records", "load_sample", "records_hash", "train_loader"]


@dataclass(frozen=True)
class Record:
    """One image of a dataset: where it lies and how often it is drawn."""

    id: str
    image: Path
    labels: Path
    modality: str
    weight: float


def list_records(config: TrainConfig, split: str) -> list[Record]:
    """The images of one side of the run.

    Parameters
    ----------
    config : TrainConfig
    split : {"train", "val"}

    Raises
    ------
    DatasetError
        When an index is missing or none of its images is in the splits asked for.
    """
    banned = _read_exclusions(config.exclude)
    records = [one for dataset in config.datasets for one in _records_of(dataset, split) if one.id not in banned]
    if not records:
        raise DatasetError(f"no image for the {split} side of the run", remedy="check datasets and their splits")
    return records


def _read_exclusions(path: Path | None) -> set[str]:
    if path is None:
        return set()
    if not path.is_file():
        raise DatasetError("no such list of excluded ids", path=path, remedy="correct exclude, or leave it out")
    lines = path.read_text(encoding="utf-8").splitlines()
    return {line.split("#")[0].strip() for line in lines} - {""}


def _records_of(dataset: DatasetConfig, split: str) -> Iterator[Record]:
    index_path = dataset.path / "index.csv"
    if not index_path.is_file():
        raise DatasetError(
            "no hooke dataset here (index.csv is missing)", path=dataset.path, remedy="run hooke prepare"
        )
    index = pd.read_csv(index_path, dtype={"id": str})
    for row in index[index["split"].isin(getattr(dataset, split))].itertuples():
        yield Record(
            str(row.id),
            _known(find_image(dataset.path, str(row.id)), dataset.path / "images" / str(row.id)),
            _known(find_labels(dataset.path, str(row.id)), dataset.path / "labels" / str(row.id)),
            str(row.modality),
            dataset.weight,
        )


def _known(found: Path | None, place: Path) -> Path:
    if found is None:
        raise DatasetError("the index names an image that is missing", path=place, remedy="run hooke prepare again")
    return found


def records_hash(records: list[Record]) -> str:
    """SHA-256 over ids and label files: names the data that a model was trained on."""
    digest = hashlib.sha256()
    for record in sorted(records, key=lambda one: one.id):
        digest.update(record.id.encode())
        digest.update(record.labels.read_bytes())
    return digest.hexdigest()


def load_sample(record: Record, nominal_diameter: float) -> Sample:
    """Read and normalise one image and what its labels tell."""
    image = read_image(record.image)
    labels = read_labels(record.labels)
    normalisation = fit_normalisation(image)
    pixels = normalisation.apply(image.pixels)
    colour = normalisation.mode == "rgb"
    diameters = equivalent_diameters(labels)
    ids = np.unique(labels)
    ids = ids[ids > 0]
    return Sample(
        image=(pixels if colour else pixels[..., 0]).astype(np.float16),
        labels=labels,
        diameters=diameters,
        centres=_first_pixels(labels, ids),
        diameter=float(np.median(diameters[ids])) if len(ids) else nominal_diameter,
        colour=colour,
    )


def _first_pixels(labels: NDArray[np.int32], ids: NDArray[np.int32]) -> NDArray[np.float32]:
    found, first = np.unique(labels.ravel(), return_index=True)
    chosen = first[np.isin(found, ids)]
    return np.stack(np.unravel_index(chosen, labels.shape), axis=1).astype(np.float32)


class Crops(IterableDataset[tuple[Tensor, Tensor]]):
    """Endless stream of (image (3, Y, X), maps (4, Y, X)), reproducible from seed, first step and worker number.

    A run that is resumed gives the step that it goes on from as `start`, or it would see its first crops again.
    """

    def __init__(
        self,
        samples: list[Sample],
        chances: NDArray[np.float64],
        config: AugmentConfig,
        scheme: SplitLine,
        seed: int,
        start: int = 0,
    ) -> None:
        self.samples = samples
        self.chances = chances
        self.config = config
        self.scheme = scheme
        self.seed = seed
        self.start = start

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        worker = get_worker_info()
        rng = np.random.default_rng([self.seed, worker.id if worker else 0, self.start])
        while True:
            yield self.draw(rng)

    def draw(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """One crop with its target maps."""
        if rng.random() < self.config.negative:
            image = make_negative(self.config.crop, rng)
            maps = np.zeros((len(self.scheme.maps), *image.shape[:2]), np.float32)
        else:
            sample = self.samples[rng.choice(len(self.samples), p=self.chances)]
            image, labels, diameters = crop_sample(sample, self.config, rng)
            maps = self.scheme.encode(labels, diameters)
        return torch.from_numpy(image.transpose(2, 0, 1).copy()), torch.from_numpy(maps)


def train_loader(
    records: list[Record], config: TrainConfig, scheme: SplitLine, start: int = 0
) -> DataLoader[tuple[Tensor, Tensor]]:
    """Loader of endless batches, for a run that begins, or goes on, at step `start`."""
    samples = [load_sample(record, config.nominal_diameter) for record in records]
    crops = Crops(samples, _chances(records, config.modality_share), config.augment, scheme, config.seed, start)
    return DataLoader(crops, batch_size=config.batch, num_workers=config.workers, persistent_workers=config.workers > 0)


def _chances(records: list[Record], share: dict[str, float]) -> NDArray[np.float64]:
    """Chance of each image: its modality's share, spread by weight; modalities that have no share go by count."""
    weights = np.array([record.weight for record in records], np.float64)
    modality = np.array([record.modality for record in records])
    for name, part in share.items():
        if (of := modality == name).any():
            weights[of] *= part / weights[of].sum() * len(records)
    return weights / weights.sum()
