"""Read saved evaluations, to compare them with others."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from hooke.errors import DatasetError
from hooke.io.tables import read_header, read_table

_REMEDY = "make it with hooke evaluate PRED TRUTH -o FOLDER"


@dataclass(frozen=True, eq=False)
class Run:
    """A saved evaluation.

    Parameters
    ----------
    name : str
        For tables and plots.
    scores : dict
        ``scores.json``, as `Evaluation.to_dict` gave it.
    per_image : DataFrame
        ``per_image.csv``, see `Evaluation`; names of images and columns of the index are text.
    """

    name: str
    scores: dict[str, Any]
    per_image: pd.DataFrame

    @property
    def index_columns(self) -> list[str]:
        """Columns that came from the truth's index."""
        columns = [str(name) for name in self.per_image]
        return columns[1 : columns.index("status")]


def read_run(folder: str | Path, name: str | None = None) -> Run:
    """Read what ``hooke evaluate -o FOLDER`` saved.

    Parameters
    ----------
    folder : str or Path
        Holds ``scores.json`` and ``per_image.csv``.
    name : str, optional
        That of the folder by default.

    Returns
    -------
    Run

    Raises
    ------
    DatasetError
        When either file is missing or something else.
    """
    folder = Path(folder)
    return Run(
        name or folder.resolve().name, _read_scores(folder / "scores.json"), _read_table(folder / "per_image.csv")
    )


def read_runs(folders: Sequence[str | Path]) -> list[Run]:
    """Read several; where folders share a name, the folders above are added to it.

    Raises
    ------
    DatasetError
        As `read_run`, or when a folder is given twice.
    """
    paths = [Path(folder).resolve() for folder in folders]
    twice = [path for path, count in Counter(paths).items() if count > 1]
    if twice:
        raise DatasetError("is given twice", path=twice[0], remedy="name each run once")
    depth = 1
    while len({path.parts[-depth:] for path in paths}) < len(paths):
        depth += 1
    return [read_run(path, "/".join(path.parts[-depth:])) for path in paths]


def _read_scores(path: Path) -> dict[str, Any]:
    try:
        scores = json.loads(path.read_text(encoding="utf-8"))
        thresholds, mean = scores["iou_thresholds"], scores["overall"]["mean"]
        known = all(isinstance(mean[f"ap_{100 * threshold:g}"], float) for threshold in thresholds)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"can't read the scores ({error})", path=path, remedy=_REMEDY) from error
    if not known or not thresholds:
        raise DatasetError("holds no AP", path=path, remedy=_REMEDY)
    return dict(scores)


def _read_table(path: Path) -> pd.DataFrame:
    needed = ("image", "status", "dsb", "n_true")
    columns = read_header(path, needed)
    before = columns[: columns.index("status") + 2] if "status" in columns else []  # the index's, status and problem
    table = read_table(path, needed, texts=before, remedy=_REMEDY)
    for name in ("dsb", "n_true"):
        if not pd.api.types.is_numeric_dtype(table[name]):
            raise DatasetError(f"column {name!r} has values that are not numbers", path=path, remedy=_REMEDY)
    return table.reset_index(drop=True)
