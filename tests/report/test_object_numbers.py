"""Numbers that are written on pictures of objects."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.report.object_numbers import write_ids


def ink_of(labels: np.ndarray) -> np.ndarray:
    """Where a number's white lies on a grey picture."""
    picture = np.full((*labels.shape, 3), 100, np.uint8)
    return (write_ids(picture, labels) > 200).all(axis=2)


@pytest.mark.parametrize("place", [np.s_[50:80, :6], np.s_[50:80, -6:], np.s_[:6, 50:80], np.s_[-6:, 50:80]])
def test_numbers_of_objects_at_the_edge_are_whole(place):
    whole, cut = np.zeros((120, 120), np.int32), np.zeros((120, 120), np.int32)
    whole[45:51, 40:70] = 28
    cut[place] = 28
    assert ink_of(cut).sum() == pytest.approx(ink_of(whole).sum(), rel=0.15)
    ink = ink_of(cut)
    assert not (ink[0].any() or ink[-1].any() or ink[:, 0].any() or ink[:, -1].any())
