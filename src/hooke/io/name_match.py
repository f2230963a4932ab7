"""Finds the image that a name in a table means, if a person or a spreadsheet program has changed the name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hooke.errors import DatasetError, listed
from hooke.io.formats import has_image_suffix, result_stem
from hooke.io.leftovers import image_of_result

if TYPE_CHECKING:
    import pandas as pd

_LISTED = 5
_IMAGE_WORD = re.compile(r"^(?:image|img|im|raw)[ _-]+|[ _-]+(?:image|img|im|raw)$")  # img_01 beside mask_01
_SLASHES = re.compile(r"[\\/]+")
_WHOLE = re.compile(r"0*(\d+?)(?:[.,]0+)?")


def match_names(given: Iterable[str], known: Collection[str], *, path: str | Path = "") -> dict[str, str]:
    """Match names of images as a table gives them with the names that images have.

    A name means the image that is called so; else the one that is called so when folders and the suffix of an image
    file are left out, case and the form of accents put aside; else, of names that are numbers, the one of equal value,
    since spreadsheets make 1 of 001.

    Parameters
    ----------
    given : iterable of str
        Names in the table.
    known : collection of str
        Names of the images.
    path : str or Path
        The table, for the error.

    Returns
    -------
    dict of str to str
        For each name given that means one image, the image's name.

    Raises
    ------
    DatasetError
        If two names mean the same image, and neither is its own.

    Examples
    --------
    >>> match_names(["plate/A01.ome.tif", "7", "b02", "c"], ["A01", "007", "B02"])
    {'plate/A01.ome.tif': 'A01', '7': '007', 'b02': 'B02'}
    """
    exact = set(known)
    by_text, by_value = _groups(known, _text), _groups(known, _value)
    found: dict[str, str] = {}
    for name in dict.fromkeys(given):
        match = name if name in exact else next(_candidates(name, by_text, by_value), None)
        if match is not None:
            found[name] = match
    meant: dict[str, str] = {name: name for name in exact & found.keys()}
    for name, match in list(found.items()):
        if meant.setdefault(match, name) == name:
            continue
        if meant[match] != match:
            cause = f"{meant[match]!r} and {name!r} both mean the image {match!r}"
            raise DatasetError(cause, path=path or None, remedy="name each image in one way")
        del found[name]
    return found


def pair_names(labels: Iterable[str], images: Collection[str], *, path: str | Path = "") -> dict[str, str]:
    """Match names of label images with those of images, or of other label images: ``A01_mask`` with ``A01``.

    As `match_names`; then names that differ in words such as ``mask``, ``cp_masks`` or ``img`` alone, where one of
    either is left; then those that differ in their folders, too.

    Examples
    --------
    >>> pair_names(["A01_mask", "A02", "A03_cp_masks"], ["A01", "A02", "A03_gt", "A04"])
    {'A01_mask': 'A01', 'A02': 'A02', 'A03_cp_masks': 'A03_gt'}
    """
    names = list(dict.fromkeys(labels))
    meant = match_names(names, images, path=path)
    for key in (_folders_without_words, _without_words):
        taken = set(meant.values())
        left = _groups([name for name in names if name not in meant], key)
        free = _groups([name for name in images if name not in taken], key)
        for base, alike in left.items():
            if len(alike) == len(free.get(base, [])) == 1:
                meant[alike[0]] = free[base][0]
    return {name: meant[name] for name in names if name in meant}


def matched(names: pd.Series[str], known: Collection[str], *, path: str | Path = "") -> pd.Series[str]:
    """Give a column of a table the names of the images that it means; those that mean none stay as they are.

    Parameters and errors are those of `match_names`.
    """
    meant = match_names(names.unique(), known, path=path)
    return names.map(lambda name: meant.get(name, name))


def bare_name(name: str) -> str:
    r"""Leave out folders, with slashes of either kind, and the suffix of an image file.

    Examples
    --------
    >>> bare_name("C:\\plate\\A01.ome.tif"), bare_name("a.b"), bare_name("x_masks.png")
    ('A01', 'a.b', 'x_masks')
    """
    last = re.split(r"[\\/]", name.strip())[-1]
    return result_stem(last) if has_image_suffix(Path(last)) else last


def some_names(names: Iterable[str]) -> str:
    """List a few names for a message."""
    return listed(sorted(names), _LISTED)


def _candidates(name: str, by_text: dict[str, list[str]], by_value: dict[str, list[str]]) -> Iterator[str]:
    """Images that a name may mean, the likeliest first; an ambiguous way of reading it gives none."""
    for text in _forms(name):
        if len(found := by_text.get(_text(text), [])) == 1:
            yield found[0]
    if len(found := by_value.get(_value(bare_name(name)) or "", [])) == 1:
        yield found[0]


def _forms(name: str) -> list[str]:
    """Ways in which hooke may have named the results of the file that a name gives, most particular first."""
    parts = [part for part in re.split(r"[\\/]", name.strip()) if part not in ("", ".")] or [""]
    stem, suffix = bare_name(name), Path(parts[-1]).suffix[1:].lower()
    ends = [f"{stem}_{suffix}", stem] if stem != parts[-1] else [stem]
    folders = ["-".join([*parts[start:-1], ""]) for start in range(len(parts) - 1)]
    return [*(folder + end for folder in folders for end in ends), *ends, parts[-1]]


def _groups(names: Collection[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        if key(name):
            groups.setdefault(key(name), []).append(name)
    return groups


def _text(name: str) -> str:
    """Form in which names are compared: plate1/A01 is what hooke calls plate1-A01."""
    return _SLASHES.sub("-", unicodedata.normalize("NFC", name.strip()).casefold())


def _folders_without_words(name: str) -> str:
    """Folders of a name, and the rest of it without words: plate1/A01_mask is of plate1-A01."""
    folder = re.split(r"[^\\/]*$", name.strip())[0]
    return _text(folder) + _without_words(name)


def _without_words(name: str) -> str:
    base = image_of_result(_text(bare_name(name)))
    return _IMAGE_WORD.sub("", base) or base


def _value(name: str) -> str:
    """Digits of a whole number without leading zeros; empty where the name is something else."""
    match = _WHOLE.fullmatch(name)
    return match[1] if match else ""
