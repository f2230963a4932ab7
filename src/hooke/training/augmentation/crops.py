"""Cuts random crops of an image and its label image with the same geometry.

Where a crop lies and how it is bent is `geometry`'s part, what happens to its intensities is `intensity`'s. The zoom
is chosen by the objects: the crop's median diameter is drawn from a range, at any magnification of the image.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.errors import DatasetError
from hooke.training.augmentation.config import AugmentConfig
from hooke.training.augmentation.geometry import affine_at, area_factors, bend_field, warp_image, warp_labels
from hooke.training.augmentation.photometric import photometric, photometric_stains

#: Class of an object, or a pixel, whose class is unknown.
UNKNOWN = -1


@dataclass(frozen=True)
class Sample:
    """An image in memory, normalised.

    Parameters
    ----------
    image : ndarray of float16, shape (Y, X) or (Y, X, C)
        0..1 for most pixels. Several channels are three colours, or any number of stains.
    labels : ndarray of int32, shape (Y, X)
    diameters : ndarray of float32, shape (max id + 1,)
        Equivalent diameter per id, pixels.
    centres : ndarray of float32, shape (n, 2)
        A pixel (y, x) in each object.
    diameter : float
        Their median; the nominal one where there is no object.
    colour : bool
        True for histology and other pictures whose colours mean something.
    classes : ndarray of int64, shape (max id + 1,), optional
        Class per id, `UNKNOWN` where it is not known; None for an image without classes.
    touching : ndarray of float32, shape (m, 2)
        Places (y, x) where objects touch: see `touching_places`.
    known : ndarray of bool, shape (Y, X), optional
        Where the labels are known; elsewhere a 0 is not background. None: everywhere.
    """

    image: NDArray[np.float16]
    labels: NDArray[np.int32]
    diameters: NDArray[np.float32]
    centres: NDArray[np.float32]
    diameter: float
    colour: bool
    classes: NDArray[np.int64] | None = None
    touching: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    known: NDArray[np.bool_] | None = None


class Crop(NamedTuple):
    """What is cut from a sample.

    Parameters
    ----------
    image : ndarray of float32, shape (crop, crop, 3), or (crop, crop, C) for C stains
    labels : ndarray of int32, shape (crop, crop)
        The ids of the whole image, so that what is known by id (a class, see `class_map`) still holds.
    diameters : ndarray of float32
        Of all ids, at the crop's scale, whole objects' sizes.
    known : ndarray of bool, shape (crop, crop), optional
        Where the labels are known; None: everywhere.
    """

    image: NDArray[np.float32]
    labels: NDArray[np.int32]
    diameters: NDArray[np.float32]
    known: NDArray[np.bool_] | None


def crop_sample(
    sample: Sample, config: AugmentConfig, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
    """Draw a crop of a sample that is known everywhere: image, labels and diameters, as in `Crop`."""
    return cut_crop(sample, config, rng)[:3]


def cut_crop(sample: Sample, config: AugmentConfig, rng: np.random.Generator) -> Crop:
    """Draw a crop, with where its labels are known."""
    low, high = config.wide_diameter if rng.random() < config.wide else config.diameter
    zoom = float(np.exp(rng.uniform(np.log(low), np.log(high)))) / sample.diameter
    zoom = min(zoom, 6.0)
    matrix = _affine(sample, config, zoom, rng)
    # A share of 0 draws no random number: a seed then means the same crops whether or not hooke knows the change.
    bend = bend_field(config.crop, rng) if config.elastic and rng.random() < config.elastic else None
    image = warp_image(sample.image, matrix, zoom, config.crop, bend)
    labels = warp_labels(sample.labels, matrix, config.crop, bend)
    known = None
    if sample.known is not None:
        known = warp_labels(sample.known.astype(np.int32), matrix, config.crop, bend) > 0
    diameters = sample.diameters * np.float32(zoom)
    if bend is not None:
        diameters = diameters * np.sqrt(area_factors(labels, bend, len(diameters)))
    if config.min_fragment:
        labels = remove_fragments(labels, config.min_fragment, diameters)
    if config.pale and rng.random() < config.pale:
        image = fade_objects(image, labels, rng)
    changes = {"defocus": config.defocus, "bit_depth": config.bit_depth}
    if image.ndim == 3 and not sample.colour:
        return Crop(photometric_stains(image, config.photometric, rng, **changes), labels, diameters, known)
    image = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    changes["stain_estimate"] = config.stain_estimate
    return Crop(photometric(image, sample.colour, config.photometric, rng, **changes), labels, diameters, known)


def fade_objects(
    image: NDArray[np.float32], labels: NDArray[np.int32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Fade some of the objects into what is around them, and blur some of these: pale ones, or out of focus.

    Parameters
    ----------
    image : ndarray of float32, shape (Y, X) or (Y, X, C)
    labels : ndarray of int32, shape (Y, X)

    Returns
    -------
    ndarray of float32, of the image's shape
    """
    around = (labels == 0).astype(np.float32)
    ids = np.unique(labels[labels > 0])
    if not len(ids) or not around.any():
        return image
    faded = ids[rng.random(len(ids)) < rng.uniform(0.1, 0.7)]
    strength = np.ones(int(ids[-1]) + 1, np.float32)
    strength[faded] = rng.uniform(0.25, 0.8, len(faded))
    weight = cv2.GaussianBlur(strength[labels], (0, 0), 1.0)
    sigma = float(np.clip(np.sqrt((labels > 0).sum() / len(ids)), 4, 40))
    share = cv2.GaussianBlur(around, (0, 0), sigma)
    flat = image if image.ndim == 3 else image[..., None]
    mean = flat[labels == 0].mean(axis=0)
    surroundings = np.empty_like(flat)
    for channel in range(flat.shape[2]):
        blurred = cv2.GaussianBlur(flat[..., channel] * around, (0, 0), sigma)
        surroundings[..., channel] = (blurred + 0.01 * mean[channel]) / (share + 0.01)
    seen = flat
    if rng.random() < 0.4:
        soft = cv2.GaussianBlur(flat, (0, 0), float(rng.uniform(1.0, 2.5))).reshape(flat.shape)
        seen = np.where((weight < 0.95)[..., None], soft, flat)
    mixed = surroundings + weight[..., None] * (seen - surroundings)
    return np.asarray(mixed.reshape(image.shape), np.float32)


def as_colours(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Make a picture of three colours for viewing: grey three times; of stains the first ones, black for a third.

    Examples
    --------
    >>> as_colours(np.array([[[0.5, 1.0]]])).tolist()
    [[[0.5, 1.0, 0.0]]]
    """
    if image.ndim == 2:
        return np.repeat(image[..., None], 3, axis=2)
    return np.pad(image[..., :3], ((0, 0), (0, 0), (0, max(0, 3 - image.shape[2]))))


def touching_places(labels: NDArray[np.integer], most: int = 256) -> NDArray[np.float32]:
    """Places where an object touches another: the split lines that a network is to learn.

    Parameters
    ----------
    labels : ndarray of int, shape (Y, X)
    most : int
        Of more, this many are taken, spread evenly.

    Returns
    -------
    ndarray of float32, shape (m, 2)
        Pixels (y, x) whose neighbour below or to the right belongs to another object.

    Examples
    --------
    >>> touching_places(np.array([[1, 1, 2], [0, 0, 3]])).tolist()
    [[0.0, 1.0], [0.0, 2.0]]
    """
    here = np.zeros(labels.shape, bool)
    below, right = labels[1:], labels[:, 1:]
    here[:-1] |= (labels[:-1] != below) & (labels[:-1] > 0) & (below > 0)
    here[:, :-1] |= (labels[:, :-1] != right) & (labels[:, :-1] > 0) & (right > 0)
    places = np.argwhere(here)
    taken = np.linspace(0, len(places) - 1, min(most, len(places))).astype(np.int64)
    return places[taken].astype(np.float32)


def _affine(sample: Sample, config: AugmentConfig, zoom: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Matrix (2, 3) from image pixels (x, y) to crop pixels; most crops are drawn to hold an object."""
    height, width = sample.labels.shape
    crop = config.crop
    if config.touching and len(sample.touching) and rng.random() < config.touching:
        y, x = sample.touching[rng.integers(len(sample.touching))] + rng.uniform(-0.35, 0.35, 2) * crop / zoom
    elif len(sample.centres) and rng.random() < 0.7:
        y, x = sample.centres[rng.integers(len(sample.centres))] + rng.uniform(-0.35, 0.35, 2) * crop / zoom
    else:
        y, x = rng.uniform(0, height), rng.uniform(0, width)
    return affine_at(x, y, (height, width), crop, zoom, rng)


def class_map(labels: NDArray[np.int32], classes: NDArray[np.integer], background: int = UNKNOWN) -> NDArray[np.int64]:
    """Class of every pixel of a crop, from the classes of the objects: no second image has to be warped.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
    classes : ndarray of int, shape (max id of the whole image + 1,)
        Class per id; `UNKNOWN` if it is not known. The entry of id 0 is not used.
    background : int
        Class of the pixels outside of all objects; by default the loss leaves them out.

    Returns
    -------
    ndarray of int64, shape (Y, X)

    Raises
    ------
    DatasetError
        If an object has no entry.

    Examples
    --------
    >>> class_map(np.array([[0, 1], [2, 2]]), np.array([9, 0, 1])).tolist()
    [[-1, 0], [1, 1]]
    """
    if (largest := int(labels.max(initial=0))) >= max(len(classes), 1):
        raise DatasetError(f"object {largest} has no class", remedy="give one, or UNKNOWN, for every id")
    of_id = np.array(classes, np.int64) if len(classes) else np.zeros(1, np.int64)
    of_id[0] = background
    return np.asarray(of_id[labels])


def remove_fragments(labels: NDArray[np.int32], smallest: int, diameters: NDArray[np.float32]) -> NDArray[np.int32]:
    """Clear what a crop's edge or the nearest neighbour has cut off from an object and left as a speck.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
    smallest : int
        Connected pieces of fewer pixels go, if they are less than half of their object.
    diameters : ndarray of float32, shape (max id + 1,)
        Of the whole objects: a speck of an object that is no larger itself stays.

    Returns
    -------
    ndarray of int32, shape (Y, X)
    """
    pieces = _pieces(labels)
    area = np.bincount(pieces.ravel())[pieces]
    whole = np.square(diameters) * np.float32(np.pi / 4)
    return np.where((area < smallest) & (area < whole[labels] / 2), 0, labels).astype(np.int32)


def _pieces(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Number the 4-connected pieces of equal label: two that touch stay apart.

    On a grid twice as fine, the pixels between two of equal label are links, and a piece is what links hold together.
    """
    height, width = labels.shape
    fine = np.zeros((2 * height - 1, 2 * width - 1), np.uint8)
    inside = labels > 0
    fine[::2, ::2] = inside
    fine[1::2, ::2] = (labels[1:] == labels[:-1]) & inside[1:]
    fine[::2, 1::2] = (labels[:, 1:] == labels[:, :-1]) & inside[:, 1:]
    return np.asarray(cv2.connectedComponents(fine, connectivity=4, ltype=cv2.CV_32S)[1][::2, ::2])


def make_negative(crop: int, rng: np.random.Generator, stains: int | None = None) -> NDArray[np.float32]:
    """An image without any object: camera noise, fine or coarse, on an even or uneven field, normalised.

    A third of them are in colour, tinted, and with noise of its own in each channel; stains are made one by one.

    Returns
    -------
    ndarray of float32, shape (crop, crop, 3), or (crop, crop, stains)
    """
    if stains is not None:
        return np.stack([make_negative(crop, rng)[..., 0] for _ in range(stains)], axis=-1)
    coarse = float(np.exp(rng.uniform(np.log(0.4), np.log(5.0)))) if rng.random() < 0.5 else 0.0
    image = _noise(crop, coarse, rng)
    field = cv2.resize(rng.uniform(-1, 1, (3, 3)).astype(np.float32), (crop, crop), interpolation=cv2.INTER_CUBIC)
    image = image * np.float32(rng.choice([0.02, 0.3, 1.0])) + field * np.float32(rng.uniform(0, 3) * rng.integers(2))
    image = np.repeat(image[..., None], 3, axis=2)
    if rng.random() < 1 / 3:
        tint = rng.uniform(0, 2) * image.std() * rng.uniform(-1, 1, 3)
        own = np.stack([_noise(crop, coarse, rng) for _ in range(3)], axis=-1)
        image = image + tint + rng.uniform(0, 1) * image.std() * own
    low, high = np.percentile(image, (1, 99.8))
    return np.asarray(np.clip((image - low) / max(high - low, 1e-6), -0.5, 2.0), np.float32)


def _noise(side: int, coarse: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Noise of standard deviation 1; `coarse` is the sigma of the blur, 0 for none."""
    noise = rng.standard_normal((side, side), np.float32)
    if coarse:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), coarse), np.float32)
    return np.asarray(noise / noise.std(), np.float32)
