"""Predicts the class of each object of one image."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.classify.channel_order import bring_into_order
from hooke.classify.intensity import FeatureIntensity, fit_intensity
from hooke.classify.windows import Positions, locate
from hooke.errors import ConfigError, ImageReadError
from hooke.image import Image
from hooke.labels.classes import Classes
from hooke.preprocess import Normalisation


class Classifier(ABC):
    """Predicts the classes of objects.

    Attributes
    ----------
    name : str
    path : Path, optional
        Where it was loaded from.
    checksum : str
        SHA-256 of what decides its results.
    percentiles : (float, float)
        Percentiles, 0..100, that become 0 and 1.
    modes : tuple of str
        Kinds of images that it was trained on; none: any.
    intensity : str
        See `hooke.classify.intensity`.
    channels : tuple of str
        Names of the channels that it learnt from, in their order; none where they are not known, or it takes one.
    """

    name: str
    path: Path | None
    checksum: str
    percentiles: tuple[float, float]
    modes: tuple[str, ...]
    intensity: FeatureIntensity
    channels: tuple[str, ...] = ()

    @property
    @abstractmethod
    def classes(self) -> tuple[str, ...]:
        """Names, in the order of the probabilities."""

    @property
    @abstractmethod
    def needs_masks(self) -> bool:
        """Whether points alone are not enough."""

    @abstractmethod
    def oversized(self, objects: Positions) -> NDArray[np.bool_]:
        """Which objects are larger than the classifier's window. Shape (n,)."""

    @abstractmethod
    def classify(
        self,
        image: Image,
        normalisation: Normalisation,
        labels: NDArray[np.int32] | None,
        objects: Positions,
        threads: int = 0,
    ) -> Classes:
        """Predict the class of each object.

        Parameters
        ----------
        image : Image
        normalisation : Normalisation
            Fitted to it.
        labels : ndarray of int32, shape (Y, X), optional
            Not needed unless `needs_masks`.
        objects : Positions
            In image pixels.
        threads : int
            Threads to compute with; 0 takes all cores.
        """

    def classify_objects(
        self,
        image: Image,
        labels: NDArray[np.int32],
        *,
        threshold: float = 0.0,
        channel: int | None = None,
        threads: int = 0,
    ) -> tuple[Classes, tuple[str, ...]]:
        """Predict the class of each object, for segmentation: see `hooke.labels.classes.ObjectClassifier`."""
        found = classify_image(image, labels, self, threshold=threshold, channel=channel, threads=threads)
        return found.classes, found.warnings


@dataclass(frozen=True)
class Classified:
    """The class of each object of one image.

    Parameters
    ----------
    objects : Positions
    classes : Classes
        Names and probabilities.
    normalisation : Normalisation
        Channel and intensity scale that the classifier saw.
    warnings : tuple of str
        What the user should know of this result.
    """

    objects: Positions
    classes: Classes
    normalisation: Normalisation
    warnings: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Class of each, `UNKNOWN` where its probability is too low."""
        return self.classes.labels


def check_threshold(threshold: float) -> None:
    """Refuse a threshold that is not a probability.

    Raises
    ------
    ConfigError
    """
    if not 0 <= threshold <= 1:
        raise ConfigError(f"threshold is {threshold}", remedy="give a probability, 0 to 1")


def fit_for(classifier: Classifier, image: Image, channel: int | None = None) -> Normalisation:
    """Choose channel and intensity scale as for the images that a classifier was trained on.

    Raises
    ------
    ImageReadError
        When the image is of another kind, or has several stains of which none is chosen.
    """
    normalisation = fit_intensity(image, classifier.intensity, channel, classifier.percentiles)
    where = image.path or image.name
    if classifier.modes and normalisation.mode not in classifier.modes:
        kind, learnt = ("in colour", "grey") if normalisation.keeps_colours else ("grey", "colour")
        raise ImageReadError(
            f"is {kind}, but the classifier {classifier.name!r} was trained on {learnt} images",
            path=where,
            remedy="choose one channel by --channel" if normalisation.keeps_colours else "use another classifier",
        )
    if channel is None and image.channels > 1 and not image.is_rgb and classifier.intensity != "channels":
        raise ImageReadError(
            f"has {image.channels} channels, and a classifier uses one",
            path=where,
            remedy=f"choose by --channel, 0 to {image.channels - 1}",
        )
    return normalisation


def classify_image(
    image: Image,
    objects: NDArray[np.generic],
    classifier: Classifier,
    *,
    threshold: float = 0.0,
    channel: int | None = None,
    threads: int = 0,
) -> Classified:
    """Predict the class of every object of an image.

    Parameters
    ----------
    image : Image
    objects : ndarray
        A label image, integers of shape (Y, X); or points, floats of shape (n, 2) as (y, x) in pixels.
    classifier : Classifier
    threshold : float
        Objects whose most probable class is less probable are `UNKNOWN`.
    channel : int, optional
        Channel (0 is the first) that shows the objects.
    threads : int
        Threads to compute with; 0 takes all cores.

    Raises
    ------
    ConfigError
        When a threshold is not a probability, sizes differ, points lie outside the image, or masks are needed.
    ImageReadError
        When the image is of another kind than the classifier's.
    """
    check_threshold(threshold)
    labels, found = _find(image, np.asarray(objects), classifier)
    image, unlike = bring_into_order(image, classifier.channels) if channel is None else (image, ())
    normalisation = fit_for(classifier, image, channel)
    classes = classifier.classify(image, normalisation, labels, found, threads)
    classes = replace(classes, threshold=threshold)
    large = classifier.oversized(found)
    warnings = (f"{int(large.sum())} object(s) larger than the window, shrunk to fit",) if large.any() else ()
    return Classified(found, classes, normalisation, (*unlike, *warnings))


def _find(
    image: Image, objects: NDArray[np.generic], classifier: Classifier
) -> tuple[NDArray[np.int32] | None, Positions]:
    where = image.path or image.name
    if objects.dtype.kind == "f":
        return None, _points(image, objects.astype(np.float64), classifier)
    if objects.shape != (image.height, image.width):
        raise ConfigError(
            f"labels of {objects.shape} pixels for an image of {(image.height, image.width)}",
            path=where,
            remedy="give the labels of this very image",
        )
    labels = objects.astype(np.int32)
    return labels, locate(labels)


def _points(image: Image, places: NDArray[np.float64], classifier: Classifier) -> Positions:
    where = image.path or image.name
    if classifier.needs_masks and len(places):
        raise ConfigError(
            f"the classifier {classifier.name!r} needs outlines, and points have none",
            path=where,
            remedy="give label images, or a classifier without a mask channel",
        )
    places = places.reshape(-1, 2)
    outside = ((places < -0.5) | (places > np.array([image.height, image.width]) - 0.5)).any(axis=1)
    if outside.any():
        y, x = places[np.argmax(outside)]
        raise ConfigError(
            f"{int(outside.sum())} point(s) outside the image of {image.height} x {image.width} pixels, "
            f"such as y {y:g}, x {x:g}",
            path=where,
            remedy="give y and x in pixels of this image",
        )
    return Positions(np.arange(1, len(places) + 1), places, np.zeros(len(places)))
