"""Scores tracks against true ones by py-ctcmetrics, in the layout of the Cell Tracking Challenge.

Its functions count and score; what is here reads files, gives it frames without objects in a form that it takes, and
names what it returns. Division F1 is 2 TP / (2 TP + FP + FN) of its counts.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import math
import re
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from hooke.errors import ConfigError, DatasetError
from hooke.extras import how_to_install
from hooke.io import atomic_path, find_images, read_labels
from hooke.tracking.ctc_files import find_track_file, read_track_file

#: Names of the scores, and what each is.
SCORES: Mapping[str, str] = {
    "TRA": "tracking: share of the true graph that needs no correction",
    "DET": "detection: the same for objects alone",
    "LNK": "linking: the same for links alone",
    "SEG": "segmentation: mean IoU of true objects, 0 where less than half is covered",
    "CHOTA": "cell-specific higher order tracking accuracy",
    "MOTA": "multiple object tracking accuracy",
    "complete_tracks": "tracks that are right from their first to their last frame (CT)",
    "division_f1": "divisions in the very frame, with both daughters",
    "division_f1_1": "divisions up to one frame too early or too late",
}
_WANTED = ("Valid", "TRA", "DET", "LNK", "CT", "BC")


@dataclass(frozen=True, eq=False)
class TrackScores:
    """Scores of one sequence.

    Parameters
    ----------
    scores : mapping of str to float
        By the names of `SCORES`; NaN where one is not defined (division F1 without any division).
    counts : mapping of str to int
        True and found tracks and divisions, frames, and the corrections that the graph needs: splits of an object
        found as one (NS), missed and false objects (FN, FP), false, missed and wrong links (ED, EA, EC).
    """

    scores: Mapping[str, float]
    counts: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds them; None for what is not defined."""
        return {
            "scores": {name: None if math.isnan(value) else value for name, value in self.scores.items()},
            "counts": dict(self.counts),
        }


@dataclass(frozen=True, eq=False)
class _Sequence:
    """Files of one side: masks in the order of frames, rows of the track file, and masks for SEG by frame."""

    masks: Sequence[Path]
    rows: NDArray[np.int64]
    outlines: Mapping[int, Path] = field(default_factory=dict)


def evaluate_tracks(pred: str | Path, truth: str | Path, *, out: str | Path | None = None) -> TrackScores:
    """Score tracks.

    Parameters
    ----------
    pred : str or Path
        What ``hooke track`` wrote, or a folder with ``res_track.txt`` and masks of any program.
    truth : str or Path
        A folder of the Cell Tracking Challenge (``01_GT``, with ``TRA`` and perhaps ``SEG`` in it), or one with
        ``man_track.txt`` or ``..._track.txt`` and masks, in it or in ``tra``; or tracks that ``hooke track`` wrote.
    out : str or Path, optional
        Folder for ``track_scores.json``.

    Returns
    -------
    TrackScores

    Raises
    ------
    HookeError
        When files are missing or damaged, numbers of frames or sizes differ, masks and track file do not agree, or
        py-ctcmetrics is not installed.
    """
    found, true = _find(Path(pred), ("ctc", "")), _find(Path(truth), ("TRA", "", "tra", "ctc"))
    if len(found.masks) != len(true.masks):
        cause = f"has {len(found.masks)} frames, the truth {len(true.masks)}"
        raise DatasetError(cause, path=pred, remedy="give the tracks of the same sequence")
    result = _score(found, true)
    if out is not None:
        with atomic_path(Path(out) / "track_scores.json") as part:
            part.write_text(json.dumps(result.to_dict(), indent=2) + "\n", encoding="utf-8")
    return result


def _find(folder: Path, places: Sequence[str]) -> _Sequence:
    """Find masks and track file of a folder."""
    inside = [folder / place for place in places if (folder / place).is_dir()]
    file = next((found for place in [*inside, folder] if (found := find_track_file(place)) is not None), None)
    if file is None:
        remedy = "give a folder with res_track.txt or man_track.txt, as hooke track and the challenge write it"
        raise DatasetError("has no track file", path=folder, remedy=remedy)
    place = file.parent if _masks(file.parent) else next((place for place in inside if _masks(place)), file.parent)
    masks = _masks(place)
    if not masks:
        raise DatasetError("has no masks beside its track file", path=place, remedy="give the masks of all frames")
    rows = read_track_file(file)
    outlines = {}
    if (folder / "SEG").is_dir():
        outlines = {_number(path): path for path in _masks(folder / "SEG")}
    return _Sequence(masks, rows, outlines)


def _masks(folder: Path) -> list[Path]:
    if not any(re.search(r"\d\.(tif|tiff|png)$", path.name) for path in folder.iterdir()):
        return []
    paths = find_images([folder], results=True)
    return [path for path in paths if path.parent == folder and re.search(r"\d$", path.stem)]


def _number(path: Path) -> int:
    return int(re.findall(r"\d+", path.stem)[-1])


def _score(found: _Sequence, true: _Sequence) -> TrackScores:
    """Match every frame, then count and score by py-ctcmetrics."""
    matches = _match_all(true.masks, found.masks)
    _check_rows(true.rows, matches["labels_ref"], true.masks)
    _check_rows(found.rows, matches["labels_comp"], found.masks)
    names = ("labels_ref", "labels_comp", "mapped_ref", "mapped_comp", "ious")
    counts = {"frames": len(true.masks), "true_tracks": len(true.rows), "found_tracks": len(found.rows)}
    scores = dict.fromkeys(SCORES, math.nan)
    if not len(true.rows):
        raise DatasetError("the truth holds no track", path=true.masks[0].parent, remedy="give one with objects")
    if not len(found.rows):
        # py-ctcmetrics stops at a result without objects: nothing is found, and every score is 0.
        scores |= dict.fromkeys(("TRA", "DET", "LNK", "CHOTA", "MOTA", "complete_tracks"), 0.0)
        divisions = _divisions(true.rows)
        scores |= dict.fromkeys(("division_f1", "division_f1_1"), 0.0 if divisions else math.nan)
        return TrackScores(scores, counts | {"true_divisions": divisions, "found_divisions": 0})
    calculate = _ctc("scripts.evaluate").calculate_metrics
    with _quiet():
        given = calculate(found.rows, true.rows, {name: matches[name] for name in names}, {}, list(_WANTED), 1)
        given |= _track_accuracy(found.rows, true.rows, matches)
    scores |= {name: _value(given[name]) for name in ("TRA", "DET", "LNK", "CHOTA", "MOTA")}
    scores["complete_tracks"] = _value(given["CT"])
    scores["division_f1"], scores["division_f1_1"] = (_division_f1(given, frames) for frames in (0, 1))
    if true.outlines:
        scores["SEG"] = _segmentation(found, true)
    counts |= {name: int(given[f"AOGM_{name}"]) for name in ("NS", "FN", "FP", "ED", "EA", "EC")}
    counts |= {"true_divisions": _divisions(true.rows), "found_divisions": _divisions(found.rows)}
    return TrackScores(scores, counts)


def _match_all(true: Sequence[Path], found: Sequence[Path]) -> dict[str, list[Any]]:
    """Match the objects of all frames by py-ctcmetrics, which reads TIFF by path and wants objects on both sides."""
    match = _ctc("utils.representations").match
    matches: dict[str, list[Any]] = {
        name: [] for name in ("labels_ref", "labels_comp", "mapped_ref", "mapped_comp", "ious")
    }
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder) / "true.tif", Path(folder) / "found.tif"
        for true_path, found_path in zip(true, found, strict=True):
            planes = read_labels(true_path), read_labels(found_path)
            if planes[0].shape != planes[1].shape:
                cause = f"is {planes[1].shape} pixels, its truth {planes[0].shape}"
                raise DatasetError(cause, path=found_path, remedy="give masks of the same size")
            if planes[0].any() and planes[1].any():
                for path, plane in zip(paths, planes, strict=True):
                    # 32 bits: it adds numbers to the labels, which wrap around in 16. A column of background: it leaves
                    # out the first label of each side, as if that were always the background.
                    padded = np.pad(plane, [(0, 0)] * (plane.ndim - 1) + [(0, 1)])
                    tifffile.imwrite(path, padded, photometric="minisblack")
                one_frame = match(str(paths[0]), str(paths[1]))
            else:
                ids = [np.unique(plane[plane > 0]).tolist() for plane in planes]
                one_frame = (ids[0], ids[1], [], [], [])
            for name, values in zip(matches, one_frame, strict=True):
                matches[name].append(values)
    return matches


def _track_accuracy(
    found: NDArray[np.int64], true: NDArray[np.int64], matches: Mapping[str, list[Any]]
) -> dict[str, Any]:
    """CHOTA and MOTA, which stop at a list without objects but take an array without."""
    merge, metrics = _ctc("utils.representations").merge_tracks, _ctc("metrics")
    sides = []
    for side, rows in (("ref", true), ("comp", found)):
        tracks, labels, mapped = merge(rows, matches[f"labels_{side}"], matches[f"mapped_{side}"])
        sides.append((tracks, *([np.asarray(ids, np.int64) for ids in frames] for frames in (labels, mapped))))
    (true_rows, *truth), (found_rows, *result) = sides
    pairs = (truth[0], result[0], truth[1], result[1])
    return {**metrics.chota(true_rows, found_rows, *pairs), **metrics.mota(*pairs)}


def _segmentation(found: _Sequence, true: _Sequence) -> float:
    """SEG of the frames that have true outlines."""
    frames = [frame for frame in sorted(true.outlines) if frame < len(found.masks)]
    matches = _match_all([true.outlines[frame] for frame in frames], [found.masks[frame] for frame in frames])
    return float(_ctc("metrics").seg(matches["labels_ref"], matches["ious"]))


def _check_rows(rows: NDArray[np.int64], labels: Sequence[Sequence[int]], masks: Sequence[Path]) -> None:
    """Refuse masks that do not agree with their track file, which the scores would stumble over."""
    spans = {number: (begin, end) for number, begin, end, _ in rows.tolist()}
    seen: dict[int, list[int]] = {}
    for frame, ids in enumerate(labels):
        for number in ids:
            seen.setdefault(int(number), []).append(frame)
    for number, frames in seen.items():
        if spans.get(number) != (frames[0], frames[-1]) or len(frames) != frames[-1] - frames[0] + 1:
            said = spans.get(number)
            where = "is not in the track file" if said is None else f"is to be in frames {said[0]} to {said[1]}"
            cause = f"track {number} {where}, and is seen in {len(frames)} frames from {frames[0]} to {frames[-1]}"
            raise DatasetError(cause, path=masks[0].parent, remedy="give masks and track file of the same run")
    missing = sorted(set(spans) - set(seen))
    if missing:
        cause = f"track {missing[0]} of the track file is in none of the masks"
        raise DatasetError(cause, path=masks[0].parent, remedy="give masks and track file of the same run")


def _divisions(rows: NDArray[np.int64]) -> int:
    parents, counts = np.unique(rows[rows[:, 3] > 0, 3], return_counts=True)
    return int((counts[parents > 0] > 1).sum())


def _division_f1(given: Mapping[str, Any], frames: int) -> float:
    right, false, missed = (int(given[f"{kind}_div({frames})"]) for kind in ("tp", "fp", "fn"))
    total = 2 * right + false + missed
    return 2 * right / total if total else math.nan


def _value(value: Any) -> float:
    return math.nan if value is None else float(value)


@contextlib.contextmanager
def _quiet() -> Any:
    """Keep what py-ctcmetrics prints and warns of from the user's screen."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _ctc(module: str) -> Any:
    try:
        return importlib.import_module(f"ctc_metrics.{module}")
    except ImportError as error:
        remedy = f"install py-ctcmetrics ({how_to_install('track')})"
        raise ConfigError(f"scores of tracks need py-ctcmetrics ({error})", remedy=remedy) from error
