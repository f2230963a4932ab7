"""Collects what a network is shown of real images: tiles at its scale, on its intensity scale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hooke.datasets import IndexRow, read_index, read_sample
from hooke.image import Image
from hooke.models import Model, predict_maps
from hooke.models.scale import scale_for
from hooke.pipeline.source import image_of_source
from hooke.preprocess import Normalisation
from hooke.targets import equivalent_diameters

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
    shown = images_for(model, dataset, (rows[index] for index in rng.permutation(len(rows))))
    return [_tile(model, sample, rng) for sample in islice(shown, count)]


class Shown(NamedTuple):
    """An image of a data set, and what a network is shown of it.

    Parameters
    ----------
    row : IndexRow
    image : Image
    labels : ndarray of int32, shape (Y, X)
    input : Image
    normalisation : Normalisation
    """

    row: IndexRow
    image: Image
    labels: NDArray[np.int32]
    input: Image
    normalisation: Normalisation


def images_for(model: Model, dataset: Path, rows: Iterable[IndexRow]) -> Iterator[Shown]:
    """Read images of a data set; those that go to a model's other network, or show nothing, are left out.

    Parameters
    ----------
    model : Model
    dataset : Path
    rows : iterable of IndexRow
    """
    for row in rows:
        pixels, labels = read_sample(dataset, row.id)
        image = image_of_source(pixels)
        shown, normalisation = model.prepare_input(image)
        if model.for_image(colour=normalisation.keeps_colours) is model and not normalisation.is_flat:
            yield Shown(row, image, labels, shown, normalisation)


def _tile(model: Model, sample: Shown, rng: np.random.Generator) -> NDArray[np.float32]:
    """One of an image's tiles, drawn by chance."""
    seen: list[NDArray[np.float32]] = []

    def network(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        seen.append(batch)
        return np.zeros((1, model.maps, *batch.shape[2:]), np.float32)

    ids = np.unique(sample.labels[sample.labels > 0])
    diameter = float(np.median(equivalent_diameters(sample.labels)[ids]))
    scale = scale_for(diameter, model.settings.diameter_band)
    predict_maps(network, sample.input.pixels, sample.normalisation, scale=scale, maps=1, tiling=model.tiling)
    return seen[int(rng.integers(len(seen)))]
