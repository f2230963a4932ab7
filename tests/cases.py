"""Named pairs of label images with figures worked out by hand, for everything that reads, scores or makes label images.

Each case is drawn as text: a dot is background, another character an object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

__all__ = ["CASES", "Case", "cases"]


@dataclass(frozen=True, eq=False)
class Case:
    """A prediction and its truth, and what is known of them.

    Parameters
    ----------
    name : str
    pred, truth : ndarray of int32, shape (Y, X)
    shared : mapping of (predicted id, true id) to int
        Pixels of every pair that shares any.
    matched : mapping of (predicted id, true id) to Fraction
        IoU of the pairs that match at an IoU of 0.5.
    pred_areas, true_areas : mapping of id to int
    pred_outcomes, true_outcomes : mapping of id to str
        ``matched``, or the kind of error.
    touching : frozenset of int
        True objects that another one touches, diagonally too.
    at_border : frozenset of int
        True objects with a pixel at the edge of the image.
    """

    name: str
    pred: NDArray[np.int32]
    truth: NDArray[np.int32]
    shared: Mapping[tuple[int, int], int]
    matched: Mapping[tuple[int, int], Fraction]
    pred_areas: Mapping[int, int]
    true_areas: Mapping[int, int]
    pred_outcomes: Mapping[int, str]
    true_outcomes: Mapping[int, str]
    touching: frozenset[int] = frozenset()
    at_border: frozenset[int] = frozenset()

    def __str__(self) -> str:
        return self.name


def cases(*but: str) -> list[Case]:
    """All cases but those named."""
    assert set(but) <= {case.name for case in CASES}
    return [case for case in CASES if case.name not in but]


def _drawn(text: str, ids: Mapping[str, int]) -> NDArray[np.int32]:
    return np.array([[ids.get(mark) or int(mark.replace(".", "0")) for mark in row] for row in text.split()], np.int32)


def _case(
    name: str,
    pred: str,
    truth: str,
    *,
    shared: Mapping[tuple[int, int], int],
    matched: Mapping[tuple[int, int], str],
    areas: tuple[Mapping[int, int], Mapping[int, int]],
    outcomes: tuple[Mapping[int, str], Mapping[int, str]],
    touching: set[int] | None = None,
    at_border: set[int] | None = None,
    ids: Mapping[str, int] | None = None,
) -> Case:
    """A case from its drawings; figures of the prediction come before those of the truth."""
    return Case(
        name,
        _drawn(pred, ids or {}),
        _drawn(truth, ids or {}),
        shared,
        {pair: Fraction(iou) for pair, iou in matched.items()},
        *areas,
        *outcomes,
        frozenset(touching or ()),
        frozenset(at_border or ()),
    )


def _many() -> Case:
    """More objects than 16 bits can number: 270 x 250 of one pixel each, without gaps; the first one is not found."""
    truth = np.arange(1, 67_501, dtype=np.int32).reshape(270, 250)
    pred = np.where(truth == 1, 0, truth).astype(np.int32)
    found = range(2, 67_501)
    edges = np.concatenate([truth[0], truth[-1], truth[:, 0], truth[:, -1]])
    return Case(
        "more than 65535 ids",
        pred,
        truth,
        shared={(one, one): 1 for one in found},
        matched={(one, one): Fraction(1) for one in found},
        pred_areas=dict.fromkeys(found, 1),
        true_areas=dict.fromkeys(range(1, 67_501), 1),
        pred_outcomes=dict.fromkeys(found, "matched"),
        true_outcomes={1: "missed", **dict.fromkeys(found, "matched")},
        touching=frozenset(range(1, 67_501)),
        at_border=frozenset(edges.tolist()),
    )


CASES = (
    _case(
        "touching",
        # The line between the two lies one column too far to the right; a half is enough for a match.
        "....... .11112. .11112. .......",
        "....... .11122. .11122. .......",
        shared={(1, 1): 6, (1, 2): 2, (2, 2): 2},
        matched={(1, 1): "6/8", (2, 2): "2/4"},
        areas=({1: 8, 2: 2}, {1: 6, 2: 4}),
        outcomes=({1: "matched", 2: "matched"}, {1: "matched", 2: "matched"}),
        touching={1, 2},
    ),
    _case(
        "touching at a corner",
        "11.. 11.. .... ....",
        "11.. 11.. ..22 ..22",
        shared={(1, 1): 4},
        matched={(1, 1): "1"},
        areas=({1: 4}, {1: 4, 2: 4}),
        outcomes=({1: "matched"}, {1: "matched", 2: "missed"}),
        touching={1, 2},
        at_border={1, 2},
    ),
    _case(
        "wrong outline between touching",
        # One found object lies on a third of each of the two.
        "......... ...333... .........",
        "......... .1112222. .........",
        shared={(3, 1): 1, (3, 2): 2},
        matched={},
        areas=({3: 3}, {1: 3, 2: 4}),
        # Not merged: it covers most of neither.
        outcomes=({3: "touching"}, {1: "touching", 2: "touching"}),
        touching={1, 2},
    ),
    _case(
        "wrong outline",
        # Shifted by half its length.
        "........ ..1111.. ..1111.. ........",
        "........ 1111.... 1111.... ........",
        shared={(1, 1): 4},
        matched={},
        areas=({1: 8}, {1: 8}),
        outcomes=({1: "outline"}, {1: "outline"}),
        at_border={1},
    ),
    _case(
        "nested",
        # What lies inside of the other is taken for a part of it.
        "...... .1111. .1111. .1111. .1111. ......",
        "...... .1111. .1221. .1221. .1111. ......",
        shared={(1, 1): 12, (1, 2): 4},
        matched={(1, 1): "12/16"},
        areas=({1: 16}, {1: 12, 2: 4}),
        outcomes=({1: "matched"}, {1: "matched", 2: "merged"}),
        touching={1, 2},
    ),
    _case(
        "one pixel",
        "..... .1... ..... ...2.",
        "..... .1... ..... .....",
        shared={(1, 1): 1},
        matched={(1, 1): "1"},
        areas=({1: 1, 2: 1}, {1: 1}),
        outcomes=({1: "matched", 2: "spurious"}, {1: "matched"}),
    ),
    _case(
        "hole",
        "..... .111. .111. .111. .....",
        "..... .111. .1.1. .111. .....",
        shared={(1, 1): 8},
        matched={(1, 1): "8/9"},
        areas=({1: 9}, {1: 8}),
        outcomes=({1: "matched"}, {1: "matched"}),
    ),
    _case(
        "border",
        "11..2 11..2 ..... .....",
        "11..2 11..2 ....2 3....",
        shared={(1, 1): 4, (2, 2): 2},
        matched={(1, 1): "1", (2, 2): "2/3"},
        areas=({1: 4, 2: 2}, {1: 4, 2: 3, 3: 1}),
        outcomes=({1: "matched", 2: "matched"}, {1: "matched", 2: "matched", 3: "missed"}),
        at_border={1, 2, 3},
    ),
    _case(
        "split",
        "....... .11222. .11222. .......",
        "....... .11111. .11111. .......",
        shared={(1, 1): 4, (2, 1): 6},
        matched={(2, 1): "6/10"},
        areas=({1: 4, 2: 6}, {1: 10}),
        outcomes=({1: "split", 2: "matched"}, {1: "matched"}),
    ),
    _case(
        "merge",
        "....... .11111. .11111. .......",
        "....... .11222. .11222. .......",
        shared={(1, 1): 4, (1, 2): 6},
        matched={(1, 2): "6/10"},
        areas=({1: 10}, {1: 4, 2: 6}),
        outcomes=({1: "matched"}, {1: "merged", 2: "matched"}),
        touching={1, 2},
    ),
    _case(
        "swapped ids",
        "22.11 22.11",
        "11.22 11.22",
        shared={(2, 1): 4, (1, 2): 4},
        matched={(2, 1): "1", (1, 2): "1"},
        areas=({1: 4, 2: 4}, {1: 4, 2: 4}),
        outcomes=({1: "matched", 2: "matched"}, {1: "matched", 2: "matched"}),
        at_border={1, 2},
    ),
    _case(
        "gaps in ids",
        "...... .aa.b. .aa.b. ......",
        "...... .cc.d. .cc.d. ......",
        shared={(300, 4): 4, (7, 70_000): 2},
        matched={(300, 4): "1", (7, 70_000): "1"},
        areas=({7: 2, 300: 4}, {4: 4, 70_000: 2}),
        outcomes=({7: "matched", 300: "matched"}, {4: "matched", 70_000: "matched"}),
        ids={"a": 300, "b": 7, "c": 4, "d": 70_000},
    ),
    _case(
        "nothing predicted",
        "..... ..... .....",
        "..... .111. .....",
        shared={},
        matched={},
        areas=({}, {1: 3}),
        outcomes=({}, {1: "missed"}),
    ),
    _case(
        "nothing true",
        "..... .111. .....",
        "..... ..... .....",
        shared={},
        matched={},
        areas=({1: 3}, {}),
        outcomes=({1: "spurious"}, {}),
    ),
    _case("nothing at all", "... ...", "... ...", shared={}, matched={}, areas=({}, {}), outcomes=({}, {})),
    _many(),
)
