"""Mutates the bytes of a file: bits and bytes anywhere, and values where a format keeps them."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import yaml

__all__ = ["mutate"]

Rng = np.random.Generator

_NUMBERS = (0, 1, 2, 3, 7, 127, 128, 255, 256, 32767, 65535, 65536, 10**6, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63)
_TEXTS = (
    "0", "-1", "1.5", "1e308", "1e999", "-1e-320", "nan", "NaN", "Infinity", "-Infinity", "null", "true", "[]", "{}",
    '""', '"x"', "[1, 2]", '{"a": 1}', "2147483648", "9223372036854775808", "1" * 5000, "~", "2026-99-99", "0x1F",
    "1:60:60", "", "-", "'", '"', "\\u0000", "\ud83d".encode("utf-8", "replace").decode(), "é", "../../x", "[[[[",
)  # fmt: skip
_JSON_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 1.5, 1e308, float("nan"), float("inf"), 2**31, 2**63, 10**30, "", "x", "0", "nan",
    "a" * 300, "\ud800", [], [None], [[]], [1, 2], [[1, 2], [3, 4]], ["x"], {}, {"a": 1}, {"size": [1, 1]},
)  # fmt: skip


def mutate(data: bytes, suffix: str, rng: Rng) -> bytes:
    """Change a file once, or a few times.

    Parameters
    ----------
    data : bytes
    suffix : str
        Of the file's name, lower case; decides what is known of its format.
    rng : Generator
    """
    ways = [*_ANY, *([_BY_SUFFIX[suffix]] * len(_ANY) if suffix in _BY_SUFFIX else [])]
    for _ in range(min(int(rng.geometric(0.6)), 5)):
        data = ways[rng.integers(len(ways))](data, rng)
    return data


def _flip(data: bytes, rng: Rng) -> bytes:
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        if changed:
            changed[rng.integers(len(changed))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _overwrite(data: bytes, rng: Rng) -> bytes:
    """Put a number of 1 to 8 bytes, in either order, somewhere; half of the time near the start."""
    size = (1, 2, 4, 8)[rng.integers(4)]
    number = _NUMBERS[rng.integers(len(_NUMBERS))] % (1 << 8 * size)
    if rng.random() < 0.3:
        number = (1 << 8 * size) - 1 - number
    at = int(rng.integers(max(1, min(len(data), 512) if rng.random() < 0.5 else len(data))))
    return data[:at] + number.to_bytes(size, "little" if rng.random() < 0.5 else "big") + data[at + size :]


def _cut(data: bytes, rng: Rng) -> bytes:
    return data[: rng.integers(len(data) + 1)]


def _remove(data: bytes, rng: Rng) -> bytes:
    at = int(rng.integers(len(data) + 1))
    return data[:at] + data[at + int(rng.integers(1, 65)) :]


def _insert(data: bytes, rng: Rng) -> bytes:
    at = int(rng.integers(len(data) + 1))
    return data[:at] + rng.bytes(int(rng.integers(1, 33))) + data[at:]


def _repeat(data: bytes, rng: Rng) -> bytes:
    at = int(rng.integers(len(data) + 1))
    part = data[at : at + int(rng.integers(1, 257))]
    return data[:at] + part * int(rng.integers(1, 9)) + data[at:]


def _fill(data: bytes, rng: Rng) -> bytes:
    at, length = int(rng.integers(len(data) + 1)), int(rng.integers(1, 129))
    return data[:at] + bytes([(0, 255, 32)[rng.integers(3)]]) * length + data[at + length :]


_ANY: tuple[Callable[[bytes, Rng], bytes], ...] = (_flip, _overwrite, _cut, _remove, _insert, _repeat, _fill)


def _text(data: bytes, rng: Rng) -> bytes:
    """Replace a word or number of a text, or a line."""
    if rng.random() < 0.2:
        lines = data.splitlines(keepends=True)
        rng.shuffle(lines) if rng.random() < 0.3 else None
        drop = int(rng.integers(len(lines) + 1))
        return b"".join(lines[:drop] + lines[drop + 1 :] + lines[drop : drop + 1] * int(rng.integers(3)))
    words = list(re.finditer(rb"[\w.+-]+", data))
    if not words:
        return data
    word = words[rng.integers(len(words))]
    new = _TEXTS[rng.integers(len(_TEXTS))].encode("utf-8", "replace")
    return data[: word.start()] + new + data[word.end() :]


def _json(data: bytes, rng: Rng) -> bytes:
    """Replace, remove or rename a value anywhere in a tree."""
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return _text(data, rng)
    places: list[tuple[Any, Any]] = []
    _walk(tree, places)
    if not places:
        return data
    holder, key = places[rng.integers(len(places))]
    way = rng.random()
    if way < 0.75:
        holder[key] = _JSON_VALUES[rng.integers(len(_JSON_VALUES))]
    elif way < 0.9:
        del holder[key]
    elif isinstance(holder, dict):
        holder[_TEXTS[rng.integers(len(_TEXTS))]] = holder.pop(key)
    else:
        holder.extend(holder[:50])
    return json.dumps(tree).encode("utf-8", "replace")


def _yaml(data: bytes, rng: Rng) -> bytes:
    """Change a value anywhere in a tree, or the text."""
    try:
        tree = yaml.safe_load(data)
    except Exception:
        return _text(data, rng)
    places: list[tuple[Any, Any]] = []
    _walk(tree, places)
    if not places or rng.random() < 0.3:
        return _text(data, rng)
    holder, key = places[rng.integers(len(places))]
    if rng.random() < 0.8:
        holder[key] = _JSON_VALUES[rng.integers(len(_JSON_VALUES))]
    else:
        del holder[key]
    return yaml.safe_dump(tree, allow_unicode=False).encode("utf-8", "replace")


def _walk(value: Any, places: list[tuple[Any, Any]]) -> None:
    if isinstance(value, dict):
        pairs: Any = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value[:50])
    else:
        return
    for key, inner in pairs:
        places.append((value, key))
        _walk(inner, places)


def _json_lines(data: bytes, rng: Rng) -> bytes:
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    at = int(rng.integers(len(lines)))
    lines[at] = _json(lines[at], rng) + b"\n"
    return b"".join(lines)


def _tiff(data: bytes, rng: Rng) -> bytes:
    """Change tag, type, count or value of an entry of some page's directory."""
    if len(data) < 16 or data[:2] not in (b"II", b"MM"):
        return data
    order = "<" if data[:2] == b"II" else ">"
    big = struct.unpack_from(order + "H", data, 2)[0] == 43
    kinds = ("Q", "Q", 20, 8) if big else ("I", "H", 12, 4)
    offset = struct.unpack_from(order + kinds[0], data, 8 if big else 4)[0]
    head = struct.calcsize("=" + kinds[1])
    directories = []
    while 0 < offset < len(data) - head and len(directories) < 20:
        count = struct.unpack_from(order + kinds[1], data, offset)[0]
        directories.append((offset + head, min(count, 60)))
        following = offset + head + count * kinds[2]
        if following + kinds[3] > len(data):
            break
        offset = struct.unpack_from(order + kinds[0], data, following)[0]
    if not directories:
        return data
    start, count = directories[rng.integers(len(directories))]
    at = start + int(rng.integers(max(count, 1))) * kinds[2]
    field, size = ((0, 2), (2, 2), (4, kinds[3]), (4 + kinds[3], kinds[3]))[rng.choice(4, p=(0.1, 0.1, 0.25, 0.55))]
    number = _NUMBERS[rng.integers(len(_NUMBERS))] % (1 << 8 * size)
    new = number.to_bytes(size, "little" if order == "<" else "big")
    return data[: at + field] + new + data[at + field + size :]


def _png(data: bytes, rng: Rng) -> bytes:
    """Change the content of a chunk, and correct its checksum."""
    chunks, at = [], 8
    while at + 12 <= len(data):
        length = struct.unpack_from(">I", data, at)[0]
        if at + 12 + length > len(data):
            break
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    if not chunks:
        return data
    place = 0 if rng.random() < 0.4 else int(rng.integers(len(chunks)))
    kind, body = chunks[place]
    if kind == b"IDAT" and rng.random() < 0.5:
        chunks.insert(place, (kind, body[: len(body) // 2]))
    else:
        chunks[place] = kind, _ANY[rng.integers(len(_ANY))](body, rng)
    packed = (struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in chunks)
    return data[:8] + b"".join(packed) + data[at:]


def _zip(data: bytes, rng: Rng) -> bytes:
    """Mutate a member, and pack it again."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {info.filename: archive.read(info) for info in archive.infolist()[:200]}
    except Exception:
        return data
    if not members:
        return data
    name = list(members)[rng.integers(len(members))]
    suffix = name[name.rfind(".") :].lower()
    ways = [*_ANY, *([_BY_SUFFIX[suffix]] * len(_ANY) if suffix in _BY_SUFFIX and suffix != ".zip" else [])]
    members[name] = ways[rng.integers(len(ways))](members[name], rng)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)[rng.integers(2)]) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return packed.getvalue()


_BY_SUFFIX: dict[str, Callable[[bytes, Rng], bytes]] = {
    **dict.fromkeys((".csv", ".txt", ".zattrs", ".zarray", ".zgroup", ".pgm", ".ppm"), _text),
    **dict.fromkeys((".json", ".geojson"), _json),
    ".jsonl": _json_lines,
    ".yaml": _yaml,
    ".tif": _tiff,
    ".png": _png,
    ".zip": _zip,
    ".npy": _text,
}
