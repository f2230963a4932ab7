"""Words errors for clients: what is wrong and what to do, without any path of the server."""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from pathlib import Path

from starlette.exceptions import HTTPException

from hooke.errors import HookeError, OutputError

_FULL = (errno.ENOSPC, errno.EDQUOT)
# A path of two parts or more, or one on a Windows drive.
_PATH = re.compile(r"(?<![\w.:/])(?:/[^\s/:;,'\"()]+){2,}/?|\b[A-Za-z]:\\[^\s:;,'\"()]+")
FULL_DISK = "the disk of the server is full", "delete images that are no longer needed, or free some space"


class ApiError(HTTPException):
    """An answer that is not what was asked for.

    It is an exception of the framework, which hands others that come up while a request is read on as status 400.

    Parameters
    ----------
    status : int
        Of HTTP.
    error : str
        What is wrong.
    remedy : str
        What to do about it.
    headers : mapping of str to str
        Of the answer.
    """

    def __init__(self, status: int, error: str, remedy: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, error, dict(headers or {}))
        self.status = status
        self.error = error
        self.remedy = remedy

    @property
    def content(self) -> dict[str, str]:
        """The body of the answer."""
        return {"error": self.error, "remedy": self.remedy}


def busy(what: str) -> ApiError:
    """Say that nothing more is taken at the moment."""
    return ApiError(503, "busy", f"{what}; try again in a few seconds", {"Retry-After": "2"})


def not_there(what: str) -> ApiError:
    """Say that something is not there."""
    return ApiError(404, f"there is no {what}", "ask for one that is listed")


def files_gone() -> ApiError:
    """Say that the files of an image were deleted while the server ran."""
    return ApiError(404, "the files of this image are no longer there", "upload it again")


def api_error(error: Exception, names: Mapping[str, str] | None = None) -> ApiError:
    """Word an error for a client.

    Parameters
    ----------
    error : Exception
    names : mapping of str to str, optional
        What to write in place of names of files on the server.
    """
    if isinstance(error, ApiError):
        return error
    if isinstance(error, OSError):
        return ApiError(507, *FULL_DISK) if error.errno in _FULL else _unreadable(error)
    if isinstance(error, OutputError):
        return ApiError(507, *FULL_DISK) if "disk is full" in error.cause else _unwritable(error, names)
    if isinstance(error, HookeError):
        return ApiError(
            422, without_paths(_said(error), names), without_paths(without_options(error.remedy or "check it"), names)
        )
    if isinstance(error, MemoryError):
        return ApiError(413, "it does not fit into memory", "cut it into parts, or use a machine with more")
    return ApiError(422, f"it can't be used: unexpected {type(error).__name__}", "report it with the server's log")


def without_paths(text: str, names: Mapping[str, str] | None = None) -> str:
    r"""Take the folders out of all paths in a text, and put other names in place of some.

    Examples
    --------
    >>> without_paths("/srv/w/images/3f/3f.tif: the file is empty", {"3f.tif": "cells.tif"})
    'cells.tif: the file is empty'
    >>> without_paths("can't be written: C:\\data\\x.png is a folder; 1/2 and and/or stay")
    "can't be written: x.png is a folder; 1/2 and and/or stay"
    """
    text = _PATH.sub(lambda match: re.split(r"[/\\]", match[0].rstrip("/\\"))[-1], text)
    for name, shown in (names or {}).items():
        text = text.replace(name, shown)
    return text


#: What commands say of their options, and what a page has in their place.
_OPTIONS = (
    ("check them (--model nuclei for nuclei)", "check them, or choose the model nuclei for nuclei"),
    ("choose one with --channel", "choose one under Channel"),
    (" (see --min-size and --min-score)", ""),
    ("give it by --pixel-size, or the diameter in pixels", "give the diameter in pixels"),
)


def without_options(text: str) -> str:
    """Put what a page offers in place of a command's options.

    Examples
    --------
    >>> without_options("channel 1 shows objects, too (choose one with --channel)")
    'channel 1 shows objects, too (choose one under Channel)'
    """
    for option, offered in _OPTIONS:
        text = text.replace(option, offered)
    return text


def _said(error: HookeError) -> str:
    """The cause, after the name of the file where one is at fault."""
    return error.cause if error.path is None else f"{Path(error.path).name}: {error.cause}"


def _unreadable(error: OSError) -> ApiError:
    return ApiError(404, f"a file can't be reached: {error.strerror or 'input or output failed'}", "upload it again")


def _unwritable(error: OutputError, names: Mapping[str, str] | None) -> ApiError:
    return ApiError(507, without_paths(_said(error), names), "check the work folder of the server")
