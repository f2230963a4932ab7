"""Finds pairs of images that show the same thing, and their shift, by signatures.

Two searches, neither of which compares all pairs at full size:

- whole pictures, also at another bit depth, resized, turned or mirrored: correlation of small normalised thumbnails;
- crops and overlapping fields at the same scale: corners are described by binary patterns (ORB, Rublee et al. 2011),
  which do not change with brightness and bit depth; similar ones are found by hashing (locality-sensitive: the same
  bits, drawn at random, of both), and pairs of images whose corners agree on one shift are candidates.

Each candidate is then confirmed by the correlation of the pixels themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.doctor.thumbnails import THUMBNAIL, alike_thumbnails, make_thumbnail

PIXELS_PER_CORNER = 400
CORNERS = (100, 1500)
CORNER_QUALITY = 0.001  # of the strongest corner: dim nuclei count too
CORNER_GAP = 5  # pixels
PATCH = 31  # pixels, the side of what a corner's pattern covers
TABLES, HASH_BITS = 8, 32
IN_BUCKET = 6  # that many next ones of a bucket are compared: larger buckets hold flat background
ALIKE_BITS = 32  # of 256 that may differ: bit depth and compression flip a few
SHIFT_BIN = 3  # pixels: corners move a little
AGREEING = 6  # corners of a pair that agree on a shift; measured: unrelated images reach 7, true pairs start at 39
SMALLEST_OVERLAP = 32  # pixels: nothing is said about less
SEARCH = 4  # pixels around the shift found
BITS_SET = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1).astype(np.uint16)

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Signature:
    """What is kept of an image to find its likes.

    Attributes
    ----------
    shape : (int, int)
        Height and width.
    thumbnail : ndarray of float32, shape (THUMBNAIL, THUMBNAIL)
        Mean 0, length 1.
    corners : ndarray of int32, shape (n, 2)
        y, x.
    patterns : ndarray of uint8, shape (n, 32)
        256 bits for each corner.
    """

    shape: tuple[int, int]
    thumbnail: Floats
    corners: NDArray[np.int32]
    patterns: Bytes


@dataclass(frozen=True)
class Candidate:
    """Two images that may show the same thing.

    Attributes
    ----------
    first, second : int
        Their places in the sequence of signatures, first < second.
    shift : (int, int) or None
        Added to y, x of a point in `first` it gives those in `second`; None where the whole pictures match.
    turn : int
        Quarter turns of `second` (0..3), and 4 more where it is mirrored first; 0 with a shift.
    """

    first: int
    second: int
    shift: tuple[int, int] | None = None
    turn: int = 0


def to_grey(pixels: NDArray[np.generic]) -> Bytes:
    """Turn pixels into grey values 0..255 that do not depend on bit depth: smoothed, stretched between percentiles."""
    values = np.nan_to_num(pixels.astype(np.float32), posinf=0, neginf=0)
    grey = np.asarray(cv2.GaussianBlur(values if values.ndim == 2 else values.mean(axis=2), (0, 0), 1), np.float32)
    low, high = np.percentile(grey[::2, ::2], (0.5, 99.8))
    return np.asarray(np.clip((grey - low) * (255 / max(float(high - low), 1e-6)), 0, 255), np.uint8)


def make_signature(grey: Bytes) -> Signature:
    """Describe an image by its thumbnail and its corners.

    Parameters
    ----------
    grey : ndarray of uint8, shape (Y, X)
        From `to_grey`.
    """
    height, width = grey.shape
    most = int(np.clip(grey.size / PIXELS_PER_CORNER, *CORNERS))
    points = cv2.goodFeaturesToTrack(grey, most, CORNER_QUALITY, CORNER_GAP)
    keypoints = [] if points is None else [cv2.KeyPoint(float(x), float(y), PATCH, 0.0) for x, y in points[:, 0]]
    orb = cv2.ORB.create(nlevels=1, edgeThreshold=PATCH // 2 + 1, patchSize=PATCH)
    described, found = orb.compute(grey, keypoints)
    patterns = np.zeros((0, 32), np.uint8) if found is None else np.asarray(found, np.uint8)
    corners = np.array([point.pt[::-1] for point in described], np.int32).reshape(-1, 2)
    return Signature((height, width), make_thumbnail(grey), corners, patterns)


def find_candidates(signatures: Sequence[Signature], seed: int = 0) -> list[Candidate]:
    """List the pairs whose pixels should be compared, each once.

    Parameters
    ----------
    signatures : sequence of Signature
    seed : int
        Of the bits that the hash tables draw.
    """
    found = {(a, b): Candidate(a, b, shift) for a, b, shift in _agreeing_pairs(signatures, seed)}
    empty = np.zeros((0, THUMBNAIL, THUMBNAIL))
    thumbnails = np.stack([signature.thumbnail for signature in signatures]) if signatures else empty
    for a, b, turn in alike_thumbnails(thumbnails.astype(np.float32)):
        # A shift is more exact.
        found.setdefault((a, b), Candidate(a, b, None, turn))
    return [found[pair] for pair in sorted(found)]


def _agreeing_pairs(signatures: Sequence[Signature], seed: int) -> Iterable[tuple[int, int, tuple[int, int]]]:
    """Find pairs of images whose corners look the same at one shift of each other."""
    if sum(len(signature.corners) for signature in signatures) < 2:
        return
    patterns = np.concatenate([signature.patterns for signature in signatures])
    corners = np.concatenate([signature.corners for signature in signatures]).astype(np.int64)
    owner = np.repeat(np.arange(len(signatures)), [len(signature.corners) for signature in signatures])
    first, second = _alike_corners(patterns, owner, seed)
    shift = corners[second] - corners[first]
    bins = np.floor_divide(shift + SHIFT_BIN // 2, SHIFT_BIN)
    reach = 2 * int(np.abs(bins).max(initial=0)) + 1
    pair = owner[first] * len(signatures) + owner[second]
    code = (pair * reach + bins[:, 0] + reach // 2) * reach + bins[:, 1] + reach // 2
    codes, count = np.unique(code, return_counts=True)
    best: dict[int, int] = {}  # pair -> the code of most votes
    agreed = np.flatnonzero(count >= AGREEING)
    for index in agreed[np.argsort(count[agreed], kind="stable")]:
        best[int(codes[index]) // reach**2] = int(codes[index])
    for found, winner in best.items():
        dy, dx = np.median(shift[code == winner], axis=0)
        yield found // len(signatures), found % len(signatures), (round(dy), round(dx))


def _alike_corners(patterns: Bytes, owner: Ints, seed: int) -> tuple[Ints, Ints]:
    """Find pairs of corners of different images whose patterns differ in few bits, the earlier image's first."""
    bits = np.unpackbits(patterns, axis=1)
    rng = np.random.default_rng(seed)
    found = [np.zeros(0, np.int64)]
    for _ in range(TABLES):
        chosen = np.packbits(bits[:, rng.choice(bits.shape[1], HASH_BITS, replace=False)], axis=1)
        key = np.ascontiguousarray(chosen).view(np.uint32).ravel()
        order = np.argsort(key, kind="stable")
        key = key[order]
        for step in range(1, IN_BUCKET + 1):
            pairs = np.flatnonzero(key[step:] == key[:-step])
            # The order within a bucket is that of the images: the sort is stable.
            first, second = order[pairs], order[pairs + step]
            apart = owner[first] != owner[second]
            first, second = first[apart], second[apart]
            differ = BITS_SET[patterns[first] ^ patterns[second]].sum(axis=1)
            found.append((first * len(owner) + second)[differ <= ALIKE_BITS])
    first, second = np.divmod(np.unique(np.concatenate(found)), len(owner))
    return first, second


def correlate_at(first: Bytes, second: Bytes, shift: tuple[int, int]) -> tuple[float, tuple[int, int], tuple[int, int]]:
    """Correlate what two images share at a shift, and around it.

    Parameters
    ----------
    first, second : ndarray of uint8, shape (Y, X)
        Grey values.
    shift : (int, int)
        As in `Candidate`.

    Returns
    -------
    correlation : float
        -1..1; 0 where they share too little, or it is flat.
    shift : (int, int)
        The best one.
    shared : (int, int)
        Height and width of what they share.
    """
    starts, stops = [], []
    for axis in range(2):
        starts.append(max(0, -shift[axis]))
        stops.append(min(first.shape[axis], second.shape[axis] - shift[axis]))
    shared = (stops[0] - starts[0], stops[1] - starts[1])
    if min(shared) < SMALLEST_OVERLAP:
        return 0.0, shift, (max(0, shared[0]), max(0, shared[1]))
    part = first[starts[0] + SEARCH : stops[0] - SEARCH, starts[1] + SEARCH : stops[1] - SEARCH]
    top, left = starts[0] + shift[0], starts[1] + shift[1]
    field = second[top : top + shared[0], left : left + shared[1]]
    if part.std() < 1 or field.std() < 1:
        return 0.0, shift, shared
    scores = cv2.matchTemplate(field, part, cv2.TM_CCOEFF_NORMED)
    y, x = np.unravel_index(int(np.argmax(scores)), scores.shape)
    return float(scores[y, x]), (shift[0] + int(y) - SEARCH, shift[1] + int(x) - SEARCH), shared
