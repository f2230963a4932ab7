"""Finds names that people may have typed in two ways, of classes or conditions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

_SIGNS = re.compile(r"^[+-]+|[+-]+$")  # CD3+ and CD3-, or a power of ten
_MARKS = re.compile(r"(?<!\d)[\W_]+|[\W_]+(?!\d)")  # but not a decimal point
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


def spelled_alike(names: Iterable[str]) -> list[list[str]]:
    """Group names that differ in capitals, spaces, marks, how micro is written, or as 0 and 0.0 do; sorted.

    Signs at the beginning and the end distinguish names.

    Examples
    --------
    >>> spelled_alike(["Mitosis", "mitosis", "non mitotic", "non-mitotic", "dead", "CD3+", "CD3-"])
    [['Mitosis', 'mitosis'], ['non mitotic', 'non-mitotic']]
    >>> spelled_alike(["0", "0.0", "1.0", "10", "10 µM", "10uM"])
    [['0', '0.0'], ['10 µM', '10uM']]
    """
    groups: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        groups.setdefault(spelling_key(name), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def spelling_key(name: str) -> str:
    """Form in which spellings of one name are equal: see `spelled_alike`.

    Examples
    --------
    >>> spelling_key("Non-mitotic") == spelling_key("non mitotic"), spelling_key("CD3+") == spelling_key("CD3-")
    (True, False)
    """
    folded = "".join(unicodedata.normalize("NFKC", name).casefold().replace("μ", "u").split())
    signs = _SIGNS.findall(folded)
    bare = _MARKS.sub("", _SIGNS.sub("", folded))
    return _NUMBER.sub(lambda number: _plain(number[0]), bare) + "".join(signs) or name


def _plain(number: str) -> str:
    return format(Decimal(number.replace(",", ".")).normalize(), "f")
