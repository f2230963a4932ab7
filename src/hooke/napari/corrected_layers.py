"""Learns from corrected labels layers: writes them as a data set, tunes or adapts a model, and keeps it by name."""

from __future__ import annotations

import importlib.util
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.corrections import tune
from hooke.corrections.adapt_process import run_adapt, why_failed
from hooke.datasets import IndexRow, write_index, write_sample
from hooke.errors import ConfigError, HookeError, ModelError
from hooke.image import Image
from hooke.labels.numbering import number_from_one
from hooke.models import add_model
from hooke.models.own_models import check_new_name
from hooke.models.registry import AUTO_MODEL
from hooke.napari.layer_job import Cancelled, LayerJob
from hooke.preprocess import describe_picture

_STEM = 40  # letters of a layer's name that the name of its sample takes over
_WARNING = "warning: "
_INT32 = np.iinfo(np.int32).max


@dataclass(frozen=True, eq=False)
class CorrectedLayer:
    """A plane of an image, and the labels that a person has corrected.

    Parameters
    ----------
    name : str
        Of the labels layer.
    image : Image
    labels : ndarray of integer, shape (Y, X)
    drawn : ndarray of bool, shape (Y, X), optional
        Where the labels are known; everywhere when not given.
    """

    name: str
    image: Image
    labels: NDArray[np.integer]
    drawn: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Learnt:
    """What came of learning.

    Parameters
    ----------
    model : str
        Name of the new model; empty where nothing was better.
    lines, warnings : tuple of str
        What people should know.
    """

    model: str
    lines: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def can_adapt() -> bool:
    """Whether the training half is installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "lightning"))


def learn(
    layers: Sequence[CorrectedLayer],
    name: str,
    parent: str = AUTO_MODEL,
    job: LayerJob | None = None,
    *,
    adapting: bool = False,
    steps: int | None = None,
    overwrite: bool = False,
) -> Learnt:
    """Learn from corrected layers, and add the new model to those that are known by name.

    Parameters
    ----------
    layers : sequence of CorrectedLayer
    name : str
        Of the new model.
    parent : str
        The model to begin with; for the automatic choice `nuclei`.
    job : LayerJob, optional
    adapting : bool
        Whether the network itself learns, which takes minutes and the training half; else its settings are tuned.
    steps : int, optional
        Training steps of adapting at most.
    overwrite : bool
        Whether a model of this name is replaced.

    Raises
    ------
    HookeError
        When there is no layer, the name can't be used, labels do not fit their image, or there is nothing to learn.
    Cancelled
        When the job was stopped; adapting that was stopped adds the best so far.
    """
    job = job or LayerJob()
    check_new_name(name, overwrite=overwrite)
    parent = parent or AUTO_MODEL
    with tempfile.TemporaryDirectory(prefix="hooke-napari-") as scratch:
        folder, out = Path(scratch) / "corrected", Path(scratch) / name
        unknown = write_corrected(layers, folder)
        job.report(0.05, f"learning from {len(layers)} layer(s)")
        learning = _adapt if adapting else _tune
        try:
            said = [line.replace(f"{folder}: ", "") for line in learning(folder, out, parent, unknown, steps, job)]
        except HookeError as error:
            if error.path != folder:
                raise
            raise type(error)(error.cause, remedy=error.remedy) from error  # the folder is nothing that people know
        lines = tuple(line for line in said if not line.startswith(_WARNING))
        warnings = tuple(line.removeprefix(_WARNING) for line in said if line.startswith(_WARNING))
        if not (out / "rdf.yaml").is_file():
            return Learnt("", lines, warnings)
        add_model(out, name, overwrite=overwrite)
    return Learnt(name, lines, warnings)


def write_corrected(layers: Sequence[CorrectedLayer], folder: Path) -> int | None:
    """Write corrected layers as a data set; return the id of pixels that nothing is known of, where there are some.

    Raises
    ------
    ConfigError
        When there is no layer, or its labels do not fit the image.
    """
    if not layers:
        raise ConfigError("no layer is chosen", remedy="choose the labels layers that you have corrected")
    numbered = [_numbered(layer) for layer in layers]
    unknown = 1 + max(int(labels.max(initial=0)) for labels in numbered)
    rows: list[IndexRow] = []
    for layer, labels in zip(layers, numbered, strict=True):
        id_ = _unused(layer.name, {row.id for row in rows})
        count = int(labels.max(initial=0))
        if layer.drawn is not None:
            labels[~layer.drawn & (labels == 0)] = unknown
        write_sample(folder, id_, layer.image.pixels, labels)
        modality = describe_picture(layer.image)[1].modality
        rows.append(IndexRow(id_, "train", modality, id_, labels.shape[0], labels.shape[1], count))
    write_index(folder, rows)
    return unknown if any(layer.drawn is not None for layer in layers) else None


def _numbered(layer: CorrectedLayer) -> NDArray[np.int32]:
    """Number the objects from 1."""
    labels = np.asarray(layer.labels)
    size = (layer.image.height, layer.image.width)
    if labels.shape != size:
        cause = (
            f"{layer.name}: labels of {' x '.join(map(str, labels.shape))} pixels, an image of {size[0]} x {size[1]}"
        )
        raise ConfigError(cause, remedy="choose the image that the labels are of")
    if labels.min(initial=0) < 0 or labels.max(initial=0) > _INT32:
        raise ConfigError(f"{layer.name}: labels are negative or too large", remedy="number the objects from 1")
    return number_from_one(labels)[0]


def _unused(name: str, taken: set[str]) -> str:
    stem = re.sub(r"[^A-Za-z0-9]+", "_", name)[:_STEM].strip("_") or "layer"
    names = (stem if number == 1 else f"{stem}_{number}" for number in range(1, len(taken) + 2))
    return next(one for one in names if one not in taken)


def _tune(folder: Path, out: Path, parent: str, unknown: int | None, steps: int | None, job: LayerJob) -> list[str]:
    del steps  # of adapting alone
    shares = iter((0.2, 0.6, 0.8))
    tuning = tune(folder, out, parent, unknown=unknown, progress=lambda text: job.report(next(shares, 0.9), text))
    if not tuning.changed:
        (out / "rdf.yaml").unlink(missing_ok=True)
    return [*tuning.lines(), *tuning.failed.values()]


def _adapt(folder: Path, out: Path, parent: str, unknown: int | None, steps: int | None, job: LayerJob) -> list[str]:
    arguments = [str(folder), "-o", str(out), "--from", parent]
    arguments += [] if steps is None else ["--steps", str(steps)]
    arguments += [] if unknown is None else ["--unknown", str(unknown)]

    def say(line: str, share: float | None) -> None:
        job.message = line
        if share is not None:
            job.share = 0.05 + 0.9 * share

    status, said = run_adapt(arguments, say=say, cancel=job.cancel)
    if not (out / "rdf.yaml").is_file():
        if job.cancel.is_set():
            raise Cancelled
        cause, remedy = why_failed(status, said)
        raise ModelError(cause.replace(f"{folder}: ", ""), remedy=remedy or "run hooke adapt in a terminal to see more")
    return [line for line in said if not line.startswith(("model:", f"{folder}: "))]
