"""Follows the objects of a labels layer through time, and makes napari's layers of tracks, with their lineage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.napari.layer_data import OWN, LayerData, Placement, object_features
from hooke.napari.layer_job import LayerJob
from hooke.napari.layer_stack import parse_axes
from hooke.tracking import TrackOptions, Tracks, track

_LINKING = 0.8  # of the work at which all frames are read


def track_array(
    labels: NDArray[np.integer[Any]],
    axes: str,
    options: TrackOptions | None = None,
    job: LayerJob | None = None,
    *,
    features: pd.DataFrame | None = None,
    pixel_size_um: tuple[float, float] | None = None,
    z_step_um: float | None = None,
    time_step_s: float | None = None,
) -> Tracks:
    """Follow the objects of a labels layer.

    Parameters
    ----------
    labels : ndarray of integer
    axes : str
        One letter per axis: ``TYX`` or ``TZYX``.
    options : TrackOptions, optional
    job : LayerJob, optional
    features : DataFrame, optional
        Of the layer: ``class`` and ``score`` of each object, found by ``index``, are used where they are there.
    pixel_size_um : (float, float), optional
    z_step_um, time_step_s : float, optional

    Raises
    ------
    ConfigError
        When there is no time, another axis, or laptrack is not installed.
    Cancelled
        When the job is to stop.
    """
    job = job or LayerJob()
    letters = parse_axes(axes, labels.shape).letters
    if letters not in ("T", "TZ"):
        cause = f"objects are followed through time, and the axes are {axes}"
        raise ConfigError(cause, remedy="name the axes TYX, or TZYX for stacks in depth")
    count = labels.shape[0]
    job.report(0.0, f"frame 1 of {count}")
    return track(
        labels,
        options=options,
        objects=_objects(labels, features),
        pixel_size_um=pixel_size_um,
        z_step_um=z_step_um,
        time_step_s=time_step_s,
        on_frame=lambda done: job.report(_LINKING * done / count, f"frame {done} of {count}"),
    )


def _objects(labels: NDArray[np.integer[Any]], features: pd.DataFrame | None) -> pd.DataFrame | None:
    """Class and score of the objects of each frame."""
    names = [name for name in ("class", "score") if features is not None and name in features]
    if features is None or not names or "index" not in features:
        return None
    known = features.drop_duplicates("index").set_index("index")[names]
    tables = []
    for frame, plane in enumerate(labels):
        ids = np.unique(plane[plane > 0])
        here = known.reindex(ids[np.isin(ids, known.index)])
        tables.append(here.assign(frame=frame, label=here.index).reset_index(drop=True))
    return pd.concat(tables, ignore_index=True)


def track_layers(
    tracks: Tracks, *, name: str = "objects", placement: Placement | None = None, image: str = ""
) -> list[LayerData]:
    """Make two layers of tracks: the labels, numbered by track, and the tracks with their tails and divisions.

    Parameters
    ----------
    tracks : Tracks
    name : str
        That the names of the layers begin with.
    placement : Placement, optional
        Where the label images lie.
    image : str
        Name of the layer of the image, which learning from corrections takes.

    Returns
    -------
    list of (data, dict, str)
        A ``labels`` and a ``tracks`` layer, as `napari.layers.Layer.create` takes them; no ``tracks`` layer where there
        is no object.

    Examples
    --------
    >>> import hooke
    >>> frames = np.zeros((3, 8, 8), int)
    >>> for t in range(3):
    ...     frames[t, 2:5, t : t + 3] = 7 - t
    >>> _, (data, attributes, kind) = track_layers(hooke.track(frames))
    >>> kind, data.tolist()
    ('tracks', [[1.0, 0.0, 3.0, 1.0], [1.0, 1.0, 3.0, 2.0], [1.0, 2.0, 3.0, 3.0]])
    """
    labels = tracks.labels
    placed = (placement or Placement()).attributes(labels.ndim)
    features = object_features(tracks.lineage, tracks.lineage["track"].to_numpy(np.int64))
    noted = {"image": image, "warnings": list(tracks.notes)}
    layers: list[LayerData] = [
        (labels, {"name": f"{name} followed", "features": features, "metadata": {OWN: noted}, **placed}, "labels")
    ]
    if tracks.count:
        data, attributes = track_data(tracks.table, tracks.lineage)
        layers.append((data, {"name": f"{name} tracks", **attributes, **placed}, "tracks"))
    return layers


def track_data(table: pd.DataFrame, lineage: pd.DataFrame) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """Give the data and attributes of a tracks layer.

    Parameters
    ----------
    table, lineage : DataFrame
        As `hooke.tracking.Tracks` has them; the metadata of the layer keeps them, for `family`.

    Returns
    -------
    data : ndarray of float64, shape (N, 4) or (N, 5)
        Track, frame, (z,) y and x in pixels, by track and frame.
    attributes : dict
        ``features``, ``graph`` (the mother of each daughter), ``metadata``.
    """
    table = table.sort_values(["track", "frame"], ignore_index=True)
    places = [f"centroid_{axis}" for axis in "zyx" if f"centroid_{axis}" in table]
    data = table[["track", "frame", *places]].to_numpy(np.float64)
    generation = table["track"].map(lineage.set_index("track")["generation"])
    features = table.drop(columns=places).assign(generation=generation.to_numpy())
    here = set(table["track"].tolist())
    pairs = lineage[["track", "parent"]].to_numpy(np.int64).tolist()
    graph = {daughter: [mother] for daughter, mother in pairs if mother in here and daughter in here}
    metadata = {OWN: {"table": table, "lineage": lineage}}
    return data, {"features": features, "graph": graph, "metadata": metadata}


def family(lineage: pd.DataFrame, member: int) -> list[int]:
    """All tracks that come from one founder, increasing.

    Parameters
    ----------
    lineage : DataFrame
        With the columns ``track`` and ``parent``, 0 for none.
    member : int
        A track of the family.

    Raises
    ------
    ConfigError
        When there is no such track.

    Examples
    --------
    >>> family(pd.DataFrame({"track": [1, 2, 3, 4], "parent": [0, 1, 1, 0]}), 3)
    [1, 2, 3]
    """
    mother_of = dict(lineage[["track", "parent"]].to_numpy(np.int64).tolist())
    if member not in mother_of:
        raise ConfigError(f"there is no track {member}", remedy="pick an object of the layer that was followed")
    founder, seen = member, {member}
    while (mother := mother_of.get(founder, 0)) and mother not in seen:
        founder = mother
        seen.add(mother)
    members = {founder}
    daughters: dict[int, list[int]] = {}
    for track_, mother in mother_of.items():
        daughters.setdefault(mother, []).append(track_)
    waiting = [founder]
    while waiting:
        new = [one for one in daughters.get(waiting.pop(), []) if one not in members]
        members.update(new)
        waiting += new
    return sorted(members)


def family_data(table: pd.DataFrame, lineage: pd.DataFrame, member: int) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """Give the data and attributes of a tracks layer of one family alone: see `track_data`."""
    members = family(lineage, member)
    chosen = table[table["track"].isin(members)]
    return track_data(chosen, lineage[lineage["track"].isin(members)])
