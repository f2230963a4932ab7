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
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke import __version__
from hooke.errors import OutputError
from hooke.io import atomic_path, write_labels
from hooke.io.atomic import output_error
from hooke.io.spreadsheet import write_table
from hooke.tracking.ctc_files import write_ctc
from hooke.tracking.geff_file import write_geff
from hooke.tracking.movie import MOVIES, write_movie
from hooke.tracking.tracks import Tracks
from hooke.tracking.tracks_page import write_tracks_page

#: The label images as one stack, and the record of the run, which is written last.
LABEL_STACK, RECORD = "labels.tif", "tracks.json"

_CHALLENGE, _GRAPH = "ctc", "tracks.geff"


def save_tracks(
    tracks: Tracks, folder: Path, *, images: Sequence[NDArray[np.generic]] | None = None, movie: bool = True
) -> tuple[str, ...]:
    """Write labels, tables, the page, the movie and the challenge's files, in place of those of an earlier run.

    Parameters
    ----------
    tracks : Tracks
    folder : Path
    images : sequence of ndarray, shape (Y, X) or (Y, X, C), optional
        For the movie.
    movie : bool
        Whether to draw one.

    Returns
    -------
    tuple of str
        The notes of the tracks, and what the user should know of the files.

    Raises
    ------
    OutputError
        When the folder can't be written to.
    """
    _remove_earlier(folder)
    depth = tracks.frame(0).shape[:-2]
    write_labels(
        folder / LABEL_STACK,
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
    note = write_ctc(tracks, folder / _CHALLENGE)
    write_geff(tracks, folder / _GRAPH)
    write_tracks_page(tracks, folder / "tracks.html")
    if movie:
        write_movie(tracks, folder, images)
    notes = (*tracks.notes, note) if note else tracks.notes
    record = _describe(tracks) | {"notes": notes, "movie": movie}
    with atomic_path(folder / RECORD) as part:
        part.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return notes


def check_apart(folder: Path, inputs: Iterable[Path]) -> None:
    """Refuse to write into a folder where results would replace a file that they are made from.

    Raises
    ------
    OutputError
        If there is such a file.
    """
    own = [(folder / name).resolve() for name in (LABEL_STACK, *MOVIES)]
    challenge = (folder / _CHALLENGE).resolve()
    for path in inputs:
        if (real := path.resolve()) in own or real.parent == challenge:
            raise OutputError("is read, and the results would replace it", path=path, remedy="choose another folder")


def _remove_earlier(folder: Path) -> None:
    """Remove what an earlier run wrote and this one may not: masks of more frames, the movie, the graph.

    The record goes too, so that a run that is killed leaves no folder that seems complete.
    """
    try:
        earlier = json.loads((folder / RECORD).read_bytes())
    except (OSError, ValueError):
        return
    movies = [folder / name for name in MOVIES if isinstance(earlier, dict) and earlier.get("movie")]
    try:
        for path in (folder / RECORD, *movies, *(folder / _CHALLENGE).glob("mask*.tif")):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(error, folder) from error
    shutil.rmtree(folder / _GRAPH, ignore_errors=True)


def _describe(tracks: Tracks) -> dict[str, Any]:
    """What ``tracks.json`` says of the tracks."""
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
    }
