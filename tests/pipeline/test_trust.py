"""Trust: a sharp, well exposed field raises no doubt; each fault raises its own."""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
import pytest

import hooke
from hooke.datasets import simulate
from hooke.image import Image
from hooke.pipeline.colours import Palette, find_palette, known_palette, sample_colours
from hooke.pipeline.trust import edge_sharpness, noise_level, quality_warnings, saturated_share
from hooke.preprocess import fit_normalisation
from hooke.targets.decoded import Decoded


def disks(sigma, side=1400, diameter=60):
    """Bright disks on black, blurred, with camera noise: pixels of 16 bits and labels."""
    labels = np.zeros((side, side), np.int32)
    for number, (y, x) in enumerate(((r, c) for r in range(60, side, 120) for c in range(60, side, 120)), 1):
        cv2.circle(labels, (x, y), diameter // 2, number, -1)
    image = cv2.GaussianBlur((labels > 0).astype(np.float32), (0, 0), sigma)
    noise = np.random.default_rng(0).normal(0, 300, image.shape)
    return (5000 + 40000 * image + noise).astype(np.uint16), labels


def reasons(pixels, labels, score=0.9, diameter=60.0, **more):
    return quality_warnings(pixels, fit_normalisation(Image(pixels)), found(labels, score), diameter, **more)


def found(labels, score=0.9, **dropped):
    count = int(labels.max())
    return Decoded(labels, np.full(count, score, np.float32), np.zeros((count, 3)), **dropped)


@pytest.mark.parametrize("sigma", [2.0, 4.0, 8.0])
def test_sharpness_is_what_theory_says(sigma):
    pixels, labels = disks(sigma)
    found = edge_sharpness(pixels.astype(np.float32), labels, 60)
    assert found == pytest.approx(60 / (sigma * np.sqrt(2 * np.pi)), rel=0.2)


def test_a_good_field_raises_no_doubt():
    assert reasons(*disks(3.0)) == ()


def test_outlines_that_were_moved_outwards_do_not_make_a_field_out_of_focus():
    image = simulate((300, 300), seed=3, diameter=30, density=0.2).image
    assert not [text for text in hooke.segment(image, grow=3).warnings if text.startswith("out of focus")]
    blurred = cv2.GaussianBlur(image, (0, 0), 8)
    assert [text for text in hooke.segment(blurred, diameter=30, grow=3).warnings if text.startswith("out of focus")]


def test_a_blurred_field_is_out_of_focus():
    (reason,) = reasons(*disks(16.0))
    assert "out of focus" in reason


@pytest.mark.slow
def test_parts_of_larger_objects_are_not_compared_with_nuclei():
    field = simulate((320, 400), seed=3, diameter=26.0, density=0.15, bits=16)
    speck = np.where(field.labels == 1, 40.0 * field.image.max(), field.image).astype(np.float32)
    for (pixels, labels), reason in ((disks(16.0), "out of focus"), ((speck, field.labels), "far brighter")):
        whole, parts = (" ".join(reasons(pixels, labels, diameter=26.0, parts=parts)) for parts in (False, True))
        assert reason in whole
        assert reason not in parts
    assert [bool(reasons(*disks(3.0), diameter=4.0, parts=parts)) for parts in (False, True)] == [True, False]


@pytest.mark.slow
def test_reasons_are_the_same_for_any_number_of_threads():
    pixels, labels = disks(16.0)
    pixels = np.clip(pixels, 0, 30000)
    normalisation, decoded = fit_normalisation(Image(pixels)), found(labels, 0.5, too_unsure=90)
    foreground = (labels > 0).astype(np.uint16) * 50000
    one, *others = (
        quality_warnings(pixels, normalisation, decoded, 60.0, foreground=foreground, threads=threads)
        for threads in (1, 2, 7)
    )
    assert len(one) >= 3
    assert others == [one, one]


@pytest.mark.parametrize(("times", "flagged"), [(1.5, False), (40.0, True)])
def test_a_speck_far_brighter_than_the_nuclei_is_named(times, flagged):
    pixels = simulate((320, 400), seed=3, diameter=26.0, density=0.15, bits=16).image.astype(np.float32)
    cv2.circle(pixels, (50, 50), 8, times * float(pixels.max()), -1)
    said = [text for text in hooke.segment(cv2.GaussianBlur(pixels, (0, 0), 1.0)).warnings if "bright" in text]
    assert bool(said) == flagged


def test_low_scores_and_small_objects_are_told():
    low, small = reasons(*disks(3.0), score=0.5), reasons(*disks(3.0), diameter=5.0)
    assert "low confidence" in low[0]
    assert "; " not in low[0]  # which parts the warnings of an image in its table
    assert any("only 5.0 pixels" in reason for reason in small)


def test_saturation_counts_the_objects_pixels_at_the_top():
    pixels, labels = disks(3.0)
    normalisation = fit_normalisation(Image(pixels))
    assert saturated_share(pixels, normalisation, labels) < 0.05
    clipped = np.minimum(pixels, 20000)
    assert saturated_share(clipped, fit_normalisation(Image(clipped)), labels) > 0.8
    assert any("saturated" in reason for reason in reasons(clipped, labels))


def test_bright_background_of_a_stained_slide_is_no_saturation():
    rgb = np.full((64, 64, 3), 255, np.uint8)
    rgb[20:40, 20:40] = (120, 60, 160)
    labels = np.zeros((64, 64), np.int32)
    labels[20:40, 20:40] = 1
    assert saturated_share(rgb, fit_normalisation(Image(rgb, is_rgb=True)), labels) == 0


def test_nothing_found_and_objects_that_fill_the_field_are_left_alone():
    pixels, labels = disks(3.0)
    normalisation = fit_normalisation(Image(pixels))
    assert quality_warnings(pixels, normalisation, found(labels * 0), 20.0) == ()
    assert edge_sharpness(pixels.astype(np.float32), np.ones_like(labels), 60) is None


@pytest.mark.parametrize("diameter", [16, 32])
def test_noise_is_measured_as_it_was_added(diameter):
    _, labels = disks(0.5, side=700, diameter=diameter)
    noise = np.random.default_rng(1).normal(0, 0.25, labels.shape)
    grey = (0.1 + 0.5 * (labels > 0) + noise).astype(np.float32)
    assert noise_level(grey, labels, diameter) == pytest.approx(0.5, rel=0.06)
    assert noise_level(0.1 + 0.5 * (labels > 0).astype(np.float32), labels, diameter) == 0


def test_noise_counts_at_the_scale_of_the_objects():
    _, labels = disks(0.5, side=700, diameter=64)
    noise = np.random.default_rng(1).normal(0, 0.25, labels.shape)
    grey = (0.5 * (labels > 0) + noise).astype(np.float32)
    # Shrunk to half, each pixel is the mean of four.
    assert noise_level(grey, labels, 64) == pytest.approx(0.25, rel=0.06)


def test_cells_as_bright_as_the_background_have_the_contrast_of_their_details():
    _, labels = disks(0.5, side=700, diameter=32)
    rng = np.random.default_rng(1)
    detail = cv2.GaussianBlur(rng.normal(0, 1, labels.shape).astype(np.float32), (0, 0), 4)
    grey = 0.4 + 0.1 * detail / detail.std() * (labels > 0)
    assert noise_level(grey + rng.normal(0, 0.01, labels.shape).astype(np.float32), labels, 32) < 0.15
    assert noise_level(grey + rng.normal(0, 0.1, labels.shape).astype(np.float32), labels, 32) > 0.3


def test_a_noisy_field_is_told_and_one_without_background_has_no_noise():
    pixels, labels = disks(1.0, side=500, diameter=30)
    noisy = pixels + np.random.default_rng(1).normal(0, 16000, pixels.shape)
    assert not any("noisy:" in reason for reason in reasons(pixels, labels, diameter=30.0))
    found = reasons(np.clip(noisy, 0, 65535).astype(np.uint16), labels, diameter=30.0)
    assert any("noisy:" in reason for reason in found)
    assert noise_level(pixels.astype(np.float32), np.ones_like(labels), 30) is None


def test_colours_within_a_level_of_those_known_are_known():
    known = np.tile(np.float32([0.5, 0.3, 0.6]), (2000, 1))
    known[0] = (0.1, 0.9, 0.1)  # one pixel in 2000 is too rare to make a colour known
    palette = find_palette([known])
    assert palette.cells.sum() == 7
    assert palette.unseen_share(known) == pytest.approx(1 / 2000)
    shifted = np.float32([[0.5 + 1 / 16, 0.3, 0.6], [0.5 + 2 / 16, 0.3, 0.6], [0.5, 0.3, 0.6 - 1 / 16]])
    assert palette.unseen_share(shifted) == pytest.approx(1 / 3)
    assert Palette(np.zeros((16, 16, 16), bool)).unseen_share(np.float32([[-0.5, 0, 0], [2, 2, 2]])) == 1


def slide(nuclei, stroma):
    """A stained slide: disks on a ground, 8-bit colours, with labels."""
    _, labels = disks(1.0, side=400, diameter=30)
    shade = np.random.default_rng(0).normal(0, 6, (*labels.shape, 1))
    colours = np.where((labels > 0)[..., None], nuclei, stroma) + shade
    colours[:40] = 245  # clear glass
    return np.clip(colours, 0, 255).astype(np.uint8), np.where(np.arange(400)[:, None] < 45, 0, labels)


@pytest.mark.parametrize(
    ("nuclei", "stroma", "flagged"),
    [((90, 60, 150), (225, 170, 205), False), ((60, 130, 50), (200, 225, 120), True)],
    ids=["haematoxylin and eosin", "green on yellow"],
)
def test_colours_that_no_training_image_has_are_told(nuclei, stroma, flagged):
    pixels, labels = slide(nuclei, stroma)
    normalisation = fit_normalisation(Image(pixels, is_rgb=True))
    assert normalisation.keeps_colours
    foreground = (labels > 0).astype(np.uint16) * 65535
    warnings = quality_warnings(pixels, normalisation, found(labels), 30.0, foreground=foreground)
    assert any("unknown colours" in reason for reason in warnings) == flagged
    by_another_model = quality_warnings(pixels, normalisation, found(labels), 30.0)
    assert not any("unknown colours" in reason for reason in by_another_model)


def test_the_shipped_palette_knows_every_white_to_grey_of_a_slide():
    greys = np.repeat(np.linspace(0.6, 1, 20, dtype=np.float32)[:, None], 3, axis=1)
    assert known_palette().unseen_share(greys) == 0
    assert (
        sample_colours(
            np.zeros((600, 500, 3), np.uint8), fit_normalisation(Image(slide((90, 60, 150), 200)[0], is_rgb=True))
        ).shape[1]
        == 3
    )


@pytest.mark.parametrize(("small", "unsure", "flagged"), [(40, 0, True), (0, 40, True), (30, 0, False), (0, 0, False)])
def test_a_field_that_lost_more_than_a_fifth_of_its_candidates_is_flagged(small, unsure, flagged):
    pixels, labels = disks(3.0)
    assert labels.max() == 144  # of 184 candidates 40 are more than a fifth, of 174 candidates 30 are not
    decoded = found(labels, too_small=small, too_unsure=unsure)
    warnings = quality_warnings(pixels, fit_normalisation(Image(pixels)), decoded, 60.0)
    assert any(text.startswith("dropped: 40 of 184") for text in warnings) == flagged
    assert len(warnings) == flagged


def test_four_lost_of_seven_are_too_few_to_say():
    pixels, labels = disks(3.0)
    labels[labels > 3] = 0
    decoded = found(labels, too_unsure=4)
    assert not any(
        "dropped" in text for text in quality_warnings(pixels, fit_normalisation(Image(pixels)), decoded, 60)
    )


def test_whoever_asks_for_large_objects_learns_how_many_were_dropped():
    field = simulate((256, 256), seed=4, diameter=20, density=0.15).image
    usual = hooke.segment(field, diameter=20.0)
    strict = hooke.segment(field, diameter=20.0, min_size=float(np.median(usual.table["area"])))
    assert strict.dropped >= usual.count - strict.count > 0.3 * usual.count
    assert any("for their size" in text for text in strict.warnings)
    assert not any("dropped" in text for text in usual.warnings)
    unsure = hooke.segment(field, diameter=20.0, min_score=float(np.median(usual.scores)))
    assert unsure.dropped >= usual.count - unsure.count > 0.3 * usual.count
    assert any("for their score" in text for text in unsure.warnings)


def test_where_all_candidates_were_dropped_nothing_found_is_not_all_that_is_said():
    field = simulate((256, 256), seed=4, diameter=20, density=0.15).image
    none = hooke.segment(field, diameter=20.0, min_size=5000.0)
    assert none.count == 0
    assert none.dropped > 10
    assert any("no objects found" in text for text in none.warnings)
    assert any("for their size" in text for text in none.warnings)


def test_dropped_candidates_are_counted_in_the_summary(tmp_path):
    field = simulate((256, 256), seed=4, diameter=20, density=0.15).image
    segmented = hooke.segment(field, diameter=20.0, min_score=0.95)
    segmented.save(tmp_path)
    assert pd.read_csv(tmp_path / "summary.csv")["dropped"].tolist() == [segmented.dropped]
