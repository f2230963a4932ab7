"""Writes tables as Parquet, part by part, without a library: numbers, truths and texts, compressed by zlib.

Each part becomes a row group, so that a table of any length takes the memory of one part. Written are plain values with
definition levels for what is missing, and the footer in Thrift's compact protocol:
https://parquet.apache.org/docs/file-format/. pandas, polars, DuckDB, R and Spark read it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from hooke import __version__
from hooke.io.atomic import atomic_path

if TYPE_CHECKING:
    import pandas as pd

_MAGIC = b"PAR1"
# Of parquet.thrift: physical types, encodings, codec, repetition, kind of page.
_BOOLEAN, _INT64, _DOUBLE, _BYTES = 0, 2, 5, 6
_PLAIN, _RUNS = 0, 3
_GZIP, _OPTIONAL, _DATA_PAGE, _UTF8 = 2, 1, 0, 0
_LEVEL = 6  # of compression
#: Types of columns.
BOOLEAN, INTEGER, FLOAT, TEXT = "boolean", "integer", "float", "text"
_PHYSICAL = {BOOLEAN: _BOOLEAN, INTEGER: _INT64, FLOAT: _DOUBLE, TEXT: _BYTES}
# Of Thrift's compact protocol.
_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12


def write_parquet(tables: Iterable[pd.DataFrame], path: str | Path, kinds: Mapping[str, str]) -> None:
    """Write tables as one Parquet file, while they come.

    Parameters
    ----------
    tables : iterable of DataFrame
        Each with all of the columns. Missing values (NaN, None) stay missing.
    path : str or Path
        The file; replaced if there.
    kinds : mapping of str to str
        Columns, and the type of each: `BOOLEAN`, `INTEGER` (64 bits), `FLOAT` (double precision) or `TEXT`.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    with atomic_path(path) as part, part.open("wb") as file:
        writer = _Writer(file, [_Column(name, _PHYSICAL[kind]) for name, kind in kinds.items()])
        for table in tables:
            writer.add(table)
        writer.close()


@dataclass
class _Column:
    """One column: its name and physical type."""

    name: str
    kind: int

    def encode(self, values: pd.Series[Any]) -> tuple[NDArray[np.bool_], bytes]:
        """Which values are there, and these, plainly."""
        there = values.notna().to_numpy(bool)
        known = values[there]
        if self.kind == _BOOLEAN:
            return there, np.packbits(known.to_numpy(bool), bitorder="little").tobytes()
        if self.kind == _INT64:
            return there, known.to_numpy(np.dtype("<i8")).tobytes()
        if self.kind == _DOUBLE:
            return there, known.to_numpy(np.dtype("<f8")).tobytes()
        texts = [str(text).encode("utf-8", "backslashreplace") for text in known]
        return there, b"".join(struct.pack("<I", len(text)) + text for text in texts)


@dataclass
class _Writer:
    """Row groups in a file, and what its footer says of them."""

    file: BinaryIO
    columns: list[_Column]
    groups: list[bytes] = field(default_factory=list)
    rows: int = 0
    at: int = 0

    def __post_init__(self) -> None:
        self._put(_MAGIC)

    def add(self, table: pd.DataFrame) -> None:
        """Write a row group, where there are rows."""
        if len(table):
            chunks = [self._chunk(column, table[column.name]) for column in self.columns]
            size = sum(plain for _, plain in chunks)
            listed = _list(_STRUCT, [chunk for chunk, _ in chunks])
            self.groups.append(_struct([(1, _LIST, listed), (2, _I64, _int(size)), (3, _I64, _int(len(table)))]))
            self.rows += len(table)

    def _chunk(self, column: _Column, values: pd.Series[Any]) -> tuple[bytes, int]:
        """Write one page of a column; what the footer says of it, and its size before compression."""
        there, plain = column.encode(values)
        levels = _runs(there)
        page = struct.pack("<I", len(levels)) + levels + plain
        packer = zlib.compressobj(_LEVEL, wbits=31)
        packed = packer.compress(page) + packer.flush()
        about = _struct(
            [(1, _I32, _int(len(values))), (2, _I32, _int(_PLAIN)), (3, _I32, _int(_RUNS)), (4, _I32, _int(_RUNS))]
        )
        head = _struct(
            [(1, _I32, _int(_DATA_PAGE)), (2, _I32, _int(len(page))), (3, _I32, _int(len(packed))), (5, _STRUCT, about)]
        )
        start = self.at
        self._put(head)
        self._put(packed)
        sizes = len(head) + len(page), len(head) + len(packed)
        facts = _struct(
            [
                (1, _I32, _int(column.kind)),
                (2, _LIST, _list(_I32, [_int(_PLAIN), _int(_RUNS)])),
                (3, _LIST, _list(_BINARY, [_text(column.name)])),
                (4, _I32, _int(_GZIP)),
                (5, _I64, _int(len(values))),
                (6, _I64, _int(sizes[0])),
                (7, _I64, _int(sizes[1])),
                (9, _I64, _int(start)),
            ]
        )
        return _struct([(2, _I64, _int(start)), (3, _STRUCT, facts)]), sizes[0]

    def close(self) -> None:
        """Write the footer."""
        root = _struct([(4, _BINARY, _text("schema")), (5, _I32, _int(len(self.columns)))])
        schema = [root, *(_schema(column) for column in self.columns)]
        footer = _struct(
            [
                (1, _I32, _int(1)),
                (2, _LIST, _list(_STRUCT, schema)),
                (3, _I64, _int(self.rows)),
                (4, _LIST, _list(_STRUCT, self.groups)),
                (6, _BINARY, _text(f"hooke version {__version__}")),
            ]
        )
        self._put(footer + struct.pack("<I", len(footer)) + _MAGIC)

    def _put(self, data: bytes) -> None:
        self.file.write(data)
        self.at += len(data)


def _schema(column: _Column) -> bytes:
    """What the footer says of a column's type."""
    fields = [(1, _I32, _int(column.kind)), (3, _I32, _int(_OPTIONAL)), (4, _BINARY, _text(column.name))]
    return _struct([*fields, (6, _I32, _int(_UTF8))] if column.kind == _BYTES else fields)


def _runs(there: NDArray[np.bool_]) -> bytes:
    """Definition levels as runs of equal bits: 1 for a value that is there."""
    ends = np.flatnonzero(np.diff(there)) + 1
    starts = np.concatenate([[0], ends])
    lengths = np.diff(np.concatenate([starts, [len(there)]]))
    return b"".join(
        _varint(int(length) << 1) + bytes([int(there[start])]) for start, length in zip(starts, lengths, strict=True)
    )


def _varint(value: int) -> bytes:
    """An unsigned number, 7 bits a byte, the lowest first."""
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _int(value: int) -> bytes:
    """A number of Thrift: small ones of either sign are short."""
    return _varint(value << 1 if value >= 0 else (-value << 1) - 1)


def _text(text: str) -> bytes:
    data = text.encode("utf-8", "backslashreplace")
    return _varint(len(data)) + data


def _list(kind: int, items: Sequence[bytes]) -> bytes:
    head = bytes([len(items) << 4 | kind]) if len(items) < 15 else bytes([0xF0 | kind]) + _varint(len(items))
    return head + b"".join(items)


def _struct(fields: Sequence[tuple[int, int, bytes]]) -> bytes:
    """Fields by number, each less than 16 after the last, and the end."""
    last, parts = 0, []
    for number, kind, value in fields:
        parts.append(bytes([(number - last) << 4 | kind]) + value)
        last = number
    return b"".join(parts) + b"\0"
