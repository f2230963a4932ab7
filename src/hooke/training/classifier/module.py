"""Defines the LightningModule of the classifier: its loss, and its scores on validation cut-outs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lightning as L
import torch
from torch import Tensor
from torch.nn import functional

from hooke.training.classifier.config import ClassifierConfig
from hooke.training.classifier.data import CutBatch
from hooke.training.classifier.networks import build_classifier
from hooke.training.optimizer import make_optimizer
from hooke.training.outcome import check_loss


class ClassifierModule(L.LightningModule):
    """A network trained by weighted cross entropy.

    Parameters
    ----------
    config : ClassifierConfig
    class_weights : sequence of float, optional
        Weight of each class in the loss.
    load_weights : bool
        False leaves the encoder's weights random, for a checkpoint to fill.
    names : sequence of str
        Ids of the training images, to name those of a batch that went wrong.
    """

    def __init__(
        self,
        config: ClassifierConfig,
        class_weights: Sequence[float] | None = None,
        *,
        load_weights: bool = True,
        names: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.config = config
        self.names = names
        network = build_classifier(config, load_weights=load_weights)
        self.network = network.to(memory_format=torch.channels_last)
        weights = None if class_weights is None else torch.tensor(class_weights)
        self.class_weights: Tensor | None
        self.register_buffer("class_weights", weights, persistent=False)
        self.answers: list[tuple[Tensor, Tensor]] = []
        self.save_hyperparameters({"config": config.model_dump(mode="json")})

    def forward(self, image: Tensor) -> Tensor:
        """Raw scores of the classes, shape (N, K)."""
        logits: Tensor = self.network(image.contiguous(memory_format=torch.channels_last))
        return logits

    def training_step(self, batch: CutBatch, batch_index: int) -> Tensor:
        """Loss of one batch.

        Raises
        ------
        TrainingError
            When the loss is not a number.
        """
        raw = self(batch.image).float()
        loss = functional.cross_entropy(raw, batch.target, self.class_weights, label_smoothing=self.config.smoothing)
        check_loss(loss.item(), self.global_step, self.names, sorted(set(batch.source.tolist())))
        right = (raw.argmax(dim=1) == batch.target).float().mean()
        self.log_dict({"train/loss": loss.detach(), "train/accuracy": right}, on_step=True)
        return loss

    def on_validation_epoch_start(self) -> None:
        """Begin to collect."""
        self.answers = []

    def validation_step(self, batch: CutBatch, batch_index: int) -> None:
        """Answer one batch."""
        self.answers.append((self(batch.image).float(), batch.target))

    def on_validation_epoch_end(self) -> None:
        """Log what the answers are worth over all cut-outs."""
        raw, target = (torch.cat(parts) for parts in zip(*self.answers, strict=True))
        right = (raw.argmax(dim=1) == target).float()
        recalls = [right[target == label].mean() for label in torch.unique(target)]
        # The geometric mean of the true classes' probability: smoother than a share of few cut-outs.
        self.log("val/likelihood", torch.exp(-functional.cross_entropy(raw, target)))
        self.log("val/accuracy", right.mean(), prog_bar=True)
        self.log("val/balanced_accuracy", torch.stack(recalls).mean())

    def configure_optimizers(self) -> Any:
        """See `make_optimizer`."""
        return make_optimizer(self.network, self.config)
