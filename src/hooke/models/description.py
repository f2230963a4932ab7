"""Describes the known models for people who choose one: kind, size, licence, training data, and scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hooke.errors import ModelError
from hooke.models.bundle import hooke_settings, read_description, read_member
from hooke.models.registry import find_model, known_models, shipped_models


@dataclass(frozen=True)
class ModelDescription:
    """What a model's bundle says of it; nothing of its weights is loaded.

    Parameters
    ----------
    name : str
        By which `hooke.load_model` finds it.
    shipped : bool
        Whether it came with hooke.
    bytes : int
        Size of all files of its bundle.
    kind : str
        What it finds.
    licence : str
    training_data : tuple of str
        Each with its licence.
    scores, abroad : dict
        Its figures by set: on images like those that it was trained on, and on others. Nested, as the bundle has them.
    error : str
        Why the bundle can't be read; empty where it can.
    """

    name: str
    shipped: bool
    bytes: int
    kind: str = ""
    licence: str = ""
    training_data: tuple[str, ...] = ()
    scores: dict[str, Any] = field(default_factory=dict)
    abroad: dict[str, Any] = field(default_factory=dict)
    error: str = ""


def describe_models() -> list[ModelDescription]:
    """Describe the models that need no path: those shipped with hooke, and those in the user's own folder."""
    shipped = shipped_models()
    return [describe_model(name, path, shipped=shipped.get(name) == path) for name, path in known_models().items()]


def model_card(name_or_path: str | Path) -> str:
    """Read a model's card: what it is for, what it was trained on, and where it fails. Markdown.

    Parameters
    ----------
    name_or_path : str or Path
        A name that `hooke.models.known_models` lists, or the path of a bundle.

    Raises
    ------
    ModelError
        When there is no such model, or it has no card.
    """
    return read_member(find_model(name_or_path), "README.md").decode("utf-8", "replace")


def describe_model(name: str, path: Path, *, shipped: bool = False) -> ModelDescription:
    """Describe a bundle, a folder or a zip; one that can't be read is described by its error."""
    size = (
        path.stat().st_size if path.is_file() else sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
    )
    try:
        described = read_description(path)
    except ModelError as error:
        return ModelDescription(name, shipped, size, error=str(error))
    settings = hooke_settings(described)
    data = settings.get("training_data")
    return ModelDescription(
        name,
        shipped,
        size,
        kind=str(settings.get("kind") or described.get("description") or ""),
        licence=str(described.get("license") or ""),
        training_data=tuple(map(_source, data if isinstance(data, list) else ())),
        scores=_mapping(settings.get("scores")),
        abroad=_mapping(settings.get("abroad")),
    )


def score_lines(scores: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """Write nested scores as lines, what belongs to a set indented below it.

    Parameters
    ----------
    scores : mapping of str to number, text, or such a mapping
    depth : int
        Two spaces for each.

    Examples
    --------
    >>> list(score_lines({"a set": {"all": {"images": 3, "dsb": 0.5}, "grey": {"dsb": 0.6}}}))
    ['a set', '  all: images 3, dsb 0.5', '  grey: dsb 0.6']
    """
    for name, inner in scores.items():
        indented = "  " * depth + str(name)
        if not isinstance(inner, dict):
            yield f"{indented} {inner}"
        elif any(isinstance(value, dict) for value in inner.values()):
            yield indented
            yield from score_lines(inner, depth + 1)
        else:
            yield f"{indented}: " + ", ".join(f"{key} {value}" for key, value in inner.items())


def _source(entry: Any) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    licence = entry.get("licence") or entry.get("license")
    return str(entry.get("name", "")) + (f" ({licence})" if licence else "")


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
