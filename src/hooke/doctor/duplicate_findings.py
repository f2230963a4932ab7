"""Reports images that occur twice, in a data set or in others to compare with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.doctor.dataset_images import DatasetImage, find_dataset_images
from hooke.doctor.duplicate_search import Candidate, Signature, correlate_at, find_candidates, make_signature, to_grey
from hooke.doctor.findings import Finding, Severity
from hooke.doctor.thumbnails import correlate_whole
from hooke.errors import HookeError
from hooke.io import read_image

SAME = 0.9  # correlation at the right shift; copies of one field reach 0.99, neighbouring planes of a stack 0.95
SAME_WHOLE = 0.97  # without corners that agree, which are evidence of their own
CACHED = 64  # images kept between comparisons


@dataclass(frozen=True)
class SignedImage:
    """An image, its signature, and the data set that it is of.

    Attributes
    ----------
    member : DatasetImage
    signature : Signature
    dataset : str
        Name of the other data set; empty for the one that is examined.
    """

    member: DatasetImage
    signature: Signature
    dataset: str = ""


def sign_dataset(folder: str | Path, progress: Callable[[str], None] | None = None) -> list[SignedImage]:
    """Make the signatures of a data set to compare with; files that can't be read are passed over.

    Raises
    ------
    HookeError
        If the folder holds no image.
    """
    signed = []
    for member in find_dataset_images(folder):
        if progress is not None:
            progress(member.id)
        try:
            if member.image is not None:
                signature = make_signature(to_grey(read_image(member.image).pixels))
                signed.append(SignedImage(member, signature, Path(folder).resolve().name))
        except HookeError:  # the other data set's own doctor reports it
            continue
    return signed


def find_duplicates(images: Sequence[SignedImage]) -> list[Finding]:
    """Find images that show the same thing, within the data set and between it and the others.

    Parameters
    ----------
    images : sequence of SignedImage
        Those of the data set first.

    Returns
    -------
    list of Finding
        Of the kinds duplicate (within a split) and leak (across splits or data sets); `value` is the correlation.
    """
    grey = lru_cache(CACHED)(_read_grey)
    findings = []
    for candidate in find_candidates([image.signature for image in images]):
        first, second = images[candidate.first], images[candidate.second]
        if first.dataset:  # both are of other data sets
            continue
        finding = _compare(first, second, candidate, grey)
        if finding is not None:
            findings.append(finding)
    return findings


def _read_grey(path: Path) -> NDArray[np.uint8]:
    return to_grey(read_image(path).pixels)


def _compare(
    first: SignedImage, second: SignedImage, candidate: Candidate, grey: Callable[[Path], NDArray[np.uint8]]
) -> Finding | None:
    """Compare the pixels of the two images of a candidate."""
    if first.member.image is None or second.member.image is None:
        return None
    picture, other = grey(first.member.image), grey(second.member.image)
    if candidate.shift is None:
        correlation = correlate_whole(picture, other, candidate.turn)
        if correlation < SAME_WHOLE:
            return None
        how = "the whole picture" + (", turned or mirrored" if candidate.turn else "")
        how += "" if picture.shape == other.shape else f" at another size, {other.shape[0]} x {other.shape[1]}"
    else:
        correlation, shift, shared = correlate_at(picture, other, candidate.shift)
        if correlation < SAME:
            return None
        how = _describe(picture.shape, other.shape, shift, shared)
    return _finding(first, second, correlation, how)


def _describe(first: tuple[int, ...], second: tuple[int, ...], shift: tuple[int, int], shared: tuple[int, int]) -> str:
    """Describe how one image is placed in the other."""
    if shared == first == second:
        return "the whole picture"
    place = f"at y {-shift[0]}, x {-shift[1]}"
    if shared == second:
        return f"the other one is a crop of it {place}"
    if shared == first:
        return "it is a crop of the other one"
    return f"{shared[0]} x {shared[1]} pixels are shared, {place}"


def _finding(first: SignedImage, second: SignedImage, correlation: float, how: str) -> Finding:
    member, other = first.member, second.member
    message = f"{how}; correlation {correlation:.3f}"
    name = f"{second.dataset}:{other.id}" if second.dataset else other.id
    leaks = bool(second.dataset) or member.split != other.split
    if leaks:
        where = f"{second.dataset}, {other.split}" if second.dataset and other.split else second.dataset or other.split
        message = f"also in {where}: {message}"
    severity = Severity.ERROR if leaks else Severity.WARNING
    kind = "leak" if leaks else "duplicate"
    return Finding.of_kind(
        kind, member.id, message, severity=severity, split=member.split, value=correlation, other=name
    )
