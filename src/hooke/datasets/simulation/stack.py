"""Simulates stacks in depth: ellipsoids that touch, seen through a microscope that blurs more in depth than across.

The field is drawn on a grid of cubes of one pixel and blurred there; planes are then taken at their distance. So stacks
of other anisotropy show the same nuclei.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.datasets.simulation.microscope import Camera
from hooke.datasets.simulation.noise_texture import band_noise
from hooke.errors import ConfigError
from hooke.labels import find_runs

Floats = NDArray[np.float64]
Float = NDArray[np.float32]

_TRIES = 60  # places that are tried for each nucleus
_CLOSEST = 0.97  # of the distance at which two ellipsoids touch, the least of two centres
_TEXTURE = 0.16  # standard deviation of chromatin within a nucleus
_EDGE = 1.0  # pixels over which the stain falls off at the border
_OFFSET, _GAIN = 0.03, 0.34  # of the camera's full scale
_GLOW = 0.05  # of the light, spread far in depth as in a widefield microscope
_LEAST_SHOWN = 0.03  # of its volume, which a nucleus must show to be true


@dataclass(frozen=True)
class StackSettings:
    """How a simulated stack looks.

    Parameters
    ----------
    shape : (int, int, int)
        Depth, height and width of the field, all in pixels.
    anisotropy : float
        Distance of two planes in pixels.
    diameter : float
        Median diameter of a nucleus in pixels.
    density : float
        Share of the volume that nuclei are to cover; where there is no room left, fewer are drawn.
    touching : float
        Share of the nuclei that are put against another, above, below or beside it.
    blur, blur_z : float
        Standard deviation of the point spread function in pixels, across and in depth.
    noise : float
        Standard deviation of the noise, as a fraction of a typical nucleus' brightness.
    times : int
        Frames in time; nuclei move between them.
    displacement : float
        Largest step from frame to frame in diameters, uniform in a ball of this radius; a nucleus that has no room
        there stays.
    """

    shape: tuple[int, int, int] = (60, 256, 256)
    anisotropy: float = 3.0
    diameter: float = 22.0
    density: float = 0.12
    touching: float = 0.4
    blur: float = 1.0
    blur_z: float = 2.5
    noise: float = 0.05
    times: int = 1
    displacement: float = 0.25


@dataclass(frozen=True, eq=False)
class SimulatedStack:
    """A simulated stack and its truth.

    Parameters
    ----------
    image : ndarray of uint8, shape (Z, Y, X), or (T, Z, Y, X) of several frames
        What a camera would have stored.
    labels : ndarray of int32, of the same shape
        0 background, 1..n nuclei: those whose ellipsoid the centre of a voxel lies in; the same numbers in all frames.
    anisotropy : float
        Distance of two planes in pixels.
    """

    image: NDArray[np.uint8]
    labels: NDArray[np.int32]
    anisotropy: float

    @property
    def count(self) -> int:
        """Number of nuclei."""
        return int(self.labels.max(initial=0))


def simulate_stack(settings: StackSettings | None = None, *, seed: int | np.random.Generator = 0) -> SimulatedStack:
    """Draw a stack of planes through ellipsoid nuclei, with its truth.

    Parameters
    ----------
    settings : StackSettings, optional
    seed : int or numpy.random.Generator
        Source of every random number; the same seed and settings give the same stack.

    Returns
    -------
    SimulatedStack

    Raises
    ------
    ConfigError
        When a setting is out of its range.

    Examples
    --------
    >>> made = simulate_stack(StackSettings(shape=(24, 64, 64)), seed=1)
    >>> made.image.shape, made.labels.dtype.name, made.count > 1
    ((8, 64, 64), 'int32', True)
    """
    settings = settings or StackSettings()
    _check(settings)
    rng = seed if isinstance(seed, np.random.Generator) else np.random.default_rng(seed)
    cells = _place(settings, rng)
    frames = []
    for time in range(settings.times):
        cells = _moved(cells, settings, rng) if time else cells
        frames.append(_expose(cells, settings, rng))
    image, labels = (np.stack(parts) for parts in zip(*frames, strict=True))
    labels = _without_slivers(labels, cells, settings.anisotropy)
    if settings.times == 1:
        image, labels = image[0], labels[0]
    return SimulatedStack(image, labels, settings.anisotropy)


def _expose(
    cells: list[_Cell], settings: StackSettings, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Image and labels of one frame, nuclei numbered as they are listed."""
    # On the grid of cubes for the light, and at the planes for the truth.
    fine, depth = _paint(cells, settings.shape, np.arange(settings.shape[0], dtype=np.float64))
    light = _stain(cells, fine, depth, rng)
    light = _blurred(light, settings.blur, settings.blur_z) + _GLOW * _blurred(light, 3.0, settings.diameter)
    at = np.arange((settings.anisotropy - 1) / 2, settings.shape[0] - 0.5, settings.anisotropy)
    labels, _ = _paint(cells, settings.shape, at)
    camera = Camera(rng, settings.noise, 0.0, 255)
    planes = [camera.expose(_OFFSET + _GAIN * _plane_at(light, place), typical=_GAIN) for place in at.tolist()]
    return np.stack(planes).astype(np.uint8), labels


def _check(settings: StackSettings) -> None:
    ranges = {
        "anisotropy": (settings.anisotropy, 1, 100),
        "diameter": (settings.diameter, 4, math.inf),
        "density": (settings.density, 0, 0.5),
        "touching": (settings.touching, 0, 1),
        "blur": (settings.blur, 0, 100),
        "blur_z": (settings.blur_z, 0, 100),
        "noise": (settings.noise, 0, 1),
        "times": (settings.times, 1, 100_000),
        "displacement": (settings.displacement, 0, 10),
    }
    for name, (value, low, high) in ranges.items():
        if not low <= value <= high:
            raise ConfigError(f"{name} is {value}", remedy=f"choose a value from {low} to {high}")
    if len(settings.shape) != 3 or min(settings.shape) < 1 or settings.shape[0] < settings.anisotropy:
        remedy = "give a depth of one plane or more, a height and a width, in pixels"
        raise ConfigError(f"shape is {settings.shape}, anisotropy {settings.anisotropy:g}", remedy=remedy)


@dataclass(frozen=True, eq=False)
class _Cell:
    """An ellipsoid: its centre (z, y, x), half axes in pixels, and axes as rows of a rotation."""

    centre: Floats
    radii: Floats
    axes: Floats
    stain: float

    @property
    def volume(self) -> float:
        return float(4 / 3 * math.pi * np.prod(self.radii))

    @property
    def form(self) -> Floats:
        """Matrix of the quadratic form that is 1 on the surface."""
        return np.asarray(self.axes.T @ np.diag(1 / self.radii**2) @ self.axes)

    @property
    def reach(self) -> Floats:
        """Half the sides of the box around it."""
        return np.asarray(np.sqrt(np.diag(self.axes.T @ np.diag(self.radii**2) @ self.axes)))

    def extent(self, direction: Floats) -> float:
        """Distance from the centre to the plane across a direction that touches the surface."""
        return float(np.sqrt(((self.axes @ direction) * self.radii) @ ((self.axes @ direction) * self.radii)))


def _place(settings: StackSettings, rng: np.random.Generator) -> list[_Cell]:
    """Put nuclei into the field, and around it, until they cover their share or no room is left."""
    margin = settings.diameter / 2
    low, high = np.full(3, -margin), np.asarray(settings.shape, float) + margin
    room = settings.density * float(np.prod(high - low))
    cells: list[_Cell] = []
    while room > 0:
        cell = next(filter(None, (_draw(settings, rng, cells, low, high) for _ in range(_TRIES))), None)
        if cell is None:
            break
        cells.append(cell)
        room -= cell.volume
    return cells


def _draw(
    settings: StackSettings, rng: np.random.Generator, cells: list[_Cell], low: Floats, high: Floats
) -> _Cell | None:
    """A nucleus anywhere, or against another; None where it has no room."""
    radius = settings.diameter / 2 * math.exp(rng.normal(0, 0.12))
    ratio = np.exp(rng.normal(0, 0.15, 3))
    radii = radius * ratio / np.prod(ratio) ** (1 / 3)
    axes = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    cell = _Cell(rng.uniform(low, high), radii, axes, float(np.clip(math.exp(rng.normal(0, 0.2)), 0.6, 1.7)))
    if cells and rng.random() < settings.touching:
        other = cells[int(rng.integers(len(cells)))]
        direction = rng.normal(size=3)
        direction /= np.linalg.norm(direction)
        centre = other.centre + direction * (other.extent(direction) + cell.extent(direction))
        cell = _Cell(centre, cell.radii, cell.axes, cell.stain)
    if (cell.centre < low).any() or (cell.centre > high).any():
        return None
    return cell if _has_room(cell, cells) else None


def _has_room(cell: _Cell, others: list[_Cell]) -> bool:
    """Whether a nucleus overlaps no other by much."""
    for other in others:
        apart = cell.centre - other.centre
        distance = float(np.linalg.norm(apart))
        if distance < cell.radii.max() + other.radii.max():
            # The planes that touch both across the line of centres: no two ellipsoids apart there overlap.
            along = apart / max(distance, 1e-9)
            if distance < _CLOSEST * (cell.extent(along) + other.extent(along)):
                return False
    return True


def _moved(cells: list[_Cell], settings: StackSettings, rng: np.random.Generator) -> list[_Cell]:
    """The nuclei a frame later, each where it has room."""
    later = list(cells)
    for number, cell in enumerate(cells):
        step = rng.normal(size=3)
        step *= settings.displacement * settings.diameter * float(rng.uniform() ** (1 / 3) / np.linalg.norm(step))
        moved = _Cell(cell.centre + step, cell.radii, cell.axes, cell.stain)
        if _has_room(moved, later[:number] + later[number + 1 :]):
            later[number] = moved
    return later


def _paint(cells: list[_Cell], shape: tuple[int, int, int], at: Floats) -> tuple[NDArray[np.int32], Float]:
    """The nucleus that each voxel lies in, at some depths; and how deep, 1 at its centre and 0 at its surface."""
    labels = np.zeros((len(at), *shape[1:]), np.int32)
    depth = np.zeros(labels.shape, np.float32)
    for number, cell in enumerate(cells, 1):
        first, last = cell.centre - cell.reach, cell.centre + cell.reach
        planes = slice(*np.searchsorted(at, (first[0], last[0])).tolist())
        rows, columns = (slice(max(0, math.ceil(first[axis])), max(0, math.floor(last[axis]) + 1)) for axis in (1, 2))
        window = (planes, rows, columns)
        if not labels[window].size:
            continue
        z = at[planes] - cell.centre[0]
        y, x = (np.arange(shape[axis])[window[axis]] - cell.centre[axis] for axis in (1, 2))
        form = cell.form
        across = form[1, 1] * y[:, None] ** 2 + form[2, 2] * x**2 + 2 * form[1, 2] * y[:, None] * x
        tilt = 2 * (form[0, 1] * y[:, None] + form[0, 2] * x)
        inside = 1 - (across + z[:, None, None] * tilt + form[0, 0] * z[:, None, None] ** 2)
        deepest = inside > depth[window]
        labels[window][deepest] = number
        depth[window][deepest] = inside[deepest]
    return labels, depth


def _stain(cells: list[_Cell], labels: NDArray[np.int32], depth: Float, rng: np.random.Generator) -> Float:
    """Chromatin: each nucleus' own amount, uneven within, falling off at its border."""
    amount = np.array([0.0, *(cell.stain for cell in cells)], np.float32)
    radius = np.array([1.0, *(np.prod(cell.radii) ** (1 / 3) for cell in cells)], np.float32)
    # From depth (1 less the square of the relative radius) to pixels below the surface.
    below = radius[labels] * (1 - np.sqrt(np.maximum(1 - depth, 0)))
    light = amount[labels] * np.clip(below / _EDGE, 0, 1)
    size = max(64, 2 ** math.ceil(math.log2(max(labels.shape[1:]))))
    tile = band_noise(rng, size, 8.0)
    for index, plane in enumerate(light):
        # Another place of the tile in each plane, moving slowly, so that chromatin is continuous in depth.
        texture = np.roll(tile, (index // 2, -(index // 3)), axis=(0, 1))[: plane.shape[0], : plane.shape[1]]
        plane *= np.maximum(1 + np.float32(_TEXTURE) * texture, np.float32(0.2))
    return np.asarray(light, np.float32)


def _blurred(light: Float, across: float, along: float) -> Float:
    """Blur in the plane and in depth; beyond the field there is no light."""
    blurred = light
    if across > 0:
        blurred = np.stack(
            [cv2.GaussianBlur(plane, (0, 0), across, borderType=cv2.BORDER_REPLICATE) for plane in light]
        )
    if along > 0:
        kernel = cv2.getGaussianKernel(2 * math.ceil(3 * along) + 1, along)
        columns = blurred.reshape(len(blurred), -1)
        smooth = cv2.sepFilter2D(columns, -1, np.ones(1), kernel, borderType=cv2.BORDER_REPLICATE)
        blurred = np.asarray(smooth, np.float32).reshape(blurred.shape)
    return np.asarray(blurred, np.float32)


def _plane_at(light: Float, place: float) -> Float:
    """The light between two planes of the fine grid."""
    lower = min(int(place), len(light) - 1)
    upper = min(lower + 1, len(light) - 1)
    share = np.float32(place - lower)
    return np.asarray((1 - share) * light[lower] + share * light[upper], np.float32)


def _without_slivers(labels: NDArray[np.int32], cells: list[_Cell], anisotropy: float) -> NDArray[np.int32]:
    """Leave out nuclei of which a frame shows too little, and number those of all frames from 1."""
    voxels = np.zeros((len(labels), len(cells) + 1))
    for time, frame in enumerate(labels):
        for plane in frame:
            runs = find_runs(plane)
            voxels[time, runs.ids] += runs.sum(runs.length)
    volumes = np.array([math.inf, *(cell.volume for cell in cells)])
    shown = voxels * anisotropy >= _LEAST_SHOWN * volumes
    ever = shown.any(axis=0)
    number = np.where(shown, np.cumsum(ever), 0).astype(np.int32)
    return np.stack([number[time][frame] for time, frame in enumerate(labels)])
