"""Assign each image to train, val or test: from a list, or drawn by groups with a seed."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PureWindowsPath

import numpy as np
from numpy.typing import NDArray

from hooke.datasets.layout import SPLITS, Entry, read_entries
from hooke.errors import ConfigError, DatasetError
from hooke.io.formats import has_image_suffix, result_stem
from hooke.io.tables import read_text

DEFAULT = "70/10/20"
DKFZ = "dkfz"
LISTS = {"train": "train", "training": "train", "val": "val", "validation": "val", "test": "test"}
SPLIT_REMEDY = f"write percentages of train, val and test such as {DEFAULT}, or {DKFZ}"


@dataclass(frozen=True)
class Drawn:
    """What a draw needs to know of an image.

    Attributes
    ----------
    id : str
        The image.
    group : str
        Images of one group (field of view, well, plate, patient) get the same split.
    amounts : mapping of str to float
        What is to be shared out evenly, such as ``{"modality histology": 1, "class mitotic": 12}``.
    split : str, optional
        Where the image is known to belong; its group follows.
    """

    id: str
    group: str
    amounts: Mapping[str, float] = field(default_factory=dict)
    split: str | None = None


def parse_shares(text: str) -> tuple[float, float, float]:
    """Read the shares of train, val and test as they are typed.

    Raises
    ------
    ConfigError
        If these are not three numbers from 0 that add up to 100.

    Examples
    --------
    >>> parse_shares("80/0/20")
    (0.8, 0.0, 0.2)
    """
    try:
        train, val, test = (float(part) / 100 for part in text.split("/"))
    except ValueError as error:
        raise ConfigError(f"split {text!r} is not understood", remedy=SPLIT_REMEDY) from error
    if min(train, val, test) < 0 or not abs(train + val + test - 1) < 1e-6:
        raise ConfigError(f"the shares of {text!r} don't add up to 100", remedy=SPLIT_REMEDY)
    return train, val, test


def draw_split(images: Sequence[Drawn], shares: tuple[float, float, float], seed: int) -> dict[str, str]:
    """Draw a split at random that keeps groups together and shares out images and amounts as evenly as they allow.

    Groups are taken by size, equal ones in a random order. Each goes where it brings the images and every amount
    nearest to their shares: where the sum of squared differences, in fractions of the totals, grows least. After
    Sechidis et al. (2011), "On the stratification of multi-label data", ECML PKDD, who take single images and the
    rarest label.

    Parameters
    ----------
    images : sequence of Drawn
        In any order; it does not matter.
    shares : (float, float, float)
        Of train, val and test, 0..1. A share of 0 gets nothing.
    seed : int
        Of the random order.

    Returns
    -------
    dict of str to str
        For each id ``"train"``, ``"val"`` or ``"test"``.

    Examples
    --------
    >>> drawn = draw_split([Drawn(str(i), f"plate {i // 10}") for i in range(100)], (0.7, 0.1, 0.2), seed=0)
    >>> sum(split == "train" for split in drawn.values()), len({drawn[str(i)] for i in range(10)})
    (70, 1)
    """
    groups: dict[str, list[Drawn]] = defaultdict(list)
    for image in sorted(images, key=lambda image: image.id):
        groups[image.group].append(image)
    amounts = _fractions(groups)
    known = {name: splits[0] for name, group in groups.items() if (splits := [i.split for i in group if i.split])}
    target = np.asarray(shares)[:, None]
    given = np.zeros((len(SPLITS), len(next(iter(amounts.values()), ()))))
    for name, split in known.items():
        given[SPLITS.index(split)] += amounts[name]
    for name in _drawing_order(groups, seed):
        if name in known:
            continue
        growth = (((given + amounts[name] - target) ** 2) - (given - target) ** 2).sum(axis=1)
        growth[np.asarray(shares) == 0] = np.inf
        best = int(np.argmin(growth))
        given[best] += amounts[name]
        known[name] = SPLITS[best]
    return {image.id: image.split or known[image.group] for image in images}


def _fractions(groups: Mapping[str, Sequence[Drawn]]) -> dict[str, NDArray[np.float64]]:
    """For each group, which fraction of all images and of every amount it has."""
    names = sorted({name for group in groups.values() for image in group for name in image.amounts})
    rows = [
        [len(group), *(sum(image.amounts.get(name, 0) for image in group) for name in names)]
        for group in groups.values()
    ]
    table = np.asarray(rows, float).reshape(len(rows), len(names) + 1)
    table /= np.maximum(table.sum(axis=0), 1e-12)
    return dict(zip(groups, table, strict=True))


def _drawing_order(groups: Mapping[str, Sequence[Drawn]], seed: int) -> list[str]:
    """Order groups by size, the largest first; at random where sizes are equal."""
    names = sorted(groups)
    mixed = [names[place] for place in np.random.default_rng(seed).permutation(len(names))]
    return sorted(mixed, key=lambda name: -len(groups[name]))


def dkfz_split(ids: Iterable[str]) -> dict[str, str]:
    """Split as the authors of "Segmentation Based Cell Classification" did: sorted, shuffled, the first 20 % for test.

    Python's ``random.Random(0)`` shuffles; int(0.2 n) images are test, the next int(0.1 n) of all n are val, the rest
    train. Groups are ignored. The authors' script takes the order in which the file system lists the files, which
    is not the same everywhere; here, as their figures are reproduced elsewhere, they are sorted by name.
    """
    order = sorted(ids, key=lambda id_: f"{id_}.json")
    random.Random(0).shuffle(order)
    test = int(0.2 * len(order))
    val = test + int(0.1 * len(order))
    return {id_: "test" if place < test else "val" if place < val else "train" for place, id_ in enumerate(order)}


def grouped(entries: Sequence[Entry], pattern: str | None) -> list[Entry]:
    r"""Name each image's group: what the pattern finds in its id.

    Parameters
    ----------
    entries : sequence of Entry
        Left as they are without a pattern, or where it finds nothing.
    pattern : str, optional
        A regular expression; its first bracket counts, if it has one. ``^[^_]+`` takes all before the first
        underscore, ``_([A-H]\d\d)_`` a well.

    Raises
    ------
    ConfigError
        If it is not a regular expression, or finds nothing in any id.
    """
    if pattern is None:
        return list(entries)
    try:
        found = [re.search(pattern, entry.id) for entry in entries]
    except re.error as error:
        raise ConfigError(f"group {pattern!r} is not a regular expression: {error}", remedy="try ^[^_]+") from error
    if not any(found):
        raise ConfigError(f"group {pattern!r} is found in no image's name", remedy="try ^[^_]+")
    return [
        entry if match is None else replace(entry, field_of_view=(match[1] if match.re.groups else match[0]) or None)
        for entry, match in zip(entries, found, strict=True)
    ]


def straddling(images: Iterable[tuple[str, str]]) -> list[str]:
    """Name the groups that lie in more than one split; takes pairs of group and split."""
    seen: dict[str, set[str]] = defaultdict(set)
    for group, split in images:
        seen[group].add(split)
    return sorted(group for group, splits in seen.items() if len(splits) > 1)


def read_split(path: str | Path) -> dict[str, Entry]:
    """Read a given split.

    Parameters
    ----------
    path : str or Path
        A csv file with the columns id and split, and if wanted modality and field_of_view, such as a data set's index;
        or a folder with one, or with ``train.txt``, ``val.txt``, ``test.txt`` (also ``training``, ``validation``),
        a name a line. Names may be ids, file names, or paths of any system.

    Returns
    -------
    dict of str to Entry
        By id.

    Raises
    ------
    DatasetError
        If it can't be read, a split is unknown or an id occurs twice.
    """
    folder = Path(path)
    lists = {file: LISTS[file.stem] for file in sorted(folder.glob("*.txt")) if file.stem in LISTS}
    if not lists:
        return {entry.id: entry for entry in read_entries(path, as_written=True)}
    entries: dict[str, Entry] = {}
    for file, split in lists.items():
        for id_ in _read_list(file):
            if id_ in entries:
                raise DatasetError(f"{id_} is listed twice", path=file, remedy="leave it in one list")
            entries[id_] = Entry(id_, split)
    return entries


def _read_list(path: Path) -> list[str]:
    """Read the ids of a list, which has a name a line."""
    lines = read_text(path).splitlines()
    # A path of Windows has both kinds of slashes; of a POSIX path this takes the last part just as well.
    names = [PureWindowsPath(line.strip()).name for line in lines if line.strip()]
    return [result_stem(name) if has_image_suffix(Path(name)) else name for name in names]
