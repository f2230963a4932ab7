"""Reads and writes masks as run lengths, in both forms that are in use.

- *Pairs* (Data Science Bowl 2018, Sartorius): ``"3 2 9 1"``, first pixel and length of each run of the mask. Pixels
  count from 1, down the columns (``order="F"``) in the first, along the rows (``order="C"``) in the second.
- *Counts* (COCO): lengths of runs of background and mask in turn, background first, down the columns; as a list of
  numbers, or as a string of 6 bits a character (`compress_counts`).

Every decoder is given the size of the image and refuses what does not fit it, so that no text makes a large array.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hooke.errors import DatasetError
from hooke.labels.runs import run_starts

Order = Literal["C", "F"]
REMEDY = "take the annotations again, or give the image that they belong to"
# No image has a run of 2**60 pixels; 13 characters hold it, and longer numbers are refused before they are built.
MAX_CHARACTERS = 13
_TELLING = 4  # runs of a mask, from which on their places tell the order
_BESIDE = 0.8  # share of them that lie beside the run before


def encode_pairs(mask: NDArray[np.bool_], order: Order = "F") -> str:
    """Write a mask as pairs of a run's first pixel, counted from 1, and its length.

    Examples
    --------
    >>> encode_pairs(np.array([[0, 1], [1, 1]], bool))
    '2 3'
    """
    return "".join(encode_objects(np.asarray(mask, bool), order))


def encode_objects(labels: NDArray[np.integer] | NDArray[np.bool_], order: Order = "F") -> list[str]:
    """Write every object of a label image as pairs, by increasing label, in one pass over the pixels.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X)
        0 is background.
    order : {"F", "C"}
        Whether pixels are counted down the columns or along the rows.

    Returns
    -------
    list of str
        First pixel, counted from 1, and length of each run.

    Examples
    --------
    >>> encode_objects(np.array([[7, 0, 2], [7, 7, 2]]))
    ['5 2', '1 2 4 1']
    """
    values, starts, lengths = _object_runs(labels, order)
    by_label = np.argsort(values, kind="stable")
    runs = np.stack([starts + 1, lengths], axis=1)[by_label]
    per_object = np.split(runs, np.flatnonzero(np.diff(values[by_label])) + 1) if len(runs) else []
    return [" ".join(map(str, pairs.ravel().tolist())) for pairs in per_object]


def decode_pairs(text: str, shape: tuple[int, int], order: Order = "F") -> NDArray[np.bool_]:
    """Read pairs of first pixel, counted from 1, and length.

    Parameters
    ----------
    text : str
        Numbers with spaces between them; empty for an empty mask.
    shape : (int, int)
        Height and width of the image.
    order : {"F", "C"}
        Whether pixels are counted down the columns or along the rows.

    Returns
    -------
    ndarray of bool, shape (Y, X)
        True inside.

    Raises
    ------
    DatasetError
        If the text is not such pairs, or a run lies outside the image or in another run. The error names no file.
    """
    try:
        numbers = np.array(text.split(), np.int64)
    except (ValueError, OverflowError) as error:
        raise DatasetError(f"run lengths hold {_shown(text)}, not whole numbers", remedy=REMEDY) from error
    if numbers.size % 2:
        raise DatasetError("run lengths end in a start without a length", remedy=REMEDY)
    starts, lengths = numbers[0::2] - 1, numbers[1::2]
    size = shape[0] * shape[1]
    # Compared this way round, a huge number can't overflow.
    if (starts < 0).any() or (lengths < 1).any() or (starts >= size).any() or (lengths > size - starts).any():
        raise DatasetError(f"a run lies outside the image of {shape[0]} x {shape[1]} pixels", remedy=REMEDY)
    change = np.zeros(size + 1, np.int32)
    np.add.at(change, starts, 1)
    np.add.at(change, starts + lengths, -1)
    depth = np.cumsum(change[:-1])
    if depth.max(initial=0) > 1:
        raise DatasetError("runs of one mask overlap", remedy=REMEDY)
    return (depth > 0).reshape(shape, order=order)


def counted_along(text: str, shape: tuple[int, int]) -> Order | None:
    """Tell by pairs in which order their pixels were counted: there, runs lie beside each other.

    Parameters
    ----------
    text : str
        Pairs that `decode_pairs` takes.
    shape : (int, int)
        Height and width of the image.

    Returns
    -------
    {"F", "C"} or None
        None where both orders fit, as in a square image, or none does.

    Examples
    --------
    >>> mask = np.zeros((9, 20), bool)
    >>> mask[2:8, 3:9] = True
    >>> counted_along(encode_pairs(mask, "C"), mask.shape), counted_along(encode_pairs(mask), mask.shape)
    ('C', 'F')
    """
    numbers = np.array(text.split(), np.int64).reshape(-1, 2)
    numbers = numbers[np.argsort(numbers[:, 0])]
    return _order_of(numbers[:, 0], numbers[:, 1], shape)


def counts_along(counts: str | Sequence[int], shape: tuple[int, int]) -> Order | None:
    """Tell by COCO's counts, which `decode_counts` takes, in which order their pixels were counted: `counted_along`.

    Examples
    --------
    >>> mask = np.zeros((9, 20), bool)
    >>> mask[2:8, 3:9] = True
    >>> counts_along(encode_counts(mask), mask.shape)
    'F'
    """
    numbers = np.asarray(decompress_counts(counts) if isinstance(counts, str) else counts, np.int64)
    starts = np.cumsum(numbers) - numbers
    return _order_of(starts[1::2], numbers[1::2], shape)


def _order_of(starts: NDArray[np.int64], lengths: NDArray[np.int64], shape: tuple[int, int]) -> Order | None:
    """The order in which runs, sorted, lie beside each other; None where both or none do."""
    if len(starts) < _TELLING or shape[0] == shape[1]:
        return None
    ends = starts + lengths
    shorter = np.minimum(lengths[1:], lengths[:-1])
    beside = []
    for line in shape:
        shared = np.minimum(ends[1:], ends[:-1] + line) - np.maximum(starts[1:], starts[:-1] + line)
        beside.append(float((2 * shared >= shorter).mean()))
    if max(beside) < _BESIDE or min(beside) > 1 - _BESIDE:
        return None
    return "F" if beside[0] > beside[1] else "C"


def encode_counts(mask: NDArray[np.bool_]) -> list[int]:
    """Write a mask as COCO's uncompressed counts.

    Examples
    --------
    >>> encode_counts(np.array([[0, 1], [1, 1]], bool)), encode_counts(np.ones((1, 2), bool))
    ([1, 3], [0, 2])
    """
    _, starts, lengths = _object_runs(np.asarray(mask, bool), "F")
    return _counts_between(np.stack([starts, starts + lengths], axis=1), mask.size)


def encode_object_counts(labels: NDArray[np.integer]) -> dict[int, list[int]]:
    """Write every object of a label image as COCO's uncompressed counts, in one pass over the pixels.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X)
        0 is background.

    Returns
    -------
    dict of int to list of int
        Counts by increasing label.

    Examples
    --------
    >>> encode_object_counts(np.array([[7, 0, 2], [7, 7, 2]]))
    {2: [4, 2], 7: [0, 2, 1, 1, 2]}
    """
    values, starts, lengths = _object_runs(labels, "F")
    by_label = np.argsort(values, kind="stable")
    ids, first = np.unique(values[by_label], return_index=True)
    bounds = np.split(np.stack([starts, starts + lengths], axis=1)[by_label], first[1:])
    pairs = zip(ids.tolist(), bounds if len(ids) else [], strict=True)
    return {label: _counts_between(ends, labels.size) for label, ends in pairs}


def _counts_between(bounds: NDArray[np.int64], size: int) -> list[int]:
    """Count the pixels between the bounds of an object's runs, from the first pixel to the last of `size`."""
    changes = bounds.ravel()
    if not changes.size or changes[-1] < size:
        changes = np.append(changes, size)
    return [int(count) for count in np.diff(changes, prepend=0)]


def decode_counts(counts: str | Sequence[int], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Read COCO's counts, compressed or not.

    Parameters
    ----------
    counts : str or sequence of int
        The ``counts`` of an annotation.
    shape : (int, int)
        Height and width of the image, as in the annotation's ``size``.

    Returns
    -------
    ndarray of bool, shape (Y, X)
        True inside.

    Raises
    ------
    DatasetError
        If these are not counts, or they add up to more or fewer pixels than the image has. The error names no file.
    """
    numbers = decompress_counts(counts) if isinstance(counts, str) else counts
    size = shape[0] * shape[1]
    if not all(isinstance(number, int) and 0 <= number <= size for number in numbers):
        raise DatasetError(f"counts are not whole numbers from 0 to the image's {size} pixels", remedy=REMEDY)
    total = sum(numbers)
    if total != size:
        raise DatasetError(f"counts add up to {total} pixels, the image has {size}", remedy=REMEDY)
    is_mask = np.arange(len(numbers)) % 2 == 1
    return np.repeat(is_mask, np.asarray(numbers, np.int64)).reshape(shape, order="F")


def compress_counts(counts: Sequence[int]) -> str:
    """Write counts as COCO's string.

    From the fourth on, a count is written as its difference from the last but one. A number becomes characters of
    5 bits, low bits first, a sixth bit set where more follow, 48 added; the last one's fifth bit is the sign.

    References
    ----------
    ``rleToString`` in cocoapi, ``common/maskApi.c``.

    Examples
    --------
    >>> compress_counts([6, 1, 40, 4, 5, 4, 5, 4, 21])
    '61X13mN000`0'
    """
    characters: list[str] = []
    for place, count in enumerate(counts):
        number = count - counts[place - 2] if place > 2 else count
        more = True
        while more:
            bits = number & 31
            number >>= 5
            more = number != (-1 if bits & 16 else 0)
            characters.append(chr(48 + bits + 32 * more))
    return "".join(characters)


def decompress_counts(text: str) -> list[int]:
    """Read COCO's string of counts; see `compress_counts`.

    Raises
    ------
    DatasetError
        If the text has other characters, ends within a number, or holds a negative or endless one.
    """
    counts: list[int] = []
    number = length = 0
    for character in text:
        code = ord(character) - 48
        if not 0 <= code < 64 or length == MAX_CHARACTERS:
            raise DatasetError(f"{_shown(text)} is not COCO's compressed run lengths", remedy=REMEDY)
        number |= (code & 31) << 5 * length
        length += 1
        if code & 32:
            continue
        if code & 16:
            number -= 1 << 5 * length
        counts.append(number + counts[-2] if len(counts) > 2 else number)
        number = length = 0
    if length or min(counts, default=0) < 0:
        raise DatasetError(f"{_shown(text)} is cut short, or not COCO's compressed run lengths", remedy=REMEDY)
    return counts


def _object_runs(
    labels: NDArray[np.integer] | NDArray[np.bool_], order: Order
) -> tuple[NDArray[np.generic], NDArray[np.int64], NDArray[np.int64]]:
    """Label, first pixel and length of each run that is not background."""
    flat = labels.ravel(order=order)
    starts = run_starts(flat)
    values, lengths = flat[starts], np.diff(starts, append=flat.size)
    keep = values > 0
    return values[keep], starts[keep], lengths[keep]


def _shown(text: str) -> str:
    """Show the beginning of a text that may be long."""
    return repr(text[:20]) + ("..." if len(text) > 20 else "")
