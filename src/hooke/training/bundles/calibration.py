"""Collects what a network is shown of real images: tiles at its scale, on its intensity scale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import cycle, islice, zip_longest
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hooke.corrections import CorrectedImage
from hooke.datasets import IndexRow, read_index, read_sample
from hooke.image import Image
from hooke.models import Model, predict_maps
from hooke.models.scale import scale_for
from hooke.pipeline import SegmentOptions
from hooke.pipeline.examination import wanted_channel
from hooke.pipeline.first_pass import fits_scale, resize_field, spread_fields
from hooke.pipeline.source import image_of_source
from hooke.preprocess import AS_IT_IS, Normalisation
from hooke.targets import HasDiameterMap, equivalent_diameters

TILES = 40
_FIELDS = 40  # of the first pass, where nuclei are larger or smaller than in tiles: diameters are measured there
_FIELD_SCALES = (1.0, 0.5, 2.0)
_SEED = 0


def calibration_tiles(model: Model, dataset: Path, count: int = TILES) -> list[NDArray[np.float32]]:
    """Tiles of training images, one an image, as the network gets them; of further images a field of the first pass.

    There are fewer where there are fewer images.

    Parameters
    ----------
    model : Model
        Of its two networks the one that is not for colour images, where it has two.
    dataset : Path
        A hooke data set; objects are resized by the median diameter of its label images.
    count : int
        Of tiles.

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
    tiles = [_tile(model, sample, rng) for sample in islice(shown, count)]
    return tiles + _fields(model, ((sample.input, sample.normalisation) for sample in shown), rng)


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


def corrected_tiles(model: Model, images: Iterable[CorrectedImage], count: int = TILES) -> list[NDArray[np.float32]]:
    """Tiles of images in memory, spread over them, and fields of the first pass, as the network gets them.

    Parameters
    ----------
    model : Model
        The network itself: images are not sorted by whether they are its own.
    images : iterable of CorrectedImage
        Those without any object are left out.
    count : int
        Of tiles at most.

    Returns
    -------
    list of ndarray of float32, shape (1, C, Y, X)
    """
    rng = np.random.default_rng(_SEED)
    by_image, inputs = [], []
    for image in images:
        if image.count:
            shown, normalisation = model.prepare_input(
                image.image, wanted_channel(image.image, model, SegmentOptions())
            )
            tiles = _tiles(model, shown, normalisation, image.labels)
            by_image.append([tiles[index] for index in rng.permutation(len(tiles))])
            inputs += [(shown, normalisation)] * len(_FIELD_SCALES)
    # The first of each, then the second of each, and so on.
    spread = [tile for row in zip_longest(*by_image) for tile in row if tile is not None][:count]
    return spread + _fields(model, inputs, rng)


def _tile(model: Model, sample: Shown, rng: np.random.Generator) -> NDArray[np.float32]:
    """One of an image's tiles, drawn by chance."""
    tiles = _tiles(model, sample.input, sample.normalisation, sample.labels)
    return tiles[int(rng.integers(len(tiles)))]


def _tiles(
    model: Model, shown: Image, normalisation: Normalisation, labels: NDArray[np.int32]
) -> list[NDArray[np.float32]]:
    """Cut an image into tiles, at the scale of its true objects."""
    ids = np.unique(labels[labels > 0])
    diameter = float(np.median(equivalent_diameters(labels)[ids]))
    return _inputs(model, shown.pixels, normalisation, scale_for(diameter, model.settings.diameter_band))


def _fields(
    model: Model, images: Iterable[tuple[Image, Normalisation]], rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """A field of each image, drawn by chance, on a scale of the first pass; none for a network without that."""
    if not (isinstance(model.scheme, HasDiameterMap) and model.scheme.first_pass_maps):
        return []
    fields = []
    for (shown, normalisation), wanted in zip(islice(images, _FIELDS), cycle(_FIELD_SCALES), strict=False):
        pixels = shown.pixels
        scale = wanted if fits_scale(pixels.shape, wanted) else 1.0
        places = spread_fields(pixels.shape, scale)
        window = normalisation.apply(resize_field(pixels[places[int(rng.integers(len(places)))]], normalisation, scale))
        fields.append(_inputs(model, window, AS_IT_IS, 1.0)[0])
    return fields


def _inputs(
    model: Model, pixels: NDArray[np.generic], normalisation: Normalisation, scale: float
) -> list[NDArray[np.float32]]:
    """What the network is given of pixels, tile by tile."""
    seen: list[NDArray[np.float32]] = []

    def network(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        seen.append(batch)
        return np.zeros((1, model.maps, *batch.shape[2:]), np.float32)

    predict_maps(network, pixels, normalisation, scale=scale, maps=1, tiling=model.tiling)
    return seen
