"""Kinds of training run: the word `kind` of a configuration in, the module that trains and exports it out.

A module of this list offers ``train(config, run, *, resume, limit)``, ``overfit(config, count, run)``,
``export(run, bundle, *, card, force, torchscript)``, ``fast_dev_run(config)``, ``SCORE`` (what its score is called),
``BY_HEART`` (the score from which a few images count as learnt by heart) and, where there is something to see,
``preview(config, out)``. What `train` gives is a `hooke.training.outcome.Outcome`; what `export` gives has ``bundle``
and ``largest_difference``; the two trials give a score.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from pydantic import BaseModel

from hooke.errors import ConfigError
from hooke.io.yaml_text import parse_yaml

__all__ = ["DEFAULT", "KINDS", "folder_of_run", "kind_of_run", "load_config_model", "load_kind"]

DEFAULT = "segmentation"

KINDS = {
    DEFAULT: "hooke.training.segmentation.task",
    "classifier": "hooke.training.classifier.task",
    "coordinate": "hooke.training.coordinate.task",
}


#: The pydantic model of each kind's configuration, in a module that needs no PyTorch.
_CONFIGS = {
    DEFAULT: ("hooke.training.config", "TrainConfig"),
    "classifier": ("hooke.training.classifier.config", "ClassifierConfig"),
    "coordinate": ("hooke.training.coordinate.config", "CoordinateConfig"),
}


def load_config_model(name: str) -> type[BaseModel]:
    """Import the configuration of a kind, without the seconds that PyTorch takes to import.

    Raises
    ------
    ConfigError
        When there is no such kind.
    """
    _check_kind(name)
    module, model = _CONFIGS[name]
    found: type[BaseModel] = getattr(importlib.import_module(module), model)
    return found


def load_kind(name: str) -> ModuleType:
    """Import the module of a kind.

    Raises
    ------
    ConfigError
        When there is no such kind.
    """
    _check_kind(name)
    return importlib.import_module(KINDS[name])


def _check_kind(name: str) -> None:
    if name not in KINDS:
        raise ConfigError(f"unknown kind of training {name!r}", remedy=f"known kinds: {', '.join(KINDS)}")


def folder_of_run(run: Path) -> Path:
    """Folder of a run that is named by it, or by one of its checkpoints."""
    return run if run.is_dir() else run.parent.parent


def kind_of_run(run: Path) -> str:
    """Kind of the run in a folder, or of the run that a checkpoint belongs to."""
    path = folder_of_run(run) / "config.yaml"
    if not path.is_file():
        return DEFAULT
    return str(parse_yaml(path.read_bytes(), path, error=ConfigError).get("kind", DEFAULT))
