"""Places of objects against scikit-image and a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hooke.metrics import SIZES, find_objects, size_classes


@given(
    hnp.arrays(
        np.int32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.sampled_from([0, 0, 1, 2, 9])
    )
)
@settings(max_examples=100, deadline=None)
def test_is_scikit_images(labels):
    measure = pytest.importorskip("skimage.measure")
    regions = measure.regionprops(labels)
    objects = find_objects(labels)
    assert objects.ids.tolist() == [region.label for region in regions]
    assert objects.areas.tolist() == [region.area for region in regions]
    assert objects.boxes.tolist() == [list(region.bbox) for region in regions]
    np.testing.assert_allclose(objects.centroids, np.reshape([region.centroid for region in regions], (-1, 2)))
    padded = np.pad(labels, 1)
    for label, touches in zip(objects.ids, objects.touches_object, strict=True):
        windows = [padded[y : y + 3, x : x + 3] for y, x in zip(*np.nonzero(labels == label), strict=True)]
        assert touches == any(((window > 0) & (window != label)).any() for window in windows)
    edge = {*labels[0], *labels[-1], *labels[:, 0], *labels[:, -1]}
    assert objects.touches_border.tolist() == [label in edge for label in objects.ids]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (2, 0), (2, 3)])
def test_nothing(shape):
    objects = find_objects(np.zeros(shape, np.uint16))
    assert (len(objects.ids), objects.boxes.shape, objects.centroids.shape) == (0, (0, 4), (0, 2))


def test_more_than_65535_objects():
    labels = np.arange(1, 90_001).reshape(300, 300)
    objects = find_objects(labels)
    assert len(objects.ids) == 90_000
    assert objects.touches_object.all()
    assert objects.touches_border.sum() == 4 * 299


def test_sizes_begin_at_their_edges():
    assert [SIZES[k] for k in size_classes(np.array([1, 323, 324, 960, 961]))] == [
        "small", "small", "medium", "medium", "large",
    ]  # fmt: skip
