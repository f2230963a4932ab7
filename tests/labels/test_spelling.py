"""Names typed in two ways are one, as far as people would say so; signs and numbers distinguish names."""

from __future__ import annotations

import pytest

from hooke.labels.spelling import spelled_alike


@pytest.mark.parametrize(
    "names",
    [
        ["Big ", "big"],
        ["non mitotic", "non-mitotic", "Non_Mitotic"],
        ["10 µM", "10.0 uM", "10μM"],
        ["0,5", "0.50"],
        ["type 1", "type 01"],
        ["CD3 +", "cd3+"],
    ],
)
def test_spellings_of_one_name_are_found(names):
    assert spelled_alike(names) == [sorted(names)]


@pytest.mark.parametrize(
    "names",
    [["CD3+", "CD3-"], ["+", "-", ""], ["1.0", "10"], ["1.5", "15"], ["-1", "1"], ["a", "a"], ["...", "..", "?"], []],
)
def test_other_names_are_not(names):
    assert spelled_alike(names) == []
