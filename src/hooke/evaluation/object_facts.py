"""Read the scores and classes of objects from the table measurements.csv."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from hooke.errors import DatasetError
from hooke.io.name_match import matched
from hooke.io.tables import read_table

_REMEDY = "segment again, or remove it"
_PROBABILITY = "probability_"  # begins the name of a column, the class ends it


@dataclass(frozen=True)
class ObjectFacts:
    """Scores, classes and their probabilities of one image's objects, by label; empty where unknown."""

    scores: dict[int, float] = field(default_factory=dict)
    classes: dict[int, str] = field(default_factory=dict)
    probabilities: dict[int, Mapping[str, float]] = field(default_factory=dict)


def read_measurements(path: Path, images: Collection[str]) -> dict[str, ObjectFacts]:
    """Read the columns ``score``, ``class`` and ``probability_<class>`` of the table that ``hooke segment`` writes.

    Parameters
    ----------
    path : Path
        ``measurements.csv``; it need not be there.
    images : collection of str
        Names of the label images, which those in the table are matched with (`hooke.io.name_match`).

    Returns
    -------
    dict of str to ObjectFacts
        By the name of the image. Images of several planes, whose labels begin again in each, are left out.

    Raises
    ------
    DatasetError
        When the table is there and is not such a table.
    """
    if not path.is_file():
        return {}
    table = read_table(path, optional=("image", "label", "score", "class"), texts=("image", "class"), remedy=_REMEDY)
    if not {"image", "label"} <= set(table.columns):
        return {}
    if len(table) and not (
        pd.api.types.is_numeric_dtype(table["label"])
        and (table["label"] % 1 == 0).all()
        and (table["label"].abs() < 2**31).all()
    ):
        raise DatasetError("column label has values that are not whole numbers", path=path, remedy=_REMEDY)
    table = table.astype({"label": int}) if len(table) else table
    table["image"] = matched(table["image"], images, path=path)
    if "score" in table and not pd.api.types.is_numeric_dtype(table["score"]):
        raise DatasetError("column score has values that are not numbers", path=path, remedy=_REMEDY)
    facts = {}
    for name, part in table.groupby("image", sort=False):
        if not part["label"].is_unique:
            continue
        labels = part["label"].tolist()
        scores = dict(zip(labels, part["score"].tolist(), strict=True)) if "score" in part else {}
        classes = dict(zip(labels, part["class"].tolist(), strict=True)) if "class" in part else {}
        facts[str(name)] = ObjectFacts(scores, classes, dict(zip(labels, read_probabilities(part), strict=True)))
    return facts


def read_probabilities(table: pd.DataFrame) -> list[Mapping[str, float]]:
    """Read the columns ``probability_<class>`` of a table of objects.

    Returns
    -------
    list of mapping of str to float
        For each row class to probability, empty where one is not known.
    """
    columns = [str(name) for name in table if str(name).startswith(_PROBABILITY)]
    names = [name.removeprefix(_PROBABILITY) for name in columns]
    values = table[columns].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64).reshape(len(table), len(names))
    return [dict(zip(names, row, strict=True)) if np.isfinite(row).all() else {} for row in values.tolist()]
