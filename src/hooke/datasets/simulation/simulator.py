"""Simulates images of nuclei whose true label image is known.

Nuclei are placed on a slide and painted as chromatin (`hooke.datasets.simulation.slide`), and a microscope turns
chromatin into an image (`hooke.datasets.simulation.microscope`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.datasets.simulation.microscope import RENDERERS, Camera
from hooke.datasets.simulation.slide import Slide, place_nuclei
from hooke.errors import ConfigError
from hooke.preprocess.modality import MODALITIES, Modality


@dataclass(frozen=True)
class Simulated:
    """A simulated image and its truth.

    Attributes
    ----------
    image : ndarray, uint8 or uint16, shape (Y, X), or (Y, X, 3) in red, green, blue for histology
        What a camera would have stored.
    labels : ndarray, int32, shape (Y, X)
        0 background, 1..n nuclei, each one 4-connected piece.
    """

    image: NDArray[np.uint8] | NDArray[np.uint16]
    labels: NDArray[np.int32]

    @property
    def count(self) -> int:
        """Number of nuclei."""
        return int(self.labels.max(initial=0))


def simulate(
    shape: tuple[int, int] = (512, 512),
    *,
    seed: int | np.random.Generator = 0,
    density: float = 0.2,
    diameter: float = 24.0,
    diameter_spread: float = 0.18,
    overlap: float = 0.3,
    blur: float = 0.8,
    noise: float = 0.04,
    uneven_light: float = 0.2,
    modality: Modality = "fluorescence",
    bits: Literal[8, 16] = 8,
) -> Simulated:
    """Draw a field of nuclei as a microscope would show it, with the label image that it was drawn from.

    Parameters
    ----------
    shape : (int, int)
        Height and width in pixels.
    seed : int or numpy.random.Generator
        Source of every random number; the same seed and settings give the same pixels.
    density : float
        Fraction of the area that nuclei are to cover, 0..0.8. Where there is no room left, fewer are drawn.
    diameter : float
        Median diameter of a nucleus in pixels, at least 3.
    diameter_spread : float
        Standard deviation of the logarithm of the diameter.
    overlap : float
        How readily nuclei touch, 0..1: the share of nuclei that may lie against, or partly behind, a neighbour.
        At 0 none touches another.
    blur : float
        Standard deviation of the point spread function in pixels.
    noise : float
        Standard deviation of the noise at the brightness of a typical nucleus, as a fraction of that brightness;
        half of the variance is shot noise, which grows with the light, and half is the camera's read noise.
    uneven_light : float
        Relative loss of light between the brightest and the darkest place, 0..0.9.
    modality : {"fluorescence", "histology", "brightfield"}
        Bright nuclei on black; purple nuclei on pink tissue (haematoxylin and eosin); dark nuclei on light grey.
    bits : {8, 16}
        Bits per sample of the image.

    Returns
    -------
    Simulated
        Image and labels.

    Raises
    ------
    ConfigError
        If a setting is out of its range.

    Examples
    --------
    >>> field = simulate((128, 128), seed=1)
    >>> field.image.shape, field.labels.dtype.name, field.count > 5
    ((128, 128), 'int32', True)
    """
    _check(shape, density, diameter, diameter_spread, overlap, blur, noise, uneven_light, modality, bits)
    rng = seed if isinstance(seed, np.random.Generator) else np.random.default_rng(seed)
    slide = Slide(shape, rng, diameter, modality)
    place_nuclei(slide, density, diameter_spread, overlap)
    chromatin = slide.chromatin
    if blur > 0:
        cv2.GaussianBlur(chromatin, (0, 0), blur, dst=chromatin)
    camera = Camera(rng, noise, uneven_light, 2**bits - 1)
    image = RENDERERS[modality](slide, chromatin, camera)
    return Simulated(image, slide.labels)


def _check(
    shape: tuple[int, int],
    density: float,
    diameter: float,
    spread: float,
    overlap: float,
    blur: float,
    noise: float,
    uneven_light: float,
    modality: str,
    bits: int,
) -> None:
    """Refuse settings that mean nothing."""
    if len(shape) != 2 or min(shape) < 1:
        raise ConfigError(f"shape is {shape}", remedy="give a height and a width of at least one pixel")
    if modality not in MODALITIES:
        raise ConfigError(f"no modality {modality!r}", remedy=f"choose one of {', '.join(MODALITIES)}")
    if bits not in (8, 16):
        raise ConfigError(f"bits is {bits}", remedy="choose 8 or 16")
    ranges = {
        "density": (density, 0, 0.8),
        "diameter": (diameter, 3, math.inf),
        "diameter_spread": (spread, 0, 1),
        "overlap": (overlap, 0, 1),
        "blur": (blur, 0, 100),
        "noise": (noise, 0, 1),
        "uneven_light": (uneven_light, 0, 0.9),
    }
    for name, (value, low, high) in ranges.items():
        if not low <= value <= high:
            raise ConfigError(f"{name} is {value}", remedy=f"choose a value from {low} to {high}")
