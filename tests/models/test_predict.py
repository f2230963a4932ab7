"""Tiled prediction: with networks whose answer is known, tiles, scales and threads leave no trace."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hooke.models import Tiling, predict_maps
from hooke.preprocess import Normalisation

AS_IT_IS = Normalisation("rgb", None, 0.0, 1.0)
TILING = Tiling(tile=128, overlap=32)


def identity(batch):
    return batch


def local_filter(batch):
    """A blur that looks 3 pixels far, and channels that differ."""
    blurred = cv2.blur(batch[0].transpose(1, 2, 0), (7, 7), borderType=cv2.BORDER_REFLECT)
    return blurred.transpose(2, 0, 1)[None] * np.array([1, 0.5, 0.25], np.float32)[:, None, None]


def constant(value):
    return lambda batch: np.full((1, 4, *batch.shape[2:]), value, np.float32)


def picture(height, width, seed=0):
    return np.random.default_rng(seed).random((height, width, 3), np.float32)


def smooth_picture(height, width):
    y, x = np.mgrid[:height, :width].astype(np.float32)
    wave = 0.5 + 0.4 * np.sin(y / 17) * np.cos(x / 23)
    return np.stack([wave, 1 - wave, wave / 2], axis=-1)


# Of lengths between 224 and 320 three tiles of 128 share some pixels, for they are spread evenly.
@pytest.mark.parametrize("shape", [(300, 400), (128, 128), (129, 500), (64, 1000), (225, 230)])
@pytest.mark.parametrize("network", [identity, local_filter])
def test_tiled_is_as_whole(network, shape):
    pixels = picture(*shape)
    whole = network(pixels.transpose(2, 0, 1)[None])[0]
    tiled = predict_maps(network, pixels, AS_IT_IS, tiling=TILING) / 65535
    inner = np.s_[:, 4:-4, 4:-4]  # at the image's own border the blur sees what padding makes up
    np.testing.assert_allclose(tiled[inner], whole[inner], atol=1e-4)


@pytest.mark.parametrize("scale", [0.3, 0.5, 0.8, 1.5, 3.0])
def test_rescaled_tiles_bring_each_pixel_back_to_its_place(scale):
    pixels = smooth_picture(260, 330)
    maps = predict_maps(identity, pixels, AS_IT_IS, scale=scale, tiling=TILING) / 65535
    assert maps.shape == (3, 260, 330)
    # A shift of half a pixel of the network's scale would cost 0.5 / 0.3 * 0.4 / 17 = 0.04.
    edge = int(np.ceil(1 / scale))  # half a network pixel at the border is made up
    inner = np.s_[:, edge:-edge, edge:-edge]
    np.testing.assert_allclose(maps[inner], pixels.transpose(2, 0, 1)[inner], atol=0.015)


@given(
    height=st.integers(2, 700),
    width=st.integers(2, 700),
    scale=st.floats(0.2, 4),
    tile=st.sampled_from([64, 96, 128, 512]),
    overlap=st.sampled_from([8, 32, 48]),
)
@settings(max_examples=40, deadline=None)
def test_blending_weights_sum_to_one(height, width, scale, tile, overlap):
    if height * width * scale**2 > 3e5:
        height = max(2, int(3e5 / scale**2 / width))
    tiling = Tiling(tile=tile, overlap=overlap)
    pixels = np.zeros((height, width), np.uint8)
    grey = Normalisation("grey", None, 0.0, 1.0)
    for value in (0.5, 1.0):
        maps = predict_maps(constant(value), pixels, grey, scale=scale, maps=1, tiling=tiling)
        assert maps.shape == (1, height, width)
        np.testing.assert_allclose(maps / 65535, value, atol=1e-3)


@pytest.mark.parametrize("shape", [(300, 400), (128, 128), (90, 700)])
def test_threads_change_nothing(shape):
    pixels = picture(*shape)
    one = predict_maps(local_filter, pixels, AS_IT_IS, scale=1.3, tiling=TILING)
    two = predict_maps(local_filter, pixels, AS_IT_IS, scale=1.3, tiling=TILING, threads=2)
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("shape", [(32, 32), (31, 33), (64, 96), (128, 256), (127, 257), (2, 3), (1, 1)])
@pytest.mark.parametrize("scale", [1.0, 0.37])
def test_the_network_sees_multiples_of_the_stride_only(shape, scale):
    seen = []

    def network(batch):
        seen.append((batch.shape, batch.dtype, batch.flags.c_contiguous))
        return batch

    maps = predict_maps(network, picture(*shape), AS_IT_IS, scale=scale, tiling=TILING)
    assert maps.shape == (3, *shape)
    for (count, channels, *sides), dtype, contiguous in seen:
        assert (count, channels, dtype, contiguous) == (1, 3, np.float32, True)
        assert all(side % 32 == 0 and 0 < side <= 128 for side in sides)


def test_an_image_within_a_tile_is_one_call_and_one_larger_is_several():
    calls = []

    def network(batch):
        calls.append(batch.shape)
        return batch

    predict_maps(network, picture(128, 128), AS_IT_IS, tiling=TILING)
    assert len(calls) == 1
    calls.clear()
    predict_maps(network, picture(128, 129), AS_IT_IS, tiling=TILING)
    assert len(calls) == 2


def test_only_the_maps_asked_for_are_kept_and_values_are_clipped():
    def network(batch):
        return np.stack([np.full(batch.shape[2:], value, np.float32) for value in (-3, 7, 0.5, 0.1)])[None]

    maps = predict_maps(network, picture(40, 40), AS_IT_IS, maps=2)
    assert maps.dtype == np.uint16
    np.testing.assert_array_equal(maps, np.stack([np.zeros((40, 40)), np.full((40, 40), 65535)]))


def test_progress_goes_to_one():
    told = []
    predict_maps(identity, picture(300, 300), AS_IT_IS, tiling=TILING, threads=2, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) == 9


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_the_network_comes_out_and_stops_the_rest(threads):
    calls = []
    lock = threading.Lock()

    def network(batch):
        with lock:
            calls.append(1)
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        predict_maps(network, picture(600, 600), AS_IT_IS, tiling=TILING, threads=threads)
    assert len(calls) <= 2 * threads


@pytest.mark.parametrize("scale", [1.0, 2.0 ** (5 / 16), 2.0 ** (-7 / 16)])
def test_tiles_are_chosen_to_show_the_network_few_pixels(scale):
    shares = []
    for side in range(600, 2400, 119):
        shown = []

        def network(batch, shown=shown):
            shown.append(batch.shape[2] * batch.shape[3])
            return np.zeros((1, 1, *batch.shape[2:]), np.float32)

        grey = Normalisation("grey", None, 0.0, 1.0)
        tight = Tiling(tight=True)
        predict_maps(network, np.zeros((side, 300), np.uint8), grey, scale=scale, maps=1, tiling=tight)
        across = -(-max(1, round(300 * scale)) // 32) * 32
        shares.append(sum(shown) / (side * scale * across))
    # Tiles of 448 that share 32 px need 1.08 times the pixels of one axis; sides are multiples of 32.
    assert np.mean(shares) < 1.08 and max(shares) < 1.11
