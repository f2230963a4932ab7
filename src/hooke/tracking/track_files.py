"""Writes the tracks of one sequence to a folder.

```
OUT/
  labels.tif           label images with the numbers of the tracks, one stack
  tracks.csv           a row per object and frame
  lineage.csv          a row per track
  ctc/                 res_track.txt and mask000.tif ..., as the Cell Tracking Challenge wants them
  tracks.geff/         the graph, where the package geff is installed
  tracks.html          counts, lengths, speeds, lineage
  movie.tif, movie.gif the frames with outlines, tails and numbers
  tracks.json          options, parameters found, drift, counts
```
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke import __version__
from hooke.io import atomic_path, write_labels
from hooke.io.spreadsheet import write_table
from hooke.tracking.ctc_files import write_ctc
from hooke.tracking.geff_file import write_geff
from hooke.tracking.movie import write_movie
from hooke.tracking.tracks import Tracks
from hooke.tracking.tracks_page import write_tracks_page


def save_tracks(
    tracks: Tracks, folder: Path, *, images: Sequence[NDArray[np.generic]] | None = None, movie: bool = True
) -> Path:
    """Write labels, tables, the page, the movie and the challenge's files.

    Parameters
    ----------
    tracks : Tracks
    folder : Path
    images : sequence of ndarray, shape (Y, X) or (Y, X, C), optional
        For the movie.
    movie : bool
        Whether to draw one.

    Raises
    ------
    OutputError
        When the folder can't be written to.
    """
    depth = tracks.frame(0).shape[:-2]
    write_labels(
        folder / "labels.tif",
        (plane for frame in tracks.frames() for plane in frame.reshape(-1, *frame.shape[-2:])),
        axes="TZ" if depth else "T",
        shape=(len(tracks), *depth),
        pixel_size_um=tracks.pixel_size_um,
        z_step_um=tracks.z_step_um,
        time_step_s=tracks.time_step_s,
        max_label=tracks.count,
    )
    write_table(tracks.table, folder / "tracks.csv")
    write_table(tracks.lineage, folder / "lineage.csv")
    note = write_ctc(tracks, folder / "ctc")
    write_geff(tracks, folder / "tracks.geff")
    write_tracks_page(tracks, folder / "tracks.html")
    if movie:
        write_movie(tracks, folder, images)
    with atomic_path(folder / "tracks.json") as part:
        part.write_text(json.dumps(describe(tracks, note), indent=2) + "\n", encoding="utf-8")
    return folder


def describe(tracks: Tracks, *notes: str) -> dict[str, Any]:
    """What ``tracks.json`` says."""
    repaired = tracks.table["repaired"]
    return {
        "hooke": __version__,
        "frames": len(tracks),
        "objects": len(tracks.table),
        "tracks": tracks.count,
        "divisions": int(tracks.divisions["parent"].nunique()),
        "repaired": {kind: int(count) for kind, count in repaired[repaired != ""].value_counts().items()},
        "parameters": vars(tracks.parameters),
        "options": tracks.options.as_dict(),
        "pixel_size_um": tracks.pixel_size_um,
        "z_step_um": tracks.z_step_um,
        "time_step_s": tracks.time_step_s,
        "drift": [[round(value, 3) for value in shift] for shift in tracks.drift.tolist()],
        "notes": [*tracks.notes, *filter(None, notes)],
    }
