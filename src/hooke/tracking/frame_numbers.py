"""Finds the numbers that are missing among the names of a sequence's frames."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

from hooke.errors import listed
from hooke.io.find import natural_key

_NUMBER = re.compile(r"\d+")
_LISTED = 5
_ACROSS = (
    "these count as consecutive frames, so displacements and speeds across the gap are too large; put an empty label "
    "image there to keep the time"
)


def missing_frames(names: Sequence[str]) -> tuple[str, ...]:
    """Say which frames are missing, by the one number that differs in the names of their files.

    Numbers that rise by another step than one, such as minutes, are complete where each step is the smallest one;
    where a step is not a multiple of it, they do not count frames.

    Parameters
    ----------
    names : sequence of str
        In the order of time.

    Returns
    -------
    tuple of str
        One sentence; empty where no frame is missing, or names do not tell.

    Examples
    --------
    >>> missing_frames(["t0.tif", "t1.tif", "t3.tif"])[0][:60]
    'frame 2 is missing between t1.tif and t3.tif: these count as'
    >>> missing_frames(["t00.tif", "t05.tif", "t10.tif"])
    ()
    """
    numbers = _frame_numbers(names)
    steps = [after - before for before, after in itertools.pairwise(numbers)]
    if not steps or min(steps) < 1 or any(step % min(steps) for step in steps):
        return ()
    step = min(steps)
    wide = [place for place, each in enumerate(steps) if each > step]
    if not wide:
        return ()
    gaps = [range(numbers[place] + step, numbers[place + 1], step) for place in wide]
    count = sum(map(len, gaps))
    first = ", ".join(map(str, itertools.islice(itertools.chain(*gaps), _LISTED)))
    which = f"frame {first} is" if count == 1 else f"{count} frames ({first}{' …' if count > _LISTED else ''}) are"
    between = f" between {names[wide[0]]} and {names[wide[0] + 1]}" if len(wide) == 1 else ""
    return (f"{which} missing{between}: {_ACROSS}, or rename the files if none is missing",)


def lost_frames(names: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Say which images of a run have no label image between those of others, as where they failed.

    Parameters
    ----------
    names : sequence of str
        Of the frames.
    known : sequence of str
        Of all images of the run.

    Returns
    -------
    tuple of str
        One sentence; empty where none is lost.

    Examples
    --------
    >>> lost_frames(["t1", "t3", "t10"], ["t1", "t2", "t3", "t10", "t11"])[0][:60]
    't2 has no label image, as where images failed or labels were'
    """
    order = sorted({*names, *known}, key=lambda name: natural_key(Path(name)))
    places = [place for place, name in enumerate(order) if name in set(names)]
    lost = [name for name in order[places[0] : places[-1]] if name not in set(names)] if places else []
    if not lost:
        return ()
    several = f"{len(lost)} images ({listed(lost)}) have no label images"
    which = f"{lost[0]} has no label image" if len(lost) == 1 else several
    return (f"{which}, as where images failed or labels were removed: {_ACROSS}",)


def mixed_sequences(names: Sequence[str]) -> tuple[str, ...]:
    """Say that files seem to be several sequences, as of two wells, each of which is numbered in steps of one.

    Parameters
    ----------
    names : sequence of str
        In the order of time.

    Returns
    -------
    tuple of str
        One sentence; empty where names do not tell.

    Examples
    --------
    >>> mixed_sequences(["A01_t0.tif", "A01_t1.tif", "B01_t0.tif", "B01_t1.tif"])[0][:50]
    'these look like several sequences (A01_t0.tif, A01'
    >>> mixed_sequences(["A01_t0.tif", "A01_t1.tif"])
    ()
    """
    numbers = [tuple(map(int, _NUMBER.findall(name))) for name in names]
    texts = [_NUMBER.sub("#", name) for name in names]
    for place in range(min(map(len, numbers), default=0)):
        keys = [(text, own[:place] + own[place + 1 :]) for text, own in zip(texts, numbers, strict=True)]
        groups = [
            [own[place] for _, own in group]
            for _, group in itertools.groupby(zip(keys, numbers, strict=True), key=lambda pair: pair[0])
        ]
        counted = groups[0]
        in_steps = len(counted) > 1 and counted == list(range(counted[0], counted[0] + len(counted)))
        if in_steps and len(groups) > 1 and all(group == counted for group in groups):
            return (
                f"these look like several sequences ({names[0]}, {names[1]} … {names[-1]}), and were followed as one "
                "in the order of their names: give each a folder or a pattern of its own",
            )
    return ()


def is_numbered(names: Sequence[str]) -> bool:
    """Whether numbers in the names of files tell their order: those that all have rise from each to the next.

    Parameters
    ----------
    names : sequence of str
        In natural order.

    Examples
    --------
    >>> is_numbered(["t9.tif", "t10.tif"]), is_numbered(["after.tif", "before.tif"])
    (True, False)
    """
    numbers = [tuple(map(int, _NUMBER.findall(name))) for name in names]
    common = min(map(len, numbers), default=0)
    return all(before[:common] < after[:common] for before, after in itertools.pairwise(numbers))


def unnumbered_frames(names: Sequence[str]) -> tuple[str, ...]:
    """Say in which order files are taken for frames where their names hold no number that rises.

    Parameters
    ----------
    names : sequence of str
        In the order of time.

    Returns
    -------
    tuple of str
        One sentence; empty where numbers tell the order.

    Examples
    --------
    >>> unnumbered_frames(["Feb.tif", "Jan.tif"])[0].partition("; ")[2]
    'if that is not their order in time, number them'
    """
    if is_numbered(names):
        return ()
    order = listed(names)
    return (
        f"no number rises in the names of these frames, which are taken in this order: {order}; if that is not their "
        "order in time, number them",
    )


def _frame_numbers(names: Sequence[str]) -> list[int]:
    """The one number that differs in all names; empty where texts differ, or several numbers."""
    if len({_NUMBER.sub("#", name) for name in names}) != 1:
        return []
    rows = [tuple(map(int, _NUMBER.findall(name))) for name in names]
    varying = [column for column in zip(*rows, strict=True) if len(set(column)) > 1]
    return list(varying[0]) if len(varying) == 1 else []
