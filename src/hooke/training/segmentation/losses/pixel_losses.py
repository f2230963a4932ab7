"""Losses of one predicted map against its truth, the classes of pixels included, and weights of pixels.

Every loss takes an optional `weight`, as large as the target: 0 where the class of a pixel is unknown, 1
elsewhere, more where a mistake costs more. A loss whose pixels all weigh nothing is 0, and its gradients are too.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

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
    entropy = functional.binary_cross_entropy_with_logits(
        logits, target, pos_weight=logits.new_tensor(positive), reduction="none"
    )
    return _mean(entropy, weight)


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
    terms = (probability * target, probability, target)
    overlap, predicted, true = (term.sum() if weight is None else (term * weight).sum() for term in terms)
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
    weights = torch.ones_like(probability) if weight is None else weight
    hits = (weights * probability * target).sum()
    false = alpha * (weights * probability * (1 - target)).sum()
    missed = beta * (weights * (1 - probability) * target).sum()
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


def _mean(values: Tensor, weight: Tensor | None) -> Tensor:
    """Mean over pixels; by weight where there is one."""
    if weight is None:
        return values.mean()
    return (values * weight).sum() / weight.sum().clamp(min=1e-6)
