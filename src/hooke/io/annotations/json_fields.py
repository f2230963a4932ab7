"""Read annotations in JSON and check their values; an error names the place of the value.

For `coco`, `livecell`, `labelme` and `geojson`. The checks raise a `DatasetError` that knows no file; `located` adds
the file and the place in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hooke.errors import DatasetError, HookeError

REMEDY = "export the annotations again"
FARTHEST = 1e300  # larger whole numbers than floats can hold are valid JSON
KINDS = {dict: "an object", list: "a list", str: "a text", int: "a whole number", float: "a number"}


def read_json(path: Path, compact: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """Read a JSON file, in UTF-8, UTF-16 or UTF-32.

    Parameters
    ----------
    path : Path
        The file.
    compact : callable, optional
        Applied to every object as soon as it is read, to keep large files small in memory.

    Raises
    ------
    DatasetError
        If the file can't be read, or isn't JSON.
    """
    try:
        return json.loads(path.read_bytes(), object_hook=compact)
    except OSError as error:
        raise DatasetError(f"can't be read ({error.strerror})", path=path, remedy="check the file") from error
    except UnicodeDecodeError as error:
        raise DatasetError("not a text in UTF-8", path=path, remedy="save it with encoding UTF-8") from error
    except json.JSONDecodeError as error:
        cause = f"not JSON, or cut short: {error.msg} in line {error.lineno}, column {error.colno}"
        raise DatasetError(cause, path=path, remedy="copy or export it again") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, or brackets without end
        raise DatasetError(f"not annotations ({error})", path=path, remedy=REMEDY) from error


def field(record: Any, key: str, *kinds: type) -> Any:
    """Return the value of a key, of one of the types named.

    Raises
    ------
    DatasetError
        If the record is not an object, or the key is missing or of another type. The error names no file.

    Examples
    --------
    >>> field({"id": 3}, "id", int, str), field({"id": 3.0}, "id", int, str)
    (3, 3)
    """
    if not isinstance(record, dict):
        raise DatasetError(f"{_shown(record)} where an object with {key!r} should be", remedy=REMEDY)
    if key not in record:
        raise DatasetError(f"key {key!r} is missing", remedy=REMEDY)
    value = record[key]
    if isinstance(value, float) and int in kinds and float not in kinds and value.is_integer():
        return int(value)  # pandas and JavaScript write 512.0
    # To Python, true is a whole number.
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        wanted = " or ".join(KINDS[kind] for kind in kinds)
        raise DatasetError(f"{key!r} is {_shown(value)}, not {wanted}", remedy=REMEDY)
    return value


def number(record: Any, key: str) -> float:
    """Return a finite number.

    Raises
    ------
    DatasetError
        If it is missing, or something else. The error names no file.
    """
    value = field(record, key, int, float)
    if not -FARTHEST < value < FARTHEST:
        raise DatasetError(f"{key!r} is {_shown(value)}, not a finite number", remedy=REMEDY)
    return float(value)


def optional_text(record: dict[str, Any], key: str) -> str | None:
    """Return a text, or None where it is missing, null or blank.

    Raises
    ------
    DatasetError
        If it is not a text. The error names no file.
    """
    if record.get(key) is None:
        return None
    return str(field(record, key, str)).strip() or None


def as_list(record: Any, key: str) -> list[Any]:
    """Return the values of a key that holds a list, or an object whose keys only number its values, as LIVECell's.

    Raises
    ------
    DatasetError
        If it is neither. The error names no file.
    """
    value = field(record, key, list, dict)
    return list(value.values()) if isinstance(value, dict) else value


@contextmanager
def located(path: Path, place: str = "") -> Iterator[None]:
    """Name the file, and the place in it, in every error inside that names none."""
    try:
        yield
    except HookeError as error:
        if error.path is not None:
            raise
        cause = f"{place}: {error.cause}" if place else error.cause
        raise DatasetError(cause, path=path, remedy=error.remedy) from error


def _shown(value: Any) -> str:
    """Show the beginning of a value."""
    text = json.dumps(value, default=str)[:40]
    return text if len(text) < 40 else f"{text}..."
