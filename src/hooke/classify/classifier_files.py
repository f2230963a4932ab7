"""Finds and loads classifiers of objects: bundles of networks, and folders of ``hooke classify train``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from hooke.classify.classify_objects import Classifier
from hooke.classify.forest import DESCRIPTION, load_forest
from hooke.classify.network import load_network
from hooke.models import known_models
from hooke.models.bundle import read_task


def load_classifier(name_or_path: str | Path) -> Classifier:
    """Load a classifier: the bundle of a network, or a folder of ``hooke classify train``.

    Parameters
    ----------
    name_or_path : str or Path
        A name in the folder that ``HOOKE_MODELS`` names, or a path.

    Returns
    -------
    Classifier
        Kept for the next call.

    Raises
    ------
    ModelError
        When it is missing, incomplete, corrupt, or a bundle that segments.
    """
    path = find_bundle(name_or_path)
    return _load(path.resolve(), path)


def find_bundle(name_or_path: str | Path) -> Path:
    """Find a model: a path as it is given, or a name in the folder of ``HOOKE_MODELS``."""
    path = Path(name_or_path)
    return path if path.exists() else known_models().get(str(name_or_path), path)


def task_of(name_or_path: str | Path) -> str:
    """What a model is for: ``segmentation``, ``classifier`` (of objects) or ``image-classifier``.

    Raises
    ------
    ModelError
        When it is missing or incomplete.
    """
    path = find_bundle(name_or_path)
    return "classifier" if (path / DESCRIPTION).is_file() else read_task(path)


@lru_cache(maxsize=4)
def _load(resolved: Path, path: Path) -> Classifier:
    if (path / DESCRIPTION).is_file():
        return load_forest(path)
    return load_network(path)
