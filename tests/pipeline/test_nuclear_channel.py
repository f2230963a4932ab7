"""The sentence on channels that show nuclei nearly as clearly as the chosen one."""

import cv2
import numpy as np
import pytest

import hooke
from hooke.datasets import simulate
from hooke.image import Image
from hooke.labels import expand_labels
from hooke.models import load_model
from hooke.pipeline import nuclear_channel
from hooke.pipeline.first_pass import Vote, _are_brighter, view_fields
from hooke.pipeline.nuclear_channel import channel_clarity, choose_channel
from hooke.preprocess import Normalisation


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


def test_a_channel_that_one_name_decides_for_is_looked_at_briefly(monkeypatch):
    shown = []

    def view(model, pixels, normalisation, jobs, *more, **asked):
        shown.append((normalisation.channel, len(jobs)))
        return view_fields(model, pixels, normalisation, jobs, *more, **asked)

    monkeypatch.setattr(nuclear_channel, "view_fields", view)
    nuclei = simulate((256, 256), seed=3, diameter=26, bits=16).image
    noise = np.random.default_rng(0).poisson(100, nuclei.shape).astype(np.uint16)
    hooke.segment(Image(nuclei), threads=1)
    assert not shown  # nothing to choose, and no time spent on it
    hooke.segment(Image(np.stack([noise, nuclei], axis=2), channel_names=("GFP", "DAPI")), threads=1)
    assert shown == [(1, 3), (0, 3)]  # a field on each of three scales


def test_cells_within_stained_borders_are_not_taken_for_nuclei():
    """The network sees the cells more clearly than the dim nuclei, but darker than their borders."""
    made = simulate((256, 256), seed=3, diameter=40, density=0.5, bits=16)
    cells = expand_labels(made.labels, 6).astype(np.float32)
    borders = cv2.morphologyEx(cells, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    rng = np.random.default_rng(3)
    membranes = rng.poisson(60 + cv2.GaussianBlur(borders * 900.0, (0, 0), 1.2)).astype(np.uint16)
    light = made.image - made.image.min().astype(float)
    nuclei = rng.poisson(60 + 40 * light / light.max()).astype(np.uint16)
    found = hooke.segment(Image(np.stack([membranes, nuclei], axis=2)), threads=1)
    assert found.normalisation.channel == 1
    assert found.count > 0.5 * made.labels.max()
    assert not [warning for warning in found.warnings if warning.startswith("uncertain channel")]


def test_objects_are_compared_with_what_lies_beside_them():
    labels = np.zeros((40, 90), np.int32)
    labels[10:30, 5:25], labels[10:30, 35:55], labels[10:30, 55:75] = 1, 2, 3  # two of them touch
    light = np.full(labels.shape, 0.5, np.float32)
    light[labels == 1], light[labels == 2], light[labels == 3] = 0.4, 0.6, 0.3
    assert _are_brighter(labels, light, 3).tolist() == [False, True, False]
    everywhere = np.ones((9, 9), np.int32)
    assert _are_brighter(everywhere, np.zeros((9, 9), np.float32), 1).tolist() == [True]


@pytest.mark.parametrize(
    ("spread", "searched"),
    [
        ({0: 0.0, 1: 0.6}, [0, 1]),  # what only one channel is searched for would count for more
        ({0: 0.0, 1: 1.2}, []),
        ({0: 0.0, 1: 0.0}, [0, 1]),
        ({0: 4.0, 1: 0.0}, [1]),
        ({0: 4.0, 1: 0.6}, []),
    ],
)
def test_channels_are_compared_by_as_many_fields(monkeypatch, spread, searched):
    shown = []
    found = {0: 1.0, 1: 2.0}

    def view(model, pixels, normalisation, jobs, *more, **asked):
        channel = normalisation.channel
        seen = found[channel] if jobs == "search" else spread[channel]
        shown.extend([channel] if jobs == "search" else [])
        return [Vote(np.full(5, 20.0), np.full(5, np.sqrt(seen / 5)))]

    monkeypatch.setattr(nuclear_channel, "view_fields", view)
    monkeypatch.setattr(nuclear_channel, "interesting_fields", lambda *_: "search")
    pixels = np.zeros((256, 256, 2), np.uint8)
    fits = {channel: Normalisation("grey", channel, 0.0, 1.0) for channel in (0, 1)}
    clear = channel_clarity(load_model(), pixels, fits, 1)
    assert shown == searched
    for channel in (0, 1):
        assert clear[channel] == pytest.approx(max(spread[channel], found[channel] if channel in searched else 0))


@pytest.mark.parametrize("shape", [(8, 400), (400, 8), (3, 3)])
def test_channel_is_chosen_in_strips_thinner_than_the_squares_that_are_compared(field, shape):
    height, width = shape
    nuclei = np.resize(field.image, (400, 400))[:height, :width]
    result = hooke.segment(np.dstack([nuclei // 3, nuclei]), axes="YXC", threads=1)
    assert result.labels.shape == shape


@pytest.fixture(scope="module")
def few_and_many():
    """A large image with one nucleus in its first channel and many in the second."""
    rng = np.random.default_rng(0)
    one, many = (rng.poisson(100, (1600, 1600)).astype(np.uint16) for _ in range(2))
    rows, columns = np.ogrid[:1600, :1600]
    one[(rows - 1500) ** 2 + (columns - 1500) ** 2 < 13**2] += 2000
    many[:800, :800] += simulate((800, 800), seed=3, diameter=26, bits=16).image // 8
    return Image(np.stack([one, many], axis=2))


@pytest.mark.parametrize(("expected", "searched"), [(0, True), (1, False), (None, False)])
def test_few_nuclei_beside_many_are_searched_for_in_the_channel_that_is_expected_to_show_them(
    few_and_many, expected, searched
):
    model, image = load_model("nuclei"), few_and_many
    fits = {channel: model.prepare_input(image, channel)[1] for channel in range(2)}

    clear = channel_clarity(model, image.pixels, fits, expected)

    assert clear[1] > 3
    assert (clear[0] > 0) == searched
