"""Losses of target schemes, one file each; `pixel_losses` has the losses of single maps that they are made of."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from hooke.errors import ConfigError
from hooke.targets import Scheme
from hooke.training.segmentation.config import TrainConfig
from hooke.training.segmentation.losses import splitline_loss

#: Logits and truth of the maps, the run's configuration, and a weight of each pixel; gives ``loss`` and its parts.
SchemeLoss = Callable[[Tensor, Tensor, TrainConfig, Tensor | None], dict[str, Tensor]]

#: Loss of each target scheme, by its `loss`; a new scheme is a file in `hooke.targets`, one here, and a line here.
SCHEME_LOSSES: dict[str, SchemeLoss] = {"splitline": splitline_loss.loss_of_run}


def loss_of(scheme: Scheme) -> SchemeLoss:
    """Look up the loss of a target scheme.

    Raises
    ------
    ConfigError
        When networks of this task can't be trained on the scheme's maps.
    """
    if scheme.loss not in SCHEME_LOSSES:
        remedy = f"use a target whose loss is one of {', '.join(SCHEME_LOSSES)}"
        raise ConfigError(f"target {scheme.name!r} has no loss for networks that segment", remedy=remedy)
    return SCHEME_LOSSES[scheme.loss]
