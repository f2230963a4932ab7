"""Loss of the `splitline` scheme: for each of its maps `(N, 4, Y, X)` the losses that the configuration names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from hooke.training.segmentation.config import TrainConfig
from hooke.training.segmentation.loss_config import LossConfig
from hooke.training.segmentation.losses.pixel_losses import (
    bce_loss,
    dice_loss,
    focal_loss,
    smooth_l1_loss,
    split_weight_map,
    tversky_loss,
)


@dataclass(frozen=True)
class _Terms:
    """What a loss may use besides its own map; tensors of shape (N, Y, X)."""

    config: LossConfig
    inside: Tensor
    split: Tensor
    known: Tensor | None
    positive: float
    beta: float


_Loss = Callable[[Tensor, Tensor, _Terms], Tensor]
_LOSSES: dict[str, _Loss] = {}


def _named(name: str) -> Callable[[_Loss], _Loss]:
    def register(loss: _Loss) -> _Loss:
        _LOSSES[name] = loss
        return loss

    return register


@_named("bce")
def _bce(logits: Tensor, target: Tensor, terms: _Terms) -> Tensor:
    return bce_loss(logits, target, terms.known, positive=terms.positive)


@_named("weighted_bce")
def _weighted_bce(logits: Tensor, target: Tensor, terms: _Terms) -> Tensor:
    weight = split_weight_map(terms.split, terms.config.map_strength, terms.config.map_reach)
    return bce_loss(logits, target, _times(weight, terms.known), positive=terms.positive)


@_named("dice")
def _dice(logits: Tensor, target: Tensor, terms: _Terms) -> Tensor:
    return dice_loss(logits, target, weight=terms.known)


@_named("focal")
def _focal(logits: Tensor, target: Tensor, terms: _Terms) -> Tensor:
    return focal_loss(logits, target, terms.known, alpha=terms.config.focal_alpha, gamma=terms.config.focal_gamma)


@_named("tversky")
def _tversky(logits: Tensor, target: Tensor, terms: _Terms) -> Tensor:
    config = terms.config
    return tversky_loss(logits, target, terms.known, alpha=config.tversky_alpha, beta=config.tversky_beta)


@_named("smooth_l1")
def _smooth_l1(logits: Tensor, target: Tensor, terms: _Terms) -> Tensor:
    return smooth_l1_loss(torch.sigmoid(logits), target, terms.known, beta=terms.beta)


@_named("inside_smooth_l1")
def _inside_smooth_l1(logits: Tensor, target: Tensor, terms: _Terms) -> Tensor:
    """Over the objects' pixels only: elsewhere there is, for one, no diameter to tell."""
    return smooth_l1_loss(torch.sigmoid(logits), target, _times(terms.inside, terms.known), beta=terms.beta)


def _times(weight: Tensor, known: Tensor | None) -> Tensor:
    return weight if known is None else weight * known


def splitline_loss(
    output: Tensor,
    target: Tensor,
    *,
    split: float = 1.0,
    distance: float = 4.0,
    diameter: float = 4.0,
    config: LossConfig | None = None,
    known: Tensor | None = None,
) -> dict[str, Tensor]:
    """Loss of the `splitline` scheme and its parts.

    Parameters
    ----------
    output, target : Tensor, shape (N, 4, Y, X)
        Logits of the four maps, and their truth in 0..1.
    split, distance, diameter : float
        Weights of the parts; the foreground's is 1.
    config : LossConfig, optional
        Which loss each map has; the usual ones by default.
    known : Tensor, shape (N, Y, X), optional
        1 where the image is labelled, 0 where it is not; all of it by default.

    Returns
    -------
    dict of Tensor
        ``loss`` and the unweighted parts ``foreground``, ``split``, ``distance``, ``diameter``.
    """
    config = config or LossConfig()
    output = output.float()

    def part(index: int, names: str, positive: float = 1.0, beta: float = 0.1) -> Tensor:
        terms = _Terms(config, target[:, 0], target[:, 1], known, positive, beta)
        losses = [_LOSSES[name](output[:, index], target[:, index], terms) for name in names.split("+")]
        return torch.stack(losses).sum()

    parts = {
        "foreground": part(0, config.foreground, positive=config.foreground_positive),
        "split": part(1, config.split, positive=config.split_positive),
        "distance": part(2, config.distance, beta=config.distance_beta),
        "diameter": part(3, config.diameter, beta=config.diameter_beta),
    }
    weights = {"foreground": 1.0, "split": split, "distance": distance, "diameter": diameter}
    total = torch.stack([weights[name] * value for name, value in parts.items()]).sum()
    return {"loss": total, **parts}


def loss_of_run(output: Tensor, target: Tensor, config: TrainConfig, known: Tensor | None) -> dict[str, Tensor]:
    """Loss with the weights and losses of a run's configuration."""
    return splitline_loss(
        output,
        target,
        split=config.split_weight,
        distance=config.distance_weight,
        diameter=config.diameter_weight,
        config=config.loss,
        known=known,
    )
