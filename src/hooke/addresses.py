"""Distinguishes URLs from paths of files, and keeps what is secret in a URL out of all texts.

hooke handles an image on a server by a path, as it does all images: ``Path("https:/host/a.zarr")``, which pathlib makes
of the URL. `to_path` makes it, without user, password and query, which may be a signature; these are kept in memory
only, for the requests. `path_text` gives the URL back.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

# fmt: off
_SCHEMES = frozenset([
    "http", "https", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss", "ftp", "sftp", "ssh",
    "webdav", "dav", "hdfs", "webhdfs", "memory", "github", "hf", "dropbox", "gdrive",
])
# fmt: on
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):[/\\]+(?P<rest>.*)", re.DOTALL)
_USER = re.compile(r"(?<=://)[^/\s@'\"]+@")
_QUERY = re.compile(r"(://[^\s?'\"]*)\?[^\s'\"]*")
_SHORTEST_SECRET = 4  # characters; a shorter one would be found in any text


class Access(NamedTuple):
    """What a URL holds besides the place: user and password, and query, both as written there."""

    user: str = ""
    query: str = ""


_KNOWN: dict[str, Access] = {}  # by URL


def is_url(path: str | Path) -> bool:
    """Whether a text is a URL of a server, or a path was made of one.

    Examples
    --------
    >>> is_url("https://host/a.zarr"), is_url(Path("s3:/bucket/a.zarr")), is_url("a.zarr"), is_url("C:/a.zarr")
    (True, True, False, False)
    """
    found = _URL.match(str(path))
    return found is not None and found["scheme"].lower() in _SCHEMES


def to_path(given: str | Path) -> Path:
    """Make a path of what a user gives: a path, or a URL, whose secrets are kept for the requests.

    Examples
    --------
    >>> to_path("https://host/a.zarr/").as_posix()
    'https:/host/a.zarr'
    """
    text = str(given)
    if text.startswith("file://"):
        return Path(url2pathname(urlsplit(text).path))
    if not is_url(text):
        return Path(given)
    if isinstance(given, Path):
        return given
    scheme, _, rest = text.partition("://")
    place = rest.partition("#")[0]
    place, _, query = place.partition("?")
    host, slash, inner = place.partition("/")
    user, _, host = host.rpartition("@")
    path = Path(f"{scheme.lower()}:/{host}{slash}{inner}")
    if user or query:
        grant(path, Access(user, query))
    return path


def path_text(path: str | Path) -> str:
    """A path as text: the URL that it was made of, without secrets, or the path as it is.

    Examples
    --------
    >>> path_text(to_path("https://me:word@host/a.zarr?sig=abc")), path_text(Path("a.zarr"))
    ('https://host/a.zarr', 'a.zarr')
    """
    if not is_url(path):
        return str(path)
    found = _URL.match(Path(path).as_posix())
    assert found is not None
    return f"{found['scheme']}://{found['rest']}"


def real_path(path: str | Path) -> str:
    """What identifies a file: its path with all links resolved, or its URL."""
    return path_text(path) if is_url(path) else os.path.realpath(path)


def absolute_path(path: Path) -> Path:
    """The same path from any working folder; links are kept."""
    return path if is_url(path) else Path(os.path.abspath(path))  # noqa: PTH100


def access_to(path: Path) -> Access:
    """What the user's URL of an image held besides the place."""
    return _KNOWN.get(path_text(path), Access())


def grant(path: Path, access: Access) -> None:
    """Keep what requests for an image need."""
    if any(access):
        _KNOWN[path_text(path)] = access


def without_secrets(text: str) -> str:
    """Give a text in which nothing is left of the user names, passwords and queries of URLs.

    Examples
    --------
    >>> without_secrets("no answer from https://me:word@host/a.zarr?sig=abc")
    'no answer from https://host/a.zarr'
    """
    if "://" in text:
        text = _QUERY.sub(r"\1", _USER.sub("", text))
    for access in list(_KNOWN.values()):
        values = [part.partition("=")[2] for part in access.query.split("&")]
        for secret in (access.query, access.user, access.user.partition(":")[2], *values):
            for form in {secret, unquote(secret)}:
                if len(form) >= _SHORTEST_SECRET and form in text:
                    text = text.replace(form, "***")
    return text
