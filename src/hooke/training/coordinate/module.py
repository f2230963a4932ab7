"""Defines the LightningModule of the task `coordinate`: its loss, and the points that it finds in an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lightning as L
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hooke.metrics import Counts, find_objects, inner_points, match_points_in_masks
from hooke.models import PixelSegmenter, Tiling
from hooke.preprocess import AS_IT_IS
from hooke.targets import Decoded
from hooke.targets.coordinate import as_maps, query_grid
from hooke.training.augmentation.crops import Sample
from hooke.training.baselines import Segmenter
from hooke.training.coordinate.config import CoordinateConfig
from hooke.training.coordinate.data import QueryBatch
from hooke.training.networks.coordinate import CoordinateNetwork, CoordinateShape
from hooke.training.optimizer import make_optimizer
from hooke.training.outcome import check_loss


class CoordinateModule(L.LightningModule):
    """A network trained on the answers of the `coordinate` scheme.

    Parameters
    ----------
    config : CoordinateConfig
    names : sequence of str
        Ids of the training images, to name those of a batch that went wrong.
    """

    def __init__(self, config: CoordinateConfig, names: Sequence[str] = ()) -> None:
        super().__init__()
        self.config = config
        self.names = names
        self.scheme = config.scheme
        shape = CoordinateShape(
            frame=config.frame,
            answers=len(self.scheme.maps),
            in_channels=config.in_channels,
            width=config.width,
            features=config.features,
            patch=config.patch,
            bins=config.bins,
            head=config.head,
            use_global=not config.no_global,
            use_coordinate=not config.no_coordinate,
            use_patch=not config.no_patch,
        )
        self.network = CoordinateNetwork(shape).to(memory_format=torch.channels_last)
        self.counts = Counts(0, 0, 0)
        self.save_hyperparameters({"config": config.model_dump(mode="json")})

    def forward(self, image: Tensor, queries: Tensor) -> Tensor:
        """Answers in 0..1, shape (N, Q, 2)."""
        return torch.sigmoid(self.network(image, queries))

    def training_step(self, batch: QueryBatch, batch_index: int) -> Tensor:
        """Loss of one batch.

        Raises
        ------
        TrainingError
            When the loss is not a number.
        """
        image = batch.image.contiguous(memory_format=torch.channels_last)
        raw = self.network(image, batch.queries).float()
        cell, centre = functional.binary_cross_entropy_with_logits(raw, batch.answers, reduction="none").mean((0, 1))
        loss: Tensor = cell + self.config.centre_weight * centre
        check_loss(loss.item(), self.global_step, self.names, batch.source.tolist())
        parts = {"loss": loss, "cell": cell, "centre": centre}
        self.log_dict({f"train/{name}": value.detach() for name, value in parts.items()}, on_step=True)
        return loss

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """Move a training batch; leave a validation image where it is."""
        return batch if isinstance(batch, Sample) else super().transfer_batch_to_device(batch, device, dataloader_idx)

    def on_validation_epoch_start(self) -> None:
        """Begin to count."""
        self.counts = Counts(0, 0, 0)

    def validation_step(self, sample: Sample, batch_index: int) -> None:
        """Count the points of one image that lie in an unclaimed true cell, as the DKFZ's authors do."""
        self.counts += _found(segment_frame(self, sample), sample)

    def on_validation_epoch_end(self) -> None:
        """Log recall, precision and F1 over all cells."""
        for name in ("recall", "precision", "f1"):
            self.log(f"val/{name}", getattr(self.counts, name), prog_bar=name == "f1")

    def configure_optimizers(self) -> Any:
        """See `make_optimizer`."""
        return make_optimizer(self.network, self.config)

    def decode_frame(self, pixels: NDArray[np.float32]) -> Decoded:
        """Segment a normalised image (Y, X, 3) in its frame as the runtime would."""
        tiling = Tiling(self.config.frame, stride=self.network.stride)
        segmenter = PixelSegmenter(lambda threads: self._answer_grid, self.scheme, tiling=tiling)
        return segmenter.segment(pixels, AS_IT_IS, self.config.nominal_diameter).decoded

    def _answer_grid(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Query a grid of positions; the predictions as maps."""
        (height, width), step = batch.shape[2:], self.config.query_step
        with torch.inference_mode():
            image = torch.from_numpy(batch).to(self.device)
            if self.config.in_channels == 1:
                image = image.mean(dim=1, keepdim=True)
            queries = torch.from_numpy(query_grid(height, width, step)).to(self.device)
            answers = self(image.contiguous(memory_format=torch.channels_last), queries[None])
        return as_maps(answers.float().cpu().numpy(), height, width, step)


def detection_f1(segment: Segmenter, samples: Sequence[Sample]) -> float:
    """F1 of detection over all cells of the samples, of any way to segment them."""
    return sum((_found(segment(sample), sample) for sample in samples), Counts(0, 0, 0)).f1


def _found(labels: NDArray[np.int32], sample: Sample) -> Counts:
    """Cells found and missed, a point of each object that lies in an unclaimed true mask counting as found."""
    return match_points_in_masks(inner_points(labels, find_objects(labels)), sample.labels).counts


def segment_frame(module: CoordinateModule, sample: Sample) -> NDArray[np.int32]:
    """Segment a validation image in its frame: the label image."""
    pixels = sample.image.astype(np.float32)
    return module.decode_frame(pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)).labels
