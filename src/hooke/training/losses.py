"""Losses: raw maps and target maps `(N, 4, Y, X)` in, one number out."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["dice_loss", "splitline_loss"]


def dice_loss(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    """One minus the soft Dice coefficient (Milletari et al. 2016), over the whole batch.

    Parameters
    ----------
    logits, target : Tensor, same shape
        Raw prediction, and truth in 0..1.
    smooth : float
        Added to both sides of the fraction, so that an empty batch predicted empty costs nothing.
    """
    probability = torch.sigmoid(logits)
    overlap = (probability * target).sum()
    return 1 - (2 * overlap + smooth) / (probability.sum() + target.sum() + smooth)


def splitline_loss(
    output: Tensor, target: Tensor, *, split: float = 1.0, distance: float = 4.0, diameter: float = 4.0
) -> dict[str, Tensor]:
    """Loss of the `splitline` scheme and its parts.

    Parameters
    ----------
    output, target : Tensor, shape (N, 4, Y, X)
        Logits of the four maps, and their truth in 0..1.
    split, distance, diameter : float
        Weights of the parts; the foreground's is 1.

    Returns
    -------
    dict of Tensor
        ``loss`` and the unweighted parts ``foreground``, ``split``, ``distance``, ``diameter``.
    """
    output = output.float()
    inside = target[:, 0]
    parts = {
        "foreground": _bce_dice(output[:, 0], inside),
        "split": _bce_dice(output[:, 1], target[:, 1], positive=3.0),
        "distance": functional.smooth_l1_loss(torch.sigmoid(output[:, 2]), target[:, 2], beta=0.1),
        "diameter": _inside_l1(torch.sigmoid(output[:, 3]), target[:, 3], inside),
    }
    weights = {"foreground": 1.0, "split": split, "distance": distance, "diameter": diameter}
    total = torch.stack([weights[name] * value for name, value in parts.items()]).sum()
    return {"loss": total, **parts}


def _bce_dice(logits: Tensor, target: Tensor, positive: float = 1.0) -> Tensor:
    weight = logits.new_tensor(positive)
    return functional.binary_cross_entropy_with_logits(logits, target, pos_weight=weight) + dice_loss(logits, target)


def _inside_l1(value: Tensor, target: Tensor, inside: Tensor) -> Tensor:
    """Smooth L1 over the objects' pixels only: elsewhere there is no diameter to tell."""
    loss = functional.smooth_l1_loss(value, target, beta=0.05, reduction="none")
    return (loss * inside).sum() / inside.sum().clamp(min=1)
