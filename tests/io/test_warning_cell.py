"""Warnings written in one cell of a table come back one by one."""

from __future__ import annotations

import pytest

from hooke.io.warning_cell import join_warnings, part_warnings


@pytest.mark.parametrize(
    "warnings",
    [
        [],
        ["low confidence"],
        ["low confidence: 0.51", "dropped: 3 of 9"],
        ["only plane 1 was read; name its axes; or not", "low confidence"],
        ["ends in one;", "begins after it", "; begins with one"],
        ["; ", "a;; b", "; ; "],
        ["a;b.tif: kept as it is named"],
    ],
)
def test_as_many_warnings_come_back_as_were_written(warnings):
    found = part_warnings(join_warnings(warnings))
    assert len(found) == len(warnings)
    for one, given in zip(found, warnings, strict=True):
        assert one == given.replace("; ", ", ")
    assert part_warnings(join_warnings(found)) == found


def test_empty_warnings_are_left_out():
    assert part_warnings(join_warnings(["", "first", "", "second"])) == ["first", "second"]
    assert join_warnings([]) == "" and part_warnings("") == []
