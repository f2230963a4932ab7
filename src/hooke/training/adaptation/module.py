"""Defines the LightningModule of an adaptation: what stays frozen, and a teacher that keeps what was known."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from hooke.corrections.known_regions import clear_unknown
from hooke.metrics import score_image
from hooke.training.adaptation.mixed_crops import TAUGHT
from hooke.training.augmentation.crops import Sample
from hooke.training.networks import Outputs
from hooke.training.optimizer import make_optimizer
from hooke.training.segmentation.config import TrainConfig
from hooke.training.segmentation.data import Batch
from hooke.training.segmentation.module import SegmentationModule, predict_sample


class AdaptationModule(SegmentationModule):
    """A network that learns from a few images.

    The statistics of its batch norms stay as they are: those of a few crops of one image would be worse. So do the
    first stages of its encoder, which see edges and spots in any image (Yosinski et al. 2014, "How transferable are
    features in deep neural networks?"). On crops of what it knows it is taught by its own earlier self (Li and Hoiem
    2016, "Learning without forgetting").

    Parameters
    ----------
    config : TrainConfig
    frozen : int
        Stages of the encoder, from the image on, whose weights stay.
    names : sequence of str
    """

    def __init__(self, config: TrainConfig, frozen: int = 0, names: tuple[str, ...] | list[str] = ()) -> None:
        super().__init__(config, load_weights=False, names=names)
        self.frozen = frozen
        self._teacher: list[nn.Module] = []  # in a list, outside of what is saved and averaged

    def begin(self) -> None:
        """Freeze what stays, and keep the network as it is for a teacher; called once its weights are filled."""
        self._teacher = [copy.deepcopy(self.network).eval().requires_grad_(False)]
        for part in early_parts(self.network, self.frozen):
            part.requires_grad_(False)

    def train(self, mode: bool = True) -> AdaptationModule:
        """Train, the statistics of batch norms excepted."""
        super().train(mode)
        for layer in self.network.modules():
            if isinstance(layer, nn.modules.batchnorm._BatchNorm):
                layer.eval()
        return self

    def training_step(self, batch: Batch, batch_index: int) -> Tensor:
        """Loss of one batch, in which the teacher's answers stand for the truth of what is to be kept."""
        taught = batch.source == TAUGHT
        if self._teacher and bool(taught.any()):
            with torch.no_grad():
                told: Outputs = self._teacher[0](batch.image[taught].contiguous(memory_format=torch.channels_last))
            maps = batch.maps.clone()
            maps[taught] = torch.sigmoid(told.maps.float())
            batch = batch._replace(maps=maps)
        return super().training_step(batch, batch_index)

    def validation_step(self, sample: Sample, batch_index: int) -> None:
        """Score one held-out part."""
        scores = score_sample(self, sample)
        for name in ("dsb", "ap_50", "f1_50"):
            self.log(f"val/{name}", scores[name], on_epoch=True, prog_bar=name == "dsb", batch_size=1)

    def configure_optimizers(self) -> Any:
        """AdamW on what is not frozen."""
        return make_optimizer(self.network, self.config)


def early_parts(network: nn.Module, stages: int) -> list[nn.Module]:
    """The first stages of a U-Net's encoder, with the stem; none of other networks, whose parts have other names."""
    encoder = getattr(network, "encoder", None)
    if not stages or encoder is None:
        return []
    numbers = [f"blocks{mark}{number}" for number in range(stages) for mark in "._"]
    wanted = {"conv_stem", "bn1", *numbers}
    return [part for name, part in encoder.named_modules() if name in wanted]


def score_sample(module: SegmentationModule, sample: Sample) -> dict[str, float]:
    """Scores of the objects found in the known part of a sample."""
    _, labels = predict_sample(module, sample)
    return score_image(clear_unknown(labels, sample.known), clear_unknown(sample.labels, sample.known))
