"""Draws a sequence as a movie: outlines in the colours of their tracks, tails, numbers, and divisions that flash."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import tifffile
from numpy.typing import NDArray

from hooke.io import atomic_path
from hooke.report.overlay import overlay
from hooke.report.palette import OUTLINES
from hooke.tracking.tracks import Tracks

UInt8 = NDArray[np.uint8]

#: Names of the files.
MOVIES = ("movie.tif", "movie.gif", "movie.mp4")

_SIDE = 768  # pixels of the longer side
_LARGEST = 3.0  # times: numbers need room in small images
_GIF_SIDE, _GIF_FRAMES = 480, 150
_TAIL = 8  # frames
_FLASH = 2  # frames from a division on
_FONT, _SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.38
_DARK, _LIGHT = (0, 0, 0), (255, 255, 255)
_MILLISECONDS = 150  # of a frame


def draw_frames(tracks: Tracks, images: Sequence[NDArray[np.generic]] | None = None) -> Iterator[UInt8]:
    """Draw one frame after the other.

    Parameters
    ----------
    tracks : Tracks
    images : sequence of ndarray, shape (Y, X) or (Y, X, C), optional
        Black without.

    Yields
    ------
    ndarray of uint8, shape (Y, X, 3)
        Red, green, blue; no longer than 768 pixels. What was filled in or repaired is dashed. Of stacks, the brightest
        pixels of all planes.
    """
    table = tracks.table
    frame, track = table["frame"].to_numpy(np.int64), table["track"].to_numpy(np.int64)
    places = table[["centroid_x", "centroid_y"]].to_numpy(np.float64)
    areas = table["area"] if "area" in table else table["volume"] ** (2 / 3)
    radii = np.sqrt(areas.to_numpy(np.float64) / np.pi)
    corrected = table["repaired"].to_numpy() != ""
    order = np.argsort(frame, kind="stable")
    begins = np.searchsorted(frame[order], np.arange(len(tracks) + 1))
    flashing = _flashes(tracks)
    for index in range(len(tracks)):
        labels = tracks.frame(index)
        depth = labels.ndim == 3
        labels = labels.max(axis=0) if depth else labels
        here = order[begins[index] : begins[index + 1]]
        image = np.zeros(labels.shape, np.uint8) if images is None else images[index]
        image = image.max(axis=0) if depth and images is not None else image
        ids = np.unique(labels[labels > 0])
        picture = overlay(image, labels, groups=ids, dashed=track[here[corrected[here]]].tolist())
        factor = min(_LARGEST, _SIDE / max(labels.shape))
        if factor != 1:
            size = max(1, round(labels.shape[1] * factor)), max(1, round(labels.shape[0] * factor))
            picture = np.asarray(
                cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC), np.uint8
            )
        recent = order[begins[max(0, index - _TAIL)] : begins[index + 1]]
        _draw_tails(picture, track[recent], places[recent] * factor, set(track[here].tolist()))
        for row in here.tolist():
            centre = _pixel(places[row] * factor)
            if int(track[row]) in flashing.get(index, ()):
                radius = round(factor * float(radii[row])) + 6
                cv2.circle(picture, centre, radius, _DARK, 4, cv2.LINE_AA)
                cv2.circle(picture, centre, radius, _LIGHT, 2, cv2.LINE_AA)
            _write(picture, str(int(track[row])), centre)
        yield picture


def write_movie(tracks: Tracks, folder: Path, images: Sequence[NDArray[np.generic]] | None = None) -> list[Path]:
    """Write ``movie.tif`` (a page per frame), ``movie.gif``, and ``movie.mp4`` where imageio-ffmpeg is installed.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    OutputError
        When it can't be written.
    """
    small: list[PIL.Image.Image] = []
    step = -(-len(tracks) // _GIF_FRAMES)
    written = [folder / name for name in MOVIES[:2]]
    with atomic_path(written[0]) as part, tifffile.TiffWriter(part) as writer:
        for index, picture in enumerate(draw_frames(tracks, images)):
            writer.write(picture, photometric="rgb", compression="zlib", contiguous=False, metadata=None)
            if index % step == 0:
                small.append(_small(picture))
    with atomic_path(written[1]) as part:
        rest = small[1:]
        small[0].save(part, "GIF", save_all=True, append_images=rest, duration=_MILLISECONDS, loop=0)
    if importlib.util.find_spec("imageio_ffmpeg") is not None:
        written.append(folder / MOVIES[2])
        _write_mp4(written[0], written[2])
    return written


def _flashes(tracks: Tracks) -> dict[int, set[int]]:
    """Tracks that flash in each frame: daughters at first, and the mother at last."""
    flashing: dict[int, set[int]] = {}
    ends = dict(zip(tracks.lineage["track"].tolist(), tracks.lineage["ends"].tolist(), strict=True))
    for track, begin, parent in tracks.divisions[["track", "begins", "parent"]].to_numpy(np.int64).tolist():
        flashing.setdefault(int(ends[parent]), set()).add(parent)
        for frame in range(begin, begin + _FLASH):
            flashing.setdefault(frame, set()).add(track)
    return flashing


def _draw_tails(picture: UInt8, track: NDArray[np.int64], places: NDArray[np.float64], shown: set[int]) -> None:
    """Draw where each object that is here was in the last frames."""
    order = np.argsort(track, kind="stable")
    numbers, begins = np.unique(track[order], return_index=True)
    if not len(numbers):
        return
    for number, rows in zip(numbers.tolist(), np.split(order, begins[1:]), strict=True):
        if number in shown and len(rows) > 1:
            line = np.round(places[rows] * 16).astype(np.int32)
            colour = tuple(int(part) for part in OUTLINES[number % len(OUTLINES)])
            cv2.polylines(picture, [line], False, colour, 1, cv2.LINE_AA, 4)


def _write(picture: UInt8, words: str, centre: tuple[int, int]) -> None:
    """Write a number in white with a dark rim around a place."""
    (width, height), _ = cv2.getTextSize(words, _FONT, _SCALE, 1)
    corner = centre[0] - width // 2, centre[1] + height // 2
    cv2.putText(picture, words, corner, _FONT, _SCALE, _DARK, 3, cv2.LINE_AA)
    cv2.putText(picture, words, corner, _FONT, _SCALE, _LIGHT, 1, cv2.LINE_AA)


def _pixel(place: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(place[0])), round(float(place[1]))


def _small(picture: UInt8) -> PIL.Image.Image:
    image = PIL.Image.fromarray(picture)
    image.thumbnail((_GIF_SIDE, _GIF_SIDE))
    return image.quantize(128, dither=PIL.Image.Dither.NONE)


def _write_mp4(source: Path, path: Path) -> None:
    """Write the frames of a TIFF as H.264, both sides even as it wants them."""
    import imageio_ffmpeg

    with tifffile.TiffFile(source) as tif, atomic_path(path) as part:
        height, width = (side - side % 2 for side in tif.pages[0].shape[:2])
        target = part.with_suffix(".mp4")
        writer = imageio_ffmpeg.write_frames(
            str(target), (width, height), fps=1000 / _MILLISECONDS, macro_block_size=2, ffmpeg_log_level="error"
        )
        writer.send(None)
        for page in tif.pages:
            writer.send(np.ascontiguousarray(page.asarray()[:height, :width]))
        writer.close()
        target.replace(part)
