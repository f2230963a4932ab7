"""The methods of pre-training, each with its loss on batches of views."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import lightning as L
import torch
from lightly.loss import NegativeCosineSimilarity, NTXentLoss
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead, SimCLRProjectionHead
from lightly.models.utils import deactivate_requires_grad, update_momentum
from lightly.utils.debug import std_of_l2_normalized
from lightly.utils.scheduler import cosine_schedule
from torch import Tensor, nn
from torch.nn import functional

from hooke.training.networks.encoder import make_encoder
from hooke.training.networks.encoder_weights import load_encoder_weights
from hooke.training.pretraining.config import PretrainConfig
from hooke.training.segmentation.losses.pixel_losses import smooth_l1_loss

_INPAINTING_WIDTH = 64


class Pretraining(L.LightningModule):
    """What all methods share: an encoder, its schedule, and a watch over its embeddings."""

    def __init__(self, config: PretrainConfig) -> None:
        super().__init__()
        self.config = config
        encoder = make_encoder(config.encoder)
        load_encoder_weights(encoder, config.encoder, config.encoder_weights)
        self.encoder: Any = encoder.to(memory_format=torch.channels_last)
        self.channels: Sequence[int] = encoder.feature_info.channels()

    def pair_loss(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Loss of a batch of pairs, and an embedding (N, D) of each, by which collapse is seen."""
        raise NotImplementedError

    def training_step(self, batch: tuple[Tensor, Tensor], batch_index: int) -> Tensor:
        """Loss of one batch; logs it and how far the embeddings are spread."""
        loss, embedding = self.pair_loss(*batch)
        values = {"train/loss": loss.detach(), "train/spread": embedding_spread(embedding.detach().float())}
        self.log_dict(values, prog_bar=True)
        return loss

    def configure_optimizers(self) -> Any:
        """AdamW, its rate rising over the warm-up and falling along a cosine."""
        config = self.config
        weights = [weight for weight in self.parameters() if weight.requires_grad]
        optimizer = torch.optim.AdamW(weights, lr=config.learning_rate, weight_decay=config.weight_decay)
        rising = max(1, round(config.warmup * config.steps))

        def share(step: int) -> float:
            if step < rising:
                return (step + 1) / rising
            return 0.5 * (1 + math.cos(math.pi * min((step - rising) / max(1, config.steps - rising), 1.0))) + 1e-3

        # Not one of PyTorch's cosines: those keep the run's length in the checkpoint, and a run may be made longer.
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def embedding_spread(embedding: Tensor) -> Tensor:
    """How far the embeddings of a batch lie apart (Chen and He 2021, "Exploring simple siamese representation").

    Parameters
    ----------
    embedding : Tensor, shape (N, D)

    Returns
    -------
    Tensor
        0 when all images have the same embedding (collapse), near 1 when they are spread over the sphere evenly.
    """
    spread: Tensor = std_of_l2_normalized(embedding) * math.sqrt(embedding.shape[1])
    return spread


def _pool(encoder: nn.Module, image: Tensor) -> Tensor:
    """Mean of the deepest features, shape (N, C)."""
    deepest: Tensor = encoder(image.contiguous(memory_format=torch.channels_last))[-1]
    return deepest.mean(dim=(2, 3))


class SimCLR(Pretraining):
    """Recognise two views of one place among all views in the batch (Chen et al. 2020)."""

    def __init__(self, config: PretrainConfig) -> None:
        super().__init__(config)
        self.head = SimCLRProjectionHead(self.channels[-1], config.hidden, config.projection)
        self.loss = NTXentLoss(config.temperature)

    def pair_loss(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Contrastive loss and the first views' projections."""
        first_projected, second_projected = (self.head(_pool(self.encoder, view)).float() for view in (first, second))
        return self.loss(first_projected, second_projected), first_projected


class BYOL(Pretraining):
    """Predict from one view the output of an averaged copy for the other (Grill et al. 2020)."""

    def __init__(self, config: PretrainConfig) -> None:
        super().__init__(config)
        self.head = BYOLProjectionHead(self.channels[-1], config.hidden, config.projection)
        self.predictor = BYOLPredictionHead(config.projection, config.hidden, config.projection)
        self.loss = NegativeCosineSimilarity()
        self.averaged = nn.ModuleList([copy.deepcopy(self.encoder), copy.deepcopy(self.head)])
        deactivate_requires_grad(self.averaged)

    def pair_loss(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Sum over both directions of the squared distance on the sphere, 0..8, and the first views' projections."""
        projected = [self.head(_pool(self.encoder, view)) for view in (first, second)]
        predicted = [self.predictor(projection).float() for projection in projected]
        with torch.no_grad():
            encoder, head = self.averaged
            aims = [head(_pool(encoder, view)).float() for view in (first, second)]
        # |p - z|² of unit vectors is 2 - 2 cos.
        loss = 4 + 2 * (self.loss(predicted[0], aims[1]) + self.loss(predicted[1], aims[0]))
        return loss, projected[0]

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Move the averaged copy after the network, the slower the later."""
        # Before the step, for the checkpoint of the last one is written before a hook that follows it.
        momentum = cosine_schedule(self.global_step, self.config.steps + 1, self.config.momentum, 1.0)
        for network, averaged in zip((self.encoder, self.head), self.averaged, strict=True):
            update_momentum(network, averaged, momentum)


class Inpainting(Pretraining):
    """What is hidden of an image is painted in (Pathak et al. 2016; with a light decoder, as Xie et al. 2022)."""

    def __init__(self, config: PretrainConfig) -> None:
        super().__init__(config)
        finest = self.encoder.feature_info.reduction()[0]
        self.steps = nn.ModuleList([nn.Conv2d(width, _INPAINTING_WIDTH, 1) for width in self.channels])
        self.paint = nn.Sequential(
            nn.BatchNorm2d(_INPAINTING_WIDTH),
            nn.ReLU(),
            nn.Conv2d(_INPAINTING_WIDTH, 3 * finest**2, kernel_size=3, padding=1),
            nn.PixelShuffle(finest),
        )

    def paint_in(self, features: Sequence[Tensor]) -> Tensor:
        """Image (N, 3, Y, X) from features of all depths, each only projected: the work is left to the encoder."""
        size = features[0].shape[2:]
        maps = [
            functional.interpolate(step(features_of_step), size=size, mode="bilinear")
            for step, features_of_step in zip(self.steps, features, strict=True)
        ]
        painted: Tensor = self.paint(torch.stack(maps).sum(dim=0))
        return painted

    def pair_loss(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Smooth L1 over what is hidden, and the pooled features."""
        features = self.encoder(hide(first, second).contiguous(memory_format=torch.channels_last))
        painted = self.paint_in(features).float()
        hidden = second.expand_as(first)
        return smooth_l1_loss(painted, first, hidden), features[-1].mean(dim=(2, 3))


def hide(image: Tensor, hidden: Tensor) -> Tensor:
    """Replace hidden pixels by the mean of the visible ones, image by image and channel by channel.

    Parameters
    ----------
    image : Tensor, shape (N, C, Y, X)
    hidden : Tensor, shape (N, 1, Y, X)
        1 where hidden.
    """
    seen = 1 - hidden
    mean = (image * seen).sum(dim=(2, 3), keepdim=True) / seen.sum(dim=(2, 3), keepdim=True).clamp(min=1)
    return image * seen + mean * hidden


METHODS: dict[str, type[Pretraining]] = {"simclr": SimCLR, "byol": BYOL, "inpainting": Inpainting}
