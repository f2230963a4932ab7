"""Finds groups of images, as of one patient, slide or movie, by the beginnings of their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_BETWEEN = "_. -"
_PARTS = re.compile(f"[^{_BETWEEN}]+")
# a number or a capital at the end tells one patient or slide from the others; words such as control do not
_TELLS = re.compile(r"\d|[a-z][A-Z]$|^[A-Z]$")


@dataclass(frozen=True)
class NameGroups:
    """Groups of names that begin alike.

    Attributes
    ----------
    pattern : str
        A regular expression that finds the beginning; empty where there are no groups.
    names : dict of str to str
        The beginning of each name.
    """

    pattern: str = ""
    names: dict[str, str] = field(default_factory=dict)


def find_name_groups(ids: Sequence[str]) -> NameGroups:
    """Group names by their first parts, as few as distinguish groups; ``_``, ``-``, ``.`` and blanks part a name.

    Parameters
    ----------
    ids : sequence of str
        Names of images.

    Returns
    -------
    NameGroups
        Without groups where all names begin alike, or no two do.

    Examples
    --------
    >>> find_name_groups(["p1_a", "p1_b", "p2_a"])
    NameGroups(pattern='^[^_. -]+', names={'p1_a': 'p1', 'p1_b': 'p1', 'p2_a': 'p2'})
    >>> find_name_groups(["img_1", "img_2", "img_3"]).names
    {}
    """
    ends = {id_: [match.end() for match in _PARTS.finditer(id_)] for id_ in ids}
    for depth in range(max(map(len, ends.values()), default=0)):
        names = {id_: id_[: places[min(depth, len(places) - 1)]] if places else id_ for id_, places in ends.items()}
        groups = set(names.values())
        if len(groups) == len(names):
            break
        if len(groups) > 1 and all(_TELLS.search(_last_part(group)) for group in groups):
            return NameGroups(_pattern(depth), names)
    return NameGroups()


def _last_part(name: str) -> str:
    return _PARTS.findall(name)[-1] if _PARTS.search(name) else ""


def _pattern(depth: int) -> str:
    """Regular expression of the first parts of a name, up to this many beyond the first."""
    part = f"[^{_BETWEEN}]+"
    return f"^{part}" if depth == 0 else f"^{part}(?:[{_BETWEEN}]+{part}){{0,{depth}}}"
