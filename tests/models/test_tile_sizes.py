"""Maps and diameters hardly depend on how an image is cut into tiles."""

import numpy as np
import pytest

import hooke
from hooke.datasets import simulate
from hooke.models import Model, Tiling


def partners(found, other):
    """Share of objects with a partner of IoU 0.9 or more."""
    pairs = found.astype(np.int64) * (other.max() + 1) + other
    counts = np.bincount(pairs.ravel(), minlength=(found.max() + 1) * (other.max() + 1)).reshape(found.max() + 1, -1)
    union = counts.sum(1, keepdims=True) + counts.sum(0, keepdims=True) - counts
    return ((counts / np.maximum(union, 1))[1:, 1:].max(1) >= 0.9).mean()


@pytest.mark.slow
def test_labels_hardly_depend_on_the_size_of_the_tiles(monkeypatch):
    image = simulate((900, 900), seed=4, diameter=30, density=0.25, overlap=0.1).image
    found = []
    for tile in (448, 320, 960):
        monkeypatch.setattr(
            Model, "tiling", property(lambda model, tile=tile: Tiling(tile, stride=model.settings.stride))
        )
        found.append(hooke.segment(image))
    assert len({each.diameter for each in found}) == 1
    assert min(partners(each.labels, found[0].labels) for each in found[1:]) > 0.99
