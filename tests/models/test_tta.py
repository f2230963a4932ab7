"""Mirrors: what does not depend on direction stays as it is, what does is averaged away."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.models import PixelSegmenter, load_model
from hooke.models.tta import with_mirror_tta
from hooke.preprocess import AS_IT_IS
from hooke.targets import SplitLine

BATCH = np.random.default_rng(0).random((1, 3, 32, 64), np.float32)


def test_maps_without_a_direction_are_not_changed():
    def squares(batch):
        return batch[:, :2] ** 2

    np.testing.assert_allclose(with_mirror_tta(squares)(BATCH), squares(BATCH), rtol=1e-6)


def test_a_shift_is_averaged_over_its_mirrors():
    def shifted(batch):
        return np.roll(batch[:, :1], 1, axis=3)

    there, back = (np.roll(BATCH[:, :1], step, axis=3) for step in (1, -1))
    np.testing.assert_allclose(with_mirror_tta(shifted)(BATCH), (there + back) / 2, rtol=1e-5)


def test_the_network_is_asked_four_times_and_its_own_result_left_alone():
    seen = []
    result = np.ones((1, 1, 32, 64), np.float32)

    def network(batch):
        seen.append(batch.copy())
        return result

    assert with_mirror_tta(network)(BATCH) == pytest.approx(1)
    assert len(seen) == 4
    assert len({one.tobytes() for one in seen}) == 4
    assert (result == 1).all()


@pytest.mark.parametrize(("height", "turned"), [(64, True), (96, False)])
def test_images_of_few_pixels_are_shown_a_second_time_turned(height, turned):
    seen = []

    def network(batch):
        seen.append(batch)
        return batch

    segmenter = PixelSegmenter(lambda threads: network, SplitLine(), turned_pixels=64 * 64)
    pixels = np.random.default_rng(1).random((height, 64, 3), np.float32)
    maps = segmenter.predict(pixels, AS_IT_IS)
    assert len(seen) == 1 + turned
    np.testing.assert_array_equal(np.flip(seen[-1], (2, 3)) if turned else seen[-1], seen[0])
    np.testing.assert_allclose(maps / 65535, pixels.transpose(2, 0, 1), atol=1e-4)


def test_the_shipped_network_turns_small_slides_and_nothing_else():
    nuclei = load_model("nuclei")
    assert nuclei.segmenter().turned_pixels == 0
    slides = nuclei.for_image(colour=True)
    assert slides.segmenter().turned_pixels == 2 * 1024**2
    assert slides.segmenter(tta=True).turned_pixels == 0  # these are mirrored four times as it is
