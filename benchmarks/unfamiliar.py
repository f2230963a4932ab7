"""Simulates and lists images unlike the shipped models' training images: whole cells, photographs, data sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke import HookeError
from hooke.datasets import find_image, read_index, simulate
from hooke.io import find_images, read_image

STAINS = ("membrane", "cytoplasm", "filaments", "granules")
# A stained slide, which the models know, and microscopy that shows single cells.
MICROSCOPY = ("ihc", "cell")

Float = NDArray[np.float32]


def listed_images(source: Path, splits: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Group and path of each image of a hooke dataset's splits; of a folder without an index, of all its images."""
    if (source / "index.csv").exists():
        for row in read_index(source):
            path = find_image(source, row.id)
            if (not row.split or row.split in splits) and path is not None:
                yield source.name, path
    else:
        for path in find_images([source]):
            yield source.parent.name if source.name == "images" else source.name, path


def scikit_image_pictures(half: int) -> Iterator[tuple[str, Path]]:
    """Every second picture that scikit-image ships, by name: half 0 for fitting, half 1 for testing."""
    import skimage.data

    pictures = [path for path in find_images([Path(skimage.data.__file__).parent]) if path.stem not in MICROSCOPY]
    readable = []
    for path in sorted(pictures, key=lambda path: path.name):
        try:
            read_image(path)
        except HookeError:
            continue
        readable.append(path)
    for path in readable[half::2]:
        yield "photographs and drawings", path


def simulated_cells(seed: int) -> NDArray[np.uint8]:
    """Fluorescence of whole cells: membranes, cytoplasm with dark nuclei, filaments or granules, by the seed."""
    rng = np.random.default_rng(seed)
    diameter, side = float(rng.uniform(14, 30)), int(rng.choice([320, 400, 512]))
    nuclei = simulate((side, side), seed=seed, diameter=diameter, density=float(rng.uniform(0.03, 0.14)), bits=8).labels
    cells = _grown(nuclei, diameter * rng.uniform(0.6, 1.6) * (1 + 0.35 * _noise(rng, side, diameter / 2)))
    inside = cells > 0
    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5) / diameter
    stain = _stain(STAINS[seed % 4], rng, cells, nuclei > 0, np.clip(depth * rng.uniform(1.5, 4), 0, 1))
    brightness = rng.gamma(5, 0.2, int(nuclei.max()) + 1)[cells]
    light = cv2.GaussianBlur((stain * brightness * inside).astype(np.float32), (0, 0), rng.uniform(0.7, 1.5))
    light = 0.05 + light / np.percentile(light, 99.7) * rng.uniform(0.5, 0.95)
    return _camera(rng, light, 255)


def simulated_nuclei(modality: str) -> Callable[[int], NDArray[np.generic]]:
    """Make a function that simulates a field of nuclei, by its seed."""

    def make(seed: int) -> NDArray[np.generic]:
        rng = np.random.default_rng(seed + 77)
        side = int(rng.choice([256, 320, 400]))
        return simulate(
            (side, side),
            seed=900 + seed,
            diameter=float(rng.uniform(9, 60)),
            density=float(rng.uniform(0.03, 0.45)),
            overlap=float(rng.uniform(0, 0.3)),
            modality=modality,
            bits=8,
        ).image

    return make


def _stain(
    kind: str, rng: np.random.Generator, cells: NDArray[np.int32], nuclei: NDArray[np.bool_], body: Float
) -> NDArray[np.floating]:
    side = len(cells)
    if kind == "membrane":
        ids = cells.astype(np.float32)
        edge = (cv2.erode(ids, np.ones((3, 3))) != cv2.dilate(ids, np.ones((3, 3)))).astype(np.float32)
        return 0.25 * body + cv2.GaussianBlur(edge, (0, 0), rng.uniform(0.8, 1.6)) * rng.uniform(2, 4)
    if kind == "cytoplasm":
        return body * (1 + 0.3 * _noise(rng, side, 2)) * np.where(nuclei, rng.uniform(0.2, 0.6), 1)
    if kind == "filaments":
        angle, kernel = rng.uniform(0, np.pi), np.zeros((31, 31), np.float32)
        y, x = 14 * np.sin(angle), 14 * np.cos(angle)
        cv2.line(kernel, (int(15 - x), int(15 - y)), (int(15 + x), int(15 + y)), 1, 1)
        fibres = cv2.filter2D(rng.normal(0, 1, cells.shape).astype(np.float32), -1, kernel / kernel.sum())
        return body * np.clip(0.5 + 0.5 * fibres / fibres.std(), 0, None)
    granules = body * np.clip(_noise(rng, side, 1.2) - 0.3, 0, None) + 0.15 * body
    return granules * np.where(nuclei, 0.3, 1)


def _grown(nuclei: NDArray[np.int32], reach: Float) -> NDArray[np.int32]:
    """Give each pixel to the nearest nucleus, where that is near enough."""
    outside = (nuclei == 0).astype(np.uint8)
    distance, nearest = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    owner = np.zeros(int(nearest.max()) + 1, np.int32)
    owner[nearest[nuclei > 0]] = nuclei[nuclei > 0]
    return np.where((nuclei > 0) | (distance < reach), owner[nearest], 0)


def _noise(rng: np.random.Generator, side: int, sigma: float) -> Float:
    smooth = cv2.GaussianBlur(rng.normal(0, 1, (side, side)).astype(np.float32), (0, 0), sigma)
    return smooth / smooth.std()


def _camera(rng: np.random.Generator, light: Float, white: float) -> NDArray[np.uint8]:
    noisy = light + rng.normal(0, rng.uniform(0.005, 0.03), light.shape)
    return np.clip(noisy * white, 0, 255).astype(np.uint8)
