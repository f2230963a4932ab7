"""Augmentation: one image and its label image in, a crop of both out, the same geometry for each.

Geometry is a single affine warp straight from the image into the crop (rotation, flip, zoom, shear), so that its cost
depends on the crop and not on the image. The zoom is chosen by the objects: the crop's median diameter is drawn from
a range, whatever the magnification of the image.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.training.config import AugmentConfig

__all__ = ["Sample", "crop_sample", "make_negative", "photometric"]

# Optical densities of the dyes in red, green and blue (Ruifrok and Johnston 2001, "Quantification of histochemical
# staining by color deconvolution"); the third row is what the first two leave.
_HAEMATOXYLIN_EOSIN = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.707, -0.014, -0.707]])
# Eosin, a redder eosin, diaminobenzidine (brown), fast red.
_COUNTERSTAINS = np.array([[0.07, 0.99, 0.11], [0.15, 0.85, 0.50], [0.27, 0.57, 0.78], [0.21, 0.85, 0.48]])


@dataclass(frozen=True)
class Sample:
    """An image in memory, normalised.

    Parameters
    ----------
    image : ndarray of float16, shape (Y, X) or (Y, X, 3)
        0..1 for most pixels.
    labels : ndarray of int32, shape (Y, X)
    diameters : ndarray of float32, shape (max id + 1,)
        Equivalent diameter per id, pixels.
    centres : ndarray of float32, shape (n, 2)
        A pixel (y, x) in each object.
    diameter : float
        Their median; the nominal one where there is no object.
    colour : bool
        True for histology and other pictures whose colours mean something.
    """

    image: NDArray[np.float16]
    labels: NDArray[np.int32]
    diameters: NDArray[np.float32]
    centres: NDArray[np.float32]
    diameter: float
    colour: bool


def crop_sample(
    sample: Sample, config: AugmentConfig, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
    """Draw a crop.

    Returns
    -------
    image : ndarray of float32, shape (crop, crop, 3)
    labels : ndarray of int32, shape (crop, crop)
    diameters : ndarray of float32
        Of the ids in the crop, at the crop's scale, whole objects' sizes.
    """
    low, high = config.wide_diameter if rng.random() < config.wide else config.diameter
    zoom = float(np.exp(rng.uniform(np.log(low), np.log(high)))) / sample.diameter
    zoom = min(zoom, 6.0)
    matrix = _affine(sample, config.crop, zoom, rng)
    image = _shrink_safe(sample.image, matrix, zoom, config.crop)
    labels = cv2.warpAffine(
        sample.labels.astype(np.float32),  # exact up to 2**24 ids
        matrix,
        (config.crop, config.crop),
        flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_REFLECT_101,
    ).astype(np.int32)
    image = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    return photometric(image, sample.colour, config.photometric, rng), labels, sample.diameters * np.float32(zoom)


def _affine(sample: Sample, crop: int, zoom: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Matrix (2, 3) from image pixels (x, y) to crop pixels."""
    height, width = sample.labels.shape
    if len(sample.centres) and rng.random() < 0.7:
        y, x = sample.centres[rng.integers(len(sample.centres))] + rng.uniform(-0.35, 0.35, 2) * crop / zoom
    else:
        y, x = rng.uniform(0, height), rng.uniform(0, width)
    # Keep the crop inside the image as far as it fits: less of it is then made up by reflection.
    half = crop / zoom / 2
    y = np.clip(y, min(half, height / 2), max(height - half, height / 2))
    x = np.clip(x, min(half, width / 2), max(width - half, width / 2))
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.7 else rng.integers(4) * np.pi / 2
    stretch = np.exp(rng.uniform(-0.12, 0.12))
    shear = rng.uniform(-0.12, 0.12)
    flip = rng.choice([-1.0, 1.0])
    rotate = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = zoom * rotate @ np.array([[stretch * flip, shear], [0.0, 1 / stretch]])
    offset = np.array([crop / 2, crop / 2]) - linear @ np.array([x, y])
    return np.column_stack([linear, offset])


def _shrink_safe(
    image: NDArray[np.floating], matrix: NDArray[np.float64], zoom: float, crop: int
) -> NDArray[np.float32]:
    """Warp; when shrinking, average pixels first so that fine texture does not alias."""
    image = image.astype(np.float32)
    if zoom < 0.7:
        factor = zoom / 0.9
        height, width = image.shape[:2]
        small = (max(8, round(width * factor)), max(8, round(height * factor)))
        image = np.asarray(cv2.resize(image, small, interpolation=cv2.INTER_AREA))
        ratio = np.array([width / small[0], height / small[1]])
        # Pixel centres of the shrunken image lie at (i + 0.5) * ratio - 0.5 in the original.
        linear = matrix[:, :2] * ratio
        matrix = np.column_stack([linear, matrix[:, 2] + matrix[:, :2] @ ((ratio - 1) / 2)])
    return np.asarray(
        cv2.warpAffine(image, matrix, (crop, crop), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101),
        np.float32,
    )


def photometric(
    image: NDArray[np.float32], colour: bool, strength: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Change intensities and colours as microscopes, stains and cameras do.

    Parameters
    ----------
    image : ndarray of float32, shape (Y, X, 3)
    colour : bool
        Whether the colours mean something; otherwise the three channels are and stay equal.
    strength : float
        0 for none, 1 as usual.
    rng : Generator

    Returns
    -------
    ndarray of float32, shape (Y, X, 3)
    """

    def chance(share: float) -> bool:
        return bool(rng.random() < share * strength)

    if colour:
        if chance(0.35):
            image = _other_stains(image, rng)
        image = _restain(image, strength, rng)
        if chance(0.08):
            image = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    else:
        if chance(0.15):
            image = 1 - image
        if chance(0.15):
            image = _haze(image, rng)
        if chance(0.5):
            image = _uneven_light(image, rng)
    if chance(0.08):
        image = _partly_out_of_focus(image, rng)
    if chance(0.6):
        image = np.sign(image) * np.abs(image) ** np.float32(np.exp(rng.normal(0, 0.4)))
    if chance(0.7):
        image = image * np.float32(np.exp(rng.normal(0, 0.2))) + np.float32(rng.normal(0, 0.06))
    if chance(0.35):
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 2.2)))
    elif chance(0.15):
        image = image + np.float32(rng.uniform(0.3, 1.2)) * (image - cv2.GaussianBlur(image, (0, 0), 1.5))
    if chance(0.1):
        image = _lower_resolution(image, rng)
    if chance(0.35):
        image = _camera_noise(image, colour, rng)
    if chance(0.06):
        image = _jpeg(image, rng)
    return np.ascontiguousarray(np.clip(image, -0.5, 2.0), dtype=np.float32)


def _restain(image: NDArray[np.float32], strength: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Vary the stain: scale and mix optical densities (after Tellez et al. 2018), then the white balance."""
    density = -np.log(np.clip(image, 0.02, 2.0))
    mix = np.eye(3) * np.exp(rng.normal(0, 0.22 * strength, 3)) + rng.normal(0, 0.07 * strength, (3, 3))
    density = density @ mix.T.astype(np.float32) * np.float32(np.exp(rng.normal(0, 0.2 * strength)))
    changed = np.exp(-density) * np.exp(rng.normal(0, 0.06 * strength, 3)).astype(np.float32)
    if rng.random() < 0.1 * strength:
        changed = changed[..., rng.permutation(3)]
    return changed.astype(np.float32)


def _other_stains(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Paint the tissue with other dyes: unmix haematoxylin and eosin, and mix them again with drawn colours.

    The nuclei stay blue to purple; the rest becomes pink, red, or brown as in immunohistochemistry, faint or strong.
    """
    density = -np.log(np.clip(image, 0.02, 2.0))
    amounts = density @ np.linalg.inv(_HAEMATOXYLIN_EOSIN).astype(np.float32)
    counterstain = _COUNTERSTAINS[rng.integers(len(_COUNTERSTAINS))]
    dyes = np.stack([_HAEMATOXYLIN_EOSIN[0], counterstain, _HAEMATOXYLIN_EOSIN[2]]) + rng.normal(0, 0.06, (3, 3))
    dyes = np.clip(dyes, 0, None)
    dyes /= np.linalg.norm(dyes, axis=1, keepdims=True)
    dyes *= np.exp(rng.normal(0, (0.2, 0.45, 0.2)))[:, None]
    return np.exp(-np.clip(amounts @ dyes.astype(np.float32), -0.5, 4.0)).astype(np.float32)


def _haze(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Add the glow of other nuclei that lie out of focus above or below."""
    height, width = image.shape[:2]
    away = np.roll(image, rng.integers(0, (height, width)), axis=(0, 1))[:: rng.choice([-1, 1])]
    glow = cv2.GaussianBlur(away, (0, 0), float(rng.uniform(5, 20)))
    return image + np.float32(rng.uniform(0.1, 0.8)) * glow


def _partly_out_of_focus(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Blur one side of the field more than the other, as on a slide that is tilted."""
    height, width = image.shape[:2]
    corners = cv2.resize(rng.uniform(0, 1, (2, 2)).astype(np.float32), (width, height))[..., None]
    return image + corners * (cv2.GaussianBlur(image, (0, 0), float(rng.uniform(1.0, 3.5))) - image)


def _uneven_light(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    height, width = image.shape[:2]
    grid = rng.uniform(-1, 1, (3, 3)).astype(np.float32)
    field = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    if rng.random() < 0.5:
        return image * (1 + np.float32(rng.uniform(0, 0.45)) * field)
    return image + np.float32(rng.uniform(0, 0.25)) * (field + 1)


def _lower_resolution(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    height, width = image.shape[:2]
    factor = rng.uniform(0.4, 0.8)
    small = cv2.resize(image, (round(width * factor), round(height * factor)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _camera_noise(image: NDArray[np.float32], colour: bool, rng: np.random.Generator) -> NDArray[np.float32]:
    """Shot noise that grows with the square root of the light, and read noise that does not."""
    shape = image.shape if colour else (*image.shape[:2], 1)
    shot, read = rng.uniform(0, 0.1), rng.uniform(0, 0.05)
    sigma = np.sqrt(shot**2 * np.clip(image, 0, None) + read**2)
    return image + sigma.astype(np.float32) * rng.standard_normal(shape, np.float32)


def _jpeg(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    eight = np.clip(image * 200, 0, 255).astype(np.uint8)
    _, code = cv2.imencode(".jpg", eight, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 90))])
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.float32) / 200


def make_negative(crop: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """An image without any object: camera noise, fine or coarse, on an even or uneven field, normalised.

    A third of them are in colour, tinted, and with noise of its own in each channel.

    Returns
    -------
    ndarray of float32, shape (crop, crop, 3)
    """
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
    return np.clip((image - low) / max(high - low, 1e-6), -0.5, 2.0).astype(np.float32)


def _noise(side: int, coarse: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Noise of standard deviation 1; `coarse` is the sigma of the blur, 0 for none."""
    noise = rng.standard_normal((side, side), np.float32)
    if coarse:
        noise = cv2.GaussianBlur(noise, (0, 0), coarse)
    return np.asarray(noise / noise.std(), np.float32)
