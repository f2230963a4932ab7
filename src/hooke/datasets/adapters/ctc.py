"""Cell Tracking Challenge, two dimensions: sequences of frames, some or all with outlines.

::

    SRC/01/t000.tif                      the frames of sequence 01
    SRC/01_GT/SEG/man_seg000.tif         gold truth: outlines drawn by hand, of some frames
    SRC/01_GT/TRA/man_track000.tif       marks of the tracks, one in each cell of each frame; no outlines
    SRC/01_ST/SEG/man_seg000.tif         silver truth: outlines by the best programs' vote, of all frames
or
    SRC/images/01_t000.png               the same in folders images, labels (silver), labels_gold and tra

SRC may also hold several such data sets. The sequence is the group: its frames show the same cells. The modality is
taken from the data set's name (``Fluo-``, ``PhC-``, ``DIC-``, ``BF-``). Where there are marks, those in no outline
are counted as cells that the truth lacks.

Maška et al. (2023), "The Cell Tracking Challenge: 10 years of objective benchmarking", Nature Methods 20; the naming:
http://celltrackingchallenge.net/datasets. Volumes (3D) are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hooke.datasets.adapter import Sample
from hooke.datasets.adapters.image_search import read_plane
from hooke.datasets.layout import Entry
from hooke.errors import ConfigError, DatasetError
from hooke.io import read_labels
from hooke.io.formats import has_image_suffix, result_stem
from hooke.labels.numbering import number_from_one

TAKES = (
    "Cell Tracking Challenge (2D): 01/, 01_GT/SEG, 01_ST/SEG, or images/, labels/, labels_gold/; "
    "--option truth=gold|silver"
)

TRUTHS = ("silver", "gold")
MODALITIES = {
    "fluo": "fluorescence",
    "phc": "phase contrast",
    "dic": "differential interference contrast",
    "bf": "brightfield",
}
REMEDY = "give the unpacked folder of a data set, which holds 01 and 01_GT"
UNMARKED = "cells that the tracks mark and the truth does not outline"


@dataclass
class Frame:
    """The files of one frame.

    Attributes
    ----------
    image : Path
        The frame.
    truth : dict of str to Path
        Its outlines, gold and silver, where there are any.
    marks : Path, optional
        Its marks of tracks.
    """

    image: Path
    truth: dict[str, Path] = field(default_factory=dict)
    marks: Path | None = None


@dataclass
class Sequence:
    """The frames of one sequence, by their number as written.

    Attributes
    ----------
    name : str
        Of the sequence, and before it the data set's where there are several.
    place : Path
        Of its images, up to the number.
    modality : str, optional
        If the data set's name contains it.
    frames : dict of str to Frame
        By number.
    """

    name: str
    place: Path
    modality: str | None
    frames: dict[str, Frame] = field(default_factory=dict)


def find(src: str | Path, *, truth: str = "") -> tuple[dict[str, tuple[Frame, str]], list[Entry]]:
    """Find the frames that have outlines.

    Parameters
    ----------
    src : str or Path
        A data set's folder, or one that holds several.
    truth : {"", "silver", "gold"}
        Which outlines to take; by default silver where a sequence has any, gold elsewhere.

    Returns
    -------
    frames : dict of str to (Frame, str)
        For each id the files, and which truth to take.
    entries : list of Entry
        Sorted; the field of view is the sequence.

    Raises
    ------
    ConfigError
        If `truth` is something else.
    DatasetError
        If there is no sequence, or none has such outlines.
    """
    if truth not in ("", *TRUTHS):
        raise ConfigError(f"truth is {truth!r}", remedy=f"choose one of: {', '.join(TRUTHS)}")
    root = Path(src)
    sequences = list(_sequences(root, "")) or [
        sequence
        for folder in sorted(path for path in root.iterdir() if path.is_dir())
        for sequence in _sequences(folder, f"{folder.name}_")
    ]
    if not sequences:
        raise DatasetError("no sequence of frames here", path=root, remedy=REMEDY)
    frames, entries = {}, []
    for sequence in sequences:
        kind = truth or next(
            (kind for kind in TRUTHS if any(kind in f.truth for f in sequence.frames.values())), "gold"
        )
        for number, frame in sequence.frames.items():
            if kind in frame.truth:
                id_ = f"{sequence.name}_t{number}"
                frames[id_] = (frame, kind)
                entries.append(Entry(id_, None, sequence.modality, sequence.name))
    if not entries:
        raise DatasetError(f"no frame has {truth or 'any'} truth", path=root, remedy="unpack the training data")
    return frames, sorted(entries, key=lambda entry: entry.id)


def _sequences(root: Path, prefix: str) -> Iterator[Sequence]:
    """Find the sequences of one data set, in either layout."""
    modality = next((MODALITIES[word] for word in re.split(r"[-_ ]", root.name.lower()) if word in MODALITIES), None)
    if (root / "images").is_dir():
        yield from _flat_sequences(root, prefix, modality)
        return
    for folder in sorted(root.iterdir()):
        if not (re.fullmatch(r"\d\d", folder.name) and folder.is_dir()):
            continue
        name = folder.name
        sequence = Sequence(prefix + name, folder / "t", modality)
        for number, path in _numbered_files(folder, r"t(\d+)"):
            sequence.frames[number] = Frame(path)
        _add(sequence, "gold", root / f"{name}_GT" / "SEG", r"man_seg_?(\d+)")
        _add(sequence, "silver", root / f"{name}_ST" / "SEG", r"man_seg_?(\d+)")
        _add(sequence, "marks", root / f"{name}_GT" / "TRA", r"man_track_?(\d+)")
        yield sequence


def _flat_sequences(root: Path, prefix: str, modality: str | None) -> Iterator[Sequence]:
    """Find the sequences in folders of all frames, whose names begin with the sequence's."""
    names = {match[1] for path in (root / "images").iterdir() if (match := re.match(r"(\d\d)_t\d+", path.name))}
    for name in sorted(names):
        sequence = Sequence(prefix + name, root / "images" / f"{name}_t", modality)
        for number, path in _numbered_files(root / "images", rf"{name}_t(\d+)"):
            sequence.frames[number] = Frame(path)
        for kind, folder in {"gold": "labels_gold", "silver": "labels", "marks": "tra"}.items():
            _add(sequence, kind, root / folder, rf"{name}_t(\d+)")
        yield sequence


def _numbered_files(folder: Path, pattern: str) -> Iterator[tuple[str, Path]]:
    """List the image files of a folder whose stem is of the pattern, with the number in it."""
    for path in sorted(folder.glob("*")):
        match = re.fullmatch(pattern, result_stem(path))
        if match and has_image_suffix(path):
            yield match[1], path


def _add(sequence: Sequence, kind: str, folder: Path, pattern: str) -> None:
    """Add the outlines or marks of a folder to their frames; a frame that is missing shows when it is read."""
    for number, path in _numbered_files(folder, pattern):
        if kind == "marks":
            if number in sequence.frames:
                sequence.frames[number].marks = path
        else:
            missing = Frame(sequence.place.with_name(f"{sequence.place.name}{number}.tif"))
            sequence.frames.setdefault(number, missing).truth[kind] = path


def load(root: dict[str, tuple[Frame, str]], id_: str) -> Sample:
    """Read one frame and its outlines; ids are made to count from 1 without gaps, in their order.

    Raises
    ------
    DatasetError
        If it is a volume, or frame and outlines differ in size.
    ImageReadError
        If a file is missing or damaged.
    """
    frame, kind = root[id_]
    image, path = read_plane(frame.image), frame.truth[kind]
    labels = read_labels(path)
    if labels.shape != image.shape[:2]:
        raise DatasetError(
            f"labels {labels.shape} for an image {image.shape[:2]}", path=path, remedy="unpack the data set again"
        )
    return Sample(image, number_from_one(labels)[0], {UNMARKED: _unoutlined(frame.marks, labels > 0)})


def _unoutlined(marks: Path | None, inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> int:
    """Count the marks that touch no outline."""
    if marks is None:
        return 0
    tracks = read_labels(marks)
    if tracks.shape != inside.shape:
        raise DatasetError(f"marks {tracks.shape} for an image {inside.shape}", path=marks, remedy="unpack it again")
    return len(np.setdiff1d(tracks, tracks[inside & (tracks > 0)])) - int((tracks == 0).any())
