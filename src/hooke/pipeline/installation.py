"""Describes what is installed here, and what runs a model."""

from __future__ import annotations

import platform
from typing import Any

from hooke import __version__
from hooke.models import RUNTIMES, Model, known_models
from hooke.models.runtimes import AUTO, int8_reason, missing_runtime
from hooke.pipeline.options import available_threads
from hooke.pipeline.settings import runtime_facts


def describe_installation(model: Model) -> dict[str, Any]:
    """Describe hooke, the machine, and what runs a model on it, as JSON has it.

    Parameters
    ----------
    model : Model

    Returns
    -------
    dict
        ``hooke``, ``python``, ``platform``, ``threads``, ``int8`` (what the processor has for it), ``models`` (names),
        ``model``, ``runtime`` (name and reason for each of its networks), ``runtimes`` (of each by name how to install
        it, empty for those that are).
    """
    return {
        "hooke": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "threads": available_threads(),
        "int8": int8_reason()[1],
        "models": list(known_models()),
        "model": model.name,
        "runtime": runtime_facts(model),
        "runtimes": {name: missing_runtime(name) for name in RUNTIMES if name != AUTO},
    }
