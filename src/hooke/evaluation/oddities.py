"""Sums up what was odd about label images, a line for each kind and side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hooke.io.name_match import some_names


def summed_oddities(images: Iterable[tuple[str, str, Mapping[str, int]]]) -> list[str]:
    """Say what was odd about label images, a line for each kind and side; takes name, side and oddities of each."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for name, side, oddities in images:
        for oddity, count in oddities.items():
            counts.setdefault((side, oddity), {})[name] = count
    return [
        f"{side}: {sum(named.values())} {oddity}, in {len(named)} images: {some_names(named)}"
        for (side, oddity), named in counts.items()
    ]
