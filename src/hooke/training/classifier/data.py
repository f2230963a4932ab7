"""Makes cut-outs with their classes: augmented for training, unchanged for validation.

A whole image is cut out like an object in its middle, after its longer side has been resized to the window's.

As in `hooke.training.segmentation.data`, every item has a number; all that is random in it follows from that number
and the run's seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from hooke.classify.intensity import fit_intensity
from hooke.classify.windows import Positions, cut_window, locate, rescale, window_matrix
from hooke.training.augmentation.crops import UNKNOWN, Sample
from hooke.training.augmentation.photometric import photometric
from hooke.training.classifier.config import ClassifierConfig, CutConfig
from hooke.training.samples import Record, SampleStore, load_sample
from hooke.training.sampling import ResumableSampler

_WHOLE = 0  # in place of an object's id


class CutBatch(NamedTuple):
    """A batch of cut-outs, or, without the first axis, one.

    Parameters
    ----------
    image : Tensor of float32, shape (N, C, window, window)
    target : Tensor of int64, shape (N,)
        Position in the configuration's classes.
    source : Tensor of int64, shape (N,)
        Number of the record.
    """

    image: Tensor
    target: Tensor
    source: Tensor


class _ScaledStore(SampleStore):
    """Samples by number, resized to the classifier's scale, or whole into its window."""

    def __init__(self, records: Sequence[Record], config: ClassifierConfig) -> None:
        super().__init__(records, 1.0, config.cache_mb / max(1, config.workers))
        self.config = config
        self.fit = partial(fit_intensity, intensity=config.intensity)

    def load(self, record: Record) -> Sample:
        sample = load_sample(record, self.nominal_diameter, self.fit)
        config = self.config
        scale = config.scale if config.of == "objects" else config.window / max(sample.labels.shape)
        image, labels = rescale(sample.image.astype(np.float32), sample.labels, scale)
        assert labels is not None
        return replace(sample, image=image.astype(np.float16), labels=labels)


def named(record: Record, config: ClassifierConfig) -> list[tuple[int, int]]:
    """What there is to learn from an image: the id of each object with its class, or the whole image with its own."""
    if config.of == "images":
        return [(_WHOLE, record.image_class)] if record.image_class != UNKNOWN else []
    return sorted(record.classes.items())


class Cuts(Dataset[CutBatch]):
    """Cut-outs by number.

    Parameters
    ----------
    records : sequence of Record
    config : ClassifierConfig
    changed : bool
        True draws `steps` times `batch` objects and changes each; False gives every object once, as it is.
    """

    def __init__(self, records: Sequence[Record], config: ClassifierConfig, *, changed: bool) -> None:
        self.config = config
        self.changed = changed
        self.samples = _ScaledStore(records, config)
        self.cells = [
            (source, id_, number) for source, record in enumerate(records) for id_, number in named(record, config)
        ]
        weights = np.array([records[source].weight for source, _, _ in self.cells], np.float64)
        if config.class_balance:
            classes = np.array([number for _, _, number in self.cells])
            weights /= np.bincount(classes, weights)[classes]
        self.chances = weights / weights.sum()
        self._objects: dict[int, Positions] = {}

    def __len__(self) -> int:
        return self.config.steps * self.config.batch if self.changed else len(self.cells)

    def __getitem__(self, number: int) -> CutBatch:
        rng = np.random.default_rng([self.config.seed, number]) if self.changed else None
        cell = number if rng is None else int(rng.choice(len(self.cells), p=self.chances))
        source, id_, class_number = self.cells[cell]
        image = self._cut(self.samples[source], source, id_, rng)
        return CutBatch(torch.from_numpy(image), torch.tensor(class_number), torch.tensor(source))

    def _cut(self, sample: Sample, source: int, id_: int, rng: np.random.Generator | None) -> NDArray[np.float32]:
        config = self.config
        matrix = window_matrix(*self._place(sample, source, id_), config.window)
        if rng is not None:
            matrix = turned(matrix, config.window, config.augment, rng)
        mask = sample.labels == id_ if config.mask_channel else None
        pixels = sample.image.astype(np.float32)
        colours = pixels if pixels.ndim == 3 else pixels[..., None]
        cut = cut_window(colours, mask, matrix, config.window)
        image, rest = cut[: colours.shape[2]], cut[colours.shape[2] :]
        image = image.transpose(1, 2, 0) if len(image) == 3 else np.repeat(image.transpose(1, 2, 0), 3, axis=2)
        if rng is not None:
            if config.augment.photometric:
                image = photometric(np.ascontiguousarray(image), sample.colour, config.augment.photometric, rng)
            image = image * np.float32(np.exp(rng.uniform(-1, 1) * config.augment.gain))
        if config.in_channels == 1:
            image = image.mean(axis=2, keepdims=True)
        return np.ascontiguousarray(np.concatenate([image.transpose(2, 0, 1), rest]), np.float32)

    def _place(self, sample: Sample, source: int, id_: int) -> tuple[NDArray[np.float64], float]:
        """Centre and extent of what is cut out."""
        if id_ == _WHOLE:
            return (np.array(sample.labels.shape) - 1) / 2, float(max(sample.labels.shape))
        if source not in self._objects:
            self._objects[source] = locate(sample.labels)
        objects = self._objects[source]
        place = int(np.searchsorted(objects.ids, id_))
        return objects.centres[place], float(objects.extents[place])


def turned(
    matrix: NDArray[np.float64], window: int, config: CutConfig, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Turn, mirror, shift and zoom what a window shows, about its middle.

    Returns
    -------
    ndarray of float64, shape (2, 3)
    """
    angle = rng.uniform(0, 2 * np.pi)
    zoom = np.exp(rng.uniform(-1, 1) * np.log(config.zoom))
    turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn[:, 0] *= rng.choice([-1.0, 1.0])
    middle = np.full(2, (window - 1) / 2)
    shift = rng.uniform(-1, 1, 2) * config.shift * window
    return np.column_stack([turn @ matrix[:, :2], turn @ (matrix[:, 2] - middle) + middle + shift])


def train_loader(records: Sequence[Record], config: ClassifierConfig, start: int = 0) -> DataLoader[CutBatch]:
    """Loader of the batches of a run that begins, or continues, at step `start`."""
    cuts = Cuts(records, config, changed=True)
    return DataLoader(
        cuts,
        batch_size=config.batch,
        sampler=ResumableSampler(start, config),
        num_workers=config.workers,
        persistent_workers=config.workers > 0,
    )


def cut_loader(records: Sequence[Record], config: ClassifierConfig) -> DataLoader[CutBatch]:
    """Loader of every object once, as it is."""
    return DataLoader(Cuts(records, config, changed=False), batch_size=config.batch)
