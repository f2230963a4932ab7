"""Images of one size: tiles that cover the image and nothing else, scaled images whose objects keep their place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooke.datasets.adapter import Sample
from hooke.datasets.standardise import LOST, check_size, standardise
from hooke.errors import ConfigError
from hooke.labels.painter import Conflict


def sample_of(height, width, dtype=np.uint8):
    """Every pixel tells its place, and each block of 10 x 10 pixels is an object."""
    rows, columns = np.mgrid[:height, :width]
    image = ((rows * 7 + columns * 3) % 251).astype(dtype)
    labels = (rows // 10 * ((width + 9) // 10) + columns // 10 + 1).astype(np.int32)
    return Sample(image, labels, {"odd": 2}, {1: "first", int(labels.max()): "last"}, [Conflict("x", "m", "", 1, "d")])


@given(st.integers(1, 70), st.integers(1, 70))
def test_tiles_cover_the_image_and_are_its_pixels(height, width):
    sample = sample_of(height, width)
    seen = np.zeros((height, width), bool)
    for name, tile in standardise(sample, 32, "tile"):
        top, left = (int(part[1:]) for part in name.split("_")[1:])
        inside = sample.image[top : top + 32, left : left + 32]
        assert tile.image.shape == tile.labels.shape == (32, 32)
        np.testing.assert_array_equal(tile.image[: inside.shape[0], : inside.shape[1]], inside)
        assert not tile.labels[inside.shape[0] :].any()
        assert not tile.labels[:, inside.shape[1] :].any()
        seen[top : top + 32, left : left + 32] = True
    assert seen.all()


def test_objects_of_a_tile_are_numbered_anew_and_keep_their_classes():
    tiles = dict(standardise(sample_of(40, 40), 20, "tile"))
    assert list(tiles) == ["_y0_x0", "_y0_x20", "_y20_x0", "_y20_x20"]
    last = tiles["_y20_x20"]
    assert np.unique(last.labels).tolist() == [1, 2, 3, 4]
    assert (last.labels[0, 0], last.labels[19, 19]) == (1, 4)
    assert (tiles["_y0_x0"].classes, last.classes) == ({1: "first"}, {4: "last"})
    assert [len(tile.conflicts) for tile in tiles.values()] == [1, 0, 0, 0]
    assert [dict(tile.oddities) for tile in tiles.values()] == [{"odd": 2}, {}, {}, {}]


def test_a_small_image_is_filled_up_with_its_median():
    image = np.full((10, 20, 3), (9, 8, 7), np.uint8)
    image[0, 0] = 200
    ((_, tile),) = standardise(Sample(image, np.ones((10, 20), np.int32)), 32, "tile")
    assert tile.image[31, 31].tolist() == [9, 8, 7]
    assert int(tile.labels.sum()) == 200


def test_a_scaled_image_keeps_proportions_and_objects_keep_their_place():
    ((name, scaled),) = standardise(sample_of(40, 80), 40, "resize")
    assert name == ""
    expected = sample_of(40, 80).labels[::2, ::2]
    np.testing.assert_array_equal(scaled.labels[:20], expected)
    assert not scaled.labels[20:].any()
    assert scaled.classes == {1: "first", 32: "last"}
    assert scaled.oddities == {"odd": 2, LOST: 0}


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.uint16, np.uint32, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("side", [20, 60])
def test_every_type_of_image_can_be_scaled_and_stays_what_it_is(dtype, side):
    image = np.ones((30, 30), dtype)
    ((_, scaled),) = standardise(Sample(image, np.ones((30, 30), np.int32)), side, "resize")
    assert scaled.image.dtype == dtype
    np.testing.assert_allclose(scaled.image.astype(float), 1, atol=1e-6)
    assert (scaled.labels == 1).all()


def test_objects_that_vanish_are_counted():
    labels = np.zeros((64, 64), np.int32)
    labels[0, 0], labels[20:50, 20:50] = 1, 2  # pixels 2, 6, 10... are taken
    ((_, scaled),) = standardise(Sample(labels.astype(np.uint8), labels, classes={1: "a", 2: "b"}), 16, "resize")
    assert scaled.oddities[LOST] == 1
    assert scaled.classes == {1: "b"}


@pytest.mark.parametrize(("size", "by"), [(8, "tile"), (100_000, "tile"), (256, "crop")])
def test_sizes_out_of_range_are_refused(size, by):
    with pytest.raises(ConfigError):
        check_size(size, by)
