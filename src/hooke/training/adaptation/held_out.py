"""Makes training samples of corrected images, and holds some of them out, or a part of each, to check by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hooke.corrections import CorrectedImage
from hooke.models import Model
from hooke.pipeline import SegmentOptions
from hooke.pipeline.examination import wanted_channel
from hooke.training.augmentation.crops import Sample
from hooke.training.samples import make_sample

_ENOUGH_GROUPS = 8  # from here on whole groups of images are held out, below it a quarter of each image
_SHARE = 0.2
_FEWEST = 4  # objects: a check by fewer says nothing
_MARGIN = 64  # pixels around a held-out part that the network sees when it is checked


@dataclass(frozen=True, eq=False)
class Learned:
    """One corrected image, as a network learns from it.

    Parameters
    ----------
    name : str
    group : str
    sample : Sample
    source : CorrectedImage
    """

    name: str
    group: str
    sample: Sample
    source: CorrectedImage


@dataclass(frozen=True, eq=False)
class Checked:
    """What is held out of one image.

    Parameters
    ----------
    source : CorrectedImage
    part : ndarray of bool, shape (Y, X)
        Where it is held out and its labels are known.
    """

    source: CorrectedImage
    part: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Division:
    """Which parts of the corrected images are learnt from, and which are held out.

    Parameters
    ----------
    train, check : list of Sample
    names : list of str
        Of the images to learn from.
    how : str
        How they were divided, in words; empty where nothing was held out.
    checked : list of Checked
        The held-out parts in whole images, one for each of `check`.
    """

    train: list[Sample]
    check: list[Sample]
    names: list[str]
    how: str
    checked: list[Checked]


def samples_for(model: Model, images: Sequence[CorrectedImage]) -> dict[bool, list[Learned]]:
    """Normalise corrected images as the model does; by whether they go to its network for colour images."""
    found: dict[bool, list[Learned]] = {False: [], True: []}
    for image in images:
        shown, normalisation = model.prepare_input(image.image, wanted_channel(image.image, model, SegmentOptions()))
        colour = model.for_image(colour=normalisation.keeps_colours) is not model
        used = model.for_image(colour=colour).settings
        position = {name: number for number, name in enumerate(used.classes)}
        classes = {label: position[name] for label, name in image.classes.items() if name in position}
        sample = make_sample(
            shown,
            image.labels,
            normalisation,
            float(np.mean(used.diameter_band)),
            classes=classes,
            known=None if image.known is None or image.known.all() else image.known,
        )
        found[colour].append(Learned(image.name, image.group or image.name, sample, image))
    return found


def divide(images: Sequence[Learned], rng: np.random.Generator) -> Division:
    """Hold out the images of the split ``val``, else a fifth of many groups, else a quarter of each image."""
    names = [image.name for image in images]
    val = [image for image in images if image.source.split == "val"]
    groups = sorted({image.group for image in images})
    if val and len(val) < len(images):
        return _by_image(images, {image.name for image in val}, "the images of the split val")
    if len(groups) >= _ENOUGH_GROUPS:
        count = max(2, round(_SHARE * len(groups)))
        held = {groups[index] for index in rng.permutation(len(groups))[:count]}
        chosen = {image.name for image in images if image.group in held}
        return _by_image(images, chosen, f"{len(chosen)} whole images")
    train, check, checked = [], [], []
    for image in images:
        part = _best_quarter(image.sample, rng)
        if part is None:
            train.append(image.sample)
            continue
        inside = np.zeros(image.sample.labels.shape, np.bool_)
        inside[part] = True
        train.append(without(image.sample, inside))
        check.append(_cut_out(image.sample, part))
        checked.append(Checked(image.source, inside & _known(image.sample)))
    if sum(count_known(sample) for sample in check) < _FEWEST:
        return Division([image.sample for image in images], [], names, "", [])
    return Division(train, check, names, f"a quarter of {len(check)} of {len(images)} images", checked)


def _by_image(images: Sequence[Learned], held: set[str], how: str) -> Division:
    train = [image for image in images if image.name not in held]
    check = [image for image in images if image.name in held]
    return Division(
        [image.sample for image in train],
        [image.sample for image in check],
        [image.name for image in train],
        how,
        [whole(image.source) for image in check],
    )


def whole(source: CorrectedImage) -> Checked:
    """A whole image, as far as it is known."""
    known = np.ones(source.labels.shape, np.bool_) if source.known is None else source.known
    return Checked(source, known)


def _known(sample: Sample) -> NDArray[np.bool_]:
    return np.ones(sample.labels.shape, np.bool_) if sample.known is None else sample.known


def without(sample: Sample, hidden: NDArray[np.bool_]) -> Sample:
    """The same sample, with a part of it unknown; objects there are not sought by crops."""
    known = _known(sample) & ~hidden
    return replace(
        sample, known=known, centres=_inside(sample.centres, known), touching=_inside(sample.touching, known)
    )


def _inside(places: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    return places[known[tuple(places.astype(np.int64).T)]] if len(places) else places


def count_known(sample: Sample) -> int:
    """Objects of which a pixel is known."""
    labels = sample.labels if sample.known is None else sample.labels[sample.known]
    return int(np.count_nonzero(np.unique(labels)))


def _best_quarter(sample: Sample, rng: np.random.Generator) -> tuple[slice, slice] | None:
    """The quarter of an image that holds nearest to a fifth of its objects; None where each holds none or most."""
    height, width = sample.labels.shape
    total = count_known(sample)
    found: list[tuple[float, int, tuple[slice, slice]]] = []
    for turn in rng.permutation(4).tolist():
        rows = slice(0, height // 2) if turn < 2 else slice(height // 2, height)
        columns = slice(0, width // 2) if turn % 2 else slice(width // 2, width)
        part = (rows, columns)
        known = None if sample.known is None else sample.known[part]
        inside = sample.labels[part] if known is None else np.where(known, sample.labels[part], 0)
        share = np.count_nonzero(np.unique(inside)) / max(total, 1)
        if 0 < share <= 0.5:
            found.append((abs(share - _SHARE), len(found), part))
    return min(found)[2] if found else None


def _cut_out(sample: Sample, part: tuple[slice, slice]) -> Sample:
    """A part of a sample with some of what is around it, which is unknown."""
    rows, columns = (
        slice(max(0, side.start - _MARGIN), min(size, side.stop + _MARGIN))
        for side, size in zip(part, sample.labels.shape, strict=True)
    )
    inside = np.zeros(sample.labels.shape, np.bool_)
    inside[part] = True
    known = inside & _known(sample)
    window = np.s_[rows, columns]
    offset = np.array([rows.start, columns.start], np.float32)
    return replace(
        sample,
        image=np.ascontiguousarray(sample.image[window]),
        labels=np.ascontiguousarray(sample.labels[window]),
        known=np.ascontiguousarray(known[window]),
        centres=_inside(sample.centres, known) - offset,
        touching=np.zeros((0, 2), np.float32),
    )
