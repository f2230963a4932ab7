"""Describes the settings that a run's results depend on: as a hash for comparison, and as text."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields
from typing import Any

from hooke import __version__
from hooke.errors import ConfigError
from hooke.labels.classes import ObjectClassifier
from hooke.models import Model
from hooke.models.runtimes import INT8
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.work import Settings
from hooke.tracking.assignment import check_installed


def run_settings(model: Model, options: SegmentOptions, axes: str | None) -> Settings:
    """Describe a run by all that decides its results: not by its number of threads, nor the names of columns.

    Examples
    --------
    >>> from hooke.models import load_model
    >>> run_settings(load_model(), SegmentOptions(diameter=30, tta=True, threads=2), None).options
    'diameter=30.0 tta=True'
    """
    deciding = {**vars(options), "model": model_facts(model), "axes": axes, "hooke": __version__}
    deciding["runtime"] = {name: facts["name"] for name, facts in runtime_facts(model).items()}
    if INT8 in deciding["runtime"].values() and model.bundle.int8 is not None:  # made again, they are others
        deciding["int8"] = hashlib.sha256(model.bundle.int8).hexdigest()
    del deciding["threads"], deciding["names"]
    deciding["classify"] = classifier_facts(options.classify)
    digest = hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()
    return Settings(digest, _in_words(options, axes), __version__)


def model_facts(model: Model) -> dict[str, Any]:
    """What decides a model's results, as JSON has it: of all its networks, for colour images, cells, diameters too."""
    colour = None if model.bundle.colour is None else _network_facts(model.for_image(colour=True))
    facts: dict[str, Any] = json.loads(json.dumps({**_network_facts(model), "colour": colour}))
    if model.for_cells is not None:
        facts["cells"] = model_facts(model.for_cells)
    if model.for_diameter is not None:
        facts["diameter"] = model_facts(model.for_diameter)
    return facts


def runtime_facts(model: Model) -> dict[str, dict[str, str]]:
    """What runs a model here and why, as JSON has it: each of its networks by itself."""
    colour = model.for_image(colour=True)
    return {"grey": asdict(model.runtime)} | ({} if colour is model else {"colour": asdict(colour.runtime)})


def classifier_facts(classifier: ObjectClassifier | None) -> dict[str, Any] | None:
    """What decides a classifier's results; None where there is none."""
    if classifier is None:
        return None
    return {"sha256": classifier.checksum, "classes": list(classifier.classes)}


def _network_facts(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "sha256": model.checksum,
        "scheme": {"name": model.scheme.name, **asdict(model.scheme)},
        "settings": model.settings.model_dump(mode="json", exclude=model.settings.unused),
    }


def check_used(model: Model, options: SegmentOptions) -> None:
    """Refuse an option that would have no effect, or needs what is not installed.

    Raises
    ------
    ConfigError
        When a class threshold is given and nothing names classes, or planes are to be joined without laptrack.
    """
    if options.stitch is not None:
        check_installed()
    if options.class_threshold and options.classify is None and not model.settings.classes:
        raise ConfigError(
            f"class_threshold is {options.class_threshold}, but model {options.model!r} knows no classes",
            remedy="give a classifier with classify (--classify), or leave the threshold out",
        )


def _in_words(options: SegmentOptions, axes: str | None) -> str:
    """Options that are not the defaults."""
    given = {option.name: getattr(options, option.name) for option in fields(options) if option.name != "threads"}
    given["classify"] = None if options.classify is None else options.classify.path or "made in Python"
    changed = {name: value for name, value in given.items() if value != getattr(SegmentOptions, name)}
    return " ".join(f"{name}={value}" for name, value in (changed | ({"axes": axes} if axes else {})).items())
