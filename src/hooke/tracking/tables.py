"""Makes the table of all objects and the table of the lineage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.tracking.edits import EditedPlanes
from hooke.tracking.gaps import Filled
from hooke.tracking.lineage import Lineage

#: Label of an object in the corrected label images, which no table that is written has.
OWN = "own_label"


def object_rows(
    lineage: Lineage, planes: EditedPlanes, filled: Sequence[Filled], objects: pd.DataFrame | None
) -> pd.DataFrame:
    """A row per object and frame, by track and frame."""
    frames = lineage.frames
    places = np.asarray(frames.joined("centroids"), np.float64)
    rows = pd.DataFrame(
        {
            "track": lineage.track,
            "frame": frames.frame,
            OWN: np.asarray(frames.joined("ids"), np.int64),
            **({"centroid_z": places[:, 0] / frames.anisotropy} if places.shape[1] == 3 else {}),
            "centroid_y": places[:, -2],
            "centroid_x": places[:, -1],
            "area" if places.shape[1] == 2 else "volume": np.asarray(frames.joined("areas"), np.int64),
        }
    )
    if filled:
        drawn = [(made.track, made.frame, made.label, *made.centroid, made.area) for made in filled]
        rows = pd.concat([rows, pd.DataFrame(drawn, columns=rows.columns)], ignore_index=True)
    keys = list(zip(rows["frame"].tolist(), rows[OWN].tolist(), strict=True))
    rows.insert(2, "label", [planes.origin.get(key, key[1]) for key in keys])
    rows["repaired"] = [planes.repairs.get(key, "") for key in keys]
    if objects is not None:
        known = objects.drop_duplicates(["frame", "label"])
        names = [name for name in ("class", "score") if name in known]
        rows = rows.merge(known[["frame", "label", *names]], on=["frame", "label"], how="left")
    return rows.sort_values(["track", "frame"], ignore_index=True)


def lineage_rows(rows: pd.DataFrame, lineage: Lineage) -> pd.DataFrame:
    """A row per track."""
    frames = rows.groupby("track")["frame"]
    count = int(lineage.track.max(initial=0))
    parent, into = np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64)
    daughters = np.flatnonzero(lineage.mother >= 0)
    parent[lineage.track[daughters]] = lineage.track[lineage.mother[daughters]]
    fused = np.flatnonzero(lineage.fuses_into >= 0)
    into[lineage.track[fused]] = lineage.track[lineage.fuses_into[fused]]
    generation = np.zeros(count + 1, np.int64)
    for track in np.flatnonzero(parent).tolist():  # mothers have lower numbers
        generation[track] = generation[parent[track]] + 1
    return pd.DataFrame(
        {
            "track": np.arange(1, count + 1),
            "begins": frames.min().to_numpy(np.int64),
            "ends": frames.max().to_numpy(np.int64),
            "frames": frames.size().to_numpy(np.int64),
            "parent": parent[1:],
            "generation": generation[1:],
            "merges_into": into[1:],
        }
    )


def without_short(rows: pd.DataFrame, tracks: pd.DataFrame, least: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out tracks of few frames without mother, daughters or a part in a fusion; number the others again."""
    related = {*tracks["parent"], *tracks["merges_into"]}
    keep = (
        (tracks["frames"] >= least)
        | (tracks["parent"] > 0)
        | (tracks["merges_into"] > 0)
        | tracks["track"].isin(related)
    ).to_numpy(np.bool_)
    number = np.zeros(len(tracks) + 1, np.int64)
    number[1:][keep] = np.arange(1, int(keep.sum()) + 1)
    tracks = tracks[keep].reset_index(drop=True)
    for name in ("track", "parent", "merges_into"):
        tracks[name] = number[tracks[name]]
    rows = rows.assign(track=number[rows["track"]])
    return rows[rows["track"] > 0].reset_index(drop=True), tracks


def with_steps(rows: pd.DataFrame, tracks: pd.DataFrame, anisotropy: float = 1.0) -> pd.DataFrame:
    """Add the mother, and the displacement since the track's frame before."""
    parents = np.concatenate([[0], tracks["parent"].to_numpy(np.int64)])
    rows.insert(4 if "label" in rows else 3, "parent", parents[rows["track"]])
    same = rows["track"].to_numpy()[1:] == rows["track"].to_numpy()[:-1]
    axes = _axes(rows)
    places = rows[[f"centroid_{axis}" for axis in axes]].to_numpy(np.float64)
    step = np.diff(places * [anisotropy if axis == "z" else 1.0 for axis in axes], axis=0)
    length = np.full(len(rows), np.nan)
    waited = np.full(len(rows), np.nan)
    if len(rows):
        length[1:] = np.where(same, np.linalg.norm(step, axis=1), np.nan)
        waited[1:] = np.diff(rows["frame"].to_numpy(np.float64))
    rows["displacement"] = length
    rows["speed"] = length / waited
    return rows


def with_units(
    rows: pd.DataFrame, pixel_size_um: tuple[float, float] | None, z_step_um: float | None, time_step_s: float | None
) -> pd.DataFrame:
    """Add micrometres and seconds, where they are known; the column `repaired` comes last."""
    if time_step_s is not None:
        rows["time_s"] = rows["frame"] * time_step_s
    if pixel_size_um is not None:
        height, width = pixel_size_um
        axes = _axes(rows)
        if "z" in axes and z_step_um is None:
            return _repaired_last(rows)
        sides = {"z": z_step_um or 1.0, "y": height, "x": width}
        for axis in axes:
            rows[f"centroid_{axis}_um"] = rows[f"centroid_{axis}"] * sides[axis]
        if "z" in axes:
            rows["volume_um3"] = rows["volume"] * height * width * sides["z"]
        else:
            rows["area_um2"] = rows["area"] * height * width
        step = rows[[f"centroid_{axis}_um" for axis in axes]].diff()
        length = np.linalg.norm(step.to_numpy(np.float64), axis=1)
        rows["displacement_um"] = np.where(rows["displacement"].notna(), length, np.nan)
        if time_step_s is not None:
            rows["speed_um_s"] = rows["displacement_um"] / (rows["frame"].diff() * time_step_s)
    return _repaired_last(rows)


def _axes(rows: pd.DataFrame) -> str:
    return "zyx" if "centroid_z" in rows else "yx"


def _repaired_last(rows: pd.DataFrame) -> pd.DataFrame:
    rows["repaired"] = rows.pop("repaired")
    return rows


def numbers_by_frame(rows: pd.DataFrame) -> dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Labels in the corrected label images and their tracks, by frame."""
    ordered = rows.sort_values("frame", kind="stable")
    frames, labels, tracks = (ordered[name].to_numpy(np.int64) for name in ("frame", OWN, "track"))
    at, begin = np.unique(frames, return_index=True)
    bounds = np.append(begin, len(frames))
    return {
        int(frame): (labels[first:last], tracks[first:last])
        for frame, first, last in zip(at.tolist(), bounds[:-1], bounds[1:], strict=True)
    }
