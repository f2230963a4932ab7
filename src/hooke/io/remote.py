"""Reads files on servers by fsspec (https, s3 and others), part by part within a time limit, and keeps the last parts.

A server that stops answering costs at most `TRIES` times `TIMEOUT` seconds, and then an error that names the URL. What
was read last is kept, since neighbouring windows of an image need the same tiles and chunks.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast

from hooke.addresses import Access, access_to, is_url, path_text
from hooke.errors import ImageReadError
from hooke.extras import how_to_install
from hooke.io.formats import TIFF_SUFFIXES, ZARR_MARKS

#: Seconds that a server may take to answer one request.
TIMEOUT = 20.0
#: Requests for the same bytes before the server counts as gone.
TRIES = 4
_PAUSE = 1.0  # seconds before the second try, twice as long before each further one
_HELD = 96 << 20  # bytes that are kept, of all files
_BLOCK = 1 << 16  # bytes that are read at once where few are wanted
_PASSING = frozenset({408, 425, 429})  # statuses of a server that is busy; so are those from 500
_REFUSED = frozenset({401, 403, 407})
_ZARR_METADATA = ("zarr.json", ".zattrs", ".zgroup", ".zmetadata")  # in the order in which fingerprints hold them
_HTTP = ("http", "https")
_Part = tuple[Path, str, int | None, int | None]  # a file, a name within it, start and stop
_LATER = "try again later: the same command continues from what is done"


class RemoteError(ImageReadError):
    """A server that does not answer, or does not give what is asked for."""


class RefusedError(RemoteError):
    """A server that answers that the caller may not have it."""


class _Held:
    """Bytes that were read last, of all files, up to `_HELD` of them; safe for threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Part, bytes] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, part: _Part) -> bytes | None:
        """Give them where they are kept."""
        with self._lock:
            if part in self._kept:
                self._kept.move_to_end(part)
            return self._kept.get(part)

    def put(self, part: _Part, content: bytes) -> None:
        """Keep them, and let go of what was not read for the longest time."""
        with self._lock:
            self._size += len(content) - len(self._kept.pop(part, b""))
            self._kept[part] = content
            while self._size > _HELD and len(self._kept) > 1:
                self._size -= len(self._kept.popitem(last=False)[1])


_held = _Held()


class RemoteFile:
    """What is at a URL: a file, or the folder of a store; may be used from several threads.

    Parameters
    ----------
    path : Path
        See `hooke.addresses.to_path`.

    Raises
    ------
    RemoteError
        If fsspec, or what it needs for this kind of URL, is not installed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files, self._root, self._query = _file_system(path)
        self._is_gone = False

    def read(
        self, name: str = "", start: int | None = None, stop: int | None = None, *, again: bool = False
    ) -> bytes | None:
        """Read a file, or bytes of it from `start` up to `stop`; a negative start counts from the end.

        Parameters
        ----------
        name : str
            Within the folder; empty for the file itself.
        start, stop : int, optional
        again : bool
            Whether the server is asked even where the bytes are kept.

        Returns
        -------
        bytes or None
            None where there is no such file; less than was asked for at the end of the file.

        Raises
        ------
        RemoteError
            When the server does not answer, or refuses.
        """
        part = (self.path, name, start, stop)
        kept = None if again else _held.get(part)
        if kept is not None:
            return kept
        try:
            found: bytes = self._request(lambda: self._cat(name, start, stop))
        except FileNotFoundError:
            return None
        _held.put(part, found)
        return found

    @property
    def size(self) -> int:
        """Bytes of the file.

        Raises
        ------
        RemoteError
            Also when the server does not say.
        """
        known = self._request(lambda: self._call("info", self._place("")).get("size"))
        if known is None:
            raise RemoteError("the server does not say how long the file is", path=self.path, remedy="download it")
        return int(known)

    def _cat(self, name: str, start: int | None, stop: int | None) -> bytes:
        found = bytes(self._call("cat_file", self._place(name), start=start, end=stop))
        if start is not None and stop is not None and len(found) > stop - start:
            raise RemoteError(
                "the server gives whole files only",
                path=self.path,
                remedy="download the image, or write it as OME-Zarr",
            )
        return found

    def _call(self, method: str, *args: Any, **options: Any) -> Any:
        """Call the file system, for no longer than a request may take where it can be stopped."""
        if not self._files.async_impl:
            return getattr(self._files, method)(*args, **options)
        asyn = importlib.import_module("fsspec.asyn")
        return asyn.sync(self._files.loop, getattr(self._files, f"_{method}"), *args, timeout=TIMEOUT, **options)

    def _place(self, name: str) -> str:
        place = f"{self._root}/{name}" if name else self._root
        return f"{place}?{self._query}" if self._query else place

    def _request(self, ask: Callable[[], Any]) -> Any:
        """Ask again where the server is busy or silent; once only where it was silent all times before."""
        tries = 1 if self._is_gone else TRIES
        for number in range(1, tries + 1):
            try:
                found = ask()
            except (FileNotFoundError, RemoteError):
                raise
            except Exception as error:  # of aiohttp, botocore and others
                cause = _cause(error)
                if _is_refused(error):
                    raise RefusedError(cause, path=self.path, remedy=_how_to_sign(self.path)) from None
                if number == tries or not _passes(error):
                    self._is_gone = _passes(error)
                    again = f" ({tries} tries)" if self._is_gone and tries > 1 else ""
                    # Without the error itself: its text may hold the URL with its secrets.
                    raise RemoteError(cause + again, path=self.path, remedy=_LATER) from None
                time.sleep(_PAUSE * 2 ** (number - 1))
            else:
                self._is_gone = False
                return found
        raise AssertionError("the last try returns or raises")

    @property
    def fingerprint(self) -> tuple[int, str]:
        """Size, and a hash of what tells whether it changed: a file's size and first bytes, a store's metadata."""
        kind = self.kind
        digest = hashlib.sha256(path_text(self.path).encode())
        if kind == "zarr":
            found = [(name, self.read(name, again=True)) for name in _ZARR_METADATA]
            for name, content in found:
                digest.update(f"{name} {-1 if content is None else len(content)}\n".encode() + (content or b""))
            return sum(len(content or b"") for _, content in found), digest.hexdigest()
        head, size = self.read(start=0, stop=_BLOCK, again=True) or b"", self.size
        digest.update(f"{size}\n".encode() + head)
        return size, digest.hexdigest()

    @property
    def kind(self) -> str:
        """``"zarr"`` or ``"tiff"``.

        Raises
        ------
        RemoteError
            If it is something else, or not there.
        """
        if self.path.suffix.lower() not in TIFF_SUFFIXES:
            if any(self.read(name) is not None for name in ZARR_MARKS):
                return "zarr"
            if self.path.suffix.lower() == ".zarr":
                raise RemoteError("no zarr store there", path=self.path, remedy="check the URL")
        head = self.read(start=0, stop=_BLOCK)
        if head is None:
            raise RemoteError("not there", path=self.path, remedy="check the URL")
        if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            return "tiff"
        raise RemoteError(
            "on servers, hooke reads OME-Zarr and TIFF only", path=self.path, remedy="download it, or give its true URL"
        )

    @property
    def is_closed(self) -> bool:
        """Whether the server refuses even the metadata of the store, which it gave before."""
        try:
            return all(self.read(name, again=True) is None for name in ZARR_MARKS)
        except RefusedError:
            return True

    def open(self) -> BinaryIO:
        """Open the file for reading."""
        return cast(BinaryIO, io.BufferedReader(_Stream(self), _BLOCK))


class _Stream(io.RawIOBase):
    """The bytes of a remote file in order; few bytes are read as part of an aligned block, which is kept."""

    def __init__(self, file: RemoteFile) -> None:
        self._file = file
        self._size = file.size
        self._at = 0
        self.name = file.path.name

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        stop = min(self._at + len(buffer), self._size)
        if stop <= self._at:
            return 0
        if stop - self._at > _BLOCK:
            data = self._file.read(start=self._at, stop=stop) or b""
        else:
            first = self._at // _BLOCK * _BLOCK
            block = self._file.read(start=first, stop=min(first + _BLOCK, self._size)) or b""
            data = block[self._at - first : stop - first]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def remote_file(path: Path) -> RemoteFile:
    """What is at a URL; the same object for the same URL and the same credentials."""
    return _remote_file(path, access_to(path))


@lru_cache(maxsize=64)
def _remote_file(path: Path, access: Access) -> RemoteFile:
    return RemoteFile(path)


def open_binary(path: Path) -> BinaryIO:
    """Open a file for reading, on this machine or on a server."""
    return remote_file(path).open() if is_url(path) else path.open("rb")


def _file_system(path: Path) -> tuple[Any, str, str]:
    """The file system of a URL, the place in it, and the query of its requests."""
    try:
        fsspec = importlib.import_module("fsspec")
    except ImportError:
        raise RemoteError(
            "is on a server, and the package fsspec is not installed", path=path, remedy=how_to_install("remote")
        ) from None
    access, text = access_to(path), path_text(path)
    scheme, _, place = text.partition("://")
    options: dict[str, Any] = {}
    if scheme in _HTTP:
        # Proxies as the system has them; a URL that is encoded already stays as it is, or signatures become wrong.
        options = {"client_kwargs": {"trust_env": True}, "encoded": "%" in text + access.query}
    try:
        files, root = fsspec.core.url_to_fs(f"{scheme}://{access.user + '@' if access.user else ''}{place}", **options)
    except (ImportError, ValueError) as error:
        package = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}.get(
            scheme
        )
        remedy = how_to_install("remote") if scheme in _HTTP else f"pip install {package or 'what fsspec needs for it'}"
        raise RemoteError(f"{scheme}:// can't be read ({type(error).__name__})", path=path, remedy=remedy) from None
    return files, root, access.query if scheme in _HTTP else ""


def _status(error: Exception) -> int:
    """The HTTP status that an error has, or 0."""
    status = getattr(error, "status", 0)
    return status if isinstance(status, int) else 0


def _is_refused(error: Exception) -> bool:
    """Whether credentials are missing or wrong; botocore's and others' names say so before anything is sent."""
    return _status(error) in _REFUSED or isinstance(error, PermissionError) or "Credential" in type(error).__name__


def _passes(error: Exception) -> bool:
    """Whether the same request may be answered a moment later."""
    status = _status(error)
    return status in _PASSING or status >= 500 or not status


def _cause(error: Exception) -> str:
    """What went wrong, without the URL."""
    if status := _status(error):
        return f"the server answers {status}"
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return f"the server does not answer within {TIMEOUT:g} s"
    if _is_refused(error):
        return f"access is refused ({type(error).__name__})"
    return f"the server can't be reached ({type(error).__name__})"


def _how_to_sign(path: Path) -> str:
    if path_text(path).startswith(_HTTP):
        return "give the URL with what signs it, or ask its owner for access"
    return "set the credentials as its package reads them; a public bucket of S3 needs FSSPEC_S3_ANON=true"
