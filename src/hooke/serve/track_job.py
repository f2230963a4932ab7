"""Does the job of following objects through time: in the frames of one stack, or in images in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.io.spreadsheet import write_table
from hooke.serve.answers import ApiError
from hooke.serve.image_store import ImageStore
from hooke.serve.job_queue import Job
from hooke.serve.stored_image import StoredImage
from hooke.serve.stored_tracks import LINEAGE, TABLE, write_frames
from hooke.tracking import TrackOptions, Tracks, track


class _Frames(Sequence[NDArray[np.int32]]):
    """Label images in the order of time, read one at a time."""

    def __init__(self, places: Sequence[tuple[StoredImage, int]]) -> None:
        self.places = places

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> NDArray[np.int32]:  # type: ignore[override]
        image, plane = self.places[index]
        image.check()
        return image.result.labels.plane(plane)


@dataclass(frozen=True)
class TrackJob:
    """Follows the objects of a sequence.

    Objects are taken as they are: what hooke's tracking would repair is left to the person who corrects them, so that
    tracks and outlines agree.

    Parameters
    ----------
    images : ImageStore
    """

    images: ImageStore

    def __call__(self, job: Job) -> dict[str, Any]:
        """Track, and give each object the number of its track.

        Raises
        ------
        ApiError
            When the images do not make a sequence.
        """
        images = [self.images.get(id_) for id_ in job.info.images]
        places = _places(images)
        frames = _Frames(places)
        first = images[0].file
        tracks = track(
            frames,
            options=TrackOptions(repair=False),
            objects=_objects(places),
            pixel_size_um=first.pixel_size_um,
            time_step_s=first.time_step_s,
            on_frame=lambda done: job.report(0.9 * done / len(frames), f"frame {done} of {len(frames)}"),
        )
        job.check()
        _store(tracks, places)
        return {
            "tracks": tracks.count,
            "divisions": int(tracks.divisions["parent"].nunique()),
            "frames": len(tracks),
            "notes": list(tracks.notes),
            "images": [image.id for image in images],
        }


def _places(images: Sequence[StoredImage]) -> list[tuple[StoredImage, int]]:
    """Image and plane of each frame."""
    if not images:
        raise ApiError(422, "no image is chosen", "choose a stack, or images in the order of time")
    if any(image.state == "new" for image in images):
        raise ApiError(422, "not every image is segmented", "segment them first")
    if len({(image.facts.height, image.facts.width) for image in images}) > 1:
        raise ApiError(422, "the images differ in size", "choose images of one sequence")
    deep = next((image for image in images if image.facts.axes not in ("", "T", "I")), None)
    if deep is not None:
        raise ApiError(422, f"{deep.facts.name} has the axes {deep.facts.axes}", "choose images with a time axis alone")
    return [(image, plane) for image in images for plane in range(image.plane_count)]


def _objects(places: Sequence[tuple[StoredImage, int]]) -> pd.DataFrame:
    """Scores and classes of the objects, by frame."""
    tables = []
    for frame, (image, plane) in enumerate(places):
        with image.lock:
            table = image.result.rows(plane).table()
        known = table[[name for name in ("label", "score", "class") if name in table]]
        tables.append(known.assign(frame=frame))
    return pd.concat(tables, ignore_index=True)


def _store(tracks: Tracks, places: Sequence[tuple[StoredImage, int]]) -> None:
    """Write the numbers of the tracks beside each image's objects, and the tables beside the first image."""
    numbers: dict[str, dict[int, dict[int, int]]] = {}
    table = tracks.table[tracks.table["label"] > 0]
    for frame, label, number in table[["frame", "label", "track"]].to_numpy(np.int64).tolist():
        image, plane = places[frame]
        numbers.setdefault(image.id, {}).setdefault(plane, {})[label] = number
    frames, first = [(image.id, plane) for image, plane in places], places[0][0]
    for image in dict.fromkeys(image for image, _ in places):
        with image.lock:
            image.check()
            image.result.write_tracks(numbers.get(image.id, {}))
            write_frames(image, frames, first)
            image.change(revision=image.facts.revision + 1)
    folder = first.result.folder
    write_table(tracks.table, folder / TABLE, float_format="%.8g")
    write_table(tracks.lineage, folder / LINEAGE)
