"""A run and an image in; what its network answers there, each answer with its maps, out.

Of a segmentation run each object is asked about (what made these pixels an object?), and the class of the whole image
where the network tells one; of a run of the kind `coordinate`, the place of each cell; of a classifier, each image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from hooke.preprocess import AS_IT_IS, fit_normalisation
from hooke.targets import equivalent_diameters
from hooke.training.explain.attribution import METHODS, Question, attribute, likeness, randomised
from hooke.training.kinds import kind_of_run

__all__ = ["Explanation", "explain_answers", "explain_run"]

_WINDOW = 256  # side of what is looked at around an object, network pixels
_SMALLEST = 0.07  # of the typical object's area: what the runtime drops
_STRIDE = 8  # features that are weighed for objects: coarse enough to see context, fine enough to say where


@dataclass(frozen=True, eq=False)
class Explanation:
    """One answer of a network and what it rests on.

    Parameters
    ----------
    name : str
        Of what is explained, such as "object 3"; fit for a file's name once spaces are replaced.
    answer : str
        What the network says of it.
    pixels : ndarray of float32, shape (Y, X, 3)
        What the network saw, normalised.
    labels : ndarray of int32, shape (Y, X)
        1 in the object explained; all 0 where the whole image is.
    heat : dict of str to ndarray of float32, shape (Y, X)
        By method: how much each place speaks for the answer, 0..1.
    random : dict of str to float
        By method: correlation with the map of the same network with random weights; near 0 for a map that means
        something.
    """

    name: str
    answer: str
    pixels: NDArray[np.float32]
    labels: NDArray[np.int32]
    heat: dict[str, NDArray[np.float32]]
    random: dict[str, float]

    def inside(self, method: str) -> float | None:
        """Share of a map's heat that lies in the object; None for a whole image, or a map without heat."""
        total = float(self.heat[method].sum())
        return float(self.heat[method][self.labels > 0].sum()) / total if total and self.labels.any() else None


def explain_run(
    run: Path,
    image: Image,
    *,
    methods: Sequence[str] = tuple(METHODS),
    count: int = 6,
    diameter: float | None = None,
    stride: int | None = None,
) -> list[Explanation]:
    """Explain what the best network of a run says of an image.

    Parameters
    ----------
    run : Path
        A run's folder, or one of its checkpoints.
    image : Image
    methods : sequence of str
        Of `METHODS`.
    count : int
        Objects to explain: from the surest to the least sure, evenly spread.
    diameter : float, optional
        Typical diameter of the objects, pixels; measured in a first look by default.
    stride : int, optional
        See `attribute`; by default 8 for objects and the coarsest for whole images.

    Returns
    -------
    list of Explanation
        Empty when the network finds nothing.

    Raises
    ------
    ConfigError
        When runs of this kind can't be explained, or a method or stride is unknown.
    ModelError
        When there is no checkpoint.
    """
    kind = kind_of_run(run)
    normalised = fit_normalisation(image).apply(image.pixels)
    if kind == "segmentation":
        subjects = _of_segmentation(run, normalised, count, diameter)
    elif kind == "coordinate":
        subjects = _of_coordinate(run, normalised, count)
    else:
        raise ConfigError(f"a run of kind {kind!r} can't be explained", path=run, remedy="give one of another kind")
    return [_explain(one, methods, stride) for one in subjects]


def explain_answers(
    network: nn.Module,
    pixels: NDArray[np.float32],
    names: Sequence[str],
    methods: Sequence[str] = tuple(METHODS),
    stride: int | None = None,
) -> Explanation:
    """Explain the class that a network of one row of logits, such as a classifier, gives to a whole image.

    Parameters
    ----------
    network : Module
        (1, 3, Y, X) to (1, len(names)).
    pixels : ndarray of float32, shape (Y, X, 3)
        Normalised.
    names : sequence of str
        Of the classes.
    methods, stride
        See `explain_run`.
    """
    subject = _class_subject(network, pixels, names, lambda network, image: network(image))
    return _explain(subject, methods, stride)


@dataclass(frozen=True, eq=False)
class _Subject:
    """What is to be explained: the network's input, the question, and the strides' default."""

    name: str
    answer: str
    network: nn.Module
    pixels: NDArray[np.float32]
    labels: NDArray[np.int32]
    question: Question
    stride: int | None
    channels: int = 3


def _explain(subject: _Subject, methods: Sequence[str], stride: int | None) -> Explanation:
    image = _as_tensor(subject.pixels, subject.channels)
    other = randomised(subject.network)
    heat, random = {}, {}
    for method in methods:
        heat[method], of_random = (
            attribute(network, image, subject.question, method, stride or subject.stride)
            for network in (subject.network, other)
        )
        random[method] = likeness(heat[method], of_random)
    return Explanation(subject.name, subject.answer, subject.pixels, subject.labels, heat, random)


def _as_tensor(pixels: NDArray[np.float32], channels: int) -> Tensor:
    tensor = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]))
    return tensor if channels == 3 else tensor.mean(dim=1, keepdim=True)


# --- segmentation -------------------------------------------------------------------------------------------------


def _of_segmentation(run: Path, pixels: NDArray[np.float32], count: int, diameter: float | None) -> Iterator[_Subject]:
    from hooke.training.export import load_run

    module = load_run(run)
    channels, names = module.config.in_channels, module.config.image_classes
    scaled, decoded = _look(module, pixels, diameter)
    for label in _spread(decoded.scores, count):
        window = _window(decoded.labels == label, module.network.stride)
        inside = (decoded.labels[window] == label).astype(np.int32)
        yield _Subject(
            f"object {label}",
            f"an object, score {decoded.scores[label - 1]:.2f}",
            module.network,
            scaled[window],
            inside,
            _mean_of_map(inside > 0),
            _STRIDE,
            channels,
        )
    if names:
        whole = _fit(scaled, module.network.stride)
        yield _class_subject(module.network, whole, names, _image_logits, channels)


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
    scale = scale_for(diameter, module.config.augment.diameter)
    if scale != 1:
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        pixels = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=way), np.float32)
    maps = predict_maps(network, pixels, AS_IT_IS)
    smallest = _SMALLEST * np.pi / 4 * (diameter * scale) ** 2
    return pixels, module.scheme.decode(maps, diameter=diameter * scale, min_size=smallest)


def _mean_of_map(inside: NDArray[np.bool_]) -> Question:
    """Ask for the mean logit of the first map, the foreground, over an object's pixels."""
    mask = torch.from_numpy(inside)
    return lambda network, image: network(image).maps[0, 0][mask].mean()


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


# --- classes of images --------------------------------------------------------------------------------------------


def _class_subject(
    network: nn.Module, pixels: NDArray[np.float32], names: Sequence[str], logits: Question, channels: int = 3
) -> _Subject:
    """Ask for the logit of the class that the network names."""
    with torch.inference_mode():
        chances = torch.softmax(logits(network.eval(), _as_tensor(pixels, channels))[0], dim=0)
    best = int(chances.argmax())
    return _Subject(
        "image class",
        f"{names[best]}, probability {float(chances[best]):.2f}",
        network,
        pixels,
        np.zeros(pixels.shape[:2], np.int32),
        lambda network, image: logits(network, image)[0, best],
        None,
        channels,
    )


def _image_logits(network: nn.Module, image: Tensor) -> Tensor:
    return network(image).image_classes


def _fit(pixels: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """Cut off what is over a multiple of the stride."""
    height, width = (length // stride * stride for length in pixels.shape[:2])
    return pixels[:height, :width]


# --- places -------------------------------------------------------------------------------------------------------


def _of_coordinate(run: Path, pixels: NDArray[np.float32], count: int) -> Iterator[_Subject]:
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
        yield _Subject(
            f"cell {label}",
            f"a cell, score {decoded.scores[label - 1]:.2f}",
            module.network,
            small,
            inside,
            _answer_at(place),
            _STRIDE,
            config.in_channels,
        )


def _answer_at(place: NDArray[np.float64]) -> Question:
    """Ask for the logit of a cell at a place (x, y)."""
    query = torch.tensor(place, dtype=torch.float32)[None, None]
    return lambda network, image: network(image, query)[0, 0, 0]
