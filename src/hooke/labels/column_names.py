"""Names the columns of a table of objects as CellProfiler does.

https://cellprofiler-manual.s3.amazonaws.com/CellProfiler-4.2.8/modules/measurement.html
"""

from __future__ import annotations

import re
from typing import Literal, get_args

import numpy as np
import pandas as pd

from hooke.errors import ConfigError

#: Ways to name columns.
Names = Literal["hooke", "cellprofiler"]

_SHAPE = {
    "area": "AreaShape_Area",
    "perimeter": "AreaShape_Perimeter",
    "centroid_y": "AreaShape_Center_Y",
    "centroid_x": "AreaShape_Center_X",
    "bbox_top": "AreaShape_BoundingBoxMinimum_Y",
    "bbox_left": "AreaShape_BoundingBoxMinimum_X",
    "bbox_bottom": "AreaShape_BoundingBoxMaximum_Y",
    "bbox_right": "AreaShape_BoundingBoxMaximum_X",
    "major_axis": "AreaShape_MajorAxisLength",
    "minor_axis": "AreaShape_MinorAxisLength",
    "orientation": "AreaShape_Orientation",
    "eccentricity": "AreaShape_Eccentricity",
    "solidity": "AreaShape_Solidity",
    "equivalent_diameter": "AreaShape_EquivalentDiameter",
    "form_factor": "AreaShape_FormFactor",
    "aspect_ratio": "AreaShape_AspectRatio",
    "feret_max": "AreaShape_MaxFeretDiameter",
    "feret_min": "AreaShape_MinFeretDiameter",
    "convexity": "AreaShape_Convexity",
    "at_border": "AreaShape_TouchesBorder",
    "neighbours": "Neighbors_NumberOfNeighbors",
    "neighbour_distance": "Neighbors_FirstClosestDistance",
}
_INTENSITY = {
    "intensity_mean": "Intensity_MeanIntensity",
    "intensity_min": "Intensity_MinIntensity",
    "intensity_max": "Intensity_MaxIntensity",
    "intensity_std": "Intensity_StdIntensity",
    "intensity_sum": "Intensity_IntegratedIntensity",
    "intensity_median": "Intensity_MedianIntensity",
    "background": "Intensity_LocalBackground",
    "corrected_mean": "Intensity_MeanIntensityCorrected",
    "corrected_sum": "Intensity_IntegratedIntensityCorrected",
    "texture_contrast": "Texture_Contrast",
    "texture_homogeneity": "Texture_InverseDifferenceMoment",
    "texture_energy": "Texture_Energy",
    "texture_correlation": "Texture_Correlation",
    "texture_entropy": "Texture_Entropy",
}
_OF_CHANNEL = re.compile(rf"({'|'.join(_INTENSITY)})(_.*)?", re.DOTALL)


def check_names(names: str) -> Names:
    """Check a way to name columns.

    Raises
    ------
    ConfigError
        If there is no such.
    """
    for known in get_args(Names):
        if names == known:
            return known  # type: ignore[no-any-return]
    raise ConfigError(f"names is {names!r}", remedy=f"choose one of: {', '.join(get_args(Names))}")


def name_columns(table: pd.DataFrame, names: str) -> pd.DataFrame:
    """Name the columns of a table.

    Parameters
    ----------
    table : DataFrame
        As `hooke.measure.measure` gives it, with any other columns, which keep their names: ``label`` and ``score``
        among them, by which hooke knows the objects.
    names : {"hooke", "cellprofiler"}
        For CellProfiler, orientations become degrees, too. Intensities stay as they are stored, where CellProfiler
        divides by the highest value that the file's type can hold.

    Raises
    ------
    ConfigError
        If there is no such way.

    Examples
    --------
    >>> table = pd.DataFrame({"label": [1], "area": [4], "intensity_mean_dna": [7.0]})
    >>> list(name_columns(table, "cellprofiler"))
    ['label', 'AreaShape_Area', 'Intensity_MeanIntensity_dna']
    """
    if check_names(names) == "hooke":
        return table
    turned = {name: np.degrees(table[name]) for name in ("orientation",) if name in table}
    return table.assign(**turned).rename(columns=_cellprofiler_name)


def _cellprofiler_name(column: str) -> str:
    """Name one column; those of the cytoplasm keep that word in front."""
    part, name = ("Cytoplasm_", column.removeprefix("cytoplasm_")) if column.startswith("cytoplasm_") else ("", column)
    unit = next((unit for unit in ("_um2", "_um") if name.endswith(unit)), "")
    if name.removesuffix(unit) in _SHAPE:
        return f"{part}{_SHAPE[name.removesuffix(unit)]}{unit}"
    match = _OF_CHANNEL.fullmatch(name)
    return column if match is None else f"{part}{_INTENSITY[match[1]]}{match[2] or ''}"
