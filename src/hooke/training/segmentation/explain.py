"""Ask a network that segments about single objects: what made these pixels an object, and which class it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hooke.image import Image
from hooke.models import PixelSegmenter
from hooke.models.scale import scale_for
from hooke.preprocess import AS_IT_IS, fit_channels, fit_normalisation
from hooke.preprocess.channels import in_chunks_of_four_channels
from hooke.targets import equivalent_diameters
from hooke.training.augmentation.crops import as_colours
from hooke.training.explain.attribution import Question
from hooke.training.explain.subject import (
    OBJECT_STRIDE,
    Subject,
    as_tensor,
    class_subject,
    crop_to_stride,
    spread_labels,
)
from hooke.training.segmentation.export import load_run

_WINDOW = 256  # side of the window around an object, network pixels


def find_subjects(
    run: Path, image: Image, count: int, diameter: float | None, labels: NDArray[np.int32] | None
) -> Iterator[Subject]:
    """Objects found in an image, each with the class that the network names; then the class of the image.

    Raises
    ------
    ImageReadError
        When the image lacks a channel that the network takes.
    """
    module = load_run(run)
    channels, names, stains = module.config.in_channels, module.config.image_classes, module.config.stains
    classes = module.config.classes
    seen, fit = (image, fit_normalisation) if stains is None else (stains.take(image), fit_channels)
    pixels = fit(seen).apply(seen.pixels)
    scaled, decoded = _look(module, pixels, diameter)
    for label in spread_labels(decoded.scores, count):
        window = _window(decoded.labels == label, module.network.stride)
        inside = (decoded.labels[window] == label).astype(np.int32)
        tensor, shown = as_tensor(scaled[window], channels), as_colours(scaled[window])
        score = f"an object, score {decoded.scores[label - 1]:.2f}"
        asked = _mean_of_map(inside > 0)
        yield Subject(f"object {label}", score, module.network, tensor, shown, inside, asked, OBJECT_STRIDE)
        if classes:
            asked, title = _mean_of_classes(inside > 0), f"class of object {label}"
            subject = class_subject(title, module.network, tensor, shown, inside, classes, asked)
            yield replace(subject, stride=OBJECT_STRIDE)
    if names:
        whole = crop_to_stride(scaled, module.network.stride)
        nowhere = np.zeros(whole.shape[:2], np.int32)
        tensor = as_tensor(whole, channels)
        yield class_subject("image class", module.network, tensor, as_colours(whole), nowhere, names, _image_logits)


def _look(module: Any, pixels: NDArray[np.float32], diameter: float | None) -> tuple[NDArray[np.float32], Any]:
    """Segment at the scale of the objects' diameter: the scaled image and the decoded objects."""

    def network(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            image = torch.from_numpy(batch)
            answers = module(image.mean(dim=1, keepdim=True) if module.config.in_channels == 1 else image)
            return np.asarray(answers.maps.numpy())

    segmenter = PixelSegmenter(lambda threads: network, module.scheme)
    if diameter is None:
        first = module.scheme.decode(segmenter.predict(pixels, AS_IT_IS))
        found = equivalent_diameters(first.labels)[1:]
        diameter = float(np.median(found)) if len(found) else module.config.nominal_diameter
    scale = scale_for(diameter, module.config.band)
    if scale != 1:
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        pixels = in_chunks_of_four_channels(
            pixels, lambda part: cv2.resize(part, None, fx=scale, fy=scale, interpolation=way)
        )
    return pixels, segmenter.segment(pixels, AS_IT_IS, diameter * scale).decoded


def _mean_of_map(inside: NDArray[np.bool_]) -> Question:
    """Ask for the mean logit of the first map, the foreground, over an object's pixels."""
    mask = torch.from_numpy(inside)
    return lambda network, image: network(image).maps[0, 0][mask].mean()


def _mean_of_classes(inside: NDArray[np.bool_]) -> Question:
    """Ask for the mean logits of the classes, without the background's, over an object's pixels: shape (1, K)."""
    mask = torch.from_numpy(inside)
    return lambda network, image: network(image).classes[:, 1:, mask].mean(dim=2)


def _window(inside: NDArray[np.bool_], stride: int) -> tuple[slice, slice]:
    """Surroundings of an object: a window whose sides are multiples of the stride, within the image if it fits."""
    middle = np.argwhere(inside).mean(axis=0)

    def along(length: int, at: float) -> slice:
        side = min(_WINDOW, length // stride * stride)
        start = int(np.clip(round(at - side / 2), 0, length - side))
        return slice(start, start + side)

    height, width = (along(length, at) for length, at in zip(inside.shape, middle, strict=True))
    return height, width


def _image_logits(network: nn.Module, image: Tensor) -> Tensor:
    logits: Tensor = network(image).image_classes
    return logits
