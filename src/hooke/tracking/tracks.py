"""Defines `Tracks`: label images whose ids persist, with the table of all objects and the lineage."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.labels.numbering import give_numbers
from hooke.tracking.edits import EditedPlanes
from hooke.tracking.options import Parameters, TrackOptions


@dataclass(frozen=True, eq=False)
class Tracks:
    """What `hooke.track` found in one sequence.

    Parameters
    ----------
    table : DataFrame
        A row per object and frame, by track and frame: ``track``, ``frame``, ``label`` (in the label images given; 0
        for an object that was filled in), ``parent`` (track of the mother, 0 for none), ``centroid_y``, ``centroid_x``
        and ``area`` in pixels, ``class`` and ``score`` where known, ``displacement`` since the track's frame before
        (pixels, the drift not taken out; empty in its first), ``speed`` (pixels a frame), ``repaired`` (``split``,
        ``joined``, ``filled`` or empty). Where they are known, the same in micrometres and seconds: ``time_s``,
        ``centroid_y_um``, ``centroid_x_um``, ``area_um2``, ``displacement_um``, ``speed_um_s``. Of frames that are
        stacks ``centroid_z`` (planes) too, and ``volume`` (voxels) in place of ``area``.
    lineage : DataFrame
        A row per track: ``track``, ``begins``, ``ends`` (first and last frame), ``frames`` (in which it is seen),
        ``parent`` (0 for none), ``generation`` (0 without a mother), ``merges_into`` (track; 0 for none).
    planes : EditedPlanes
        The label images given, with corrections.
    parameters : Parameters
        What linking went by.
    options : TrackOptions
    drift : ndarray of float64, shape (T - 1, 2) or (T - 1, 3)
        Pixels in (z,) y and x by which the field moves from each frame to the next.
    pixel_size_um : (float, float), optional
        Height and width of a pixel in micrometres.
    z_step_um : float, optional
        Distance of the planes of frames that are stacks, in micrometres.
    time_step_s : float, optional
        Seconds between frames.
    notes : tuple of str
        What the user should know of the result.
    """

    table: pd.DataFrame
    lineage: pd.DataFrame
    planes: EditedPlanes
    parameters: Parameters
    options: TrackOptions
    drift: NDArray[np.float64]
    pixel_size_um: tuple[float, float] | None = None
    z_step_um: float | None = None
    time_step_s: float | None = None
    notes: tuple[str, ...] = ()
    _numbers: dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.planes)

    def __repr__(self) -> str:
        """One line: how many tracks, divisions and frames, and the notes; the tables are not shown."""
        facts = [f"{self.count} tracks", f"{len(self)} frames", f"{self.divisions['parent'].nunique()} divisions"]
        return f"<Tracks: {', '.join([*facts, *self.notes])}>"

    @property
    def count(self) -> int:
        """Number of tracks."""
        return len(self.lineage)

    @property
    def divisions(self) -> pd.DataFrame:
        """Rows of `lineage` of the tracks that came out of a division."""
        return self.lineage[self.lineage["parent"] > 0]

    @cached_property
    def labels(self) -> NDArray[np.int32]:
        """All label images with the numbers of the tracks, shape (T, Y, X) or (T, Z, Y, X)."""
        return np.stack(list(self.frames()))

    def frame(self, index: int) -> NDArray[np.int32]:
        """One label image with the numbers of the tracks, shape (Y, X) or (Z, Y, X); -1 is the last frame."""
        index = range(len(self))[index]
        labels, tracks = self._numbers.get(index, _NOTHING)
        return give_numbers(self.planes[index], labels, tracks)

    def frames(self) -> Iterator[NDArray[np.int32]]:
        """All label images, read and numbered one at a time."""
        return (self.frame(index) for index in range(len(self)))

    def graph(self) -> Any:
        """The tracks as a graph, as motile, traccuracy and others take it.

        Returns
        -------
        networkx.DiGraph
            A node per object, ``(frame, track)``, with ``t``, ``y``, ``x`` (pixels), of stacks ``z`` (planes), and
            ``track`` and ``label``; an edge to the track's next frame, to both daughters, and to what it merges into.
        """
        import networkx

        graph = networkx.DiGraph()
        at = self.table[["frame", "track", "label"]].to_numpy(np.int64).tolist()
        axes = [axis for axis in "zyx" if f"centroid_{axis}" in self.table]
        places = self.table[[f"centroid_{axis}" for axis in axes]].to_numpy(np.float64).tolist()
        for (frame, track, label), place in zip(at, places, strict=True):
            graph.add_node((frame, track), t=frame, track=track, label=label, **dict(zip(axes, place, strict=True)))
        names = ["track", "begins", "ends", "parent", "merges_into"]
        rows = self.lineage[names].to_numpy(np.int64).tolist()
        ends = {track: end for track, _, end, _, _ in rows}
        for track, begin, end, parent, into in rows:
            times = self.frames_of(track).tolist()
            graph.add_edges_from(((here, track), (there, track)) for here, there in itertools.pairwise(times))
            if parent:
                graph.add_edge((ends[parent], parent), (begin, track))
            later = [time for time in self.frames_of(into).tolist() if time > end] if into else []
            if later:
                graph.add_edge((end, track), (later[0], into))
        return graph

    def frames_of(self, track: int) -> NDArray[np.int64]:
        """Frames in which a track is seen or filled in, increasing."""
        tracks = self.table["track"].to_numpy(np.int64)
        first, last = np.searchsorted(tracks, (track, track + 1))
        return self.table["frame"].to_numpy(np.int64)[first:last]

    def save(
        self, folder: str | Path, *, images: Sequence[NDArray[np.generic]] | None = None, movie: bool = True
    ) -> Path:
        """Write labels, tables, page, movie, and files as the Cell Tracking Challenge wants them, into a folder.

        Parameters
        ----------
        folder : str or Path
        images : sequence of ndarray, shape (Y, X) or (Y, X, C), optional
            The images, which the movie shows; black without.
        movie : bool
            Whether to draw one.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        OutputError
            When it can't be written to.
        """
        from hooke.tracking.track_files import save_tracks

        save_tracks(self, Path(folder), images=images, movie=movie)
        return Path(folder)


_NOTHING = (np.zeros(0, np.int64), np.zeros(0, np.int64))
