"""Sorting by K-means: clusters that are there are found, and named by what they look like."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from hooke.datasets import simulate
from hooke.errors import ConfigError
from hooke.image import Image
from hooke.io import read_image
from hooke.preprocess.clusters import cluster_modalities, name_centre
from hooke.preprocess.modality import FEATURES, MODALITIES, measure_features

DSB2018 = Path(__file__).parents[3] / "shared" / "data" / "dsb2018"


def made_up(background, darkest, saturation, count, seed=0):
    """Features that scatter a little around a point."""
    features = np.zeros((count, len(FEATURES)))
    for name, value in (("background", background), ("darkest", darkest), ("saturation", saturation)):
        features[:, FEATURES.index(name)] = value
    return np.abs(features + np.random.default_rng(seed).normal(0, 0.004, features.shape))


BLOBS = [made_up(0.1, 0.1, 0, 20, 1), made_up(0.9, 0.6, 0.3, 10, 2), made_up(0.9, 0.85, 0, 5, 3)]


@pytest.mark.parametrize(
    ("look", "name"),
    [
        ((0.05, 0.05, 0.0), "fluorescence"),
        ((0.05, 0.0, 1.0), "fluorescence"),  # saved in blue
        ((0.5, 0.05, 0.9), "fluorescence"),  # saved in blue, with haze
        ((0.9, 0.7, 0.9), "histology"),
        ((0.8, 0.75, 0.4), "histology"),  # pale
        ((0.9, 0.9, 0.0), "brightfield"),
        ((0.5, 0.5, 0.0), "brightfield"),  # phase contrast
    ],
)
def test_centres_are_named_by_plain_rules(look, name):
    assert name_centre(*look) == name


@pytest.mark.parametrize("clusters", [3, 5, 8])
def test_groups_that_are_there_are_found(clusters):
    found = cluster_modalities(np.vstack(BLOBS), clusters)
    assert found.modality == ["fluorescence"] * 20 + ["histology"] * 10 + ["brightfield"] * 5
    assert set(found.cluster) == set(range(clusters))
    assert (found.margin > 0.3).all()
    # A cluster belongs to one modality only.
    assert len(set(zip(found.cluster.tolist(), found.modality, strict=True))) == clusters


def test_distance_is_to_the_mean_of_the_cluster():
    found = cluster_modalities(BLOBS[0][:2], 1)
    background, darkest = (BLOBS[0][:2, FEATURES.index(name)] for name in ("background", "darkest"))
    saturation = np.tanh(BLOBS[0][:2, FEATURES.index("saturation")] / 0.1)
    half = np.hypot(np.hypot(np.diff(background), np.diff(darkest)), np.diff(saturation)) / 2
    np.testing.assert_allclose(found.distance, [half[0], half[0]], rtol=1e-4)
    assert np.isnan(found.margin).all()  # nothing else to be nearer to


def test_same_seed_same_clusters_and_equal_images_do_no_harm():
    features = np.vstack(BLOBS)
    first, again = (cluster_modalities(features, 6, seed=4) for _ in range(2))
    np.testing.assert_array_equal(first.cluster, again.cluster)
    same = cluster_modalities(np.repeat(BLOBS[1][:1], 12, axis=0), 8)
    assert set(same.modality) == {"histology"}


@pytest.mark.parametrize("clusters", [0, 4])
def test_more_clusters_than_images_are_refused(clusters):
    with pytest.raises(ConfigError, match="3 image"):
        cluster_modalities(BLOBS[0][:3], clusters)


@pytest.mark.slow
def test_simulated_fields_are_sorted():
    images = [
        (modality, simulate((128, 128), seed=seed, modality=modality, diameter=16).image)
        for modality in MODALITIES
        for seed in range(6)
    ]
    features = np.array([measure_features(Image(pixels, is_rgb=pixels.ndim == 3)) for _, pixels in images])
    assert cluster_modalities(features, 3).modality == [modality for modality, _ in images]


@pytest.mark.slow
@pytest.mark.skipif(not DSB2018.exists(), reason="needs ../shared/data/dsb2018")
def test_real_images_are_sorted():
    with (DSB2018 / "index.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "val"]
    features = [measure_features(read_image(DSB2018 / "images" / f"{row['id']}.png")) for row in rows]
    assert cluster_modalities(np.array(features)).modality == [row["modality"] for row in rows]
