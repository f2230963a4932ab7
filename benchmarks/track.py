"""Measures tracking: from true masks, on simulated sequences, and at scale.

    python benchmarks/track.py masks FOLDER          # ctc_phc_c2dh_u373: labels/, tra/, 02_man_track.txt
    python benchmarks/track.py simulated --count 4   # sequences for each density and displacement
    python benchmarks/track.py scale                 # 1000 frames of 1000 objects

Beside hooke: laptrack as its documentation shows it (squared distance, centroids, cutoff 15 pixels, gaps and divisions
on), and nearest neighbours (each other's nearest within the same 15 pixels). All scores are py-ctcmetrics'.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from laptrack import LapTrack
from numpy.typing import NDArray
from scipy.spatial import cKDTree

import hooke
from hooke.datasets import SequenceSettings, simulate_sequence
from hooke.io import find_images, read_labels
from hooke.labels import find_objects
from hooke.tracking import TrackOptions, evaluate_tracks

Stack = NDArray[np.integer]
Rows = list[tuple[int, int, int, int]]
#: Label images with the numbers of tracks, and for each daughter its mother.
Tracked = tuple[Stack, dict[int, int]]

CUTOFF = 15.0  # pixels, of laptrack's documentation
DENSITIES, DISPLACEMENTS = (0.05, 0.1, 0.2), (0.1, 0.25, 0.5, 0.75, 1.0)
SHOWN = ("TRA", "LNK", "CHOTA", "complete_tracks", "division_f1", "division_f1_1")


def by_hooke(labels: Stack) -> Tracked:
    """Tracks of hooke, gaps filled in."""
    tracks = hooke.track(labels, options=TrackOptions(fill_gaps=True))
    return tracks.labels, dict(tracks.divisions[["track", "parent"]].to_numpy().tolist())


def by_laptrack(labels: Stack) -> Tracked:
    """Tracks of laptrack by centroids, at the settings of its documentation."""
    places = [find_objects(plane) for plane in labels]
    table = pd.DataFrame(
        [
            (frame, label, *place)
            for frame, objects in enumerate(places)
            for label, place in zip(objects.ids.tolist(), objects.centroids.tolist(), strict=True)
        ],
        columns=["frame", "label", "y", "x"],
    )
    tracker = LapTrack(cutoff=CUTOFF**2, gap_closing_cutoff=CUTOFF**2, splitting_cutoff=CUTOFF**2)
    tracked, splits, _ = tracker.predict_dataframe(table, ["y", "x"], only_coordinate_cols=False)
    tracked = tracked.reset_index(drop=True)
    numbered = number(labels, tracked["frame"], tracked["label"], tracked["track_id"] + 1)
    if splits.empty:
        return numbered, {}
    return numbered, {row.child_track_id + 1: row.parent_track_id + 1 for row in splits.itertuples()}


def by_nearest(labels: Stack) -> Tracked:
    """Each object is continued by its nearest of the next frame, where that one's nearest is the object."""
    places = [find_objects(plane) for plane in labels]
    rows, before, count = [], np.zeros(0, int), 0
    for frame, objects in enumerate(places):
        own = np.zeros(len(objects.ids), int)
        if frame and len(own) and len(before):
            here, there = cKDTree(objects.centroids), cKDTree(places[frame - 1].centroids)
            distance, nearest = there.query(objects.centroids)
            back = here.query(places[frame - 1].centroids)[1]
            mutual = (back[nearest] == np.arange(len(own))) & (distance <= CUTOFF)
            own[mutual] = before[nearest[mutual]]
        fresh = own == 0
        own[fresh] = count + np.arange(1, fresh.sum() + 1)
        count += int(fresh.sum())
        rows += [(frame, label, track) for label, track in zip(objects.ids.tolist(), own.tolist(), strict=True)]
        before = own
    table = pd.DataFrame(rows, columns=["frame", "label", "track"])
    return number(labels, table["frame"], table["label"], table["track"]), {}


def number(labels: Stack, frames: pd.Series, ids: pd.Series, tracks: pd.Series) -> Stack:
    """Give the objects of label images the numbers of their tracks."""
    numbered = np.zeros(labels.shape, np.int32)
    for frame, group in pd.DataFrame({"frame": frames, "id": ids, "track": tracks}).groupby("frame"):
        own = np.zeros(int(labels[frame].max(initial=0)) + 1, np.int32)
        own[group["id"]] = group["track"]
        numbered[frame] = own[labels[frame]]
    return numbered


METHODS: dict[str, Callable[[Stack], Tracked]] = {
    "hooke": by_hooke,
    "laptrack 0.17.1": by_laptrack,
    "nearest neighbours": by_nearest,
}


def write_ctc(folder: Path, labels: Stack, parents: Mapping[int, int], name: str) -> None:
    """Write masks and track file; after a gap a new number with the old one as its parent."""
    folder.mkdir(parents=True)
    labels, rows, last, highest = labels.copy(), [], {}, int(labels.max(initial=0))
    for track in np.unique(labels[labels > 0]).tolist():
        frames = np.flatnonzero((labels == track).any(axis=(1, 2)))
        cuts = [0, *(np.flatnonzero(np.diff(frames) > 1) + 1).tolist(), len(frames)]
        parent, own = parents.get(track, 0), track
        for first, stop in itertools.pairwise(cuts):
            if first:
                highest, parent = highest + 1, own
                part = labels[frames[first] :]
                part[part == parent] = highest
                own = highest
            rows.append([own, int(frames[first]), int(frames[stop - 1]), parent])
        last[track] = own
    for row in rows:
        row[3] = last.get(row[3], row[3]) if row[3] in parents.values() and row[0] in parents else row[3]
    ends = {row[0]: row[2] for row in rows}
    rows = [row if ends.get(row[3], -1) < row[1] else [*row[:3], 0] for row in rows]
    for frame, plane in enumerate(labels):
        tifffile.imwrite(folder / f"{name}{frame:03d}.tif", plane.astype(np.int32))
    file = "man_track.txt" if name == "man_track" else "res_track.txt"
    (folder / file).write_text("".join(f"{' '.join(map(str, row))}\n" for row in rows), encoding="utf-8")


def shuffled(labels: Stack, rng: np.random.Generator) -> Stack:
    """Label images whose ids say nothing."""
    mixed = np.zeros_like(labels)
    for frame, plane in enumerate(labels):
        ids = np.unique(plane[plane > 0])
        own = np.zeros(int(plane.max(initial=0)) + 1, labels.dtype)
        own[ids] = rng.permutation(len(ids)) + 1
        mixed[frame] = own[plane]
    return mixed


def measure_masks(folder: Path) -> None:
    """From the silver truth of the Cell Tracking Challenge, scored against its tracks."""
    labels = np.stack([read_labels(path) for path in find_images([folder / "labels"], results=True)])
    labels = shuffled(labels, np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as made:
        for name, method in METHODS.items():
            out = Path(made) / name
            write_ctc(out, *method(labels), "mask")
            show(name, [evaluate_tracks(out, folder).scores])


def measure_simulated(seeds: range, frames: int, names: Sequence[str]) -> None:
    """Simulated sequences with 2 % missed and 2 % merged objects, and divisions."""
    for density, displacement in itertools.product(DENSITIES, DISPLACEMENTS):
        settings = SequenceSettings(frames=frames, density=density, displacement=displacement)
        scores: dict[str, list[Mapping[str, float]]] = {name: [] for name in names}
        for seed in seeds:
            made = simulate_sequence(settings, seed=seed)
            with tempfile.TemporaryDirectory() as folder:
                write_ctc(Path(folder) / "gt" / "TRA", made.truth, made.parents, "man_track")
                for name in names:
                    out = Path(folder) / name
                    write_ctc(out, *METHODS[name](made.found), "mask")
                    scores[name].append(evaluate_tracks(out, Path(folder) / "gt").scores)
        for name in names:
            show(f"density {density:g}, displacement {displacement:g} diameters, {name}", scores[name])


def measure_scale(frames: int, objects: int) -> None:
    """Time and memory of tracking alone; objects on a grid, each moving around its place, 1 % missed."""
    side = round(objects**0.5)
    pitch, rng = 22, np.random.default_rng(0)
    places = np.stack(np.meshgrid(*[np.arange(side) * pitch + pitch // 2] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    rows, columns = np.nonzero(np.hypot(*np.mgrid[-6:7, -6:7]) <= 6)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.npy"
        stack = np.lib.format.open_memmap(path, "w+", np.uint16, (frames, side * pitch, side * pitch))
        moved = np.zeros(places.shape)
        for frame in range(frames):
            moved = np.clip(moved + rng.normal(0, 1.2, places.shape), -4, 4)
            centre = np.round(places + moved).astype(int)
            ids = rng.permutation(len(places)) + 1
            ids[rng.random(len(ids)) < 0.01] = 0
            stack[frame, centre[:, :1] + rows - 6, centre[:, 1:] + columns - 6] = ids[:, None]
        stack.flush()
        del stack
        start, cpu = time.perf_counter(), time.process_time()
        tracks = hooke.track(np.load(path, mmap_mode="r"))
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        found = int((tracks.table["repaired"] == "").sum())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{frames} frames, {found} objects, {tracks.count} tracks: {seconds:.1f} s, {cpu:.1f} s of one core,", end=" "
    )
    print(f"peak {peak:.2f} GiB with the frames that the system keeps mapped", flush=True)


def show(name: str, scores: Sequence[Mapping[str, float]]) -> None:
    """Print the means over sequences."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no sequence with a division
        means = {key: float(np.nanmean([one_sequence[key] for one_sequence in scores])) for key in SHOWN}
    print(f"{name}: " + ", ".join(f"{key} {value:.3f}" for key, value in means.items()), flush=True)


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["masks", "simulated", "scale"])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--count", type=int, default=14, help="sequences for each density and displacement")
    parser.add_argument("--first", type=int, default=0, help="seed of the first of them")
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--only", action="append", choices=list(METHODS))
    given = parser.parse_args()
    if given.what == "masks":
        if given.folder is None:
            parser.error("masks needs the folder of a sequence")
        measure_masks(given.folder)
    elif given.what == "simulated":
        seeds = range(given.first, given.first + given.count)
        measure_simulated(seeds, given.frames, given.only or list(METHODS))
    else:
        measure_scale(1000, 1000)


if __name__ == "__main__":
    main()
