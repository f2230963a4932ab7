"""The sentence on channels that show nuclei nearly as clearly as the chosen one."""

import numpy as np
import pytest

import hooke
from hooke.image import Image
from hooke.pipeline.nuclear_channel import choose_channel


@pytest.mark.parametrize(
    ("clear", "words"),
    [
        ({0: 0.9, 1: 0.85, 2: 0.0}, "but channel 1 shows objects"),
        ({0: 0.9, 1: 0.85, 2: 0.8}, "but channel 1 and channel 2 show objects"),
    ],
)
def test_the_warning_on_close_channels_agrees_with_their_number(clear, words):
    image = Image(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))

    chosen = choose_channel(image, clear, 0)

    assert chosen is not None
    assert words in chosen.warnings[0]


@pytest.mark.parametrize("shape", [(8, 400), (400, 8), (3, 3)])
def test_channel_is_chosen_in_strips_thinner_than_the_squares_that_are_compared(field, shape):
    height, width = shape
    nuclei = np.resize(field.image, (400, 400))[:height, :width]
    result = hooke.segment(np.dstack([nuclei // 3, nuclei]), axes="YXC", threads=1)
    assert result.labels.shape == shape
