"""The map of images: principal components by another way, and a picture that shows each image."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.image import Image
from hooke.report.embedding import THUMBNAIL, draw_embedding, make_thumbnail, principal_components
from hooke.report.palette import LIGHT, rgb

RNG = np.random.default_rng(0)


def test_principal_components_are_those_of_the_correlation_matrix():
    features = RNG.normal(size=(40, 5)) @ RNG.normal(size=(5, 5)) + 3
    components, explained = principal_components(features)
    standard = (features - features.mean(0)) / features.std(0)
    values, vectors = np.linalg.eigh(np.corrcoef(features.T))
    for index in range(2):
        axis = vectors[:, -1 - index]
        axis = axis * np.sign(axis[np.abs(axis).argmax()])
        np.testing.assert_allclose(components[:, index], standard @ axis, atol=1e-9)
        assert explained[index] == pytest.approx(values[-1 - index] / values.sum())


@pytest.mark.parametrize("features", [np.ones((1, 4)), np.ones((5, 4)), np.arange(3.0)[:, None]])
def test_what_does_not_vary_has_no_component(features):
    components, explained = principal_components(features)
    assert components.shape == (len(features), 2)
    assert np.isfinite(components).all()
    assert explained[1] == 0


@pytest.mark.parametrize("count", [1, 2, 30])
def test_every_group_is_drawn_in_its_colour(count):
    groups = [("a", "b")[index % 2] for index in range(count)]
    thumbnails = [np.full((THUMBNAIL, THUMBNAIL, 3), 90, np.uint8)] * count
    picture = draw_embedding(RNG.normal(size=(count, 4)), groups, thumbnails, title="a map")
    assert picture.shape == (1000, 1500, 3)
    assert picture.dtype == np.uint8
    codes = np.unique(picture @ np.array([65536, 256, 1]))
    drawn = {(code >> 16, code >> 8 & 255, code & 255) for code in codes.tolist()}
    assert rgb(LIGHT["s0"]) in drawn
    assert (rgb(LIGHT["s1"]) in drawn) == (count > 1)
    assert (90, 90, 90) in drawn  # a thumbnail


def test_marked_images_are_ringed_and_explained():
    thumbnails = [np.full((THUMBNAIL, THUMBNAIL, 3), 90, np.uint8)] * 4
    features = RNG.normal(size=(4, 4))
    plain = draw_embedding(features, ["a"] * 4, thumbnails)
    marked = draw_embedding(features, ["a"] * 4, thumbnails, marked=[True] + [False] * 3, mark_meaning="odd")
    assert (plain != marked).any(axis=2).sum() > 200


@pytest.mark.parametrize("shape", [(2, 2), (20, 700), (600, 300, 3), (90, 90, 2), (50, 50, 1)])
def test_thumbnails_are_squares_of_one_size(shape):
    pixels = RNG.integers(0, 4000, shape).astype(np.uint16)
    small = make_thumbnail(Image(pixels))
    assert small.shape == (THUMBNAIL, THUMBNAIL, 3)
    assert small.dtype == np.uint8
    assert np.ptp(small) > 30
