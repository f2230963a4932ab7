"""Makes random views of images without labels, drawn by number so that a run can be resumed.

A pair is two views of one place for the methods that compare (SimCLR, BYOL), an image and its hidden part for
inpainting.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from hooke.datasets.layout import INDEX_NAME, find_image, read_entries
from hooke.errors import DatasetError, HookeError
from hooke.io import find_images, read_image
from hooke.preprocess import fit_normalisation
from hooke.training.augmentation.geometry import affine_at, warp_image
from hooke.training.augmentation.photometric import photometric
from hooke.training.devices import device_rank
from hooke.training.inputs import read_exclusions
from hooke.training.pretraining.config import PretrainConfig

_TRIES = 20  # images that may fail in a row before the run is given up


@dataclass(frozen=True)
class Pixels:
    """An image in memory, normalised.

    Parameters
    ----------
    values : ndarray of float16, shape (Y, X) or (Y, X, 3)
        0..1 for most pixels.
    colour : bool
        True where the colours mean something.
    """

    values: NDArray[np.float16]
    colour: bool


def list_images(config: PretrainConfig) -> list[Path]:
    """Image files of a run: of datasets those of its splits, of folders and patterns all.

    Raises
    ------
    DatasetError
        When nothing is left to train on, or the list of excluded ids is missing.
    ImageReadError
        When a path does not exist, or holds no image.
    """
    banned = read_exclusions(config.exclude)
    found: dict[Path, None] = {}
    for given in config.images:
        folder = Path(given).expanduser()
        if (folder / INDEX_NAME).is_file():
            entries = [entry.id for entry in read_entries(folder) if entry.split in config.splits]
            paths = [path for entry in entries if (path := find_image(folder, entry)) is not None]
        else:
            paths = find_images([given])
        found.update(dict.fromkeys(path for path in paths if path.stem not in banned))
    if not found:
        raise DatasetError(
            f"no image to train on in {', '.join(config.images)}", remedy="check images, splits and exclude"
        )
    return list(found)


def images_hash(paths: Sequence[Path]) -> str:
    """SHA-256 over names and contents: says what a run was trained on."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def load_pixels(path: Path) -> Pixels:
    """Read and normalise one image, as segmentation would."""
    image = read_image(path)
    normalisation = fit_normalisation(image)
    values = normalisation.apply(image.pixels)
    colour = normalisation.keeps_colours
    return Pixels((values if colour else values[..., 0]).astype(np.float16), colour)


def two_views(pixels: Pixels, config: PretrainConfig, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Two views of one place: each rotated, zoomed, shifted and lit in its own way.

    Views of one place, and not of one image as in SimCLR: a field of view is full of similar cells, and two
    far corners of it have less in common than two fields of the same stain.

    Returns
    -------
    Tensor, Tensor
        float32, shape (3, crop, crop).
    """
    height, width = pixels.values.shape[:2]
    place = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    first, second = (_view(pixels, place, config, rng) for _ in range(2))
    return first, second


def masked_view(pixels: Pixels, config: PretrainConfig, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """One look, and which of its pixels are to be hidden: whole squares of a grid, drawn at random.

    Returns
    -------
    image : Tensor of float32, shape (3, crop, crop)
    hidden : Tensor of float32, shape (1, crop, crop)
        1 where hidden.
    """
    height, width = pixels.values.shape[:2]
    image = _view(pixels, np.array([rng.uniform(0, width), rng.uniform(0, height)]), config, rng)
    cells = config.crop // config.mask_patch
    chosen = rng.permutation(cells**2) < max(1, round(config.mask_share * cells**2))
    hidden = chosen.reshape(cells, cells).repeat(config.mask_patch, 0).repeat(config.mask_patch, 1)
    return image, torch.from_numpy(hidden[None].astype(np.float32))


def _view(pixels: Pixels, place: NDArray[np.float64], config: PretrainConfig, rng: np.random.Generator) -> Tensor:
    zoom = float(np.exp(rng.uniform(*np.log(config.zoom))))
    x, y = place + rng.uniform(-1, 1, 2) * config.shift * config.crop / zoom
    height, width = pixels.values.shape[:2]
    matrix = affine_at(x, y, (height, width), config.crop, zoom, rng)
    image = warp_image(pixels.values, matrix, zoom, config.crop)
    image = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    changed = photometric(image, pixels.colour, config.photometric, rng)
    return torch.from_numpy(changed.transpose(2, 0, 1).copy())


class Views(IterableDataset[tuple[Tensor, Tensor]]):
    """Pairs by number: the same from the same seed, for any number of workers and any step at which a run continues.

    Parameters
    ----------
    paths : sequence of Path
    config : PretrainConfig
    start : int
        Step that the run begins or continues at.
    """

    def __init__(self, paths: Sequence[Path], config: PretrainConfig, start: int = 0) -> None:
        self.paths = paths
        self.config = config
        self.start = start
        self._draw = masked_view if config.method == "inpainting" else two_views

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        load = lru_cache(self.config.cached_images)(load_pixels)
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        # A worker fills whole batches, in turn with the others.
        rank, devices = device_rank()
        for batch in range(self.start + first, self.config.steps, step):
            begin = (batch * devices + rank) * self.config.batch
            for number in range(begin, begin + self.config.batch):
                rng = np.random.default_rng([self.config.seed, number])
                yield self._draw(self._some_image(load, rng), self.config, rng)

    def _some_image(self, load: Callable[[Path], Pixels], rng: np.random.Generator) -> Pixels:
        """Draw an image; where it can't be read, say so and draw another."""
        for _ in range(_TRIES):
            path = self.paths[int(rng.integers(len(self.paths)))]
            try:
                return load(path)
            except HookeError as error:
                warnings.warn(f"skipped: {error}", stacklevel=2)  # Python shows each message once
        raise DatasetError(f"{_TRIES} images in a row can't be read, such as {path}", remedy="check the images")


def view_loader(paths: Sequence[Path], config: PretrainConfig, start: int = 0) -> DataLoader[tuple[Tensor, Tensor]]:
    """Loader of the batches from step `start` to the run's last."""
    return DataLoader(Views(paths, config, start), batch_size=config.batch, num_workers=config.workers)
