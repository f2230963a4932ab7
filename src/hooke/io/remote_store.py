"""A zarr store on a server: each chunk is one request of `hooke.io.remote`; chunks that are not there are counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from zarr.abc.store import OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest

from hooke.io.gaps import Gaps
from hooke.io.remote import RefusedError, RemoteFile, remote_file

if TYPE_CHECKING:
    from zarr.abc.store import ByteRequest
    from zarr.core.buffer import Buffer, BufferPrototype

_METADATA = ("zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata")


class RemoteStore(Store):
    """Reads a store; nothing is listed, since most servers can't.

    Parameters
    ----------
    path : Path
        See `hooke.addresses.to_path`.
    gaps : Gaps
        Counts the chunks that are not there.
    """

    supports_writes = False
    supports_deletes = False
    supports_partial_writes = False
    supports_listing = False

    def __init__(self, path: Path, gaps: Gaps) -> None:
        super().__init__(read_only=True)
        self._path = path
        self._gaps = gaps

    @property
    def _file(self) -> RemoteFile:
        return remote_file(self._path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemoteStore) and other._path == self._path

    __hash__ = None  # type: ignore[assignment]

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        """Read a file of the store, or a part of it; None where there is none."""
        start, stop = _span(byte_range)
        found = await asyncio.to_thread(self._read, key, start, stop)
        return None if found is None else prototype.buffer.from_bytes(found)

    def _read(self, key: str, start: int | None, stop: int | None) -> bytes | None:
        is_chunk = not key.endswith(_METADATA)
        try:
            found = self._file.read(key, start, stop)
        except RefusedError:
            # Buckets that may not be listed refuse what is not there; one that refuses its metadata, too, is closed.
            if not is_chunk or self._file.is_closed:
                raise
            found = None
        if found is None and is_chunk:
            self._gaps.add_absent(key)
        return found

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Read parts of files."""
        return list(await asyncio.gather(*(self.get(key, prototype, part) for key, part in key_ranges)))

    async def exists(self, key: str) -> bool:
        """Whether a file is there."""
        return await asyncio.to_thread(self._file.read, key) is not None

    async def set(self, key: str, value: Buffer) -> None:
        """Refuse: nothing is written to servers."""
        raise NotImplementedError

    async def delete(self, key: str) -> None:
        """Refuse."""
        raise NotImplementedError

    async def list(self) -> AsyncIterator[str]:
        """List nothing."""
        for key in tuple[str, ...]():
            yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """List nothing."""
        for key in tuple[str, ...]():
            yield key

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """List nothing."""
        for key in tuple[str, ...]():
            yield key


def _span(part: ByteRequest | None) -> tuple[int | None, int | None]:
    """Start and stop of a part of a file, a negative start counting from the end."""
    if isinstance(part, RangeByteRequest):
        return part.start, part.end
    if isinstance(part, OffsetByteRequest):
        return part.offset, None
    if isinstance(part, SuffixByteRequest):
        return -part.suffix, None
    return None, None
