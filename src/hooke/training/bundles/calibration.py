"""Collects what a network is shown of real images: tiles at its scale, on its intensity scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.datasets import IndexRow, read_index, read_sample
from hooke.image import Image
from hooke.labels.objects import find_objects
from hooke.models import Model, predict_maps
from hooke.models.scale import scale_for
from hooke.preprocess import Normalisation

TILES = 40
_SEED = 0


def calibration_tiles(model: Model, dataset: Path, count: int = TILES) -> list[NDArray[np.float32]]:
    """Tiles of training images, one an image, as the network gets them; fewer where there are fewer images.

    Parameters
    ----------
    model : Model
        Of its two networks the one that is not for colour images, where it has two.
    dataset : Path
        A hooke data set; objects are resized by the median diameter of its label images.
    count : int

    Returns
    -------
    list of ndarray of float32, shape (1, C, Y, X)

    Raises
    ------
    DatasetError
        When the data set can't be read.
    """
    rng = np.random.default_rng(_SEED)
    rows = [row for row in read_index(dataset) if row.split == "train" and row.nuclei]
    tiles: list[NDArray[np.float32]] = []
    for index in rng.permutation(len(rows)):
        image, labels = read_sample(dataset, rows[index].id)
        prepared = prepare(model, Image(image))
        if prepared is None:
            continue
        shown, normalisation = prepared
        diameter = float(np.median(np.sqrt(find_objects(labels).areas * (4 / np.pi))))
        tiles.append(_tile(model, shown, normalisation, scale_for(diameter, model.settings.diameter_band), rng))
        if len(tiles) == count:
            break
    return tiles


def images_of_split(dataset: Path, split: str) -> list[IndexRow]:
    """What the index of a data set says of the images of a split."""
    return [row for row in read_index(dataset) if row.split == split]


def prepare(model: Model, image: Image) -> tuple[Image, Normalisation] | None:
    """What a model's own network is shown of an image; None where its other network is, or nothing can be seen."""
    shown, normalisation = model.prepare_input(image)
    other = model.for_image(colour=normalisation.keeps_colours) is not model
    return None if other or normalisation.is_flat else (shown, normalisation)


def _tile(
    model: Model, image: Image, normalisation: Normalisation, scale: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """One of an image's tiles, drawn by chance."""
    seen: list[NDArray[np.float32]] = []

    def network(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        seen.append(batch)
        return np.zeros((1, model.maps, *batch.shape[2:]), np.float32)

    predict_maps(network, image.pixels, normalisation, scale=scale, maps=1, tiling=model.tiling)
    return seen[int(rng.integers(len(seen)))]
