"""What a network knows already: simulated images, or those of a data set, for it to remember while it learns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.corrections import CorrectedImage
from hooke.datasets import find_image, find_labels, read_index, simulate
from hooke.errors import DatasetError
from hooke.image import Image
from hooke.io import read_image, read_labels
from hooke.models import Model
from hooke.preprocess.modality import Modality
from hooke.training.adaptation.held_out import Checked, whole
from hooke.training.augmentation.crops import Sample
from hooke.training.samples import make_sample

_SIMULATED = 24
_MOST = 80  # images of a data set to learn from: more are not needed to remember
_CHECKED = 24  # images, at most, that are scored before and after
_SIDE = 320  # pixels, of a simulated image
_BODIES = 40  # at most, in one


Grey = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Kept:
    """Images of what a network knows.

    Parameters
    ----------
    train : list of Sample
        To be mixed in.
    check : list of Checked
        Others, to be scored before and after.
    name : str
        What they are, in words.
    labelled : bool
        Whether their labels are the truth to learn; otherwise the network learns to answer as it did before.
    """

    train: list[Sample]
    check: list[Checked]
    name: str
    labelled: bool


def simulated_samples(model: Model, colour: bool, seed: int, count: int = _SIMULATED) -> Kept:
    """Simulated images of the kinds that a network is for: `count` to learn from, and half as many to check by.

    Their truth is the simulator's, not a person's: a network learns of them to answer as before, so that no simulated
    outline is taken up. Of a model for parts of larger objects they show nuclei, and the truth is small bodies beside
    these.
    """
    rng = np.random.default_rng([seed, 7])
    kinds: tuple[Modality, ...] = ("histology",) if colour else ("fluorescence", "fluorescence", "brightfield")
    parts = model.settings.diameter_share if model.settings.diameter_of is not None else None
    made = []
    for number in range(count + count // 2):
        diameter = float(np.exp(rng.uniform(np.log(14 if parts is None else 28), np.log(48))))
        field = simulate(
            (_SIDE, _SIDE),
            seed=rng,
            density=float(rng.uniform(0.05, 0.45)),
            diameter=diameter,
            blur=float(rng.uniform(0.5, 1.6)),
            noise=float(rng.uniform(0.02, 0.1)),
            modality=kinds[number % len(kinds)] if parts is None else "fluorescence",
        )
        pixels, labels = field.image, field.labels
        if parts is not None:
            pixels, labels = _add_bodies(pixels, labels, diameter, parts, rng)
        made.append(CorrectedImage(f"simulated {number}", Image(pixels, is_rgb=colour), labels))
    train = [_sample(model, source) for source in made[:count]]
    return Kept(train, [whole(source) for source in made[count:]], "simulated images", labelled=False)


def _add_bodies(
    pixels: Grey, nuclei: NDArray[np.int32], diameter: float, share: float, rng: np.random.Generator
) -> tuple[Grey, NDArray[np.int32]]:
    """Add small round bodies beside nuclei of a diameter, and give them alone as labels."""
    away = cv2.distanceTransform((nuclei == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    light, bodies = np.zeros(nuclei.shape, np.float32), np.zeros(nuclei.shape, np.int32)
    size = share * diameter
    places = rng.permutation(np.argwhere((away > size) & (away < diameter / 2)))
    for y, x in places[:: max(1, len(places) // _BODIES)].tolist():
        radius = max(1, round(rng.uniform(0.6, 1.4) * size / 2))
        free = cv2.circle(np.zeros(nuclei.shape, np.uint8), (x, y), 3 * radius, 1, -1) > 0
        if not bodies[free].any():
            cv2.circle(bodies, (x, y), radius, int(bodies.max()) + 1, -1)
            light[bodies == bodies.max()] = rng.uniform(0.5, 1.2)
    level = float(np.median(pixels[nuclei > 0]) - np.median(pixels[nuclei == 0])) if nuclei.any() else 0.0
    added = np.clip(pixels + level * cv2.GaussianBlur(light, (0, 0), 0.7), 0, np.iinfo(pixels.dtype).max)
    return (added.astype(np.uint8) if pixels.dtype == np.uint8 else added.astype(np.uint16)), bodies


def dataset_samples(model: Model, colour: bool, folder: Path, seed: int) -> Kept:
    """Images of a hooke data set that go to the network that is adapted: ``train`` to learn, ``val`` to check.

    Raises
    ------
    DatasetError
        When it has none for this network.
    """
    rows = read_index(folder)
    order = np.random.default_rng([seed, 8]).permutation(len(rows)).tolist()

    def take(splits: tuple[str, ...], most: int) -> list[CorrectedImage]:
        ids = [rows[index].id for index in order if rows[index].split in splits and rows[index].nuclei]
        return list(islice(_images(model, colour, folder, ids), most))

    train = take(("train",), _MOST)
    if not train:
        kind = "colour" if colour else "grey"
        raise DatasetError(
            f"has no {kind} image in its split train to keep", path=folder, remedy="give another set, or none"
        )
    check = take(("val",), _CHECKED) or take(("test",), _CHECKED)
    if not check:  # of a set without such splits some are set aside
        aside = max(1, len(train) // 4)
        train, check = train[aside:] or train, train[:aside]
    return Kept(
        [_sample(model, source) for source in train], [whole(source) for source in check], folder.name, labelled=True
    )


def _images(model: Model, colour: bool, folder: Path, ids: list[str]) -> Iterator[CorrectedImage]:
    for id_ in ids:
        path, labels = find_image(folder, id_), find_labels(folder, id_)
        if path is None or labels is None:
            continue
        image = read_image(path)
        _, normalisation = model.prepare_input(image)
        if (model.for_image(colour=normalisation.keeps_colours) is not model) == colour:
            yield CorrectedImage(id_, image, read_labels(labels))


def _sample(model: Model, source: CorrectedImage) -> Sample:
    shown, normalisation = model.prepare_input(source.image)
    return make_sample(shown, source.labels, normalisation, model.scheme.nominal_diameter)
