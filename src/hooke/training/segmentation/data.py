"""Makes training batches of crops, balanced by modality, class and size of objects.

Every crop has a number, and all that is random in it comes from that number and the run's seed. So the order of the
data does not depend on how many workers prepare it, and a run that is resumed sees what it would have seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from hooke.io import read_labels
from hooke.targets import Scheme, equivalent_diameters
from hooke.training.augmentation.crops import UNKNOWN, Sample, class_map, cut_crop, make_negative
from hooke.training.samples import Record, SampleStore
from hooke.training.sampling import ResumableSampler
from hooke.training.segmentation.config import TrainConfig

_RAREST_SIZE = 0.01


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
    known : Tensor of bool, shape (N, Y, X)
        Where the maps are known; the loss leaves out the rest.
    """

    image: Tensor
    maps: Tensor
    classes: Tensor
    image_class: Tensor
    source: Tensor
    known: Tensor


class Crops(Dataset[Batch]):
    """Crops by number, each drawn by a generator of its own.

    Parameters
    ----------
    samples : sequence of Sample
    records : sequence of Record
        Of the same order.
    config : TrainConfig
    scheme : Scheme
    """

    def __init__(
        self, samples: Sequence[Sample], records: Sequence[Record], config: TrainConfig, scheme: Scheme
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
            stains = self.config.stains
            image = make_negative(augment.crop, rng, None if stains is None else len(stains.indices))
            maps = np.zeros((len(self.scheme.maps), *image.shape[:2]), np.float32)
            return self._batch(image, maps, np.zeros(image.shape[:2], np.int64), UNKNOWN, -1)
        source = int(rng.choice(len(self.samples), p=self.chances))
        sample = self.samples[source]
        image, labels, diameters, seen = cut_crop(sample, augment, rng)
        maps = self.scheme.encode(labels, diameters)
        if sample.classes is None:
            classes = np.full(labels.shape, UNKNOWN, np.int64)
        else:
            known = np.where(sample.classes == UNKNOWN, UNKNOWN, sample.classes + 1)
            classes = class_map(labels, known, background=0)
        if seen is not None:
            classes[~seen] = UNKNOWN
        return self._batch(image, maps, classes, self.records[source].image_class, source, seen)

    def _batch(
        self,
        image: NDArray[np.float32],
        maps: NDArray[np.float32],
        classes: NDArray[np.int64],
        image_class: int,
        source: int,
        seen: NDArray[np.bool_] | None = None,
    ) -> Batch:
        if self.config.in_channels == 1:
            image = image.mean(axis=2, keepdims=True)
        return Batch(
            torch.from_numpy(image.transpose(2, 0, 1).copy()),
            torch.from_numpy(maps),
            torch.from_numpy(classes),
            torch.tensor(image_class),
            torch.tensor(source),
            torch.from_numpy(np.ones(image.shape[:2], np.bool_) if seen is None else seen),
        )


def train_loader(records: Sequence[Record], config: TrainConfig, scheme: Scheme, start: int = 0) -> DataLoader[Batch]:
    """Loader of the batches of a run that begins, or continues, at step `start`."""
    # Each worker has a cache of its own: the memory is shared out among them.
    store = SampleStore(records, config.nominal_diameter, config.cache_mb / max(1, config.workers), config.stains)
    crops = Crops(store, records, config, scheme)
    return DataLoader(
        crops,
        batch_size=config.batch,
        sampler=ResumableSampler(start, config),
        num_workers=config.workers,
        persistent_workers=config.workers > 0,
    )


def chances(records: Sequence[Record], config: TrainConfig) -> NDArray[np.float64]:
    """Chance of each image: by its modality's share, its dataset's weight and, if asked for, what its objects are.

    Modalities that have no share go by count. With ``class_balance`` an image counts for the mean of its objects'
    inverse class frequencies, so that images of rare classes come more often; ``size_balance`` does the same by octaves
    of the objects' diameters, for which it reads all label images once.

    Returns
    -------
    ndarray of float64, shape (records,)
        Sums to 1.
    """
    weights = np.array([record.weight for record in records], np.float64)
    if config.class_balance and config.classes:
        weights *= rarity([list(record.classes.values()) for record in records])
    if config.size_balance:
        weights *= rarity([_octaves(record) for record in records], rarest=_RAREST_SIZE)
    modality = np.array([record.modality for record in records])
    for name, part in config.modality_share.items():
        if (chosen := modality == name).any():
            weights[chosen] *= part / weights[chosen].sum() * len(records)
    return np.asarray(weights / weights.sum())


def rarity(groups: Sequence[Sequence[int] | NDArray[np.integer]], rarest: float = 0.0) -> NDArray[np.float64]:
    """How rare what each image holds is: the mean over its objects of the inverse frequency of their kind.

    Parameters
    ----------
    groups : sequence of sequence of int
        The kind of each object of each image.
    rarest : float
        Share of all objects that every kind counts for at least, so that a handful of specks does not fill a run.

    Returns
    -------
    ndarray of float64, shape (images,)
        1 for images without objects, and on average over all objects where no kind is rarer than `rarest`.

    Examples
    --------
    >>> rarity([[0, 0, 0], [1], []]).round(3).tolist()
    [0.667, 2.0, 1.0]
    """
    kinds, which = np.unique(np.concatenate([np.zeros(0, np.int64), *groups]).astype(np.int64), return_inverse=True)
    count = np.bincount(which, minlength=len(kinds))
    inverse = len(which) / (max(1, len(kinds)) * np.maximum(count, rarest * len(which)))
    per_image = np.split(inverse[which], np.cumsum([len(group) for group in groups])[:-1])
    return np.array([values.mean() if len(values) else 1.0 for values in per_image])


def _octaves(record: Record) -> NDArray[np.int64]:
    """Each object's size as a whole number of octaves: 16 to 32 pixels of diameter are 4."""
    labels = read_labels(record.labels)
    diameters = equivalent_diameters(labels)[np.unique(labels[labels > 0])]
    return np.floor(np.log2(diameters)).astype(np.int64)
