import cv2
import numpy as np
import pandas as pd
import pytest
import tifffile

import hooke
from hooke.datasets import simulate
from hooke.image import Image
from hooke.metrics import score_image
from hooke.pipeline import segment_folder
from hooke.preprocess import modality

SHAPE = (256, 320)
MEASURE = modality.measure_features
FIELD = simulate(SHAPE, seed=3, diameter=26, density=0.15, bits=16)


def f1(found, truth=FIELD.labels):
    return score_image(found.labels, truth)["f1_50"]


def cell_bodies():
    """A stain of a third of the cells' bodies, and none of their nuclei."""
    some = np.isin(FIELD.labels, np.unique(FIELD.labels)[1::3]).astype(np.float32)
    body = cv2.GaussianBlur(cv2.dilate(some, np.ones((31, 31))), (0, 0), 5)
    rng = np.random.default_rng(0)
    grain = cv2.GaussianBlur(rng.normal(0, 1, SHAPE).astype(np.float32), (0, 0), 3)
    shade = 0.05 + body * (0.8 + 1.5 * grain) + rng.normal(0, 0.02, SHAPE)
    return (np.clip(shade, 0, 2) * float(np.percentile(FIELD.image, 99))).astype(np.uint16)


BODIES = cell_bodies()


@pytest.mark.parametrize("place", [0, 1])
def test_of_several_channels_the_one_that_looks_like_nuclei_is_taken(place):
    pixels = np.stack([FIELD.image, BODIES] if place == 0 else [BODIES, FIELD.image], axis=2)
    found = hooke.segment(Image(pixels))
    assert found.normalisation.channel == place
    assert "of 2 channels" in found.normalisation.why
    assert f1(found) > 0.9
    assert not found.warnings
    asked = hooke.segment(Image(pixels), channel=1 - place)
    assert asked.normalisation.channel == 1 - place
    assert asked.normalisation.why == "asked for"


def test_all_planes_of_a_stack_take_one_channel(tmp_path):
    empty = np.full(SHAPE, int(np.percentile(FIELD.image, 5)), np.uint16)
    other = simulate(SHAPE, seed=8, diameter=26, density=0.05, bits=16).image // 4
    planes = [[other, empty], [BODIES, FIELD.image], [BODIES, FIELD.image], [other, empty]]
    tifffile.imwrite(tmp_path / "a.ome.tif", np.array(planes, np.uint16), metadata={"axes": "ZCYX"})
    segment_folder([tmp_path / "a.ome.tif"], tmp_path / "out")
    summary = pd.read_csv(tmp_path / "out/summary.csv")
    assert summary["channel"].tolist() == [1, 1, 1, 1]
    assert (summary["count"] > 0).tolist() == [False, True, True, False]


@pytest.mark.slow
def test_colours_that_come_and_go_in_a_stack_do_not_change_its_channel(tmp_path):
    bodies, nuclei = (np.clip(one / np.percentile(one, 99.9) * 255, 0, 255) for one in (BODIES, FIELD.image))
    planes = np.zeros((4, *SHAPE, 3), np.uint8)
    planes[[0, 1, 2], ..., 1] = bodies
    planes[[1, 2, 3], ..., 2] = nuclei
    tifffile.imwrite(tmp_path / "a.tif", planes, photometric="rgb", metadata={"axes": "TYXS"})
    segment_folder([tmp_path / "a.tif"], tmp_path / "out")
    summary = pd.read_csv(tmp_path / "out/summary.csv", keep_default_na=False)
    assert summary["channel"].tolist() == [2, 2, 2, 2]
    assert (summary["count"] > 0).tolist() == [False, True, True, True]
    assert summary["channel_reason"].str.contains("blue").tolist()[1:] == [True, True, True]


@pytest.mark.parametrize("framed", [False, True])
def test_the_modality_of_a_slide_is_determined_once(framed, monkeypatch):
    slide = simulate((200, 200), seed=3, diameter=26, density=0.2, modality="histology").image
    pixels = np.full((300, 280, 3), 255, np.uint8)
    pixels[50:250, 50:250] = slide
    calls = []
    monkeypatch.setattr(modality, "measure_features", lambda image: calls.append(image) or MEASURE(image))
    found = hooke.segment(Image(pixels if framed else slide))
    assert found.normalisation.modality == "histology"
    assert len(calls) == 1


@pytest.mark.parametrize("names", [("CD3", "DNA1"), ("Nucleolin", "Hoechst"), ("nuclei", "DAPI"), ("CD3", "405 nm")])
def test_names_that_say_nuclei_are_believed(names):
    found = hooke.segment(Image(np.stack([BODIES, FIELD.image], axis=2), channel_names=names))
    assert found.normalisation.channel == 1
    assert f1(found) > 0.9


@pytest.mark.parametrize("names", [("DAPI", "GFP"), ("nuclei", "DAPI-negative"), ("DNA", "405 nm")])
def test_a_name_that_the_content_contradicts_is_warned_of_with_both_names(names):
    found = hooke.segment(Image(np.stack([BODIES, FIELD.image], axis=2), channel_names=names))
    assert found.normalisation.channel == 0
    (warning,) = (one for one in found.warnings if "uncertain channel" in one)
    assert f"were taken from channel 0 ('{names[0]}') for its name" in warning
    assert f"channel 1 ('{names[1]}') shows objects that look far more like nuclei" in warning
    asked = hooke.segment(Image(np.stack([BODIES, FIELD.image], axis=2), channel_names=names), channel=0)
    assert not any("uncertain channel" in one for one in asked.warnings)


@pytest.mark.parametrize("light", [0.0, 1.0])
def test_where_the_channel_named_so_shows_nothing_the_content_decides(light):
    nothing = (100 + light * np.random.default_rng(0).normal(0, 9, SHAPE)).astype(np.uint16)
    found = hooke.segment(Image(np.stack([nothing, FIELD.image], axis=2), channel_names=("DAPI", "GFP")))
    assert found.normalisation.channel == 1
    assert f1(found) > 0.9
    assert "'GFP'), since channel 0 ('DAPI') shows none in spite of its name" in found.warnings[0]
    dim = simulate(SHAPE, seed=8, diameter=26, density=0.002, bits=16).image  # an object or two are not certain
    found = hooke.segment(Image(np.stack([nothing, dim], axis=2), channel_names=("DAPI", "GFP")))
    assert found.normalisation.channel == 0


@pytest.mark.slow
def test_a_plane_without_nuclei_does_not_change_the_channel_that_names_choose_for_a_stack(tmp_path):
    empty = np.full(SHAPE, int(np.percentile(FIELD.image, 5)), np.uint16)
    empty += np.random.default_rng(0).integers(0, 40, SHAPE).astype(np.uint16)
    other = simulate(SHAPE, seed=77, diameter=26, density=0.15, bits=16).image
    planes = [[empty, other], [FIELD.image, other], [FIELD.image, empty], [empty, other]]
    names = {"axes": "ZCYX", "Channel": {"Name": ["DAPI", "GFP"]}}
    tifffile.imwrite(tmp_path / "a.ome.tif", np.array(planes, np.uint16), metadata=names)
    segment_folder([tmp_path / "a.ome.tif"], tmp_path / "out")
    summary = pd.read_csv(tmp_path / "out/summary.csv", keep_default_na=False)
    assert summary["channel"].tolist() == [0, 0, 0, 0]
    assert (summary["count"] > 0).tolist() == [False, True, True, False]


@pytest.mark.parametrize("colour", [0, 1, 2])
def test_nuclei_of_any_colour_of_a_merge_are_taken(colour):
    bodies, nuclei = (np.clip(one / np.percentile(one, 99.9) * 255, 0, 255) for one in (BODIES, FIELD.image))
    merge = np.zeros((*SHAPE, 3), np.uint8)
    merge[..., colour] = nuclei
    merge[..., (colour + 1) % 3] = bodies
    found = hooke.segment(Image(merge, is_rgb=True))
    assert found.normalisation.channel == colour
    assert f1(found) > 0.9


def test_two_channels_with_nuclei_are_both_named():
    other = simulate(SHAPE, seed=77, diameter=26, density=0.15, bits=16).image
    pixels = np.stack([FIELD.image, other], axis=2)
    (warning,) = hooke.segment(Image(pixels, channel_names=("GFP", "RFP"))).warnings
    assert "channel 0 ('GFP')" in warning
    assert "channel 1 ('RFP')" in warning


@pytest.mark.parametrize("value", [0, 255])
def test_a_slide_in_a_frame_gives_the_nuclei_that_it_gives_alone(value):
    made = simulate((300, 300), seed=3, diameter=26, density=0.2, modality="histology")
    framed, truth = np.full((640, 600, 3), value, np.uint8), np.zeros((640, 600), np.int32)
    framed[100:400, 50:350], truth[100:400, 50:350] = made.image, made.labels
    alone, within = hooke.segment(made.image), hooke.segment(framed)
    np.testing.assert_array_equal(within.labels[100:400, 50:350], alone.labels)
    assert within.count == alone.count > 10
    assert within.labels.shape == (640, 600)
    assert within.normalisation.keeps_colours


@pytest.mark.parametrize("value", [0, 65535])
def test_nothing_is_found_outside_of_a_drawn_region(value):
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    out = (y - 128) ** 2 + (x - 160) ** 2 > 115**2
    cut = FIELD.image.copy()
    cut[out] = value
    inside = FIELD.labels.copy()
    inside[np.isin(inside, np.unique(inside[out]))] = 0
    found = hooke.segment(cut)
    assert not found.labels[out].any()
    assert len(found.scores) == found.labels.max()
    kept = {int(one) for one in np.unique(inside)[1:]}
    hits = score_image(np.where(np.isin(FIELD.labels, list(kept)), found.labels, 0), inside)["recall_50"]
    assert hits > 0.95


def test_a_bright_fibre_neither_hides_the_nuclei_nor_counts_as_some():
    pixels = (FIELD.image // 24).astype(np.float64)
    ground = np.percentile(pixels, 5)
    peak = np.median(pixels[FIELD.labels > 0]) - ground
    clean = hooke.segment(pixels.astype(np.uint16))
    fibre = np.zeros(SHAPE, np.uint8)
    cv2.line(fibre, (200, 10), (310, 90), 1, 9)
    pixels[fibre > 0] = ground + 40 * peak
    found = hooke.segment(np.clip(pixels, 0, 65535).astype(np.uint16))
    assert f1(found) > f1(clean) - 0.06
    assert any("bright dirt" in warning for warning in found.warnings)
    assert not any("bright dirt" in warning for warning in clean.warnings)
    median = [np.median(fibre[found.labels == one]) for one in range(1, found.count + 1)]
    assert not any(median)


def test_a_fibre_hides_no_nuclei_that_have_twice_its_area():
    made = simulate((256, 256), seed=3, diameter=18, density=0.04, overlap=0)
    fibre = np.zeros(made.image.shape, np.float32)
    cv2.line(fibre, (25, 38), (230, 64), 1.0, 6)
    pixels = 300 + 8.0 * made.image + 40_000 * cv2.GaussianBlur(fibre, (0, 0), 1.2)
    found = hooke.segment(np.clip(pixels, 0, 65535).astype(np.uint16))
    under = np.unique(made.labels[cv2.dilate(fibre, np.ones((9, 9))) > 0])
    apart = np.where(np.isin(made.labels, under), 0, made.labels)
    assert score_image(found.labels, apart)["recall_50"] > 0.9
    assert any("bright dirt" in warning for warning in found.warnings)


def test_few_bright_nuclei_in_faint_cell_bodies_are_no_dirt():
    rng = np.random.default_rng(0)
    truth = np.zeros((700, 700), np.int32)
    bodies = np.zeros(truth.shape, np.float32)
    for number, (x, y) in enumerate([(150, 120), (520, 140), (330, 360), (160, 560), (560, 570)], 1):
        angle = float(rng.uniform(0, 180))
        cv2.ellipse(bodies, (x, y), (150, 22), angle, 0, 360, 1, -1)
        cv2.ellipse(truth, (x, y), (27, 19), angle, 0, 360, number, -1)
    fibres = cv2.GaussianBlur(rng.normal(0, 1, truth.shape), (0, 0), 2)
    faint = 16 * cv2.GaussianBlur(bodies, (0, 0), 8) * (1 + 0.3 * fibres / fibres.std())
    bright = 250 * cv2.GaussianBlur((truth > 0).astype(np.float32), (0, 0), 1.2)
    pixels = 30 + faint + bright + rng.normal(0, 0.6, truth.shape)
    found = hooke.segment(np.clip(pixels, 0, 255).astype(np.uint8))
    assert score_image(found.labels, truth)["recall_50"] == 1
    assert not any("bright dirt" in warning for warning in found.warnings)


def scattered(side, top, left):
    """One nucleus in a large field of its background."""
    sizes = np.bincount(FIELD.labels.ravel())
    cut = np.unique(np.r_[FIELD.labels[[0, -1]].ravel(), FIELD.labels[:, [0, -1]].ravel()])
    inner = np.setdiff1d(np.arange(1, len(sizes)), cut)
    one = inner[np.argsort(sizes[inner])[len(inner) // 2]]
    ground = FIELD.image[cv2.dilate((FIELD.labels > 0).astype(np.uint8), np.ones((25, 25))) == 0]
    pixels = np.random.default_rng(0).choice(ground, (side, side))
    y, x = np.nonzero(FIELD.labels == one)
    box = np.s_[y.min() : y.max() + 1, x.min() : x.max() + 1]
    place = np.s_[top : top + y.max() + 1 - y.min(), left : left + x.max() + 1 - x.min()]
    mask = FIELD.labels[box] == one
    pixels[place][mask] = FIELD.image[box][mask]
    truth = np.zeros((side, side), np.int32)
    truth[place][mask] = 1
    return pixels, truth


@pytest.mark.slow
@pytest.mark.parametrize(("top", "left"), [(700, 700), (20, 1200), (500, 40)])
def test_one_nucleus_anywhere_in_a_large_field_is_found(top, left):
    pixels, truth = scattered(1400, top, left)
    found = hooke.segment(pixels)
    assert found.count == 1
    assert f1(found, truth) == 1


@pytest.mark.parametrize("seed", [15, 27, 47])
def test_specks_of_dust_in_an_empty_well_are_not_nuclei(seed):
    rng = np.random.default_rng(seed)
    field = np.full((256, 320), 500.0)
    for _ in range(4):
        speck = np.zeros(field.shape, np.float32)
        cv2.circle(speck, (int(rng.integers(320)), int(rng.integers(256))), int(rng.integers(2, 4)), 1.0, -1)
        field += rng.uniform(200, 3000) * cv2.GaussianBlur(speck, (0, 0), 1.2)
    assert hooke.segment(rng.poisson(field).astype(np.uint16)).count == 0
