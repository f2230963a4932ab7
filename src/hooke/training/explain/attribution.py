"""Computes maps of how much each pixel contributes to a network's prediction.

The maps are Grad-CAM (Selvaraju et al. 2017), Grad-CAM++ (Chattopadhay et al. 2018) and HiResCAM (Draelos and Carin
2020), of the package grad-cam. For networks that answer per pixel the question is the mean answer over some pixels, as
in Seg-Grad-CAM (Vinogradova et al. 2020). The first two weigh each feature equally everywhere, and so highlight all
that looks like the object; the third weighs each feature at each place, and shows which places this prediction is based
on.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, HiResCAM
from torch import Tensor, nn

from hooke.errors import ConfigError

METHODS = {"grad-cam": GradCAM, "grad-cam++": GradCAMPlusPlus, "hires-cam": HiResCAM}

#: A network and a batch of one image in, one number out: the logit to be explained.
Question = Callable[[nn.Module, Tensor], Tensor]


class _Asked(nn.Module):
    """A network that answers one question, as a batch of one row of one number."""

    def __init__(self, network: nn.Module, question: Question) -> None:
        super().__init__()
        self.network = network
        self.question = question

    def forward(self, image: Tensor) -> Tensor:
        return self.question(self.network, image).reshape(1, 1)


def attribute(
    network: nn.Module, image: Tensor, question: Question, method: str = "grad-cam", stride: int | None = None
) -> NDArray[np.float32]:
    """How much each place of an image contributes to a prediction.

    Parameters
    ----------
    network : Module
    image : Tensor, shape (1, C, Y, X)
        As the network takes it.
    question : callable
        See `Question`.
    method : str
        One of `METHODS`.
    stride : int, optional
        Which features are weighed: the last that are this many times smaller than the image; the coarsest by default.
        Fine features show where, coarse ones what.

    Returns
    -------
    ndarray of float32, shape (Y, X)
        0..1, 1 at the strongest place; all 0 where nothing contributes.

    Raises
    ------
    ConfigError
        When there is no such method, or the network has no features at that stride.
    """
    if method not in METHODS:
        raise ConfigError(f"no method {method!r}", remedy=f"choose one of {', '.join(METHODS)}")
    asked = _Asked(network, question).eval()
    # Gradients with respect to features need no parameter that learns, but must not be cut off by frozen ones.
    image = image.clone().requires_grad_()
    cam = METHODS[method](asked, [_layer_at(asked, image, stride)])
    try:
        heat = cam(image, [lambda answer: answer.sum()])[0]
    finally:
        cam.activations_and_grads.release()
    return np.nan_to_num(np.asarray(heat, np.float32))


def randomised(network: nn.Module, seed: int = 0) -> nn.Module:
    """Copy a network and give it random weights, for the sanity check of Adebayo et al. 2018.

    A map that looks the same for the copy shows the image and its edges, not what the network learnt.
    """
    other = copy.deepcopy(network)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for layer in other.modules():
            if callable(reset := getattr(layer, "reset_parameters", None)):
                reset()
    return other


def likeness(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Pearson correlation of two maps: 1 the same, 0 nothing in common; 0 where one of them is constant."""
    if first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def _layer_at(network: nn.Module, image: Tensor, stride: int | None) -> nn.Module:
    """Find the last layer of which the answer is made whose features are `stride` times smaller than the image.

    None stands for the coarsest. Of a network of several decoders the answer is made of one: features of another have
    no gradient.
    """
    seen: list[tuple[int, nn.Module, Tensor]] = []

    def note(layer: nn.Module, given: tuple[Tensor, ...], features: Tensor) -> None:
        if isinstance(features, Tensor) and features.ndim == 4 and min(features.shape[2:]) > 1:
            seen.append((round(image.shape[2] / features.shape[2]), layer, features))

    leaves = [layer for layer in network.modules() if not list(layer.children())]
    hooks = [layer.register_forward_hook(note) for layer in leaves]
    try:
        answer = network(image).sum()
    finally:
        for hook in hooks:
            hook.remove()
    strides = sorted({found for found, _, _ in seen})
    if not strides or (stride is not None and stride not in strides):
        known = ", ".join(map(str, strides)) or "none"
        raise ConfigError(f"the network has no features at stride {stride}", remedy=f"strides it has: {known}")
    wanted = strides[-1] if stride is None else stride
    there = [(layer, features) for found, layer, features in seen if found == wanted]
    reached = torch.autograd.grad(answer, [features for _, features in there], allow_unused=True)
    return [layer for (layer, _), gradient in zip(there, reached, strict=True) if gradient is not None][-1]
