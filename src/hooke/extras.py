"""Explains how to install an optional part of hooke."""

from __future__ import annotations


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
