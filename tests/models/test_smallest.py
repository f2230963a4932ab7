"""The smallest objects that are kept: a share of the typical one's area, as the bundle has it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from hooke.models import Model, load_model
from hooke.preprocess import AS_IT_IS


@pytest.mark.parametrize(("share", "kept"), [(None, 0.07), (0.3, 0.3), (0.0, 0.0)])
def test_a_bundle_says_what_share_of_the_typical_area_is_kept(share, kept):
    cells = load_model("cells")
    model = Model(replace(cells.bundle, settings=cells.settings.model_copy(update={"smallest_share": share})))
    area = math.pi / 4 * 100**2
    assert model.segmenter().smallest_area(100, AS_IT_IS) == pytest.approx(max(kept * area, 12))


def test_whole_cells_have_no_parts_that_nuclei_may_have():
    assert load_model("cells").settings.smallest_share == 0.22
    assert load_model("nuclei").settings.smallest_share is None
