"""Writes the graph of tracks as GEFF, a zarr group that napari, traccuracy, Mastodon and others read.

The package geff writes it where it is installed. It is not among those of the extra ``track``: on Python 3.11 it asks
for a numcodecs that is older than the one hooke is tested with.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hooke.tracking.tracks import Tracks


def write_geff(tracks: Tracks, path: Path) -> Path | None:
    """Write the graph of tracks, a node per object and frame; any earlier one is replaced.

    Parameters
    ----------
    tracks : Tracks
    path : Path
        A folder such as ``tracks.geff``.

    Returns
    -------
    Path or None
        The folder; None where geff is not installed, or there is no object.
    """
    if importlib.util.find_spec("geff") is None or not len(tracks.table):
        return None
    import geff
    import networkx

    graph = tracks.graph()
    numbered = networkx.relabel_nodes(graph, {node: number for number, node in enumerate(graph)})
    space = [axis for axis in "zyx" if f"centroid_{axis}" in tracks.table]
    sizes = dict(zip("yx", tracks.pixel_size_um or (None, None), strict=True)) | {"z": tracks.z_step_um}
    part = path.with_name(f".{path.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    geff.write(
        numbered,
        part,
        axis_names=["t", *space],
        axis_types=["time", *(["space"] * len(space))],
        axis_units=["frame", *("pixel" for _ in space)],
        axis_scales=[tracks.time_step_s, *(sizes[axis] for axis in space)],
        scaled_units=[
            "second" if tracks.time_step_s else None,
            *("micrometer" if sizes[axis] else None for axis in space),
        ],
    )
    shutil.rmtree(path, ignore_errors=True)
    return part.replace(path)
