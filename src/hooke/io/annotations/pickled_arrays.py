"""Reads the arrays of a dictionary that ``numpy.save`` pickled, without unpickling: nothing that it names is called.

The instructions of a pickle are read as data (`pickletools.genops` parses, and executes nothing). What they would call
is kept as its name with its arguments; of these only NumPy's own descriptions of an array are understood.
"""

from __future__ import annotations

import math
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import DatasetError
from hooke.limits import check_memory

REMEDY = "save it again, or give a label image as TIFF or PNG"
_COPIES = 4  # of the file, at the peak
_MARK = object()
_RECONSTRUCT = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")
_FROM_BUFFER = ("numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer")
_NUMBERS = ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT")
_TEXTS = ("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8")
_BYTES = ("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8")
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_TUPLE": tuple}
_PASSED = frozenset({"PROTO", "FRAME", "STOP"})


@dataclass(eq=False)
class _Call:
    """What a pickle would call: a name, its arguments, and the state given to the result."""

    name: str
    arguments: Any = ()
    state: Any = None


@dataclass
class _Machine:
    """The stack and the memory of a pickle."""

    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def since_mark(self) -> list[Any]:
        """Take what lies above the last mark, and the mark."""
        found = []
        while (value := self.stack.pop()) is not _MARK:
            found.append(value)
        return found[::-1]

    def step(self, name: str, argument: Any) -> None:
        """Follow one instruction that moves data about."""
        stack = self.stack
        if name in _NUMBERS or name in _TEXTS or name in _BYTES or name in _CONSTANTS:
            stack.append(_CONSTANTS.get(name, argument))
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name == "MARK":
            stack.append(_MARK)
        elif name in ("MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"):
            self.memo[len(self.memo) if name == "MEMOIZE" else argument] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(self.memo[argument])
        elif name not in _PASSED:
            self._build(name, argument)

    def _build(self, name: str, argument: Any) -> None:
        """Follow one instruction that puts values together."""
        stack = self.stack
        if name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            count = int(name[-1])
            stack[-count:] = [tuple(stack[-count:])]
        elif name in ("TUPLE", "LIST"):
            values = self.since_mark()
            stack.append(tuple(values) if name == "TUPLE" else values)
        elif name in ("APPEND", "APPENDS"):
            values = self.since_mark() if name == "APPENDS" else [stack.pop()]
            stack[-1].extend(values)
        elif name in ("SETITEM", "SETITEMS", "DICT"):
            values = [stack.pop(-2), stack.pop()] if name == "SETITEM" else self.since_mark()
            if name == "DICT":
                stack.append({})
            stack[-1].update(zip(values[0::2], values[1::2], strict=True))
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            parts = argument.split(" ") if name == "GLOBAL" else [stack.pop(-2), stack.pop()]
            stack.append(_Call(".".join(parts)))
        elif name in ("REDUCE", "NEWOBJ"):
            arguments, called = stack.pop(), stack.pop()
            stack.append(_Call(called.name, arguments))
        elif name == "BUILD":
            state = stack.pop()
            stack[-1].state = state
        else:
            raise DatasetError(f"pickled in a way that no array is ({name})", remedy=REMEDY)


def read_pickled_arrays(path: Path, *keys: str) -> dict[str, NDArray[np.generic]]:
    """Read arrays of a dictionary that ``numpy.save`` wrote.

    Parameters
    ----------
    path : Path
        The file.
    *keys : str
        Which to read; the others are passed over.

    Returns
    -------
    dict of str to ndarray
        Those that are there.

    Raises
    ------
    DatasetError
        If the file can't be read, is not such a dictionary, or one of these is not an array of numbers.
    """
    try:
        check_memory(_COPIES * path.stat().st_size, path, error=DatasetError)
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
            shape, _, dtype = read(file)
            if shape != () or dtype.kind != "O":
                raise DatasetError("is an array, not a dictionary of arrays", path=path, remedy=REMEDY)
            machine = _Machine()
            for code, argument, _ in pickletools.genops(file):
                machine.step(code.name, argument)
        (whole,) = machine.stack
        (content,) = whole.state[4]
        return {key: _array(content[key]) for key in keys if key in content}
    except DatasetError as error:
        raise DatasetError(error.cause, path=path, remedy=error.remedy) from error
    except OSError as error:
        raise DatasetError(f"can't be read ({error.strerror})", path=path, remedy="check the file") from error
    except Exception as error:  # a damaged pickle fails in many ways
        text = " ".join(str(error).split())[:80] or type(error).__name__
        raise DatasetError(f"damaged, or not saved by NumPy ({text})", path=path, remedy=REMEDY) from error


def _array(value: Any) -> NDArray[np.generic]:
    """Make the array that a pickle describes."""
    if not isinstance(value, _Call):
        raise DatasetError(f"holds {type(value).__name__} where an array should be", remedy=REMEDY)
    if value.name in _RECONSTRUCT and value.state is not None:
        _, shape, dtype, by_columns, data = value.state
    elif value.name in _FROM_BUFFER:
        data, dtype, shape, order = value.arguments
        by_columns = order == "F"
    else:
        raise DatasetError(f"holds {value.name[:60]!r} where an array should be; it was not called", remedy=REMEDY)
    kind = _dtype(dtype)
    content = bytes(data.arguments[0], "latin1") if isinstance(data, _Call) else bytes(data)
    if math.prod(shape) * kind.itemsize != len(content):
        raise DatasetError("an array is cut short", remedy="copy it again")
    return np.frombuffer(content, kind).reshape(shape, order="F" if by_columns else "C")


def _dtype(value: Any) -> np.dtype[np.generic]:
    """Type of an array of numbers."""
    if not isinstance(value, _Call) or value.name != "numpy.dtype":
        raise DatasetError("an array of unknown type", remedy=REMEDY)
    kind: np.dtype[np.generic] = np.dtype(value.arguments[0])
    if kind.kind not in "biuf":
        raise DatasetError(f"an array of {kind}, not of numbers", remedy=REMEDY)
    order: Any = value.state[1] if value.state else "="
    return kind.newbyteorder(order) if order in "<>" else kind
