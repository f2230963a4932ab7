"""Losses of predicted maps against target maps, both `(N, 4, Y, X)`.

Every loss of pixels takes an optional `weight`, as large as the target: 0 where the class of a pixel is unknown, 1
elsewhere, more where a mistake costs more. A loss whose pixels all weigh nothing is 0, and its gradients are too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from hooke.errors import ConfigError
from hooke.targets import Scheme
from hooke.training.segmentation.config import TrainConfig
from hooke.training.segmentation.loss_config import LossConfig

#: Class of a pixel or an object that the loss leaves out.
IGNORE = -1


def bce_loss(logits: Tensor, target: Tensor, weight: Tensor | None = None, *, positive: float = 1.0) -> Tensor:
    """Binary cross entropy, mean over pixels by weight.

    Parameters
    ----------
    logits, target : Tensor, same shape
        Raw prediction, and truth in 0..1.
    weight : Tensor, same shape, optional
    positive : float
        Weight of positive pixels relative to negative ones; it does not enter the mean's denominator.
    """
    each = functional.binary_cross_entropy_with_logits(
        logits, target, pos_weight=logits.new_tensor(positive), reduction="none"
    )
    return _mean(each, weight)


def focal_loss(
    logits: Tensor, target: Tensor, weight: Tensor | None = None, *, alpha: float = 0.25, gamma: float = 2.0
) -> Tensor:
    """Cross entropy in which easy pixels fade (Lin et al. 2017, "Focal loss for dense object detection", eq. 5).

    Parameters
    ----------
    logits, target : Tensor, same shape
        Raw prediction, and truth in 0..1.
    weight : Tensor, same shape, optional
    alpha : float
        Weight of positive pixels, that of negative ones being 1 - alpha.
    gamma : float
        0 leaves cross entropy, half of it at alpha 0.5.
    """
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    probability = torch.sigmoid(logits)
    # 1 - p_t in the paper; above 0, where a power below 1 has no slope
    missed = (probability * (1 - target) + (1 - probability) * target).clamp(min=1e-8)
    balance = alpha * target + (1 - alpha) * (1 - target)
    return _mean(balance * missed**gamma * entropy, weight)


def dice_loss(logits: Tensor, target: Tensor, smooth: float = 1.0, weight: Tensor | None = None) -> Tensor:
    """One minus the soft Dice coefficient (Milletari et al. 2016), over the whole batch.

    Parameters
    ----------
    logits, target : Tensor, same shape
        Raw prediction, and truth in 0..1.
    smooth : float
        Added to both sides of the fraction, so that an empty batch predicted empty costs nothing.
    weight : Tensor, same shape, optional
    """
    probability = torch.sigmoid(logits)
    each = (probability * target, probability, target)
    overlap, predicted, true = (one.sum() if weight is None else (one * weight).sum() for one in each)
    return 1 - (2 * overlap + smooth) / (predicted + true + smooth)


def tversky_loss(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    alpha: float = 0.3,
    beta: float = 0.7,
    smooth: float = 1.0,
) -> Tensor:
    """One minus the Tversky index (Salehi et al. 2017), which is Dice at alpha = beta = 0.5 and smooth halved.

    Parameters
    ----------
    logits, target : Tensor, same shape
        Raw prediction, and truth in 0..1.
    weight : Tensor, same shape, optional
    alpha, beta : float
        Price of a false positive and of a false negative.
    smooth : float
        As in `dice_loss`.
    """
    probability = torch.sigmoid(logits)
    each = torch.ones_like(probability) if weight is None else weight
    hits = (each * probability * target).sum()
    false = alpha * (each * probability * (1 - target)).sum()
    missed = beta * (each * (1 - probability) * target).sum()
    return 1 - (hits + smooth) / (hits + false + missed + smooth)


def smooth_l1_loss(value: Tensor, target: Tensor, weight: Tensor | None = None, *, beta: float = 0.1) -> Tensor:
    """Square of small errors and size of large ones (Girshick 2015, eq. 3, with its bend at `beta`), mean by weight.

    Parameters
    ----------
    value, target : Tensor, same shape
        Prediction and truth on the same scale.
    weight : Tensor, same shape, optional
    beta : float
        Error at which one turns into the other.
    """
    return _mean(functional.smooth_l1_loss(value, target, beta=beta, reduction="none"), weight)


def class_loss(logits: Tensor, classes: Tensor, weights: Tensor | None = None, ignore: int = IGNORE) -> Tensor:
    """Cross entropy over classes, of pixels or of whole images.

    Parameters
    ----------
    logits : Tensor, shape (N, K, ...)
    classes : Tensor of int64, shape (N, ...)
        0..K-1, or `ignore` where it is unknown.
    weights : Tensor, shape (K,), optional
        Weight of each class: see `hooke.training.imbalance.class_weights`. The mean is taken by weight.
    ignore : int
        Class that is left out; a batch of nothing else costs 0.
    """
    entropy = functional.cross_entropy(logits, classes, weights, ignore_index=ignore, reduction="sum")
    known = classes != ignore
    total = known.sum() if weights is None else weights[classes[known]].sum()
    return entropy / total.clamp(min=1e-6)


def pixel_class_loss(logits: Tensor, classes: Tensor, weights: Tensor | None = None, ignore: int = IGNORE) -> Tensor:
    """Cross entropy of pixels' classes of which the first is the background.

    The mean of two: over all pixels, and over those of objects among the objects' classes alone. Where objects are
    sparse, nearly all pixels are background, and the first alone would let a network learn little else.

    Parameters
    ----------
    logits : Tensor, shape (N, 1 + K, ...)
    classes : Tensor of int64, shape (N, ...)
        0 for the background, 1..K, or `ignore` where it is unknown.
    weights, ignore
        See `class_loss`.
    """
    kinds = torch.where(classes > 0, classes - 1, ignore)
    among = class_loss(logits[:, 1:], kinds, None if weights is None else weights[1:], ignore)
    return (class_loss(logits, classes, weights, ignore) + among) / 2


def split_weight_map(split: Tensor, strength: float = 10.0, reach: float = 5.0) -> Tensor:
    """Weights that grow towards split lines, as U-Net's do towards the gap between cells.

    ``1 + strength * exp(-d² / (2 reach²))`` with the distance `d` to the nearest split line in pixels, cut off at 3
    `reach`. Ronneberger et al. (2015, eq. 2) take the sum of the distances to the two nearest cells for `d`, which is
    least on that same line; the distance to the line follows from the target map alone, on the device.

    Parameters
    ----------
    split : Tensor, shape (N, Y, X)
        1 on split lines, 0 elsewhere.

    Returns
    -------
    Tensor, shape (N, Y, X)
        1 .. 1 + strength.
    """
    # The Gaussian of a Euclidean distance is a product over the axes, so its maximum over lines is found axis by axis.
    near = (split > 0.5).to(split.dtype)
    for axis in (-1, -2):
        near = _fading_maximum(near, axis, reach)
    return 1 + strength * near


def small_object_weights(inside: Tensor, diameter: Tensor, usual: float, limit: float = 3.0, ring: int = 2) -> Tensor:
    """Weights under which a narrow object counts for more than its few pixels.

    ``usual / diameter`` for objects narrower than `usual`, at most `limit`, on the object and the ring about it, so
    that an object drawn too large costs as much as one drawn too small; 1 elsewhere.

    Parameters
    ----------
    inside : Tensor, shape (N, Y, X)
        1 inside objects.
    diameter : Tensor, shape (N, Y, X)
        Equivalent diameter of the object at each pixel of it, pixels; elsewhere it is not used.
    usual, limit : float
    ring : int
        Width of the ring, pixels.

    Returns
    -------
    Tensor, shape (N, Y, X)
        1 .. limit.
    """
    weight = torch.where(inside > 0.5, (usual / diameter).clamp(1.0, limit), torch.ones_like(diameter))
    return functional.max_pool2d(weight[:, None], 2 * ring + 1, stride=1, padding=ring)[:, 0]


def _fading_maximum(values: Tensor, axis: int, reach: float) -> Tensor:
    """Largest value along an axis, each faded by its distance."""
    size = values.shape[axis]
    best = values.clone()
    for step in range(1, min(math.ceil(3 * reach), size - 1) + 1):
        faded = values * math.exp(-(step**2) / (2 * reach**2))
        for start, source in ((step, 0), (0, step)):
            part = best.narrow(axis, start, size - step)
            torch.maximum(part, faded.narrow(axis, source, size - step), out=part)
    return best


def _mean(each: Tensor, weight: Tensor | None) -> Tensor:
    """Mean over pixels; by weight where there is one."""
    if weight is None:
        return each.mean()
    return (each * weight).sum() / weight.sum().clamp(min=1e-6)


# --- a loss for each map, by name ---------------------------------------------------------------------------------


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


def _splitline(output: Tensor, target: Tensor, config: TrainConfig, known: Tensor | None) -> dict[str, Tensor]:
    return splitline_loss(
        output,
        target,
        split=config.split_weight,
        distance=config.distance_weight,
        diameter=config.diameter_weight,
        config=config.loss,
        known=known,
    )


#: Logits and truth of the maps, the run's configuration, and a weight of each pixel; gives ``loss`` and its parts.
SchemeLoss = Callable[[Tensor, Tensor, TrainConfig, Tensor | None], dict[str, Tensor]]

#: Loss of each target scheme, by its `loss`; a new scheme needs an entry here and a file in `hooke.targets`.
SCHEME_LOSSES: dict[str, SchemeLoss] = {"splitline": _splitline}


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
