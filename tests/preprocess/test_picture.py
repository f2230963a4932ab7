"""Which images of three channels are pictures in colour."""

import numpy as np
import pytest

from hooke.datasets import simulate
from hooke.image import Image
from hooke.preprocess import recognise_picture

SLIDE = simulate((128, 160), seed=1, modality="histology").image
FIELDS = np.dstack([simulate((128, 160), seed=seed, bits=16).image for seed in range(3)])


@pytest.mark.parametrize("names", [(), ("Red", "Green", "Blue"), ("R", "G", "B")])
def test_slide_in_three_channels(names):
    image = recognise_picture(Image(SLIDE.astype(np.uint16) * 16, channel_names=names))
    assert image.is_rgb
    assert image.channel_names == ()


def test_names_of_stains_are_believed():
    assert not recognise_picture(Image(SLIDE, channel_names=("DAPI", "GFP", "RFP"))).is_rgb


@pytest.mark.parametrize("scale", [1.0, FIELDS.max(axis=(0, 1))])
def test_stains_of_fluorescence_stay_stains(scale):
    assert not recognise_picture(Image(FIELDS / scale)).is_rgb


def test_brightfield_beside_fluorescence_stays_a_channel():
    transmitted = SLIDE[..., 0].astype(np.uint16) * 257
    assert not recognise_picture(Image(np.dstack([FIELDS[..., 0], FIELDS[..., 1], transmitted]))).is_rgb


def test_grey_stored_as_colour_and_a_merge_of_two_stains():
    assert recognise_picture(Image(np.dstack([FIELDS[..., 0]] * 3))).is_rgb
    assert recognise_picture(Image(np.dstack([FIELDS[..., 0] * 0, FIELDS[..., 1], FIELDS[..., 0]]))).is_rgb


@pytest.mark.parametrize("shape", [(9, 9), (9, 9, 1), (9, 9, 2), (9, 9, 4)])
def test_other_numbers_of_channels_are_left_alone(shape):
    assert not recognise_picture(Image(np.full(shape, 200, np.uint8))).is_rgb
