"""Finds predictions that fit their truth when they are moved, mirrored or turned, or their coordinates exchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.io.name_match import some_names
from hooke.preprocess.shift import find_shift

_GAIN = 0.2  # of the pixel IoU, by which what is put right must be better
_GOOD = 0.5  # ... and what it must reach
_FEWEST = 5  # objects, of which one may fit by chance
_LARGEST = 16_000_000  # pixels
_SCALED = 1.3  # times that points spread less or more than objects, from which on their unit is in doubt
_ALIKE = 1.25  # ... in both directions
_NEARLY = np.linspace(0.85, 1.15, 61)  # of a scale, as objects are measured by their pixels

_SHIFTED = "moved"

Mask = NDArray[np.bool_]

_TURNS: dict[str, Callable[[Mask], Mask]] = {
    "mirrored left to right": np.fliplr,
    "mirrored upside down": np.flipud,
    "turned by 180 degrees": lambda mask: np.rot90(mask, 2),
    "transposed": np.transpose,
    "turned by 90 degrees": np.rot90,
    "turned by 270 degrees": lambda mask: np.rot90(mask, 3),
    "transposed the other way": lambda mask: np.rot90(mask, 2).T,
}


def misplaced_predictions(images: Iterable[tuple[str, NDArray[np.integer], NDArray[np.integer]]]) -> list[str]:
    """Say how predictions would fit their truth far better, where that holds for most images.

    Parameters
    ----------
    images : iterable of (str, ndarray, ndarray)
        Name, predicted labels and true labels of each.

    Returns
    -------
    list of str
        One sentence, or none.
    """
    found: dict[str, list[tuple[str, tuple[int, int]]]] = {}
    count = 0
    for name, pred, truth in images:
        if pred.ndim == 2 and pred.shape == truth.shape and pred.any() and truth.any() and pred.size <= _LARGEST:
            count += 1
            better = _put_right(pred > 0, truth > 0)
            if better is not None and min(len(np.unique(labels)) for labels in (pred, truth)) > _FEWEST:
                found.setdefault(better[0], []).append((name, better[1]))
    for what, those in found.items():
        if 2 * len(those) > count:
            names = some_names(name for name, _ in those)
            down, across = np.median([shift for _, shift in those], axis=0).round().astype(int).tolist()
            where = f"{what} by {down} rows and {across} columns, typically" if what == _SHIFTED else what
            return [f"predictions fit the truth far better if {where}, in {len(those)} images: {names}"]
    return []


def _put_right(pred: Mask, truth: Mask) -> tuple[str, tuple[int, int]] | None:
    """What makes a prediction fit far better, and by how many rows and columns it is moved."""
    wanted = max(_GOOD, _overlap(pred, truth) + _GAIN)
    if wanted > 1:
        return None
    shift = _shift(pred, truth)
    if any(shift) and _overlap(*_moved(pred, truth, shift)) >= wanted:
        return _SHIFTED, shift
    turned = ((what, turn(pred)) for what, turn in _TURNS.items())
    fitting = (what for what, other in turned if other.shape == truth.shape and _overlap(other, truth) >= wanted)
    what = next(fitting, None)
    return None if what is None else (what, (0, 0))


def _overlap(first: Mask, second: Mask) -> float:
    """IoU of two masks."""
    return int(np.count_nonzero(first & second)) / max(1, int(np.count_nonzero(first | second)))


def _shift(pred: Mask, truth: Mask) -> tuple[int, int]:
    """Rows and columns by which the prediction is to be moved, by phase correlation."""
    rows, columns = find_shift(pred, truth, window=False)
    return round(rows), round(columns)


def _moved(pred: Mask, truth: Mask, shift: tuple[int, int]) -> tuple[Mask, Mask]:
    """Both masks where they overlap once the prediction is moved."""
    sizes = list(zip(shift, pred.shape, strict=True))
    own = tuple(slice(max(0, -by), length - max(0, by)) for by, length in sizes)
    there = tuple(slice(max(0, by), length - max(0, -by)) for by, length in sizes)
    return pred[own], truth[there]


@dataclass(frozen=True)
class PlacedPoints:
    """How many points there are, lie outside of their image, in a true object, and in one with y and x exchanged.

    And how many are listed once more, and lie in an object if all are multiplied by a scale.
    """

    count: int = 0
    outside: int = 0
    inside: int = 0
    exchanged: int = 0
    repeated: int = 0
    scaled: int = 0
    scale: float = 1.0


def place_points(places: NDArray[np.float64], truth: NDArray[np.integer]) -> PlacedPoints:
    """Count where points, (y, x) of shape (n, 2), lie in a label image (Y, X)."""

    def held(points: NDArray[np.float64]) -> tuple[int, int]:
        at = np.round(points).astype(np.int64)
        there = ((at >= 0) & (at < truth.shape[:2])).all(axis=1)
        return int((~there).sum()), int((truth[tuple(at[there].T)] > 0).sum())

    if truth.ndim != 2 or not len(places):
        return PlacedPoints(len(places))
    outside, inside = held(places)
    repeated = len(places) - len(np.unique(places, axis=0))
    scaled, scale = max((held(places * scale)[1], scale) for scale in _scales(places, truth))
    return PlacedPoints(len(places), outside, inside, held(places[:, ::-1])[1], repeated, scaled, scale)


def _scales(places: NDArray[np.float64], truth: NDArray[np.integer]) -> list[float]:
    """What points may have to be multiplied by to spread as the true objects do; 1 where they do, or axes differ."""
    spread = np.std(places, axis=0)
    rows, columns = np.nonzero(truth)
    if len(places) <= _FEWEST or not len(rows) or not spread.all():
        return [1.0]
    scales = np.array([rows.std(), columns.std()]) / spread
    scale = float(np.sqrt(scales.prod()))
    alike = max(scales) < _ALIKE * min(scales)
    return (scale * _NEARLY).tolist() if alike and not 1 / _SCALED < scale < _SCALED else [1.0]


def misplaced_points(images: Iterable[PlacedPoints]) -> list[str]:
    """Say of all images' points that some lie outside or are listed twice, or that y and x seem to be exchanged."""
    each = list(images)
    count, outside, inside, exchanged, repeated, scaled = (
        sum(getattr(points, name) for points in each)
        for name in ("count", "outside", "inside", "exchanged", "repeated", "scaled")
    )
    said = []
    if repeated:
        said.append(f"{repeated} of {count} points are listed twice, and count as objects of their own")
    if outside:
        said.append(f"{outside} of {count} points lie outside of their image: y and x are to be in pixels of it")
    if exchanged > max(2 * inside, _FEWEST):
        said.append(
            f"points fit the truth far better with y and x exchanged: {exchanged} of {count} would lie in an object, "
            f"instead of {inside}"
        )
    elif scaled > max(2 * inside, _FEWEST):
        scale = float(np.median([points.scale for points in each if points.scale != 1]))
        said.append(
            f"points fit the truth far better multiplied by about {scale:.3g}, as where they are in micrometres: "
            f"{scaled} of {count} would lie in an object, instead of {inside}"
        )
    return said
