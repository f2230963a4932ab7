"""Draws the crops that a network is adapted with: of corrected images, and a share of what it knows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from hooke.targets import Scheme
from hooke.training.adaptation.kept_images import Kept
from hooke.training.augmentation.crops import UNKNOWN, Crop, Sample, class_map, cut_crop, make_negative
from hooke.training.sampling import ResumableSampler
from hooke.training.segmentation.config import TrainConfig
from hooke.training.segmentation.data import Batch

#: `Batch.source` of a crop of which the network answers as it did before.
TAUGHT = -2
_NEGATIVE = -1


class AdaptationCrops(Dataset[Batch]):
    """Crops by number, each drawn by a generator of its own.

    Parameters
    ----------
    samples : sequence of Sample
        Corrected images.
    kept : Kept or None
    share : float
        Of the crops that are drawn from `kept`.
    config : TrainConfig
    scheme : Scheme
    """

    def __init__(
        self, samples: Sequence[Sample], kept: Kept | None, share: float, config: TrainConfig, scheme: Scheme
    ) -> None:
        self.samples = samples
        self.kept = kept
        self.share = share if kept is not None and kept.train else 0.0
        self.config = config
        self.scheme = scheme
        # An image counts by the root of its objects: an empty one teaches, too, and a crowded one more.
        weights = np.sqrt([len(sample.centres) + 1 for sample in samples])
        self.chances = weights / weights.sum()

    def __len__(self) -> int:
        return self.config.steps * self.config.batch

    def __getitem__(self, number: int) -> Batch:
        rng = np.random.default_rng([self.config.seed, number])
        if rng.random() < self.share:
            assert self.kept is not None
            sample = self.kept.train[int(rng.integers(len(self.kept.train)))]
            return self._of(sample, _NEGATIVE if self.kept.labelled else TAUGHT, rng)
        if rng.random() < self.config.augment.negative:
            return self._nothing(rng)
        source = int(rng.choice(len(self.samples), p=self.chances))
        return self._of(self.samples[source], source, rng)

    def _nothing(self, rng: np.random.Generator) -> Batch:
        crop, stains = self.config.augment.crop, self.config.stains
        image = make_negative(crop, rng, None if stains is None else len(stains.indices))
        labels = np.zeros((crop, crop), np.int32)
        return self._batch(Crop(image, labels, np.ones(1, np.float32), None), labels.astype(np.int64), _NEGATIVE)

    def _of(self, sample: Sample, source: int, rng: np.random.Generator) -> Batch:
        crop = cut_crop(sample, self.config.augment, rng)
        if sample.classes is None:
            classes = np.full(crop.labels.shape, UNKNOWN, np.int64)
        else:
            of_id = np.where(sample.classes == UNKNOWN, UNKNOWN, sample.classes + 1)
            classes = class_map(crop.labels, of_id, background=0)
        return self._batch(crop, classes, source)

    def _batch(self, crop: Crop, classes: NDArray[np.int64], source: int) -> Batch:
        grey = self.config.in_channels == 1
        image = crop.image.mean(axis=2, keepdims=True) if grey else crop.image
        known = np.ones(crop.labels.shape, np.bool_) if crop.known is None else crop.known
        return Batch(
            torch.from_numpy(image.transpose(2, 0, 1).copy()),
            torch.from_numpy(self.scheme.encode(crop.labels, crop.diameters)),
            torch.from_numpy(np.where(known, classes, UNKNOWN)),
            torch.tensor(UNKNOWN),
            torch.tensor(source),
            torch.from_numpy(known),
        )


def loader_of(crops: AdaptationCrops, start: int = 0) -> DataLoader[Batch]:
    """Give the batches of a run from a step on."""
    return DataLoader(crops, batch_size=crops.config.batch, sampler=ResumableSampler(start, crops.config))
