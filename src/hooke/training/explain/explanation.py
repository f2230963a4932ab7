"""Explains the predictions of a run's network on an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from hooke.image import Image
from hooke.training.explain.attribution import METHODS, attribute, likeness, randomised
from hooke.training.explain.subject import Subject, class_of_image
from hooke.training.tasks import kind_of_run, load_task


@dataclass(frozen=True, eq=False)
class Explanation:
    """One answer of a network and what it rests on.

    Parameters
    ----------
    name : str
        Of what is explained, such as "object 3"; fit for a file's name once spaces are replaced.
    answer : str
        What the network predicts of it.
    pixels : ndarray of float32, shape (Y, X, 3)
        What the network saw, normalised.
    labels : ndarray of int32, shape (Y, X)
        1 in the object explained; all 0 where the whole image is.
    heat : dict of str to ndarray of float32, shape (Y, X)
        By method: how much each place contributes to the prediction, 0..1.
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
    labels: NDArray[np.int32] | None = None,
) -> list[Explanation]:
    """Explain what the best network of a run predicts of an image.

    Parameters
    ----------
    run : Path
        A run's folder, or one of its checkpoints.
    image : Image
    methods : sequence of str
        Of `METHODS`.
    count : int
        Objects to explain: from the highest to the lowest score, evenly spread.
    diameter : float, optional
        Typical diameter of the objects, pixels; measured in a first look by default.
    stride : int, optional
        See `attribute`; by default 8 for objects and the coarsest for classes.
    labels : ndarray of int32, shape (Y, X), optional
        The objects, which a classifier of objects needs.

    Returns
    -------
    list of Explanation
        Empty when the network finds nothing.

    Raises
    ------
    ConfigError
        When runs of this kind can't be explained, or a method or stride is unknown.
    ImageReadError
        When the image lacks a channel that the network takes.
    ModelError
        When there is no checkpoint.
    """
    subjects = load_task(kind_of_run(run)).subjects(run, image, count, diameter, labels)
    return [_explain(subject, methods, stride) for subject in subjects]


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
    return _explain(class_of_image(network, pixels, names), methods, stride)


def _explain(subject: Subject, methods: Sequence[str], stride: int | None) -> Explanation:
    other = randomised(subject.network)
    heat, random = {}, {}
    for method in methods:
        heat[method], of_random = (
            attribute(network, subject.image, subject.question, method, stride or subject.stride)
            for network in (subject.network, other)
        )
        random[method] = likeness(heat[method], of_random)
    return Explanation(subject.name, subject.answer, subject.pixels, subject.labels, heat, random)
