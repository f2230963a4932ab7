"""Familiarity: kinds of image that the shipped models never saw are flagged, ordinary nuclei are not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

import hooke
from hooke.datasets import simulate
from hooke.image import Image
from hooke.models import Model
from hooke.pipeline import familiarity
from hooke.pipeline.familiarity import FEATURES, measure_features
from hooke.pipeline.window import choose_window
from hooke.preprocess import fit_normalisation
from hooke.targets.decoded import Decoded

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
ORDINARY = ("unlike", "fragments", "burnt-in", "dropped")


def flagged(found):
    return any("unlike the training images" in text for text in found.warnings)


def measured(pixels, decoded, foreground, diameter):
    normalisation = fit_normalisation(Image(pixels))
    grey = normalisation.apply(pixels).mean(axis=2)
    return measure_features(grey, foreground, decoded.labels, decoded, diameter, normalisation)


def grown(labels, reach):
    """Cells around nuclei: each pixel within reach of the nearest."""
    outside = (labels == 0).astype(np.uint8)
    distance, nearest = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    owner = np.zeros(int(nearest.max()) + 1, np.int32)
    owner[nearest[labels > 0]] = labels[labels > 0]
    return np.where(distance < reach, owner[nearest], 0)


def whole_cells(seed, kind):
    """A stain that the nuclei lack: filaments, or granules."""
    rng = np.random.default_rng(seed)
    nuclei = simulate((320, 320), seed=seed, diameter=22, density=0.1, bits=8).labels
    cells = grown(nuclei, 20)
    noise = rng.normal(0, 1, nuclei.shape).astype(np.float32)
    spread = (6.0, 0.5) if kind == "filaments" else (1.3, 1.3)
    texture = cv2.GaussianBlur(noise, (0, 0), sigmaX=spread[0], sigmaY=spread[1])
    stain = (cells > 0) * np.clip(0.3 + texture / texture.std(), 0, None) * np.where(nuclei > 0, 0.3, 1)
    stain = stain * rng.gamma(5, 0.2, int(nuclei.max()) + 1)[cells]
    light = 0.05 + 0.8 * stain / np.percentile(stain, 99.7) + rng.normal(0, 0.01, stain.shape)
    return np.clip(light * 255, 0, 255).astype(np.uint8)


#: One of several that all should hold is tried each time, the others with the slow tests.
ONE_OF_THREE = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]


@pytest.mark.parametrize("kind", ["filaments", "granules"])
@pytest.mark.parametrize("seed", ONE_OF_THREE)
def test_stains_of_whole_cells_are_flagged(kind, seed):
    found = hooke.segment(whole_cells(seed, kind))
    assert found.warnings
    assert not found.count or flagged(found)


@pytest.mark.parametrize(
    "picture",
    [
        *("chelsea", "coffee", "moon"),
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("astronaut", "camera", "grass", "gravel", "motorcycle_left")
        ),
    ],
)
def test_pictures_that_are_not_microscopy_bring_a_warning(picture):
    (path,) = Path(skimage.data.__file__).parent.glob(f"{picture}.*")
    assert hooke.segment(path).warnings


@pytest.mark.parametrize("modality", ["fluorescence", "histology", "brightfield"])
@pytest.mark.parametrize("seed", ONE_OF_THREE)
def test_ordinary_nuclei_are_not_flagged(modality, seed):
    field = simulate((320, 320), seed=40 + seed, diameter=14 + 9 * seed, density=0.2, modality=modality)
    found = hooke.segment(field.image)
    assert found.count > 5
    assert not [text for text in found.warnings if text.startswith(ORDINARY)]


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "ctc_phc_c2dh_u373").exists(), reason="needs the phase-contrast frames")
def test_phase_contrast_is_flagged():
    frames = sorted((DATA / "ctc_phc_c2dh_u373" / "images").iterdir())[::30]
    assert all(flagged(found) or not found.count for found in map(hooke.segment, frames))


@pytest.mark.parametrize("side", [3, 40])
def test_features_are_finite_where_there_is_nothing_to_compare(side):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (side, side)).astype(np.uint8)
    everything, pixel = np.ones((side, side), np.int32), np.zeros((side, side), np.int32)
    pixel[1, 1] = 1
    for labels in (everything, pixel):
        decoded = Decoded(labels, np.float32([0.5]), np.zeros((1, 3)))
        maps = np.zeros((side, side), np.uint16)
        for diameter in (0.5, 2.0, 500.0):
            features = measured(pixels, decoded, maps, diameter)
            assert features.shape == (len(FEATURES),)
            assert np.isfinite(features).all()


def test_features_do_not_depend_on_the_size_of_the_image_around_or_its_unit():
    field = simulate((300, 300), seed=8, diameter=20, density=0.2)
    decoded = Decoded(field.labels, np.full(field.labels.max(), 0.8, np.float32), np.zeros((field.labels.max(), 3)))
    maps = (field.labels > 0).astype(np.uint16) * 65535
    first = measured(field.image, decoded, maps, 20.0)
    second = measured(field.image.astype(np.float32) * 7 + 100, decoded, maps, 20.0)
    np.testing.assert_allclose(first, second, atol=0.02)


def test_separation_and_agreement_are_whole_for_disks_on_black():
    labels = np.zeros((200, 200), np.int32)
    for number, (y, x) in enumerate([(50, 50), (50, 150), (150, 50), (150, 150)], 1):
        cv2.circle(labels, (x, y), 16, number, -1)
    pixels = (20 + 200 * (labels > 0)).astype(np.uint8)
    decoded = Decoded(labels, np.full(4, 0.9, np.float32), np.zeros((4, 3)))
    features = dict(zip(FEATURES, measured(pixels, decoded, np.zeros_like(labels, np.uint16), 32.0), strict=True))
    assert features["separation"] == pytest.approx(1, abs=0.05)
    assert features["agreement"] == 1
    assert features["explained"] > 0.9
    assert features["edges inside"] > 0.95


def test_other_models_are_not_judged_by_the_images_of_the_shipped_ones(monkeypatch):
    monkeypatch.setattr("hooke.pipeline.trust.is_unfamiliar", lambda *_: True)
    field = simulate((256, 256), seed=2, diameter=20, density=0.15).image
    assert flagged(hooke.segment(field))
    bundle = hooke.load_model("nuclei").bundle
    other = Model(replace(bundle, path=bundle.path.parent / "elsewhere" / "nuclei"))
    assert not flagged(hooke.segment(field, other))


def test_coefficients_of_other_features_are_refused(tmp_path, monkeypatch):
    stored = json.loads(familiarity._STORED.read_text(encoding="utf-8"))
    (tmp_path / "other.json").write_text(json.dumps(stored | {"features": stored["features"][::-1]}))
    monkeypatch.setattr(familiarity, "_STORED", tmp_path / "other.json")
    familiarity._shipped.cache_clear()
    with pytest.raises(ValueError, match="fitted to other features"):
        familiarity._shipped()
    familiarity._shipped.cache_clear()


def test_the_window_lies_within_a_large_image_and_holds_an_object():
    labels = np.zeros((900, 300), np.int32)
    labels[880:890, 5:15] = 1
    rows, columns = choose_window(labels, 200)
    assert (rows.stop - rows.start, columns.stop - columns.start) == (200, 200)
    assert labels[rows, columns].any()
    assert choose_window(labels, 900) == np.s_[:, :]
