"""Completes values of options by the Tab key, where the possible ones are known."""

from __future__ import annotations


def model_names(incomplete: str) -> list[str]:
    """Names of known models that begin so."""
    from hooke.models.registry import known_models

    return [name for name in known_models() if name.startswith(incomplete)]


def runtime_names(incomplete: str) -> list[str]:
    """Names of runtimes that begin so."""
    from hooke.models.runtimes import RUNTIMES

    return [name for name in RUNTIMES if name.startswith(incomplete)]
