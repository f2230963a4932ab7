"""Makes training batches of whole images: each image in its frame, with queried positions and their answers.

As in `hooke.training.segmentation.data`, every item has a number; all that is random in it follows from that number
and the run's seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from hooke.targets import Coordinate, equivalent_diameters
from hooke.training.augmentation.crops import Sample
from hooke.training.augmentation.photometric import photometric
from hooke.training.coordinate.config import CoordinateConfig, QueryConfig
from hooke.training.networks.coordinate import CoordinateNetwork
from hooke.training.samples import Record, SampleStore, load_sample
from hooke.training.sampling import ResumableSampler


class QueryBatch(NamedTuple):
    """A batch of images with their queries, or, without the first axis, one image.

    Parameters
    ----------
    image : Tensor of float32, shape (N, C, Y, X)
    queries : Tensor of float32, shape (N, Q, 2)
        (x, y) in pixels.
    answers : Tensor of float32, shape (N, Q, 2)
        The maps of the scheme there.
    source : Tensor of int64, shape (N,)
        Number of the record.
    """

    image: Tensor
    queries: Tensor
    answers: Tensor
    source: Tensor


class FrameStore(SampleStore):
    """Samples by number, resized to the frame; small enough to be kept."""

    def __init__(self, records: Sequence[Record], config: CoordinateConfig) -> None:
        super().__init__(records, config.nominal_diameter, config.cache_mb / max(1, config.workers))
        self.frame = config.frame

    def load(self, record: Record) -> Sample:
        """Read one sample and resize it to the frame."""
        return frame_sample(load_sample(record, self.nominal_diameter), self.frame)


def frame_sample(sample: Sample, frame: int) -> Sample:
    """Bring a whole image, with its labels, to a frame's size: its longer side becomes `frame` pixels."""
    height, width = sample.labels.shape
    scale = frame / max(height, width)
    size = round(width * scale), round(height * scale)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    # INTER_NEAREST takes the pixel under the upper left corner, not the centre, of each new pixel.
    labels = np.asarray(cv2.resize(sample.labels, size, interpolation=cv2.INTER_NEAREST_EXACT), np.int32)
    image = cv2.resize(sample.image.astype(np.float32), size, interpolation=way)
    diameters = equivalent_diameters(labels)
    return replace(
        sample,
        image=image.astype(np.float16),
        labels=labels,
        diameters=diameters,
        centres=sample.centres * np.float32(scale),
        diameter=sample.diameter * scale,
    )


class Views(Dataset[QueryBatch]):
    """Changed images by number, each with its queries."""

    def __init__(self, samples: FrameStore, config: CoordinateConfig) -> None:
        self.samples = samples
        self.config = config
        self.scheme = Coordinate(**config.parameters)
        weights = np.array([record.weight for record in samples.records], np.float64)
        self.chances = weights / weights.sum()

    def __len__(self) -> int:
        return self.config.steps * self.config.batch

    def __getitem__(self, number: int) -> QueryBatch:
        config = self.config
        rng = np.random.default_rng([config.seed, number])
        source = int(rng.choice(len(self.samples), p=self.chances))
        sample = self.samples[source]
        image, labels = _view(sample, config.augment.zoom, rng)
        image = photometric(image, sample.colour, config.augment.photometric, rng)
        if config.in_channels == 1:
            image = image.mean(axis=2, keepdims=True)
        queries = choose_queries(labels, config.queries, config.nominal_diameter, rng)
        answers = self.scheme.encode(labels)[:, np.rint(queries[:, 1]).astype(int), np.rint(queries[:, 0]).astype(int)]
        return QueryBatch(
            torch.from_numpy(image.transpose(2, 0, 1).copy()),
            torch.from_numpy(queries),
            torch.from_numpy(answers.T.copy()),
            torch.tensor(source),
        )


def choose_queries(
    labels: NDArray[np.int32], config: QueryConfig, diameter: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Choose positions to query: some in cells, some next to cells, the rest anywhere.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
    config : QueryConfig
    diameter : float
        Typical diameter of the objects, pixels.
    rng : Generator

    Returns
    -------
    ndarray of float32, shape (Q, 2)
        (x, y) in pixels, between pixels too, but never outside the image.
    """
    inside = labels > 0
    reach = 2 * max(1, round(config.reach * diameter)) + 1
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    near = (cv2.dilate(inside.view(np.uint8), window) > 0) & ~inside
    parts = [
        rng.choice(indices, round(share * config.count))
        for share, region in ((config.positive, inside), (config.near, near))
        if len(indices := np.flatnonzero(region))
    ]
    rest = max(0, config.count - sum(map(len, parts)))
    pixels = np.concatenate([*parts, rng.integers(0, labels.size, rest)])[: config.count]
    rows, columns = np.divmod(pixels, labels.shape[1])
    # Just under half a pixel, so that the nearest pixel stays the one chosen.
    places = np.stack([columns, rows], axis=1) + rng.uniform(-0.49, 0.49, (config.count, 2))
    return np.clip(places, 0, np.array(labels.shape[::-1]) - 1).astype(np.float32)


def train_loader(samples: FrameStore, config: CoordinateConfig, start: int = 0) -> DataLoader[QueryBatch]:
    """Loader of the batches of a run that begins, or continues, at step `start`."""
    views = Views(samples, config)
    return DataLoader(
        views,
        batch_size=config.batch,
        sampler=ResumableSampler(start, config),
        num_workers=config.workers,
        persistent_workers=config.workers > 0,
        collate_fn=_collate,
    )


def _view(sample: Sample, zoom: float, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Enlarge part of an image to the whole frame, mirrored at random; its labels the same way."""
    height, width = sample.labels.shape
    factor = float(np.exp(rng.uniform(0, np.log(zoom))))
    image = sample.image.astype(np.float32)
    labels = sample.labels
    if factor > 1:
        left, top = rng.uniform(0, 1, 2) * np.array([width, height]) * (1 - 1 / factor)
        # Of pixels' edges, hence the halves: what lies left of the first pixel stays outside.
        offset = 0.5 * factor - 0.5 - factor * np.array([left, top])
        matrix = np.array([[factor, 0, offset[0]], [0, factor, offset[1]]])
        border = cv2.BORDER_REPLICATE
        warped = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=border)
        image = np.asarray(warped, np.float32)
        labels = cv2.warpAffine(
            labels.astype(np.float32), matrix, (width, height), flags=cv2.INTER_NEAREST, borderMode=border
        ).astype(np.int32)
    step = tuple(int(sign) for sign in rng.choice([-1, 1], 2))
    image = np.ascontiguousarray(image[:: step[0], :: step[1]])
    labels = np.ascontiguousarray(labels[:: step[0], :: step[1]])
    return image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2), labels


def _collate(items: Sequence[QueryBatch]) -> QueryBatch:
    """Join items to a batch; images of different size are reflected below and at the right, as at run time."""
    stride = CoordinateNetwork.stride
    height, width = (-(-max(item.image.shape[axis] for item in items) // stride) * stride for axis in (1, 2))
    images = [_padded(item.image.numpy(), height, width) for item in items]
    rest = (torch.stack(parts) for parts in list(zip(*items, strict=True))[1:])
    return QueryBatch(torch.from_numpy(np.stack(images)), *rest)


def _padded(image: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    return np.pad(image, ((0, 0), (0, height - image.shape[1]), (0, width - image.shape[2])), mode="symmetric")
