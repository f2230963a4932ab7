"""Checks a label image alone: pieces, holes, specks, objects cut by the border, merges, odd sizes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.doctor.anatomy import Part, cut_out, find_holes, find_neck, find_pieces
from hooke.doctor.dataset_images import DatasetImage
from hooke.doctor.findings import Box, Finding

SPECK_PIXELS = 10  # fewer can't be distinguished from a slip of the pen
STRAY_SHARE = 0.05  # of its object: a smaller piece is stray pixels
MERGE_SOLIDITY = 0.9  # rounder objects are not searched for a neck
MERGE_NECK = 0.7  # half width of the neck over that of the thinner side
MERGE_AREA = 0.5  # of the image's median: fragments are not merges
SIZE_FACTOR = 5.0  # an object this many times the median area, or this many times smaller
SIZE_SPREADS = 4.0  # and this many robust standard deviations of the logarithm away
ENOUGH_OBJECTS = 8  # below this, nothing is called an outlier
SPREAD = 1.4826  # standard deviation over median absolute deviation, of a normal distribution


def check_shapes(member: DatasetImage, labels: NDArray[np.int32], table: pd.DataFrame) -> list[Finding]:
    """Check every object of a label image.

    Parameters
    ----------
    member : DatasetImage
        Whose labels they are.
    labels : ndarray of int32, shape (Y, X)
    table : pandas.DataFrame
        `hooke.measure.measure` of the labels.

    Returns
    -------
    list of Finding
        Of the kinds empty-labels, pieces, stray-pixels, holes, specks, merge, size-outlier and border; the last is one
        for the whole image.
    """
    if table.empty:
        return [Finding.of_kind("empty-labels", member.id, "no object is labelled", split=member.split)]
    on_border = _cut_by_border(table, labels.shape)
    median = float(table["area"].median())
    findings: list[Finding] = []
    for row, cut in zip(table.itertuples(index=False), on_border, strict=True):
        findings += _check_object(member, labels, row, cut=bool(cut), median=median)
    findings += _size_outliers(member, table, on_border)
    if on_border.any():
        count = int(on_border.sum())
        message = f"{count} of {len(table)} objects are cut by the border"
        findings.append(Finding.of_kind("border", member.id, message, split=member.split, value=float(count)))
    return findings


def box_of(row: object) -> Box:
    """Take the bounding box out of a row of `hooke.measure.measure`."""
    names = ("bbox_top", "bbox_left", "bbox_bottom", "bbox_right")
    top, left, bottom, right = (int(getattr(row, name)) for name in names)
    return top, left, bottom, right


def is_stray(piece: Part, object_area: int) -> bool:
    """Whether a piece apart is a slip of the pen rather than a part of an object."""
    return piece.area < max(SPECK_PIXELS, STRAY_SHARE * object_area)


def _cut_by_border(table: pd.DataFrame, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    at_start = (table["bbox_top"] == 0) | (table["bbox_left"] == 0)
    at_end = (table["bbox_bottom"] == shape[0]) | (table["bbox_right"] == shape[1])
    return np.asarray(at_start | at_end, np.bool_)


def _check_object(
    member: DatasetImage, labels: NDArray[np.int32], row: object, *, cut: bool, median: float
) -> list[Finding]:
    """Check one object."""
    label, area, solidity = (getattr(row, name) for name in ("label", "area", "solidity"))
    box = box_of(row)

    def found(kind: str, message: str, value: float) -> Finding:
        return Finding.of_kind(kind, member.id, message, split=member.split, label=int(label), box=box, value=value)

    mask = cut_out(labels, label, box)
    findings = []
    pieces = find_pieces(mask)
    if len(pieces) == 1 and area < SPECK_PIXELS and not cut:
        findings.append(found("specks", f"{area} pixels", -float(area)))
    for kind, stray in (("pieces", False), ("stray-pixels", True)):
        parts = [piece for piece in pieces[1:] if is_stray(piece, area) == stray]
        if parts:
            sizes = ", ".join(str(part.area) for part in (parts if stray else [pieces[0], *parts]))
            findings.append(found(kind, f"{sizes} pixels", float(sum(part.area for part in parts)) / area))
    holes = find_holes(mask, labels[box[0] : box[2], box[1] : box[3]])
    if holes:
        pixels = sum(hole.area for hole in holes)
        findings.append(found("holes", f"{len(holes)} of {pixels} pixels in all", float(pixels)))
    if len(pieces) == 1 and area > MERGE_AREA * median and solidity < MERGE_SOLIDITY:
        # Holes would look like necks.
        neck = find_neck(_filled(mask, holes))
        if neck < MERGE_NECK:
            message = f"solidity {solidity:.2f}, neck {100 * neck:.0f} % of the thinner side"
            findings.append(found("merge", message, 1 - float(solidity) * neck))
    return findings


def _filled(mask: NDArray[np.uint8], holes: list[Part]) -> NDArray[np.uint8]:
    return mask if not holes else np.maximum.reduce([mask, *(hole.mask for hole in holes)])


def _size_outliers(member: DatasetImage, table: pd.DataFrame, on_border: NDArray[np.bool_]) -> list[Finding]:
    """Find whole objects whose area is far from the image's median, on a logarithmic scale."""
    if len(table) < ENOUGH_OBJECTS:
        return []
    log_area = np.log(table["area"].to_numpy(np.float64))
    away = log_area - np.median(log_area)
    spread = SPREAD * float(np.median(np.abs(away)))
    odd = np.abs(away) > max(np.log(SIZE_FACTOR), SIZE_SPREADS * spread)
    # Less of an object that the border cuts is seen; a speck has a finding of its own.
    odd &= (away > 0) | ~on_border
    odd &= table["area"].to_numpy() >= SPECK_PIXELS
    findings = []
    for index in np.flatnonzero(odd):
        row, factor = table.iloc[index], float(np.exp(away[index]))
        message = f"{int(row['area'])} pixels, {factor:.2g} times the image's median"
        label, box, value = int(row["label"]), box_of(row), abs(float(away[index]))
        findings.append(
            Finding.of_kind("size-outlier", member.id, message, split=member.split, label=label, box=box, value=value)
        )
    return findings
