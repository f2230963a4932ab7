"""Simulates the microscope: chromatin to light to pixels, in fluorescence, histology and brightfield.

Images are rendered in bands of rows, so that time and memory grow with the image only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.datasets.simulation.noise_texture import Cloud, Fibres, Float
from hooke.datasets.simulation.slide import Slide

# Optical density per unit of stain in red, green, blue: Ruifrok & Johnston (2001), table 1.
HAEMATOXYLIN = (0.65, 0.70, 0.29)
EOSIN = (0.07, 0.99, 0.11)

BAND_ROWS = 256  # rows rendered at a time; part of what a seed means, since noise is drawn band by band


@dataclass(frozen=True)
class Camera:
    """Turns light (1.0 is the camera's full scale) into stored numbers."""

    rng: np.random.Generator
    noise: float
    uneven_light: float
    full_scale: int

    def light(self, shape: tuple[int, ...]) -> Callable[[slice], Float]:
        """Draw the illumination: 1 at its brightest place, `1 - uneven_light` at the farthest from it."""
        y0, x0 = self.rng.uniform(0.25, 0.75, 2)
        dy2 = ((np.arange(shape[0], dtype=np.float32) / shape[0] - y0) ** 2)[:, None]
        dx2 = ((np.arange(shape[1], dtype=np.float32) / shape[1] - x0) ** 2)[None, :]
        farthest = float(dy2.max() + dx2.max())
        return lambda band: 1 - np.float32(self.uneven_light / farthest) * (dy2[band] + dx2)

    def expose(self, light: Float, typical: float) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """Add shot and read noise and round; `typical` is the brightness that `noise` is a fraction of."""
        variance = (0.5 * self.noise**2 * typical) * (np.maximum(light, 0) + np.float32(typical))
        noisy = light + np.sqrt(variance) * self.rng.standard_normal(light.shape, np.float32)
        stored = np.clip(noisy * self.full_scale + 0.5, 0, self.full_scale)
        return np.asarray(stored, np.uint8) if self.full_scale == 255 else np.asarray(stored, np.uint16)

    def empty(self, shape: tuple[int, ...]) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """Make the array that bands are exposed into."""
        return np.zeros(shape, np.uint8) if self.full_scale == 255 else np.zeros(shape, np.uint16)


def _bands(height: int) -> Iterator[slice]:
    """Walk down the image in bands of rows."""
    for top in range(0, height, BAND_ROWS):
        yield slice(top, min(top + BAND_ROWS, height))


def _fluorescence(slide: Slide, chromatin: Float, camera: Camera) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Bright nuclei on dark: glow from out of focus, autofluorescence, specks of debris."""
    rng, shape = slide.rng, chromatin.shape
    _add_debris(slide, chromatin)
    glow = _glow(chromatin, slide.diameter * 0.8)
    haze = Cloud(rng, shape, slide.diameter * 8)
    offset, autofluorescence, gain = rng.uniform(0.015, 0.04), rng.uniform(0.005, 0.03), rng.uniform(0.28, 0.4)
    light, image = camera.light(shape), camera.empty(shape)
    for band in _bands(shape[0]):
        emitted = gain * (chromatin[band] + 0.12 * glow[band]) + autofluorescence * np.exp(0.5 * haze.rows(band))
        image[band] = camera.expose(offset + emitted * light(band), typical=gain)
    return image


def _add_debris(slide: Slide, chromatin: Float) -> None:
    """Add small bright specks that are not nuclei, about one for every twelve nuclei."""
    rng = slide.rng
    for _ in range(int(rng.poisson(len(slide.nuclei) / 12))):
        y, x = (int(rng.integers(0, length)) for length in chromatin.shape)
        size = float(rng.uniform(0.02, 0.06) * slide.diameter)
        reach = math.ceil(3 * size)
        rows, cols = slice(max(0, y - reach), y + reach + 1), slice(max(0, x - reach), x + reach + 1)
        window = chromatin[rows, cols]
        dy = np.arange(rows.start, rows.start + window.shape[0], dtype=np.float32)[:, None] - y
        dx = np.arange(cols.start, cols.start + window.shape[1], dtype=np.float32)[None, :] - x
        window += np.float32(rng.uniform(0.3, 1.5)) * np.exp(-(dy**2 + dx**2) / np.float32(2 * size**2))


def _glow(plane: Float, sigma: float) -> Float:
    """Blur widely: on a reduced copy, which costs little and looks the same."""
    factor = max(1, int(sigma / 4))
    height, width = plane.shape
    small = (max(1, width // factor), max(1, height // factor))
    reduced = cv2.resize(plane, small, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(reduced, (0, 0), sigma / factor)
    return np.asarray(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _histology(slide: Slide, chromatin: Float, camera: Camera) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Purple nuclei on pink fibrous tissue with pale gaps: light is absorbed by two stains (Beer and Lambert)."""
    rng, shape = slide.rng, chromatin.shape
    stains = _stain_vectors(rng)
    dark, pink = rng.uniform(0.65, 1.0), rng.uniform(0.2, 0.38)
    lamp = np.asarray(rng.uniform(0.9, 0.97) * np.array([1, 0.985, 0.995]), np.float32)
    fibres, gaps, haze = (
        Fibres(rng, shape, slide.diameter, stretch=4),
        Cloud(rng, shape, slide.diameter * 7),
        Cloud(rng, shape, slide.diameter * 3),
    )
    cytoplasm = _glow(chromatin, slide.diameter * 0.5)
    light, image = camera.light(shape), camera.empty((*shape, 3))
    for band in _bands(shape[0]):
        tissue = np.maximum(1 / (1 + np.exp(6 * (gaps.rows(band) - 1.3))), np.minimum(1, 2.5 * cytoplasm[band]))
        streaks = 1 + 0.17 * fibres.rows(band) + 0.1 * haze.rows(band)
        eosin = pink * tissue * np.maximum(streaks, 0.1) * (0.8 + 0.5 * np.minimum(cytoplasm[band], 1))
        haematoxylin = dark * chromatin[band] + 0.06 * tissue * np.maximum(haze.rows(band) + 1, 0)
        density = haematoxylin[..., None] * stains[0] + eosin[..., None] * stains[1]
        seen = lamp * np.power(np.float32(10), -density) * light(band)[..., None]
        image[band] = camera.expose(seen, typical=0.4)
    return image


def _stain_vectors(rng: np.random.Generator) -> Float:
    """Draw this slide's haematoxylin and eosin: the published vectors, shifted as they differ between laboratories."""
    haematoxylin, eosin = np.asarray(HAEMATOXYLIN), np.asarray(EOSIN)
    mixed = eosin + rng.uniform(0.05, 0.5) * haematoxylin
    vectors = np.stack([haematoxylin, mixed]) + rng.normal(0, 0.03, (2, 3))
    vectors = np.maximum(vectors, 0.02)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _brightfield(slide: Slide, chromatin: Float, camera: Camera) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Dark nuclei in pale grey cytoplasm on a light background, as in a smear."""
    rng, shape = slide.rng, chromatin.shape
    cytoplasm = _cytoplasm(slide)
    grain = Fibres(rng, shape, slide.diameter * 0.6, stretch=1)
    lamp, dark, pale = rng.uniform(0.82, 0.93), rng.uniform(0.3, 0.5), rng.uniform(0.05, 0.11)
    light, image = camera.light(shape), camera.empty(shape)
    for band in _bands(shape[0]):
        body = cytoplasm[band] * np.maximum(1 + 0.15 * grain.rows(band), 0.2)
        density = dark * chromatin[band] + pale * body
        image[band] = camera.expose(lamp * np.power(np.float32(10), -density) * light(band), typical=0.25)
    return image


def _cytoplasm(slide: Slide) -> Float:
    """Draw an angular sheet of cytoplasm under each nucleus; sheets that overlap add up to a limit."""
    sheet: Float = np.zeros(slide.labels.shape, np.float32)
    height, width = sheet.shape
    for nucleus in slide.nuclei:
        angles = (np.arange(9) + slide.rng.uniform(0, 0.9, 9)) * (2 * math.pi / 9)
        radii = nucleus.radius * slide.rng.uniform(2.2, 3.8, 9)
        x = nucleus.centre[1] + radii * np.cos(angles)
        y = nucleus.centre[0] + radii * np.sin(angles)
        top, left = max(0, math.floor(y.min())), max(0, math.floor(x.min()))
        window = sheet[top : min(height, math.ceil(y.max()) + 1), left : min(width, math.ceil(x.max()) + 1)]
        body = np.zeros(window.shape, np.float32)
        corners = np.stack([x - left, y - top], 1) * 16
        cv2.fillPoly(body, [corners.astype(np.int32)], float(slide.rng.uniform(0.5, 1.2)), cv2.LINE_8, 4)
        np.minimum(window + body, 2.5, out=window)
    return np.asarray(cv2.GaussianBlur(sheet, (0, 0), 0.8 + slide.diameter / 40), np.float32)


RENDERERS: dict[str, Callable[[Slide, Float, Camera], NDArray[np.uint8] | NDArray[np.uint16]]] = {
    "fluorescence": _fluorescence,
    "histology": _histology,
    "brightfield": _brightfield,
}
