"""What is known of objects: measurements.csv or classes.json in; scores and classes by label out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from hooke.errors import DatasetError

__all__ = ["ObjectFacts", "read_classes", "read_measurements"]

_REMEDY = "segment again, or remove it"


@dataclass(frozen=True)
class ObjectFacts:
    """Scores and classes of one image's objects, by label; empty where unknown."""

    scores: dict[int, float] = field(default_factory=dict)
    classes: dict[int, str] = field(default_factory=dict)


def read_measurements(path: Path) -> dict[str, ObjectFacts]:
    """Read the columns ``score`` and ``class`` of the table that ``hooke segment`` writes.

    Parameters
    ----------
    path : Path
        ``measurements.csv``; it need not be there.

    Returns
    -------
    dict of str to ObjectFacts
        By the name of the image. Images of several planes, whose labels begin anew in each, are left out.

    Raises
    ------
    DatasetError
        When the table is there and is not such a table.
    """
    if not path.is_file():
        return {}
    try:
        table = pd.read_csv(path, dtype={"image": str, "class": str}, keep_default_na=False, na_values={"score": [""]})
    except (OSError, ValueError) as error:
        raise DatasetError(f"can't read the table ({error})", path=path, remedy=_REMEDY) from error
    if not {"image", "label"} <= set(table.columns):
        return {}
    if not pd.api.types.is_integer_dtype(table["label"]) and len(table):
        raise DatasetError("column label holds no whole numbers", path=path, remedy=_REMEDY)
    facts = {}
    for name, part in table.groupby("image", sort=False):
        if not part["label"].is_unique:
            continue
        labels = part["label"].tolist()
        scores = dict(zip(labels, part["score"].tolist(), strict=True)) if "score" in part else {}
        classes = dict(zip(labels, part["class"].tolist(), strict=True)) if "class" in part else {}
        facts[str(name)] = ObjectFacts(scores, classes)
    return facts


def read_classes(path: Path) -> dict[str, dict[int, str]]:
    """Read a dataset's ``classes.json``: per image, label to class name.

    Parameters
    ----------
    path : Path
        The file; it need not be there.

    Returns
    -------
    dict of str to dict of int to str

    Raises
    ------
    DatasetError
        When the file is there and holds something else.
    """
    if not path.is_file():
        return {}
    try:
        images = json.loads(path.read_text(encoding="utf-8"))
        return {name: {int(label): str(one) for label, one in classes.items()} for name, classes in images.items()}
    except (OSError, ValueError, AttributeError) as error:
        remedy = 'write {"image": {"1": "class"}}'
        raise DatasetError(f"can't read the classes ({error})", path=path, remedy=remedy) from error
