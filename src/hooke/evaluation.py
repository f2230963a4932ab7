"""Scores of a folder of predictions against a folder of truth: label images in, a table and its summary out.

Images are paired by the stem of their file names. One that can't be scored is reported and the rest go on.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import DatasetError, HookeError
from hooke.io import atomic_path, read_labels
from hooke.metrics import DSB_THRESHOLDS, Summary, aggregate, aggregate_by, score_image

__all__ = ["STATUSES", "Evaluation", "evaluate"]

# What became of an image. All but the last are scored.
STATUSES = ("ok", "missing prediction", "bad prediction", "bad truth")
_OK, _MISSING, _BAD_PREDICTION, _BAD_TRUTH = STATUSES

_LABEL_SUFFIXES = frozenset({".tif", ".tiff", ".png", ".npy"})


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Scores of each image and of all.

    Parameters
    ----------
    per_image : DataFrame
        A row per true image: ``image`` (stem), the index's ``split`` and ``modality`` where it has them, ``status``
        (one of `STATUSES`), ``problem`` (why, or empty), then the numbers of `hooke.metrics.score_image`. A missing or
        bad prediction is scored as one without objects; an image of which the truth is bad has no scores.
    overall : Summary
        Of all images scored.
    by_modality : dict of str to Summary
        Of each modality apart; empty when the truth has no index with that column.
    extra : tuple of str
        Stems of predictions of which there is no truth; they are not scored.
    source : dict of str to str or None
        ``pred`` and ``truth`` folders and the ``split`` asked for.
    """

    per_image: pd.DataFrame
    overall: Summary
    by_modality: dict[str, Summary]
    extra: tuple[str, ...]
    source: dict[str, str | None]

    @property
    def missing(self) -> tuple[str, ...]:
        """Stems of the true images without a prediction."""
        table = self.per_image
        return tuple(table.loc[table["status"] == _MISSING, "image"])

    @property
    def bad(self) -> dict[str, str]:
        """Why a prediction or a truth could not be used, by stem."""
        table = self.per_image[self.per_image["status"].isin([_BAD_PREDICTION, _BAD_TRUTH])]
        return dict(zip(table["image"], table["problem"], strict=True))

    @property
    def complete(self) -> bool:
        """True when every true image had a prediction and both could be used."""
        return bool((self.per_image["status"] == _OK).all())

    def to_dict(self) -> dict[str, Any]:
        """Give all but the per-image table as plain dictionaries and lists, ready for JSON."""
        return {
            **self.source,
            "iou_thresholds": list(DSB_THRESHOLDS),
            "overall": self.overall.to_dict(),
            "by_modality": {name: summary.to_dict() for name, summary in self.by_modality.items()},
            "missing": list(self.missing),
            "bad": self.bad,
            "extra": list(self.extra),
        }

    def save(self, folder: str | Path) -> None:
        """Write ``scores.json`` (that of `to_dict`) and ``per_image.csv``, each whole or not at all.

        Parameters
        ----------
        folder : str or Path
            Made when it is not there.

        Raises
        ------
        OutputError
            When it can't be written.
        """
        folder = Path(folder)
        with atomic_path(folder / "per_image.csv") as temporary:
            self.per_image.to_csv(temporary, index=False)
        with atomic_path(folder / "scores.json") as temporary:
            temporary.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")


def evaluate(
    pred: str | Path, truth: str | Path, *, split: str | None = None, out: str | Path | None = None
) -> Evaluation:
    """Score predicted label images against true ones.

    A true image whose prediction is missing, unreadable or of another size is scored as if nothing had been found in
    it, and reported: leaving it out would reward a method for failing. An image whose truth can't be read is left out.

    Parameters
    ----------
    pred : str or Path
        A folder of label images, or what ``hooke segment`` wrote (a folder with ``labels/`` in it).
    truth : str or Path
        A folder of label images, or a hooke dataset (a folder with ``index.csv`` and ``labels/``).
    split : str, optional
        Only this split of the dataset, such as ``test``.
    out : str or Path, optional
        Folder to save the result to.

    Returns
    -------
    Evaluation

    Warns
    -----
    UserWarning
        When predictions are missing or bad, when truth is bad, and when predictions have no truth.

    Raises
    ------
    DatasetError
        When a folder is not there or holds no label image, the split is unknown, two files share a stem, or no image
        could be scored.
    OutputError
        When `out` can't be written.

    Examples
    --------
    >>> evaluate("out", "dsb2018", split="test").overall.mean["dsb"]  # doctest: +SKIP
    0.61
    """
    true_files, predictions = _label_files(Path(truth)), _label_files(Path(pred))
    images = _true_images(Path(truth), true_files, split)
    scored = [_score(row, predictions.get(row["image"])) for row in images]
    rows = [row for row in scored if row["status"] != _BAD_TRUTH]
    if not rows:
        raise DatasetError("no image could be scored", path=truth, remedy=scored[0]["problem"])
    result = Evaluation(
        per_image=pd.DataFrame(scored),
        overall=aggregate(rows),
        by_modality=aggregate_by(rows, "modality") if "modality" in rows[0] else {},
        extra=tuple(sorted(set(predictions) - set(true_files) - {row["image"] for row in images})),
        source={"pred": str(pred), "truth": str(truth), "split": split},
    )
    _warn(result)
    if out is not None:
        result.save(out)
    return result


def _true_images(truth: Path, files: dict[str, Path], split: str | None) -> list[dict[str, Any]]:
    """List what is to be scored: stem, label file (None when the index names one that is not there), index columns."""
    index_path = truth / "index.csv"
    if not index_path.is_file():
        if split is not None:
            raise DatasetError(f"no index.csv, so no split {split!r}", path=truth, remedy="leave the split out")
        return [{"image": stem, "file": path} for stem, path in files.items()]
    index = _read_index(index_path, split)
    columns = [name for name in ("split", "modality") if name in index]
    return [
        {"image": row["id"], **{name: row[name] or "unknown" for name in columns}, "file": files.get(row["id"])}
        for row in index.to_dict("records")
    ]


def _read_index(path: Path, split: str | None) -> pd.DataFrame:
    try:
        # Text throughout: an id such as 007 or NA must stay what the file is called.
        index = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise DatasetError(f"can't read the index ({error})", path=path, remedy="write it as CSV") from error
    if "id" not in index:
        raise DatasetError("the index has no column id", path=path, remedy="name the images' stems in a column id")
    if split is not None:
        known = sorted(index["split"].unique()) if "split" in index else []
        if split not in known:
            raise DatasetError(f"no split {split!r}", path=path, remedy=f"known splits: {', '.join(known) or 'none'}")
        index = index[index["split"] == split]
    if index.empty:
        raise DatasetError("the index lists no image", path=path, remedy="prepare the dataset again")
    return index


def _label_files(folder: Path) -> dict[str, Path]:
    """Map stem to label image, in the folder's ``labels`` where it has one, else in itself; sorted by stem."""
    if not folder.is_dir():
        raise DatasetError("no such folder", path=folder, remedy="name a folder of label images")
    inner = folder / "labels"
    inner = inner if inner.is_dir() else folder
    files: dict[str, Path] = {}
    for path in sorted(inner.iterdir()):
        if path.suffix.lower() not in _LABEL_SUFFIXES or path.name.startswith(".") or not path.is_file():
            continue
        stem = path.stem.removesuffix(".ome")
        if stem in files:
            both = f"{files[stem].name} and {path.name}"
            raise DatasetError(f"{both} share a stem", path=inner, remedy="keep one of them")
        files[stem] = path
    if not files:
        kinds = ", ".join(sorted(_LABEL_SUFFIXES))
        raise DatasetError("holds no label image", path=inner, remedy=f"label images end in {kinds}")
    return files


def _score(row: dict[str, Any], prediction: Path | None) -> dict[str, Any]:
    """Turn an image to be scored into its row of the table."""
    known = {name: value for name, value in row.items() if name != "file"}
    try:
        if row["file"] is None:
            raise DatasetError("no label image of this id", remedy="prepare the dataset again")
        truth = _read(row["file"])
    except HookeError as error:
        return {**known, "status": _BAD_TRUTH, "problem": str(error)}
    nothing = np.zeros_like(truth)
    if prediction is None:
        return {**known, "status": _MISSING, "problem": "no prediction", **score_image(nothing, truth)}
    try:
        labels = _read(prediction)
        if labels.shape != truth.shape:
            size = f"{labels.shape} pixels but the truth {truth.shape}"
            raise DatasetError(f"is {size}", path=prediction, remedy="predict on the image at its own size")
    except HookeError as error:
        return {**known, "status": _BAD_PREDICTION, "problem": str(error), **score_image(nothing, truth)}
    return {**known, "status": _OK, "problem": "", **score_image(labels, truth)}


def _read(path: Path) -> NDArray[np.int32]:
    labels = read_labels(path)
    if labels.size and labels.min() < 0:
        raise DatasetError("holds negative labels", path=path, remedy="use 0 for background and 1, 2 … for objects")
    return labels


def _warn(result: Evaluation) -> None:
    if result.missing:
        warnings.warn(f"scored as empty, no prediction: {', '.join(result.missing)}", stacklevel=3)
    for stem, problem in result.bad.items():
        warnings.warn(f"{stem}: {problem}", stacklevel=3)
    if result.extra:
        warnings.warn(f"not scored, no truth: {', '.join(result.extra)}", stacklevel=3)
