"""Explains how to install an optional part of hooke, and states the versions of packages."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version


def how_to_install(extra: str) -> str:
    """Say how to install an optional part of hooke.

    The distribution is not on the package index yet, and the name ``hooke`` there belongs to another project:
    installing by name would fetch a stranger's code.

    Parameters
    ----------
    extra : str
        As pyproject.toml names it, such as ``train``.

    Examples
    --------
    >>> how_to_install("train")
    "in a copy of hooke's repository: pip install '.[train]'"
    """
    return f"in a copy of hooke's repository: pip install '.[{extra}]'"


def package_versions(names: Iterable[str]) -> dict[str, str]:
    """Give the versions of packages by their names.

    Examples
    --------
    >>> package_versions(["no-such-package"])
    {'no-such-package': 'not installed'}
    """
    return {name: _version(name) for name in names}


@cache
def _version(name: str) -> str:
    """Version of a package; cached, for its whole description is parsed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
