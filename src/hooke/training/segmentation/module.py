"""Defines the LightningModule of segmentation: its loss, and its scores on validation images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lightning as L
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hooke.metrics import score_image
from hooke.models import PixelSegmenter
from hooke.preprocess import AS_IT_IS
from hooke.targets import HasDiameterMap
from hooke.training.augmentation.crops import UNKNOWN, Sample
from hooke.training.networks import Heads, Outputs, build_network
from hooke.training.optimizer import make_optimizer
from hooke.training.outcome import check_loss
from hooke.training.segmentation.config import TrainConfig
from hooke.training.segmentation.data import Batch
from hooke.training.segmentation.losses import loss_of
from hooke.training.segmentation.losses.pixel_losses import class_loss, pixel_class_loss, small_object_weights

_SCORES = ("dsb", "ap_50", "ap_75")


class SegmentationModule(L.LightningModule):
    """A network trained on the maps of a target scheme, and on classes where the configuration names some.

    Parameters
    ----------
    config : TrainConfig
    load_weights : bool
        False leaves the encoder's weights random, for a checkpoint to fill.
    class_weights : sequence of float, optional
        Weight of each class in the loss of the pixels' classes.
    names : sequence of str
        Ids of the training images, to name those of a batch that went wrong.
    """

    def __init__(
        self,
        config: TrainConfig,
        *,
        load_weights: bool = True,
        class_weights: Sequence[float] | None = None,
        names: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.config = config
        self.names = names
        self.scheme = config.scheme
        self.scheme_loss = loss_of(self.scheme)
        heads = Heads(len(self.scheme.maps), len(config.classes), len(config.image_classes))
        network = build_network(config, heads, load_weights=load_weights)
        self.network: Any = network.to(memory_format=torch.channels_last)
        # The background is the first of the pixels' classes.
        weights = None if class_weights is None else torch.tensor([1.0, *class_weights])
        self.class_weights: Tensor | None
        self.register_buffer("class_weights", weights, persistent=False)
        self.save_hyperparameters({"config": config.model_dump(mode="json")})

    def forward(self, image: Tensor) -> Outputs:
        """Maps in 0..1 and class probabilities."""
        raw: Outputs = self.network(image)
        return Outputs(
            torch.sigmoid(raw.maps),
            None if raw.classes is None else torch.softmax(raw.classes, dim=1),
            None if raw.image_classes is None else torch.softmax(raw.image_classes, dim=1),
        )

    def training_step(self, batch: Batch, batch_index: int) -> Tensor:
        """Loss of one batch of crops.

        Raises
        ------
        TrainingError
            When the loss is not a number.
        """
        output: Outputs = self.network(batch.image.contiguous(memory_format=torch.channels_last))
        parts = self._losses(output, batch)
        check_loss(parts["loss"].item(), self.global_step, self.names, batch.source.tolist())
        self.log_dict({f"train/{name}": value.detach() for name, value in parts.items()}, on_step=True)
        return parts["loss"]

    def _losses(self, output: Outputs, batch: Batch) -> dict[str, Tensor]:
        config = self.config
        parts = self.scheme_loss(output.maps, batch.maps, config, self._emphasis(batch))
        if output.classes is not None:
            parts["classes"] = pixel_class_loss(output.classes.float(), batch.classes, self.class_weights)
            parts["loss"] = parts["loss"] + config.class_weight * parts["classes"]
        if output.image_classes is not None:
            parts["image_class"] = class_loss(output.image_classes.float(), batch.image_class)
            parts["loss"] = parts["loss"] + config.image_class_weight * parts["image_class"]
        return parts

    def _emphasis(self, batch: Batch) -> Tensor | None:
        """Weights of pixels: 0 where they are not known, more for small objects if the configuration says so."""
        loss = self.config.loss
        known = None if bool(batch.known.all()) else batch.known.to(batch.maps.dtype)
        if not loss.small or not isinstance(self.scheme, HasDiameterMap):
            return known
        diameter = self.scheme.diameter_of(batch.maps[:, self.scheme.maps.index("diameter")])
        weights = small_object_weights(batch.maps[:, 0], diameter, loss.small, loss.small_limit)
        return weights if known is None else weights * known

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """Move a training batch; leave a validation image where it is."""
        # A validation image goes to the device tile by tile, in predict_sample.
        return batch if isinstance(batch, Sample) else super().transfer_batch_to_device(batch, device, dataloader_idx)

    def validation_step(self, sample: Sample, batch_index: int) -> None:
        """Segment one validation image and log its scores."""
        maps, labels = predict_sample(self, sample)
        scores = score_image(labels, sample.labels)
        kind = "colour" if sample.colour else "grey"
        for name in _SCORES:
            self.log(f"val/{name}", scores[name], on_epoch=True, prog_bar=name == "dsb", batch_size=1, sync_dist=True)
            self.log(f"val/{name}_{kind}", scores[name], on_epoch=True, batch_size=1, sync_dist=True)
        if sample.classes is not None:
            right, known = _count_right(maps[len(self.scheme.maps) :], sample)
            if known:
                self.log("val/class_accuracy", right / known, on_epoch=True, batch_size=known, sync_dist=True)

    def configure_optimizers(self) -> Any:
        """AdamW, its rate rising over the warm-up and falling along a cosine, or one cycle of both."""
        return make_optimizer(self.network, self.config)


def predict_sample(module: SegmentationModule, sample: Sample) -> tuple[NDArray[np.uint16], NDArray[np.int32]]:
    """Segment a validation image at the scale of its true diameter.

    Returns
    -------
    maps : ndarray of uint16, shape (M + K, Y, X)
        Of the scheme, then the probability of each class per pixel, without the background; 65535 for 1.
    labels : ndarray of int32, shape (Y, X)
    """

    def network(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            tensor = torch.from_numpy(batch)
            if module.config.in_channels == 1:
                tensor = tensor.mean(dim=1, keepdim=True)
            output = module(tensor.to(module.device, memory_format=torch.channels_last))
            both = [output.maps] if output.classes is None else [output.maps, output.classes[:, 1:]]
            return np.asarray(torch.cat(both, dim=1).float().cpu().numpy())

    count = len(module.scheme.maps) + len(module.config.classes)
    return segment_sample(PixelSegmenter(lambda threads: network, module.scheme, module.config.band, count), sample)


def segment_sample(segmenter: PixelSegmenter, sample: Sample) -> tuple[NDArray[np.uint16], NDArray[np.int32]]:
    """Segment a normalised image whose diameter is known: the network's maps, and the label image."""
    pixels = sample.image.astype(np.float32)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    found = segmenter.segment(pixels, AS_IT_IS, sample.diameter, min_size=0)
    return found.maps, found.decoded.labels


def _count_right(classes: NDArray[np.uint16], sample: Sample) -> tuple[int, int]:
    """Objects whose class the pixels inside give correctly, and objects whose class is known."""
    assert sample.classes is not None
    ids = np.flatnonzero(sample.classes != UNKNOWN)
    flat = sample.labels.ravel()
    votes = [np.bincount(flat, weights=probability.ravel(), minlength=len(sample.classes)) for probability in classes]
    return int((np.argmax(votes, axis=0)[ids] == sample.classes[ids]).sum()), len(ids)
