"""Kinds of training run: the word `kind` of a configuration in, the module that trains and exports it out.

A module of this list offers ``CONFIG`` (the pydantic model of its configuration), ``train(config, run, *, resume,
limit)``, ``export(run, bundle, *, card, force, torchscript)``, ``overfit(config, count, run)``,
``fast_dev_run(config)``, ``SCORE`` (what its score is called), ``BY_HEART`` (the score from which a few images count as
learnt by heart) and, where there is something to see, ``preview(config, out)``. What `train` gives is a
`hooke.training.outcome.Outcome`; what `export` gives has ``bundle`` and ``largest_difference``; the two trials give a
score.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from hooke.errors import ConfigError
from hooke.io.yaml_text import parse_yaml

__all__ = ["DEFAULT", "KINDS", "folder_of_run", "kind_of_run", "load_kind"]

DEFAULT = "segmentation"

KINDS = {
    DEFAULT: "hooke.training.segmentation",
    "classifier": "hooke.training.classifier",
    "coordinate": "hooke.training.coordinate",
}


def load_kind(name: str) -> ModuleType:
    """Import the module of a kind.

    Raises
    ------
    ConfigError
        When there is no such kind.
    """
    if name not in KINDS:
        raise ConfigError(f"unknown kind of training {name!r}", remedy=f"known kinds: {', '.join(KINDS)}")
    return importlib.import_module(KINDS[name])


def folder_of_run(run: Path) -> Path:
    """Folder of a run that is named by it, or by one of its checkpoints."""
    return run if run.is_dir() else run.parent.parent


def kind_of_run(run: Path) -> str:
    """Kind of the run in a folder, or of the run that a checkpoint belongs to."""
    path = folder_of_run(run) / "config.yaml"
    if not path.is_file():
        return DEFAULT
    return str(parse_yaml(path.read_bytes(), path, error=ConfigError).get("kind", DEFAULT))
