"""Compares the wells of a plate with its controls, and says how well an assay tells its two controls apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.plates.plate_layout import CONTROL, NEGATIVE, POSITIVE
from hooke.plates.well_table import MEAN

#: What begins the name of a column that compares a well with the controls of its plate.
DIFFERENCE, ROBUST_Z = "difference_", "robust_z_"
# Names of conditions that say which control a well is, where the layout has no column for it.
_NAMES = {
    "control": NEGATIVE, "negative control": NEGATIVE, "negative": NEGATIVE,
    "positive control": POSITIVE, "positive": POSITIVE,
}  # fmt: skip
_OF_NORMAL = 1.4826  # standard deviation of a normal distribution over its median absolute deviation

Floats = NDArray[np.float64]


def control_wells(wells: pd.DataFrame) -> NDArray[np.object_]:
    """Say which wells are controls.

    Parameters
    ----------
    wells : DataFrame
        From `summarise_wells`.

    Returns
    -------
    ndarray of str, shape (wells,)
        ``negative``, ``positive`` or empty: what the layout's column ``control`` says; where it has none, wells whose
        condition is called ``control``, ``negative control`` or ``positive control``, in capitals or not.
    """
    column = next((name for name in wells.columns if str(name).strip().casefold() == CONTROL), None)
    if column is not None:
        return wells[column].astype(str).str.strip().str.casefold().to_numpy(object)
    named = wells["condition"].astype(str).str.replace(r"[\s_-]+", " ", regex=True).str.strip().str.casefold()
    return named.map(_NAMES).fillna("").to_numpy(object)


def compare_with_controls(wells: pd.DataFrame) -> pd.DataFrame:
    """Add to each well how far it is from the negative control wells of its own plate.

    Parameters
    ----------
    wells : DataFrame
        From `summarise_wells`.

    Returns
    -------
    DataFrame
        With two more columns for objects per field and each mean: ``difference_<name>``, the well less the mean of the
        control wells, and ``robust_z_<name>``, the well less their median, over 1.4826 times their median absolute
        deviation. Empty where a plate has no control well; the second one where it has fewer than three, or they are
        all equal. As it is, where no plate has any.
    """
    negative = control_wells(wells) == NEGATIVE
    if not negative.any():
        return wells
    names = _measured(wells)
    values = wells[names].astype(np.float64).to_numpy()
    difference, robust = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    for own in _plates(wells):
        for place in range(len(names)):
            known = _known(values[own & negative, place])
            if not len(known):
                continue
            difference[own, place] = values[own, place] - known.mean()
            spread = _OF_NORMAL * float(np.median(np.abs(known - np.median(known))))
            if len(known) > 2 and spread > 0:
                robust[own, place] = (values[own, place] - np.median(known)) / spread
    added = [
        pd.DataFrame(numbers, columns=[f"{prefix}{name}" for name in names], index=wells.index)
        for prefix, numbers in ((DIFFERENCE, difference), (ROBUST_Z, robust))
    ]
    return pd.concat([wells, *added], axis=1)


def control_quality(wells: pd.DataFrame) -> pd.DataFrame:
    """Say how well each measurement tells the two controls of a plate apart.

    Parameters
    ----------
    wells : DataFrame
        From `summarise_wells`.

    Returns
    -------
    DataFrame
        A row per plate that has both, and measurement: ``plate``, ``measurement``, ``negative_wells``,
        ``negative_mean``, ``negative_sd``, ``positive_wells``, ``positive_mean``, ``positive_sd``, ``z_prime``. The
        last is 1 less three times the sum of the two standard deviations over the distance of the two means: 1 is
        perfect, above 0.5 a screen can tell a hit in one well, below 0 the two overlap (Zhang, Chung & Oldenburg 1999,
        "A simple statistical parameter for use in evaluation and validation of high throughput screening assays").
        Empty where a control has one well, or the means are equal.
    """
    kinds, rows = control_wells(wells), []
    for own in _plates(wells):
        for name in _measured(wells):
            values = wells[name].astype(np.float64).to_numpy()
            of_kind = [_known(values[own & (kinds == kind)]) for kind in (NEGATIVE, POSITIVE)]
            if not all(len(known) for known in of_kind):
                continue
            means = [float(known.mean()) for known in of_kind]
            deviations = [float(known.std(ddof=1)) if len(known) > 1 else np.nan for known in of_kind]
            apart = abs(means[1] - means[0])
            z_prime = 1 - 3 * sum(deviations) / apart if apart > 0 else np.nan
            both = zip(of_kind, means, deviations, strict=True)
            facts = [fact for known, mean, deviation in both for fact in (len(known), mean, deviation)]
            rows.append((wells["plate"][own].iloc[0], name, *facts, z_prime))
    of_both = [f"{kind}_{fact}" for kind in (NEGATIVE, POSITIVE) for fact in ("wells", "mean", "sd")]
    return pd.DataFrame(rows, columns=["plate", "measurement", *of_both, "z_prime"])


def plates_without_control(wells: pd.DataFrame) -> list[str]:
    """Name the plates that have no usable negative control well, where others have."""
    usable = (control_wells(wells) == NEGATIVE) & (wells["fields"] > 0).to_numpy()
    if not usable.any():
        return []
    return [str(wells["plate"][own].iloc[0]) for own in _plates(wells) if not usable[own].any()]


def _measured(wells: pd.DataFrame) -> list[str]:
    return ["count_per_field", *(str(name) for name in wells.columns if str(name).startswith(MEAN))]


def _plates(wells: pd.DataFrame) -> list[NDArray[np.bool_]]:
    """Which wells are of each plate."""
    plates = wells["plate"].to_numpy(object)
    return [np.asarray(plates == plate, np.bool_) for plate in dict.fromkeys(plates)]


def _known(values: Floats) -> Floats:
    return values[np.isfinite(values)]
