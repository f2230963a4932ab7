"""Simulated nuclei with known truth: a seed and a few optical settings in; an image and its label image out.

The steps are those of a microscope slide: nuclei are placed (`_place`), each is painted as an amount of
chromatin in its own bounding box (`_paint`), and the modality turns chromatin into light (`_fluorescence`,
`_histology`, `_brightfield`), band of rows by band of rows, so that time and memory grow with the image only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.preprocess.modality import MODALITIES, Modality

__all__ = ["Modality", "Simulated", "simulate"]

Float = NDArray[np.float32]

# Optical density per unit of stain in red, green, blue: Ruifrok & Johnston (2001), table 1.
HAEMATOXYLIN = (0.65, 0.70, 0.29)
EOSIN = (0.07, 0.99, 0.11)

BAND_ROWS = 256  # rows rendered at a time; part of what a seed means, since noise is drawn band by band
MIN_PIXELS = 12  # a smaller visible remnant of a nucleus is not worth a label
MIN_VISIBLE = 0.5  # of a nucleus' area, after its neighbours and the image's border have had their share
GAP = 2  # pixels of background that a nucleus which does not touch keeps around it


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
    slide = _Slide(shape, rng, diameter, modality)
    _place(slide, density, diameter_spread, overlap)
    chromatin = slide.chromatin
    if blur > 0:
        cv2.GaussianBlur(chromatin, (0, 0), blur, dst=chromatin)
    camera = _Camera(rng, noise, uneven_light, 2**bits - 1)
    image = _RENDERERS[modality](slide, chromatin, camera)
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


# --- the slide: where nuclei lie, and how much chromatin there is in each pixel -----------------------------------


class _Slide:
    """The planes that nuclei are drawn into, and the texture that their chromatin is cut from."""

    def __init__(self, shape: tuple[int, int], rng: np.random.Generator, diameter: float, modality: Modality) -> None:
        self.rng = rng
        self.diameter = diameter
        self.modality = modality
        self.labels: NDArray[np.int32] = np.zeros(shape, np.int32)
        self.chromatin: Float = np.zeros(shape, np.float32)
        self.nuclei: list[_Nucleus] = []
        size = int(np.clip(2 ** math.ceil(math.log2(4 * diameter)), 128, 2048))
        self.texture = _band_noise(rng, size, diameter / 6) * 0.7 + _band_noise(rng, size, diameter / 2.5) * 0.5

    def texture_crop(self, shape: tuple[int, ...]) -> Float:
        """Cut a piece of chromatin texture at a random place; the tile is periodic."""
        size = len(self.texture)
        top, left = self.rng.integers(0, size, 2)
        crop: Float = self.texture[np.ix_((top + np.arange(shape[0])) % size, (left + np.arange(shape[1])) % size)]
        return crop


@dataclass(frozen=True)
class _Nucleus:
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


def _place(slide: _Slide, density: float, spread: float, overlap: float) -> None:
    """Add nuclei to the slide until they cover the asked-for fraction of it, or no room is found any more."""
    wanted = density * slide.labels.size
    covered = 0.0
    attempts_left = 40 + int(6 * wanted / (0.785 * slide.diameter**2))
    while covered < wanted and attempts_left > 0:
        attempts_left -= 1
        touches = bool(slide.rng.random() < overlap)
        nucleus = _draw_nucleus(slide, spread, beside_another=touches and slide.rng.random() < 0.7)
        covered += _add(slide, nucleus, overlap if touches else None)


def _draw_nucleus(slide: _Slide, spread: float, *, beside_another: bool) -> _Nucleus:
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
    return _Nucleus(
        centre=centre,
        semi_axes=(radius * math.sqrt(elongation), radius / math.sqrt(elongation)),
        angle=rng.uniform(0, math.pi),
        amplitudes=tuple(np.abs(rng.normal(0, 0.13, 4)) / order),
        phases=tuple(rng.uniform(0, 2 * math.pi, 4)),
        stain=float(np.clip(math.exp(rng.normal(0, 0.28)), 0.5, 2.0)) * (2.2 if mitotic else 1.0),
        softness=1.0 + defocus,
        condensed=1.0 if mitotic else float(rng.beta(1.2, 1.2)),
    )


def _centre(slide: _Slide, radius: float, beside_another: bool) -> tuple[float, float]:
    """Choose a centre (y, x): anywhere, or against a nucleus that is already there."""
    height, width = slide.labels.shape
    if not (beside_another and slide.nuclei):
        return slide.rng.uniform(0, height), slide.rng.uniform(0, width)
    other = slide.nuclei[int(slide.rng.integers(len(slide.nuclei)))]
    distance = (radius + other.radius) * slide.rng.uniform(0.8, 1.1)
    direction = slide.rng.uniform(0, 2 * math.pi)
    return other.centre[0] + distance * math.sin(direction), other.centre[1] + distance * math.cos(direction)


def _add(slide: _Slide, nucleus: _Nucleus, overlap: float | None) -> int:
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


def _polar(nucleus: _Nucleus, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], Float, Float]:
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


def _paint(slide: _Slide, nucleus: _Nucleus, window: tuple[slice, slice], depth: Float, theta: Float) -> None:
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


# --- random fields ------------------------------------------------------------------------------------------------


def _band_noise(rng: np.random.Generator, size: int, wavelength: float, stretch: float = 1.0) -> Float:
    """Make a periodic (size, size) tile of noise around one wavelength, mean 0 and deviation 1.

    `stretch` lengthens the structures along x.
    """
    fy, fx = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :]
    frequency = np.hypot(fy, fx * stretch) * max(wavelength, 2.5)
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * np.exp(-((frequency - 1) ** 2) / (2 * 0.35**2))
    spectrum[0, 0] = 0
    tile = np.fft.irfft2(spectrum, s=(size, size))
    return np.asarray(tile / max(tile.std(), 1e-12), np.float32)


class _Cloud:
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


class _Fibres:
    """Tissue-like streaks: an elongated noise tile looked at through a smooth distortion."""

    def __init__(self, rng: np.random.Generator, shape: tuple[int, ...], diameter: float, stretch: float) -> None:
        size = int(np.clip(2 ** math.ceil(math.log2(12 * diameter)), 256, 1024))
        broad = _band_noise(rng, size, diameter / 2.2, stretch)
        self.tile = 0.6 * _band_noise(rng, size, diameter / 4, stretch) + 0.6 * broad
        self.tile += 0.5 * _band_noise(rng, size, diameter / 6)
        self.bends = _Cloud(rng, shape, 16 * diameter), _Cloud(rng, shape, 16 * diameter)
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


# --- modalities: chromatin to light -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Camera:
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


def _fluorescence(slide: _Slide, chromatin: Float, camera: _Camera) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Bright nuclei on dark: glow from out of focus, autofluorescence, specks of debris."""
    rng, shape = slide.rng, chromatin.shape
    _add_debris(slide, chromatin)
    glow = _glow(chromatin, slide.diameter * 0.8)
    haze = _Cloud(rng, shape, slide.diameter * 8)
    offset, autofluorescence, gain = rng.uniform(0.015, 0.04), rng.uniform(0.005, 0.03), rng.uniform(0.28, 0.4)
    light, image = camera.light(shape), camera.empty(shape)
    for band in _bands(shape[0]):
        emitted = gain * (chromatin[band] + 0.12 * glow[band]) + autofluorescence * np.exp(0.5 * haze.rows(band))
        image[band] = camera.expose(offset + emitted * light(band), typical=gain)
    return image


def _add_debris(slide: _Slide, chromatin: Float) -> None:
    """Add small bright specks that are no nuclei, one for about twelve of them."""
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


def _histology(slide: _Slide, chromatin: Float, camera: _Camera) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Purple nuclei on pink fibrous tissue with pale gaps: light is absorbed by two stains (Beer and Lambert)."""
    rng, shape = slide.rng, chromatin.shape
    stains = _stain_vectors(rng)
    dark, pink = rng.uniform(0.65, 1.0), rng.uniform(0.2, 0.38)
    lamp = np.asarray(rng.uniform(0.9, 0.97) * np.array([1, 0.985, 0.995]), np.float32)
    fibres, gaps, haze = (
        _Fibres(rng, shape, slide.diameter, stretch=4),
        _Cloud(rng, shape, slide.diameter * 7),
        _Cloud(rng, shape, slide.diameter * 3),
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


def _brightfield(slide: _Slide, chromatin: Float, camera: _Camera) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Dark nuclei in pale grey cytoplasm on a light background, as in a smear."""
    rng, shape = slide.rng, chromatin.shape
    cytoplasm = _cytoplasm(slide)
    grain = _Fibres(rng, shape, slide.diameter * 0.6, stretch=1)
    lamp, dark, pale = rng.uniform(0.82, 0.93), rng.uniform(0.3, 0.5), rng.uniform(0.05, 0.11)
    light, image = camera.light(shape), camera.empty(shape)
    for band in _bands(shape[0]):
        body = cytoplasm[band] * np.maximum(1 + 0.15 * grain.rows(band), 0.2)
        density = dark * chromatin[band] + pale * body
        image[band] = camera.expose(lamp * np.power(np.float32(10), -density) * light(band), typical=0.25)
    return image


def _cytoplasm(slide: _Slide) -> Float:
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


_RENDERERS: dict[str, Callable[[_Slide, Float, _Camera], NDArray[np.uint8] | NDArray[np.uint16]]] = {
    "fluorescence": _fluorescence,
    "histology": _histology,
    "brightfield": _brightfield,
}
