"""What hooke can train: for each task, the word `kind` of a configuration, one `Task` and its configuration's model.

A new task is a folder like `hooke.training.classifier`, with a `TASK` in its ``task.py``, and a line in `TASKS`.
Nothing here imports PyTorch before `load_task` is called.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from hooke.errors import ConfigError
from hooke.image import Image
from hooke.io.yaml_text import parse_yaml
from hooke.models.bundle import check_replaceable, is_bundle
from hooke.training.bundles.bundle_folder import Export
from hooke.training.outcome import Outcome, check_learnt, folder_of_run

if TYPE_CHECKING:
    from hooke.training.explain.subject import Subject

DEFAULT = "segmentation"

#: The module that holds the `TASK` of each kind, and the pydantic model of its configuration, which needs no PyTorch.
TASKS = {
    DEFAULT: ("hooke.training.segmentation.task", "hooke.training.segmentation.config", "TrainConfig"),
    "classifier": ("hooke.training.classifier.task", "hooke.training.classifier.config", "ClassifierConfig"),
    "coordinate": ("hooke.training.coordinate.task", "hooke.training.coordinate.config", "CoordinateConfig"),
}


class Train(Protocol):
    """Trains a network of one task: see `hooke.training.train`."""

    def __call__(
        self, config: Any, run: Path, *, resume: bool = False, limit: int | None = None, baselines: bool = True
    ) -> Outcome:
        """Train on all images of the configuration, or on at most `limit` of each side."""


class WriteBundle(Protocol):
    """Writes the best network of a run as a model bundle: see `hooke.training.export`."""

    def __call__(self, run: Path, bundle: Path, *, card: dict[str, Any], torchscript: bool) -> Export:
        """Write the bundle, to a path where one may be written."""


class FindSubjects(Protocol):
    """Finds what a network's answers about an image are, to be explained one by one."""

    def __call__(
        self, run: Path, image: Image, count: int, diameter: float | None, labels: NDArray[np.int32] | None
    ) -> Iterator[Subject]:
        """Give at most `count` objects, and the class of the image where the network names one."""


@dataclass(frozen=True)
class Task:
    """One thing that hooke can train a network for.

    Parameters
    ----------
    name : str
        The `kind` of its configurations.
    score_name : str
    overfit_score : float
        Validation score from which a few images count as memorised.
    train : callable
    export : callable
    load : callable
        Give the best network of a run, ready to predict, as a `LightningModule`.
    subjects : callable
    preview : callable, optional
        Write a page of what the network will see, given configuration and file; None where there is nothing to show.
    plain : mapping of str to float
        Values of ``augment`` that leave images unchanged.
    """

    name: str
    score_name: str
    overfit_score: float
    train: Train
    export: WriteBundle
    load: Callable[[Path], Any]
    subjects: FindSubjects
    preview: Callable[[Any, Path], Path] | None = None
    plain: Mapping[str, float] = field(default_factory=dict)


def train(config: Any, run: Path, *, resume: bool = False, limit: int | None = None, baselines: bool = True) -> Outcome:
    """Train a network.

    Parameters
    ----------
    config : TrainConfig, ClassifierConfig or CoordinateConfig
        Its `kind` names the task.
    run : Path
        Folder of the run; created if missing. `hooke.training.run` lists its files.
    resume : bool
        Continue from ``checkpoints/last.ckpt`` of the same folder, with the data that would have come next.
    limit : int, optional
        Train and validate on at most this many images of each side, for a trial without baselines.
    baselines : bool
        Measure the baselines on the validation images at the end; a study of many runs can leave them out.

    Returns
    -------
    Outcome

    Raises
    ------
    ConfigError
        When the folder holds a run already and `resume` is not set, or the other way round.
    DatasetError
        When a data set is missing or has nothing to learn from.
    TrainingError
        When the loss is not a number; the checkpoints so far stay.
    """
    return load_task(config.kind).train(config, run, resume=resume, limit=limit, baselines=baselines)


def export(
    run: Path,
    bundle: Path,
    *,
    card: dict[str, Any] | None = None,
    force: bool = False,
    torchscript: bool = False,
    half: bool = False,
    compact: bool = False,
    colour: Path | None = None,
    int8: Path | None = None,
    openvino: bool = False,
) -> Export:
    """Write the best network of a run as a model bundle, or add weights in other formats to a bundle.

    Parameters
    ----------
    run : Path
        A run's folder, or one of its checkpoints; with `compact`, `int8` or `openvino` also the folder of a bundle,
        which needs no PyTorch.
    bundle : Path
        Folder to write; an earlier bundle there is replaced once the new one has passed its check.
    card : dict, optional
        Description for people: ``description``, ``authors``, ``license``, ``cite``, ``documentation`` (Markdown),
        ``training_data``, ``scores``; and for the runtime ``parameters`` of the target scheme, ``diameter_band``,
        ``accurate_band``, ``min_size``, ``diameter_of``, ``diameter_share``, ``visible_rim``, ``turned_pixels`` and
        ``smallest_share``.
    force : bool
        Export a run even if its validation score is not better than its baselines.
    torchscript : bool
        Also write the weights as TorchScript, for programs that run PyTorch.
    half : bool
        Store the weights in 16 bits, which halves the file.
    compact : bool
        Store them in 8 bits and compute in 32, which takes the file to a quarter and no time.
    colour : Path, optional
        Another bundle, copied into this one, for images whose colours are kept.
    int8 : Path, optional
        A hooke data set to make weights in 8 bits with, beside the others: images of ``train`` give their scales, with
        those of ``val`` the objects found are compared.
    openvino : bool
        Also write the weights in OpenVINO's format, for its own tools.

    Raises
    ------
    ConfigError
        When `run` is a bundle, and something else than `compact`, `int8` or `openvino` is asked for, openvino is not
        installed, or weights are to be stored in 16 and in 8 bits.
    DatasetError
        When the data set for `int8` has no image that the network is meant for.
    ModelError
        When ONNX Runtime's answers differ from PyTorch's by more than 0.001, the run has learnt nothing,
        `colour` does not fit, or the DSB score is worse by more than 0.005 in 8 bits.
    OutputError
        When something other than a bundle is at `bundle`.
    """
    check_replaceable(bundle)
    if half and compact:
        raise ConfigError("weights are stored in 16 or in 8 bits, not in both", remedy="give --half or --compact")
    if is_bundle(run):
        if not (compact or int8 or openvino) or card or force or torchscript or half or colour is not None:
            cause = "is a bundle already: only --compact, --int8 and --openvino can be applied"
            raise ConfigError(cause, path=run, remedy="give the run's folder")
        written = _store(Export(bundle, None), run, compact=compact)
        return _add_weights(written, bundle if compact else run, int8, openvino=openvino)
    if not force:
        check_learnt(run)
    written = load_task(kind_of_run(run)).export(run, bundle, card=card or {}, torchscript=torchscript)
    written = _store(written, bundle, half=half, compact=compact)
    if colour is not None:
        from hooke.training.bundles.colour_network import add_colour_bundle

        add_colour_bundle(bundle, colour)
    # Last: which images are the network's own depends on whether there is one for colour.
    return _add_weights(written, bundle, int8, openvino=openvino)


def _store(written: Export, source: Path, *, half: bool = False, compact: bool = False) -> Export:
    """Store a bundle's weights, or those of a copy of it, in fewer bits."""
    if not (half or compact):
        return written
    from hooke.training.bundles.stored_weights import store_compact, store_half  # needs packages of the training extra

    if half:
        return replace(written, half_difference=store_half(source, written.bundle))
    return replace(written, compact_difference=store_compact(source, written.bundle))


def _add_weights(written: Export, source: Path, int8: Path | None, *, openvino: bool) -> Export:
    """Add weights in other formats to a bundle, or to a copy of it."""
    if int8 is not None:
        from hooke.training.bundles.int8_weights import add_int8_weights  # needs packages of the training extra

        written = replace(written, int8=add_int8_weights(source, int8, written.bundle))
        source = written.bundle
    if openvino:
        from hooke.training.bundles.openvino_weights import add_openvino_weights

        written = replace(written, openvino_difference=add_openvino_weights(source, written.bundle))
    return written


def preview(config: Any, page: Path) -> Path:
    """Write an HTML page of augmented images as the network will get them.

    Parameters
    ----------
    config : TrainConfig, ClassifierConfig or CoordinateConfig
    page : Path

    Raises
    ------
    ConfigError
        When there is no such page for this task.
    """
    write = load_task(config.kind).preview
    if write is None:
        raise ConfigError(f"a run of kind {config.kind} has no preview", remedy="train without one")
    return write(config, page)


def load_run(run: Path) -> Any:
    """The best network of a run, ready to predict, as a `LightningModule`.

    Parameters
    ----------
    run : Path
        A run's folder, or one of its checkpoints.

    Raises
    ------
    ModelError
        When there is no checkpoint.
    """
    return load_task(kind_of_run(run)).load(run)


def load_config_model(kind: str) -> type[BaseModel]:
    """Import the configuration of a kind, without the seconds that PyTorch takes to import.

    Raises
    ------
    ConfigError
        When there is no such kind.
    """
    _, module, model = _lookup(kind)
    found: type[BaseModel] = getattr(importlib.import_module(module), model)
    return found


def load_task(kind: str) -> Task:
    """Import the task of a kind.

    Raises
    ------
    ConfigError
        When there is no such kind.
    """
    found: Task = importlib.import_module(_lookup(kind)[0]).TASK
    return found


def _lookup(kind: str) -> tuple[str, str, str]:
    if kind not in TASKS:
        raise ConfigError(f"unknown kind of training {kind!r}", remedy=f"known kinds: {', '.join(TASKS)}")
    return TASKS[kind]


def kind_of_run(run: Path) -> str:
    """Kind of the run in a folder, or of the run that a checkpoint belongs to."""
    path = folder_of_run(run) / "config.yaml"
    if not path.is_file():
        return DEFAULT
    return str(parse_yaml(path.read_bytes(), path, error=ConfigError).get("kind", DEFAULT))
