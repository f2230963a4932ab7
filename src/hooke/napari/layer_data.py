"""Defines what napari exchanges as a layer, and how a table of objects becomes the features of a labels layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

#: Data, attributes and type of a layer, as napari's readers give them.
LayerData = tuple[Any, dict[str, Any], str]

#: Key of a layer's metadata under which hooke notes what it knows of the layer.
OWN = "hooke"
#: Column of features that napari finds a label's row by.
_INDEX = "index"
# napari writes the features of the object under the pointer in one line, which is cut at its end.
_FIRST = ("class", "track", "parent", "score", "area", "volume", "area_um2", "volume_um3", "doubtful")
_BRIGHTNESS = "intensity_mean"


@dataclass(frozen=True)
class Placement:
    """Where a layer lies in napari's world: that of the image that its objects are of.

    Parameters
    ----------
    scale, translate : sequence of float
        One for each axis of the layer, Y and X last.
    units, axis_labels : sequence of str, optional
    more : dict, optional
        What else places it: ``rotate``, ``shear``, ``affine``.
    """

    scale: tuple[float, ...] = ()
    translate: tuple[float, ...] = ()
    units: tuple[str, ...] = ()
    axis_labels: tuple[str, ...] = ()
    more: dict[str, Any] | None = None

    def attributes(self, dimensions: int) -> dict[str, Any]:
        """Attributes of a layer of as many dimensions: the last of what is known."""
        known = {name: getattr(self, name) for name in ("scale", "translate", "units", "axis_labels")}
        fitting = {name: tuple(values[-dimensions:]) for name, values in known.items() if len(values) >= dimensions}
        return fitting | (self.more or {})

    def moved(self, steps: Sequence[float]) -> Placement:
        """Placement of a part whose first pixel lies as many steps of the world along each axis."""
        base = self.translate or (0.0,) * len(steps)
        return Placement(
            self.scale,
            tuple(float(at + step) for at, step in zip(base, steps, strict=True)),
            self.units,
            self.axis_labels,
            self.more,
        )


def object_features(table: pd.DataFrame, numbers: ArrayLike | None = None) -> pd.DataFrame:
    """Give the features of a labels layer: a row per object, found by its number, what matters most first.

    Parameters
    ----------
    table : DataFrame
        With the column ``label``.
    numbers : ndarray of int, shape (rows,), optional
        The number of each row's object in the layer; its label when not given, and left out where it is the same.

    Examples
    --------
    >>> object_features(pd.DataFrame({"label": [4], "centroid_y": [2.0], "area": [9]})).columns.tolist()
    ['index', 'area', 'centroid_y']
    """
    index = np.asarray(table["label"] if numbers is None else numbers, np.int64)
    same = numbers is None or np.array_equal(index, table.get("label", index))
    rest = table.drop(columns=[_INDEX, *(["label"] if same else [])], errors="ignore")
    first = [name for name in _FIRST if name in rest]
    first += [name for name in rest.columns if name.startswith(_BRIGHTNESS)]
    rest = rest[[*first, *(name for name in rest.columns if name not in first)]].reset_index(drop=True)
    rest.insert(0, _INDEX, index)
    return rest
