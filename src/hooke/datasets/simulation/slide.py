"""Places nuclei on a slide, and paints each as an amount of chromatin in its own bounding box."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.datasets.simulation.noise_texture import Float, band_noise
from hooke.preprocess.modality import Modality

MIN_PIXELS = 12  # a smaller visible remnant of a nucleus is not worth a label
MIN_VISIBLE = 0.5  # of a nucleus' area, after its neighbours and the image's border have had their share
GAP = 2  # pixels of background that a nucleus which does not touch keeps around it


class Slide:
    """The planes that nuclei are drawn into, and the texture that their chromatin is cut from."""

    def __init__(self, shape: tuple[int, int], rng: np.random.Generator, diameter: float, modality: Modality) -> None:
        self.rng = rng
        self.diameter = diameter
        self.modality = modality
        self.labels: NDArray[np.int32] = np.zeros(shape, np.int32)
        self.chromatin: Float = np.zeros(shape, np.float32)
        self.nuclei: list[Nucleus] = []
        size = int(np.clip(2 ** math.ceil(math.log2(4 * diameter)), 128, 2048))
        self.texture = band_noise(rng, size, diameter / 6) * 0.7 + band_noise(rng, size, diameter / 2.5) * 0.5

    def texture_crop(self, shape: tuple[int, ...]) -> Float:
        """Cut a piece of chromatin texture at a random place; the tile is periodic."""
        size = len(self.texture)
        top, left = self.rng.integers(0, size, 2)
        crop: Float = self.texture[np.ix_((top + np.arange(shape[0])) % size, (left + np.arange(shape[1])) % size)]
        return crop


@dataclass(frozen=True)
class Nucleus:
    """One nucleus: an ellipse whose contour is bent by the Fourier orders 2..5."""

    centre: tuple[float, float]
    semi_axes: tuple[float, float]  # pixels, long then short
    angle: float
    amplitudes: tuple[float, ...]
    phases: tuple[float, ...]
    stain: float  # amount of chromatin, 1 for a typical nucleus
    softness: float  # width of the edge in pixels: 1 in focus, more out of it
    condensed: float  # 0 loose chromatin with a visible rim, 1 evenly dark or bright

    @property
    def reach(self) -> float:
        """Radius of a circle that holds the nucleus and its soft edge, in pixels."""
        return self.semi_axes[0] * (1 + sum(self.amplitudes)) + self.softness

    @property
    def radius(self) -> float:
        """Radius of the disc of the same area, in pixels."""
        return math.sqrt(self.semi_axes[0] * self.semi_axes[1])


def place_nuclei(slide: Slide, density: float, spread: float, overlap: float) -> None:
    """Add nuclei to the slide until they cover the given fraction of it, or no room is left."""
    wanted = density * slide.labels.size
    covered = 0.0
    attempts_left = 40 + int(6 * wanted / (0.785 * slide.diameter**2))
    while covered < wanted and attempts_left > 0:
        attempts_left -= 1
        touches = bool(slide.rng.random() < overlap)
        nucleus = _draw_nucleus(slide, spread, beside_another=touches and slide.rng.random() < 0.7)
        covered += _add(slide, nucleus, overlap if touches else None)


def _draw_nucleus(slide: Slide, spread: float, *, beside_another: bool) -> Nucleus:
    """Draw the shape, the place and the staining of one nucleus."""
    rng, modality = slide.rng, slide.modality
    radius = slide.diameter / 2 * math.exp(rng.normal(0, spread))
    spindle = modality == "histology" and rng.random() < 0.25
    elongation = rng.uniform(1.8, 2.8) if spindle else 1 + rng.gamma(2.5, 0.12)
    mitotic = modality == "fluorescence" and rng.random() < 0.04
    radius *= 0.75 if mitotic else 1.0
    centre = _centre(slide, radius, beside_another)
    order = np.arange(2, 6)
    defocus = max(0.0, rng.normal(0, 0.06)) * slide.diameter if modality == "fluorescence" else 0.0
    return Nucleus(
        centre=centre,
        semi_axes=(radius * math.sqrt(elongation), radius / math.sqrt(elongation)),
        angle=rng.uniform(0, math.pi),
        amplitudes=tuple(np.abs(rng.normal(0, 0.13, 4)) / order),
        phases=tuple(rng.uniform(0, 2 * math.pi, 4)),
        stain=float(np.clip(math.exp(rng.normal(0, 0.28)), 0.5, 2.0)) * (2.2 if mitotic else 1.0),
        softness=1.0 + defocus,
        condensed=1.0 if mitotic else float(rng.beta(1.2, 1.2)),
    )


def _centre(slide: Slide, radius: float, beside_another: bool) -> tuple[float, float]:
    """Choose a centre (y, x): anywhere, or against a nucleus that is already there."""
    height, width = slide.labels.shape
    if not (beside_another and slide.nuclei):
        return slide.rng.uniform(0, height), slide.rng.uniform(0, width)
    other = slide.nuclei[int(slide.rng.integers(len(slide.nuclei)))]
    distance = (radius + other.radius) * slide.rng.uniform(0.8, 1.1)
    direction = slide.rng.uniform(0, 2 * math.pi)
    return other.centre[0] + distance * math.sin(direction), other.centre[1] + distance * math.cos(direction)


def _add(slide: Slide, nucleus: Nucleus, overlap: float | None) -> int:
    """Put the nucleus on the slide if it fits there; return the pixels that it covers, 0 where it does not fit."""
    window, depth, theta = _polar(nucleus, slide.labels.shape)
    inside = depth > 0
    area = int(np.count_nonzero(inside))
    if area < max(MIN_PIXELS, 0.3 * math.pi * nucleus.radius**2):
        return 0
    taken = slide.labels[window] > 0
    if overlap is None:
        ring = cv2.dilate(inside.view(np.uint8), np.ones((2 * GAP + 1,) * 2, np.uint8)).view(np.bool_)
        if (ring & taken).any():
            return 0
    visible = _largest_piece(inside & ~taken)
    hidden = 1 - np.count_nonzero(visible) / area
    if np.count_nonzero(visible) < MIN_PIXELS or hidden > (overlap or 0) * (1 - MIN_VISIBLE):
        return 0
    slide.nuclei.append(nucleus)
    slide.labels[window][visible] = len(slide.nuclei)
    _paint(slide, nucleus, window, depth, theta)
    return int(np.count_nonzero(visible))


def _polar(nucleus: Nucleus, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], Float, Float]:
    """Return the nucleus' window, and there its depth (1 centre, 0 contour, negative outside) and polar angle."""
    y, x = nucleus.centre
    reach = nucleus.reach + GAP + 1
    rows = slice(max(0, math.floor(y - reach)), min(shape[0], math.ceil(y + reach) + 1))
    cols = slice(max(0, math.floor(x - reach)), min(shape[1], math.ceil(x + reach) + 1))
    dy = np.arange(rows.start, max(rows.start, rows.stop), dtype=np.float32)[:, None] - np.float32(y)
    dx = np.arange(cols.start, max(cols.start, cols.stop), dtype=np.float32)[None, :] - np.float32(x)
    cos, sin = math.cos(nucleus.angle), math.sin(nucleus.angle)
    along = (dx * cos + dy * sin) / nucleus.semi_axes[0]
    across = (dy * cos - dx * sin) / nucleus.semi_axes[1]
    theta = np.arctan2(across, along)
    contour = np.ones_like(theta)
    for order, (amplitude, phase) in enumerate(zip(nucleus.amplitudes, nucleus.phases, strict=True), start=2):
        contour += np.float32(amplitude) * np.cos(order * theta + np.float32(phase))
    depth = np.asarray(1 - np.hypot(along, across) / contour, np.float32)
    return (rows, cols), depth, np.asarray(theta, np.float32)


def _largest_piece(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the largest 4-connected piece of a mask."""
    count, pieces = cv2.connectedComponents(mask.view(np.uint8), connectivity=4)
    if count <= 2:
        return mask
    return np.asarray(pieces == 1 + np.argmax(np.bincount(pieces.ravel())[1:]))


def _paint(slide: Slide, nucleus: Nucleus, window: tuple[slice, slice], depth: Float, theta: Float) -> None:
    """Add the nucleus' chromatin to the slide; where two lie on top of each other both are seen."""
    edge = np.clip(0.5 + depth * nucleus.semi_axes[1] / nucleus.softness, 0, 1)
    texture = slide.texture_crop(depth.shape)
    spots = _nucleoli(slide.rng, depth, theta)
    loose = 1 - nucleus.condensed
    if slide.modality == "fluorescence":
        dome = 0.6 + 0.4 * np.sqrt(np.clip(2.5 * depth, 0, 1))
        value = dome * (1 + (0.1 + 0.16 * loose) * texture) * (1 - 0.35 * spots)
    elif slide.modality == "histology":
        rim = np.exp(-((depth / 0.13) ** 2))
        value = 1 - 0.5 * loose + 0.45 * loose * rim + (0.12 + 0.16 * loose) * texture + 0.5 * loose * spots
    else:
        value = 0.9 + 0.1 * texture + 0.15 * np.exp(-((depth / 0.15) ** 2)) * loose
    value = nucleus.stain * edge * np.maximum(value, 0.25)
    below = slide.chromatin[window]
    np.copyto(below, np.maximum(below, value) + 0.35 * np.minimum(below, value))


def _nucleoli(rng: np.random.Generator, depth: Float, theta: Float) -> Float:
    """Draw one to three round spots inside a nucleus, 0..1."""
    u, v = (1 - depth) * np.cos(theta), (1 - depth) * np.sin(theta)
    spots = np.zeros_like(depth)
    for _ in range(int(rng.integers(1, 4))):
        (cu, cv), size = rng.uniform(-0.5, 0.5, 2).astype(np.float32), np.float32(rng.uniform(0.1, 0.18))
        spots += np.exp(-((u - cu) ** 2 + (v - cv) ** 2) / (2 * size**2))
    return np.minimum(spots, 1)
