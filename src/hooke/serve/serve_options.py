"""Defines what a server may do: its folder, address, token and limits."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hooke.errors import ConfigError
from hooke.limits import parse_bytes
from hooke.pipeline.options import available_threads

LOCAL = "127.0.0.1"
_SHORTEST_TOKEN = 16


@dataclass(frozen=True)
class ServeOptions:
    """How a server runs.

    Parameters
    ----------
    folder : str or Path, optional
        Work folder for uploads, results and models; ``~/.hooke/serve`` when not given.
    host : str
        Address to listen on. Others than this machine reach it only where it is another than ``127.0.0.1``, and then
        only with the token.
    port : int
        0 takes a free one.
    token : str, optional
        What a client has to show; made up where the server is reached from elsewhere and none is given.
    allow_hosts : sequence of str
        Names, besides its own, under which browsers reach the server.
    allow_paths : bool
        Whether a page on this machine may open files by their path.
    max_upload : int or str
        Bytes of one upload, or an amount such as ``"2G"``.
    max_pixels : int
        Height times width of all planes of an image.
    max_jobs : int
        Jobs that wait or run; more are refused as busy.
    threads : int
        Threads to compute with; 0 takes all cores.
    keep_days : float
        Days after its last use that an image is removed from the work folder, unless it is corrected, or edited and not
        downloaded since; 0 keeps images of any age.
    max_folder : int or str
        Bytes of all images of the work folder with their results, or an amount such as ``"50G"``: above it, those used
        least lately are removed, with the same exceptions. ``0`` for any number.

    Raises
    ------
    ConfigError
        When a value is out of range.
    """

    folder: str | Path | None = None
    host: str = LOCAL
    port: int = 8642
    token: str | None = field(default=None, repr=False)
    allow_hosts: Sequence[str] = ()
    allow_paths: bool = False
    max_upload: int | str = "2G"
    max_pixels: int = 1_000_000_000
    max_jobs: int = 100
    threads: int = 0
    keep_days: float = 90.0
    max_folder: int | str = "50G"

    def __post_init__(self) -> None:
        if not 0 <= self.port < 65536:
            raise ConfigError(f"port is {self.port}", remedy="give 1 to 65535, or 0 for a free one")
        if self.token is not None and len(self.token) < _SHORTEST_TOKEN:
            raise ConfigError("the token is too short", remedy=f"give {_SHORTEST_TOKEN} characters or more")
        if self.max_pixels < 4 or self.max_jobs < 1:
            raise ConfigError("a limit is below what one image needs", remedy="give max_pixels and max_jobs above it")
        if self.threads < 0:
            raise ConfigError(f"threads is {self.threads}", remedy="give a number of threads, or 0 for all cores")
        if self.allow_paths and not self.is_local:
            remedy = "leave out --allow-paths, or listen on 127.0.0.1"
            raise ConfigError("files by path are for pages on this machine only", remedy=remedy)
        if not 0 <= self.keep_days < math.inf:
            raise ConfigError(f"keep_days is {self.keep_days}", remedy="give days, or 0 to keep images of any age")
        object.__setattr__(self, "max_upload", parse_bytes(self.max_upload, "max_upload"))
        if str(self.max_folder).strip() != "0":
            object.__setattr__(self, "max_folder", parse_bytes(self.max_folder, "max_folder"))

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the server."""
        if self.host.casefold() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    @property
    def upload_bytes(self) -> int:
        """Bytes of one upload."""
        return int(self.max_upload)

    @property
    def folder_bytes(self) -> int:
        """Bytes of all images of the work folder; 0 for any number."""
        return int(self.max_folder)

    @property
    def work_folder(self) -> Path:
        """The work folder.

        Raises
        ------
        ConfigError
            When none is given and the user has no home folder.
        """
        if self.folder is not None:
            return Path(self.folder)
        try:
            return Path.home() / ".hooke" / "serve"
        except RuntimeError as error:
            raise ConfigError("no work folder: there is no home folder", remedy="name one with --folder") from error

    @property
    def resolved_threads(self) -> int:
        """Number of threads, all cores counted out."""
        return self.threads or available_threads()
