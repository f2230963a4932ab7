"""Finds the tracks that an image's objects belong to: which frames there are, the lineage, and where tracks are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from hooke.serve.answers import not_there
from hooke.serve.image_store import ImageStore
from hooke.serve.stored_image import StoredImage

TABLE, LINEAGE = "tracks.csv", "lineage.csv"
_FRAMES = "track_frames.json"
_LINEAGE = ("track", "begins", "ends", "parent", "generation")
_PLACES = ("track", "frame", "label", "centroid_y", "centroid_x")


@dataclass(frozen=True)
class StoredTracks:
    """The tracks of a sequence: the planes of one stack, or images in the order of time.

    Parameters
    ----------
    frames : list of (str, int)
        Id of the image and plane of each frame.
    folder : Path
        Of the result that the tables are beside: that of the first frame.
    """

    frames: list[tuple[str, int]]
    folder: Path

    @classmethod
    def find(cls, images: ImageStore, image: StoredImage) -> StoredTracks:
        """Find the tracks of an image's current result.

        Raises
        ------
        ApiError
            When its objects were not tracked, or the first image of the sequence was deleted or segmented again.
        """
        try:
            written = json.loads((image.result.folder / _FRAMES).read_bytes())
            frames = [(str(id_), int(plane)) for id_, plane in written["frames"]]
            first = images.peek(frames[0][0])
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise not_there("track: nothing was tracked here") from error
        if first is None or first.result.folder.name != written.get("result") or not first.result.tracks():
            raise not_there("track: the first image of the sequence has other objects now")
        return cls(frames, first.result.folder)

    def lineage(self) -> pd.DataFrame:
        """Give a row per track: first and last frame, mother (0 for none), generation."""
        return self._read(LINEAGE, _LINEAGE)

    def places(self, images: ImageStore, first: int, last: int) -> pd.DataFrame:
        """Give a row per object of some frames; objects that were deleted or tracked again since are left out."""
        table = self._read(TABLE, _PLACES)
        table = table[(table["frame"] >= first) & (table["frame"] <= last) & (table["label"] > 0)]
        parts = [rows[_are_there(images, self.frames[int(str(at))], rows)] for at, rows in table.groupby("frame")]
        return pd.concat(parts, ignore_index=True) if parts else table

    def _read(self, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
        path = self.folder / name
        try:
            return _table(path, path.stat().st_mtime_ns)[list(columns)]
        except (OSError, KeyError) as error:
            raise not_there("track: the tables of the tracks are gone") from error


def write_frames(image: StoredImage, frames: list[tuple[str, int]], first: StoredImage) -> None:
    """Note beside an image's result which frames were tracked together."""
    facts = {"frames": frames, "result": first.result.folder.name}
    (image.result.folder / _FRAMES).write_text(json.dumps(facts), encoding="utf-8")


def _are_there(images: ImageStore, place: tuple[str, int], rows: pd.DataFrame) -> list[bool]:
    image = images.peek(place[0])
    if image is None:
        return [False] * len(rows)
    with image.lock:
        tracks, objects = image.result.tracks().get(place[1], {}), image.result.rows(place[1])
        pairs = zip(rows["label"].tolist(), rows["track"].tolist(), strict=True)
        return [tracks.get(label) == track and label in objects for label, track in pairs]


@lru_cache(maxsize=4)
def _table(path: Path, changed: int) -> pd.DataFrame:
    """A table as it was written at a time."""
    return pd.read_csv(path)
