"""Checks an ONNX file before it is run: tensors match their shapes, no data outside the file, no absurd sizes.

The runtime half has no package ``onnx``. Only a few fields of its protobuf messages are needed, which are read here:
a message is a row of fields, each a number, a wire type and a value (https://protobuf.dev/programming-guides/encoding;
the fields: ``onnx.proto`` of https://github.com/onnx/onnx).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path

from hooke.errors import ModelError

_MOST_ELEMENTS = 1 << 26  # of a tensor that a node makes from a shape alone
_LARGEST_STEP = 1 << 12  # of a window, its padding or its enlargement, in pixels
_DEEPEST = 16  # graphs within graphs
_INT64 = 7
#: Operators that make a tensor from sizes: which of their inputs are sizes.
_SIZED_BY_INPUT = {"ConstantOfShape": (0,), "Expand": (1,), "Tile": (1,), "Pad": (1,), "Resize": (2, 3), "OneHot": (1,)}
_SIZED_BY_ATTRIBUTE = ("Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "Pad", "Upsample")
_REMEDY = "copy or export it again"

Field = tuple[int, int | bytes]


def check_onnx(data: bytes, path: Path, name: str = "weights.onnx") -> None:
    """Refuse an ONNX file that would make its reader allocate more than it holds, or read other files.

    Parameters
    ----------
    data : bytes
        The file.
    path : Path
        Of the bundle, to name it.
    name : str
        Of the file within.

    Raises
    ------
    ModelError
    """
    try:
        _check_model(data)
    except _DamagedError as error:
        raise ModelError(f"{name} can't be run: {error}", path=path, remedy=_REMEDY) from error


class _DamagedError(ValueError):
    """What is wrong with the file."""


def _check_model(data: bytes) -> None:
    graphs = [value for number, value in _fields(data) if number == 7 and isinstance(value, bytes)]
    if not graphs:
        raise _DamagedError("it holds no network")
    for graph in graphs:
        _check_graph(graph, 0)


def _check_graph(graph: bytes, depth: int) -> None:
    """Check a GraphProto: 1 nodes, 5 initialisers, 15 sparse ones."""
    if depth > _DEEPEST:
        raise _DamagedError("graphs within graphs without end")
    constants: dict[bytes, list[int]] = {}
    nodes = []
    for number, value in _fields(graph):
        if not isinstance(value, bytes):
            continue
        if number == 1:
            nodes.append(value)
        elif number == 5:
            name, small = _check_tensor(value)
            constants[name] = small
        elif number == 15:
            _check_sparse(value)
    for node in nodes:
        _check_node(node, constants, depth)


def _check_node(node: bytes, constants: dict[bytes, list[int]], depth: int) -> None:
    """Check a NodeProto: 1 inputs, 2 outputs, 4 operator, 5 attributes."""
    inputs: list[bytes] = []
    attributes: list[bytes] = []
    outputs, operator = [b""], b""
    for number, value in _fields(node):
        if isinstance(value, bytes):
            if number == 1:
                inputs.append(value)
            elif number == 2:
                outputs = [value]
            elif number == 4:
                operator = value
            elif number == 5:
                attributes.append(value)
    kind = operator.decode("ascii", "replace")
    for attribute in attributes:
        numbers, tensor = _check_attribute(attribute, depth)
        if kind in _SIZED_BY_ATTRIBUTE and max(map(abs, numbers), default=0) > _LARGEST_STEP:
            raise _DamagedError(f"a size of {max(map(abs, numbers))} in an operator {kind}")
        if kind == "Constant":
            constants[outputs[0]] = tensor or numbers
    for place in _SIZED_BY_INPUT.get(kind, ()):
        sizes = constants.get(inputs[place], []) if place < len(inputs) else []
        if math.prod(max(abs(size), 1) for size in sizes) > _MOST_ELEMENTS:
            raise _DamagedError(f"an operator {kind} makes a tensor of {' x '.join(map(str, sizes))}")


def _check_attribute(attribute: bytes, depth: int) -> tuple[list[int], list[int]]:
    """Check an AttributeProto: 5 and 10 tensors, 6 and 11 graphs, 22 and 23 sparse ones; return its 3 and 8 numbers."""
    numbers: list[int] = []
    small: list[int] = []
    for number, value in _fields(attribute):
        if number in (3, 8):
            numbers.extend(_signed(varint) for varint in ([value] if isinstance(value, int) else _varints(value)))
        elif isinstance(value, bytes):
            if number in (5, 10):
                _, small = _check_tensor(value)
            elif number in (6, 11):
                _check_graph(value, depth + 1)
            elif number in (22, 23):
                _check_sparse(value)
    return numbers, small


def _check_tensor(tensor: bytes) -> tuple[bytes, list[int]]:
    """Check a TensorProto: 1 dimensions, 2 type, 8 name, 9 raw bytes, 13 and 14 data elsewhere, 4 to 11 numbers.

    Returns its name and, of a few whole numbers, these.
    """
    dimensions: list[int] = []
    given: list[int] = []
    kind, name, raw = 0, b"", b""
    for number, value in _fields(tensor):
        if number == 1:
            dimensions.extend(_signed(varint) for varint in ([value] if isinstance(value, int) else _varints(value)))
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number == 7 and len(given) <= 16:
            given.extend([value] if isinstance(value, int) else list(_varints(value[:160])))
        elif number == 8 and isinstance(value, bytes):
            name = value
        elif number == 9 and isinstance(value, bytes):
            raw = value
        elif number == 13 or (number == 14 and value):
            raise _DamagedError("weights in other files")
    count = math.prod(dimensions)
    # Two numbers a byte is the densest that there is (4 bits each).
    if min(dimensions, default=0) < 0 or count > 2 * len(tensor):
        shape = " x ".join(map(str, dimensions))
        raise _DamagedError(f"a tensor of shape {shape} in {len(tensor)} bytes")
    if kind != _INT64 or count > 16:
        return name, []
    whole = len(raw) // 8
    return name, list(struct.unpack(f"<{whole}q", raw[: 8 * whole])) if raw else [_signed(varint) for varint in given]


def _check_sparse(tensor: bytes) -> None:
    """Check a SparseTensorProto: 1 values, 2 places, 3 dimensions of the full tensor."""
    dimensions: list[int] = []
    for number, value in _fields(tensor):
        if number == 3:
            dimensions.extend(_signed(varint) for varint in ([value] if isinstance(value, int) else _varints(value)))
        elif isinstance(value, bytes):
            _check_tensor(value)
    if min(dimensions, default=0) < 0 or math.prod(dimensions) > _MOST_ELEMENTS:
        raise _DamagedError(f"a sparse tensor of shape {' x '.join(map(str, dimensions))}")


def _fields(message: bytes) -> Iterator[Field]:
    """Yield number and value of each field: an int for wire types 0, 1 and 5, bytes for type 2."""
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at)
        wire = tag & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield tag >> 3, value
            continue
        if wire == 2:
            length, at = _varint(message, at)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise _DamagedError(f"a field of unknown kind {wire}")
        if length > end - at:
            raise _DamagedError("it is cut short")
        held = message[at : at + length]
        yield tag >> 3, held if wire == 2 else int.from_bytes(held, "little")
        at += length


def _varints(packed: bytes) -> Iterator[int]:
    """Yield the numbers of a packed field."""
    at = 0
    while at < len(packed):
        number, at = _varint(packed, at)
        yield number


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Read a number of 7 bits a byte, low bits first; return it and the place after it."""
    number = 0
    for place in range(10):
        if at + place >= len(message):
            raise _DamagedError("it is cut short")
        byte = message[at + place]
        number |= (byte & 127) << 7 * place
        if byte < 128:
            return number, at + place + 1
    raise _DamagedError("a number without end")


def _signed(number: int) -> int:
    """Read 64 bits as a number that may be negative."""
    return number - (1 << 64) if number >= 1 << 63 else number
