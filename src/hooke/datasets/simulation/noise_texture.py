"""Makes random textures: chromatin, clouds and fibres of tissue."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]


def band_noise(rng: np.random.Generator, size: int, wavelength: float, stretch: float = 1.0) -> Float:
    """Make a periodic (size, size) tile of noise around one wavelength, mean 0 and deviation 1.

    `stretch` lengthens the structures along x.
    """
    fy, fx = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :]
    frequency = np.hypot(fy, fx * stretch) * max(wavelength, 2.5)
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * np.exp(-((frequency - 1) ** 2) / (2 * 0.35**2))
    spectrum[0, 0] = 0
    tile = np.fft.irfft2(spectrum, s=(size, size))
    return np.asarray(tile / max(tile.std(), 1e-12), np.float32)


class Cloud:
    """A smooth random field over the image, made band by band from a coarse grid of knots; deviation near 1."""

    def __init__(self, rng: np.random.Generator, shape: tuple[int, ...], wavelength: float) -> None:
        self.down = self._weights(shape[0], wavelength)
        self.across = self._weights(shape[1], wavelength)
        self.knots = rng.standard_normal((self.down.shape[1], self.across.shape[1])).astype(np.float32)
        self.knots *= 1.6  # what the weighted mean of neighbouring knots takes from the deviation

    @staticmethod
    def _weights(length: int, wavelength: float) -> Float:
        """Give each pixel its Gaussian weights on the knots of one axis."""
        step = wavelength / 2
        knots = np.arange(-1, math.ceil(length / step) + 2) * step
        distance = (np.arange(length)[:, None] - knots[None, :]) / step
        weights = np.exp(-(distance**2) / (2 * 0.6**2))
        return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)

    def rows(self, band: slice) -> Float:
        """Return the field in a band of rows, float32, (rows, X)."""
        return np.asarray(self.down[band] @ self.knots @ self.across.T, np.float32)


class Fibres:
    """Tissue-like streaks: an elongated noise tile seen through a smooth distortion."""

    def __init__(self, rng: np.random.Generator, shape: tuple[int, ...], diameter: float, stretch: float) -> None:
        size = int(np.clip(2 ** math.ceil(math.log2(12 * diameter)), 256, 1024))
        broad = band_noise(rng, size, diameter / 2.2, stretch)
        self.tile = 0.6 * band_noise(rng, size, diameter / 4, stretch) + 0.6 * broad
        self.tile += 0.5 * band_noise(rng, size, diameter / 6)
        self.bends = Cloud(rng, shape, 16 * diameter), Cloud(rng, shape, 16 * diameter)
        self.reach = 3 * diameter
        self.angle = rng.uniform(0, math.pi)

    def rows(self, band: slice) -> Float:
        """Return the streaks in a band of rows, float32, (rows, X), deviation near 1."""
        dy, dx = self.bends[0].rows(band) * self.reach, self.bends[1].rows(band) * self.reach
        dy += np.arange(band.start, band.stop, dtype=np.float32)[:, None]
        dx += np.arange(dx.shape[1], dtype=np.float32)[None, :]
        cos, sin, size = math.cos(self.angle), math.sin(self.angle), len(self.tile)
        return _sample(self.tile, (dy * cos - dx * sin) % size, (dx * cos + dy * sin) % size)


def _sample(tile: Float, y: Float, x: Float) -> Float:
    """Read a periodic tile at fractional positions."""
    wide = np.pad(tile, 1, mode="wrap")
    return np.asarray(cv2.remap(wide, x + 1, y + 1, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
