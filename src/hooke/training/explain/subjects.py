"""A run and an image in; what there is to ask its network about, out.

Of a segmentation run each object is asked about (what made these pixels an object?), and its class and that of the
whole image where the network tells them; of a run of the kind `coordinate`, the place of each cell; of a classifier,
the class of each object of a label image, or of the image. Each network sees the image on the intensity scale it
learnt from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hooke.errors import ConfigError
from hooke.image import Image
from hooke.models import predict_maps
from hooke.models.scale import scale_for
from hooke.preprocess import AS_IT_IS, fit_channels, fit_normalisation
from hooke.preprocess.channels import by_fours
from hooke.targets import equivalent_diameters
from hooke.training.augmentation.crops import as_colours
from hooke.training.explain.attribution import Question
from hooke.training.tasks import kind_of_run

__all__ = ["Subject", "class_of_image", "subjects_of_run"]

_WINDOW = 256  # side of what is looked at around an object, network pixels
_SMALLEST = 0.07  # of the typical object's area: what the runtime drops
_STRIDE = 8  # features that are weighed for objects: coarse enough to see context, fine enough to say where


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


def subjects_of_run(
    run: Path, image: Image, count: int, diameter: float | None, labels: NDArray[np.int32] | None
) -> Iterator[Subject]:
    """What there is to ask the best network of a run about an image; see `hooke.training.explain.explain_run`.

    Raises
    ------
    ConfigError
        When runs of this kind can't be explained, or a classifier of objects is given none.
    ImageReadError
        When the image lacks a channel that the network takes.
    """
    kind = kind_of_run(run)
    if kind == "segmentation":
        return _of_segmentation(run, image, count, diameter)
    if kind == "coordinate":
        return _of_coordinate(run, fit_normalisation(image).apply(image.pixels), count)
    if kind == "classifier":
        return _of_classifier(run, image, count, labels)
    raise ConfigError(f"a run of kind {kind!r} can't be explained", path=run, remedy="give one of another kind")


def class_of_image(network: nn.Module, pixels: NDArray[np.float32], names: Sequence[str]) -> Subject:
    """The class that a network of one row of logits gives to a whole image; see `explain_answers`."""
    nowhere = np.zeros(pixels.shape[:2], np.int32)
    return _class_subject("image class", network, _as_tensor(pixels, 3), pixels, nowhere, names, _row)


def _row(network: nn.Module, image: Tensor) -> Tensor:
    return network(image)


def _as_tensor(pixels: NDArray[np.float32], channels: int) -> Tensor:
    tensor = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]))
    return tensor if channels == tensor.shape[1] else tensor.mean(dim=1, keepdim=True)


# --- segmentation -------------------------------------------------------------------------------------------------


def _of_segmentation(run: Path, picture: Image, count: int, diameter: float | None) -> Iterator[Subject]:
    from hooke.training.segmentation.export import load_run

    module = load_run(run)
    channels, names, stains = module.config.in_channels, module.config.image_classes, module.config.stains
    classes = module.config.classes
    seen, fit = (picture, fit_normalisation) if stains is None else (stains.of(picture), fit_channels)
    pixels = fit(seen).apply(seen.pixels)
    scaled, decoded = _look(module, pixels, diameter)
    for label in _spread(decoded.scores, count):
        window = _window(decoded.labels == label, module.network.stride)
        inside = (decoded.labels[window] == label).astype(np.int32)
        image, shown = _as_tensor(scaled[window], channels), as_colours(scaled[window])
        score = f"an object, score {decoded.scores[label - 1]:.2f}"
        asked = _mean_of_map(inside > 0)
        yield Subject(f"object {label}", score, module.network, image, shown, inside, asked, _STRIDE)
        if classes:
            asked, title = _mean_of_classes(inside > 0), f"class of object {label}"
            of = _class_subject(title, module.network, image, shown, inside, classes, asked)
            yield replace(of, stride=_STRIDE)
    if names:
        whole = _fit(scaled, module.network.stride)
        nowhere = np.zeros(whole.shape[:2], np.int32)
        image = _as_tensor(whole, channels)
        yield _class_subject("image class", module.network, image, as_colours(whole), nowhere, names, _image_logits)


def _look(module: Any, pixels: NDArray[np.float32], diameter: float | None) -> tuple[NDArray[np.float32], Any]:
    """Segment at the scale that the objects' diameter asks for: the scaled image and what was decoded."""

    def network(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            image = torch.from_numpy(batch)
            return module(image.mean(dim=1, keepdim=True) if module.config.in_channels == 1 else image).maps.numpy()

    if diameter is None:
        first = module.scheme.decode(predict_maps(network, pixels, AS_IT_IS))
        found = equivalent_diameters(first.labels)[1:]
        diameter = float(np.median(found)) if len(found) else module.config.nominal_diameter
    scale = scale_for(diameter, module.config.band)
    if scale != 1:
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        pixels = by_fours(pixels, lambda some: cv2.resize(some, None, fx=scale, fy=scale, interpolation=way))
    maps = predict_maps(network, pixels, AS_IT_IS)
    smallest = _SMALLEST * np.pi / 4 * (diameter * scale) ** 2
    return pixels, module.scheme.decode(maps, diameter=diameter * scale, min_size=smallest)


def _mean_of_map(inside: NDArray[np.bool_]) -> Question:
    """Ask for the mean logit of the first map, the foreground, over an object's pixels."""
    mask = torch.from_numpy(inside)
    return lambda network, image: network(image).maps[0, 0][mask].mean()


def _mean_of_classes(inside: NDArray[np.bool_]) -> Question:
    """Ask for the mean logits of the classes, without the background's, over an object's pixels: shape (1, K)."""
    mask = torch.from_numpy(inside)
    return lambda network, image: network(image).classes[:, 1:, mask].mean(dim=2)


def _spread(scores: NDArray[np.float32], count: int) -> list[int]:
    """Labels of `count` objects, from the surest to the least sure."""
    order = np.argsort(-scores, kind="stable") + 1
    picked = np.unique(np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int))
    return [int(order[one]) for one in picked] if len(order) else []


def _window(inside: NDArray[np.bool_], stride: int) -> tuple[slice, slice]:
    """Surroundings of an object: a window whose sides are multiples of the stride, within the image if it fits."""
    middle = np.argwhere(inside).mean(axis=0)

    def along(length: int, at: float) -> slice:
        side = min(_WINDOW, length // stride * stride)
        start = int(np.clip(round(at - side / 2), 0, length - side))
        return slice(start, start + side)

    height, width = (along(length, at) for length, at in zip(inside.shape, middle, strict=True))
    return height, width


# --- classes ------------------------------------------------------------------------------------------------------


def _of_classifier(run: Path, picture: Image, count: int, labels: NDArray[np.int32] | None) -> Iterator[Subject]:
    from hooke.classify.classify_whole_images import cut_whole
    from hooke.classify.intensity import fit_intensity
    from hooke.classify.windows import cut_windows, locate, rescale
    from hooke.training.classifier.export import load_run

    module = load_run(run)
    config = module.config
    pixels = fit_intensity(picture, config.intensity).apply(picture.pixels)
    if config.of == "images":
        seen = np.ascontiguousarray(cut_whole(pixels, config.window).transpose(1, 2, 0))
        image, nowhere = _as_tensor(seen, config.in_channels), np.zeros(seen.shape[:2], np.int32)
        yield _class_subject("image class", module.network, image, seen, nowhere, config.classes, _row)
        return
    if labels is None or labels.shape != pixels.shape[:2]:
        raise ConfigError("a classifier is asked about objects", path=run, remedy="give a label image of this size")
    scaled, small = rescale(pixels, labels, config.scale)
    objects = locate(small)
    for number in range(min(count, len(objects))):
        (cut,) = cut_windows(scaled, small, objects.some(slice(number, number + 1)), config.window)
        seen = np.ascontiguousarray(cut[:3].transpose(1, 2, 0))
        image = _as_tensor(seen, config.in_channels)
        if config.mask_channel:
            image = torch.cat([image, torch.from_numpy(cut[None, 3:])], dim=1)
        inside = (cut[3] > 0).astype(np.int32)
        name = f"object {objects.ids[number]}"
        yield _class_subject(name, module.network, image, seen, inside, config.classes, _row)


def _class_subject(
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


def _image_logits(network: nn.Module, image: Tensor) -> Tensor:
    return network(image).image_classes


def _fit(pixels: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """Cut off what is over a multiple of the stride."""
    height, width = (length // stride * stride for length in pixels.shape[:2])
    return pixels[:height, :width]


# --- places -------------------------------------------------------------------------------------------------------


def _of_coordinate(run: Path, pixels: NDArray[np.float32], count: int) -> Iterator[Subject]:
    from hooke.training.coordinate.export import load_run

    module = load_run(run)
    config = module.config
    scale = config.frame / max(pixels.shape[:2])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=way), np.float32)
    small = _fit(small, module.network.stride)
    decoded = module.decode_frame(small)
    for label in _spread(decoded.scores, count):
        inside = (decoded.labels == label).astype(np.int32)
        place = np.argwhere(inside).mean(axis=0)[::-1]
        yield Subject(
            f"cell {label}",
            f"a cell, score {decoded.scores[label - 1]:.2f}",
            module.network,
            _as_tensor(small, config.in_channels),
            small,
            inside,
            _answer_at(place),
            _STRIDE,
        )


def _answer_at(place: NDArray[np.float64]) -> Question:
    """Ask for the logit of a cell at a place (x, y)."""
    query = torch.from_numpy(place.astype(np.float32))[None, None]
    return lambda network, image: network(image, query)[0, 0, 0]
