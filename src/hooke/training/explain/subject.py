"""Defines one prediction of a network that is to be explained, and the kinds that several tasks share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hooke.training.explain.attribution import Question

OBJECT_STRIDE = 8  # features that are weighed for objects: coarse enough to see context, fine enough to say where


@dataclass(frozen=True, eq=False)
class Subject:
    """What is to be explained.

    Parameters
    ----------
    name, answer, pixels, labels
        See `hooke.training.explain.Explanation`.
    network : Module
    image : Tensor, shape (1, C, Y, X)
        What the network takes.
    question : callable
        See `Question`.
    stride : int or None
        Features that are usually weighed.
    """

    name: str
    answer: str
    network: nn.Module
    image: Tensor
    pixels: NDArray[np.float32]
    labels: NDArray[np.int32]
    question: Question
    stride: int | None


def class_of_image(network: nn.Module, pixels: NDArray[np.float32], names: Sequence[str]) -> Subject:
    """The class that a network of one row of logits gives to a whole image; see `explain_answers`."""
    nowhere = np.zeros(pixels.shape[:2], np.int32)
    return class_subject("image class", network, as_tensor(pixels, 3), pixels, nowhere, names, only_logits)


def only_logits(network: nn.Module, image: Tensor) -> Tensor:
    """The logits of a network that gives nothing else."""
    logits: Tensor = network(image)
    return logits


def as_tensor(pixels: NDArray[np.float32], channels: int) -> Tensor:
    """Make a batch of one image (Y, X, C); averaged to grey for a network of one channel."""
    tensor = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]))
    return tensor if channels == tensor.shape[1] else tensor.mean(dim=1, keepdim=True)


def spread_labels(scores: NDArray[np.float32], count: int) -> list[int]:
    """Labels of `count` objects, from the highest to the lowest score."""
    order = np.argsort(-scores, kind="stable") + 1
    picked = np.unique(np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int))
    return [int(order[index]) for index in picked] if len(order) else []


def class_subject(
    name: str,
    network: nn.Module,
    image: Tensor,
    pixels: NDArray[np.float32],
    labels: NDArray[np.int32],
    names: Sequence[str],
    logits: Question,
) -> Subject:
    """Ask for the logit of the class that the network names."""
    with torch.inference_mode():
        chances = torch.softmax(logits(network.eval(), image)[0], dim=0)
    best = int(chances.argmax())
    return Subject(
        name,
        f"{names[best]}, probability {float(chances[best]):.2f}",
        network,
        image,
        pixels,
        labels,
        lambda network, image: logits(network, image)[0, best],
        None,
    )


def crop_to_stride(pixels: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """Cut off what is over a multiple of the stride."""
    height, width = (length // stride * stride for length in pixels.shape[:2])
    return pixels[:height, :width]
