"""Defines hooke's errors: each names the file, the cause and the remedy."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from hooke.addresses import path_text, without_secrets

#: Environment variable that asks for tracebacks; the command line's --debug sets it.
DEBUG = "HOOKE_DEBUG"


class HookeError(Exception):
    """Base of every error that a user can correct.

    Parameters
    ----------
    cause : str
        What is wrong, in one clause.
    path : str or Path, optional
        The file or folder at fault; it opens the message.
    remedy : str, optional
        What to do about it; it closes the message.

    Examples
    --------
    >>> str(HookeError("file is empty", path="a.png", remedy="copy it again"))
    'a.png: file is empty; copy it again'
    """

    def __init__(self, cause: str, *, path: str | Path | None = None, remedy: str | None = None) -> None:
        self.cause = cause
        self.path = None if path is None else Path(path)
        self.remedy = remedy
        where = "" if path is None else f"{path_text(path)}: "
        then = "" if remedy is None else f"; {remedy}"
        super().__init__(readable(f"{where}{cause}{then}"))


class ImageReadError(HookeError):
    """An image that can't be read, or holds nothing that can be segmented."""


class OutputError(HookeError):
    """A result that can't be written to the given place."""


class ModelError(HookeError):
    """A model that is unknown, or a bundle that is incomplete or corrupt."""


class ConfigError(HookeError):
    """A setting that is unknown, of the wrong type or out of range."""


class ClusterError(HookeError):
    """Workers on other machines or in other processes can't be reached, or ended."""


class DatasetError(HookeError):
    """A data set that is not laid out as its adapter expects."""


def readable(text: str) -> str:
    r"""Give a text that can be printed and written: bytes of a file name that are not UTF-8 become ``\xe9``.

    What is secret in a URL is left out.

    Examples
    --------
    >>> readable("caf\udce9.png")
    'caf\\xe9.png'
    """
    text = without_secrets(text)
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half of a character, which no file name holds
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def debugging() -> bool:
    """Whether errors should surface with their traceback instead of as one line."""
    return bool(os.environ.get(DEBUG))


def unexpected(path: str | Path, error: Exception) -> str:
    """Describe a bug of hooke's on one file, so that the user's other files continue.

    Examples
    --------
    >>> unexpected("a.png", KeyError("size"))
    "a.png: unexpected KeyError: 'size'; --debug shows where"
    """
    return readable(f"{path_text(path)}: unexpected {type(error).__name__}: {error}; --debug shows where")


def first_line(error: Exception) -> str:
    r"""Give the first line of what an error says, or its name where it says nothing.

    Examples
    --------
    >>> first_line(ValueError("two\nlines")), first_line(KeyError())
    ('two', 'KeyError')
    """
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def listed(names: Sequence[str], most: int = 5) -> str:
    """List the first of some names, and say how many more there are.

    Examples
    --------
    >>> listed(["a", "b", "c"], 3), listed(["a", "b", "c"], 2)
    ('a, b, c', 'a, b and 1 more')
    """
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
