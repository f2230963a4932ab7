"""Samples in, training batches out: crops drawn so that no modality, class or size of object drowns another.

Every crop has a number, and all that is random in it comes from that number and the run's seed. So the order of the
data does not depend on how many workers prepare it, and a run that is resumed sees what it would have seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from hooke.targets import SplitLine
from hooke.training.augment import UNKNOWN, Sample, class_map, crop_sample, make_negative
from hooke.training.config import TrainConfig
from hooke.training.samples import Record, SampleStore

__all__ = ["Batch", "Crops", "From", "chances", "train_loader"]


class Batch(NamedTuple):
    """A batch of crops, or, without the first axis, one crop.

    Parameters
    ----------
    image : Tensor of float32, shape (N, C, Y, X)
    maps : Tensor of float32, shape (N, M, Y, X)
        Target maps of the scheme.
    classes : Tensor of int64, shape (N, Y, X)
        0 background, 1..K the classes, -1 unknown.
    image_class : Tensor of int64, shape (N,)
        -1 where unknown.
    source : Tensor of int64, shape (N,)
        Number of the record; -1 for a made-up image.
    """

    image: Tensor
    maps: Tensor
    classes: Tensor
    image_class: Tensor
    source: Tensor


class Crops(Dataset[Batch]):
    """Crops by number, each drawn by a generator of its own.

    Parameters
    ----------
    samples : sequence of Sample
    records : sequence of Record
        Of the same order.
    config : TrainConfig
    scheme : SplitLine
    """

    def __init__(
        self, samples: Sequence[Sample], records: Sequence[Record], config: TrainConfig, scheme: SplitLine
    ) -> None:
        self.samples = samples
        self.records = records
        self.config = config
        self.scheme = scheme
        self.chances = chances(records, config)

    def __len__(self) -> int:
        return self.config.steps * self.config.batch

    def __getitem__(self, number: int) -> Batch:
        rng = np.random.default_rng([self.config.seed, number])
        augment = self.config.augment
        if rng.random() < augment.negative:
            image = make_negative(augment.crop, rng)
            maps = np.zeros((len(self.scheme.maps), *image.shape[:2]), np.float32)
            return self._batch(image, maps, np.zeros(image.shape[:2], np.int64), UNKNOWN, -1)
        source = int(rng.choice(len(self.samples), p=self.chances))
        sample = self.samples[source]
        image, labels, diameters = crop_sample(sample, augment, rng)
        maps = self.scheme.encode(labels, diameters)
        if sample.classes is None:
            classes = np.full(labels.shape, UNKNOWN, np.int64)
        else:
            known = np.where(sample.classes == UNKNOWN, UNKNOWN, sample.classes + 1)
            classes = class_map(labels, known, background=0)
        return self._batch(image, maps, classes, self.records[source].image_class, source)

    def _batch(
        self, image: NDArray[np.float32], maps: NDArray[np.float32], classes: NDArray[np.int64], of: int, source: int
    ) -> Batch:
        if self.config.in_channels == 1:
            image = image.mean(axis=2, keepdims=True)
        return Batch(
            torch.from_numpy(image.transpose(2, 0, 1).copy()),
            torch.from_numpy(maps),
            torch.from_numpy(classes),
            torch.tensor(of),
            torch.tensor(source),
        )


class From(Sampler[int]):
    """The numbers start, start + 1 ... stop - 1."""

    def __init__(self, start: int, stop: int) -> None:
        self.start = start
        self.stop = stop

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.start, self.stop))

    def __len__(self) -> int:
        # Of the whole run: Lightning counts a resumed run's steps from its very beginning.
        return self.stop


def train_loader(
    records: Sequence[Record], config: TrainConfig, scheme: SplitLine, start: int = 0
) -> DataLoader[Batch]:
    """Loader of the batches of a run that begins, or goes on, at step `start`."""
    # Each worker has a cache of its own: the memory is shared out among them.
    store = SampleStore(records, config.nominal_diameter, config.cache_mb / max(1, config.workers))
    crops = Crops(store, records, config, scheme)
    return DataLoader(
        crops,
        batch_size=config.batch,
        sampler=From(start * config.batch, len(crops)),
        num_workers=config.workers,
        persistent_workers=config.workers > 0,
    )


def chances(records: Sequence[Record], config: TrainConfig) -> NDArray[np.float64]:
    """Chance of each image: by its modality's share, its dataset's weight and, if asked for, its objects' classes.

    Modalities that have no share go by count. With ``class_balance`` an image counts for the mean of its objects'
    inverse class frequencies, so that images of rare classes come more often.

    Returns
    -------
    ndarray of float64, shape (records,)
        Sums to 1.
    """
    weights = np.array([record.weight for record in records], np.float64)
    if config.class_balance and config.classes:
        weights *= _class_rarity(records, len(config.classes))
    modality = np.array([record.modality for record in records])
    for name, part in config.modality_share.items():
        if (of := modality == name).any():
            weights[of] *= part / weights[of].sum() * len(records)
    return weights / weights.sum()


def _class_rarity(records: Sequence[Record], count: int) -> NDArray[np.float64]:
    """Mean inverse frequency of the classes of each image's objects; 1 for images without."""
    frequency = np.bincount([of for record in records for of in record.classes.values()], minlength=count)
    inverse = frequency.sum() / (count * np.maximum(frequency, 1))
    return np.array([np.mean(inverse[list(one.classes.values())]) if one.classes else 1.0 for one in records])
