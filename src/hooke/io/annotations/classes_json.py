"""Read and write ``classes.json``: for each image, the class name of each object.

::

    {"a": {"1": "cancer", "2": "immune"}, "b": {"1": "cancer"}}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from hooke.errors import DatasetError
from hooke.io.atomic import atomic_path

CLASSES_NAME = "classes.json"
# Names of classes may hold bytes that are not UTF-8; they are written as escapes, which JSON knows too.
ODD = "backslashreplace"


def read_classes(folder: str | Path) -> dict[str, dict[int, str]]:
    """Read the classes of the objects of a folder's images.

    Returns
    -------
    dict of str to dict of int to str
        For each image that has any, label to class name; empty where the folder has no such file.

    Raises
    ------
    DatasetError
        If the file can't be read as such a table.
    """
    path = Path(folder) / CLASSES_NAME
    if not path.exists():
        return {}
    try:
        read: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
        return {id_: {int(label): str(name) for label, name in named.items()} for id_, named in read.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError("can't be read", path=path, remedy="make the data set again with hooke prepare") from error


def write_classes(folder: str | Path, classes: Iterable[tuple[str, Mapping[int, str]]]) -> None:
    """Write the classes of objects, one line for each image; no file where there are none.

    Parameters
    ----------
    folder : str or Path
        Where the file goes.
    classes : iterable of (str, mapping of int to str)
        Image, and label to class name; taken one by one, so that a generator needs little memory.

    Raises
    ------
    OutputError
        If the file can't be written.
    """
    path = Path(folder) / CLASSES_NAME
    count = 0
    with atomic_path(path) as part, part.open("w", encoding="utf-8", errors=ODD) as file:
        file.write("{")
        for id_, named in classes:
            if named:
                file.write(f"{',' if count else ''}\n{json.dumps(id_)}: {json.dumps(dict(named), ensure_ascii=False)}")
                count += 1
        file.write("\n}\n")
    if not count:
        path.unlink()
