import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hooke.datasets import simulate
from hooke.preprocess.phase_contrast import has_grey_background, looks_like_phase_contrast
from tests.builders import phase_contrast_field


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_cells_lighter_and_darker_than_the_grey_between_them(seed, dtype):
    field = phase_contrast_field(seed)
    pixels = field if dtype == np.float32 else np.round(field * np.iinfo(dtype).max).astype(dtype)
    assert looks_like_phase_contrast(pixels)
    assert has_grey_background(pixels)


@pytest.mark.parametrize("modality", ["fluorescence", "histology", "brightfield"])
@pytest.mark.parametrize("seed", range(4))
def test_detail_on_one_side_of_the_background(modality, seed):
    pixels = simulate((256, 256), seed=seed, modality=modality).image
    grey = pixels.mean(axis=2) if pixels.ndim == 3 else pixels
    assert not looks_like_phase_contrast(grey)
    assert has_grey_background(grey) == (modality != "fluorescence")
    assert modality != "fluorescence" or not looks_like_phase_contrast(grey.max() - grey)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (2, 2), (3, 700)])
def test_images_without_a_background(shape):
    assert not looks_like_phase_contrast(np.zeros(shape, np.uint8))
    assert not has_grey_background(np.zeros(shape, np.uint8))
    assert not looks_like_phase_contrast(np.full(shape, np.nan, np.float32))


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(gain=st.floats(0.01, 1000), offset=st.floats(-100, 100), larger=st.sampled_from([1, 2, 4]))
def test_unit_of_intensity_and_number_of_pixels_do_not_matter(gain, offset, larger):
    field = phase_contrast_field(1)
    field = cv2.resize(field, None, fx=larger, fy=larger, interpolation=cv2.INTER_CUBIC)
    assert looks_like_phase_contrast(field * gain + offset)
