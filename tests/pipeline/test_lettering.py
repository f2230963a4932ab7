"""Lettering: letters and bars drawn into a picture bring a warning, in any colour; nuclei are not taken for them."""

from __future__ import annotations

import io
from functools import cache

import cv2
import numpy as np
import pytest
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

import hooke
from hooke.datasets import simulate
from hooke.pipeline.lettering import count_lettering, find_lettering

SIZE = (300, 420)


@cache
def field(modality="fluorescence", seed=3, bits=8, size=SIZE):
    return simulate(size, seed=seed, diameter=26.0, modality=modality, density=0.15, bits=bits)


def write(pixels, colour, size=24):
    """The picture with two lines of text and a scale bar, as Pillow draws them."""
    picture = Picture.fromarray(pixels)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=size)
    pen.text((10, 8), "DAPI well A01, control", fill=colour, font=font)
    pen.text((290, 240), "20 um", fill=colour, font=font)
    pen.rectangle((290, 275, 410, 283), fill=colour)
    return np.array(picture)


def as_jpeg(pixels):
    stored = io.BytesIO()
    Picture.fromarray(pixels).save(stored, "JPEG", quality=85)
    return np.array(Picture.open(stored))


def in_blue(pixels):
    return np.stack([pixels * 0, pixels * 0, pixels], axis=2)


def in_grey(pixels):
    return np.stack([pixels] * 3, axis=2)


def drawn_16_bit(pixels):
    mask = write(np.zeros(SIZE, np.uint8), 255)
    return np.where(mask > 0, mask.astype(np.uint16) * 257, pixels)


def drawn_dimly_16_bit(pixels):
    """As bright as a nucleus, which is neither the lowest nor the highest value."""
    mask = write(np.zeros(SIZE, np.uint8), 255)
    return np.where(mask > 127, np.uint16(0.7 * np.percentile(pixels, 99)), pixels)


def drawn_dimly(share, size=24):
    """Text that is brighter than the background by a share of the picture's range."""
    pixels = field().image
    middle = float(np.median(pixels))
    return write(pixels, round(middle + share * (float(pixels.max()) - middle)), size)


WRITTEN = {
    "dim": lambda: drawn_dimly(0.25),
    "dimmer than most nuclei": lambda: drawn_dimly(0.12),
    "as dim as noise allows": lambda: drawn_dimly(0.07),
    "dim, as JPEG": lambda: as_jpeg(drawn_dimly(0.25)),
    "dim, 8 bits stored as 16": lambda: drawn_dimly(0.25).astype(np.uint16),
    "dim, 8 bits stretched to 16": lambda: drawn_dimly(0.25).astype(np.uint16) * 257,
    "white on black": lambda: write(field().image, 255),
    "white on black, as JPEG": lambda: as_jpeg(write(field().image, 255)),
    "large": lambda: write(field().image, 255, size=40),
    "grey": lambda: write(field().image, 200),
    "black on white": lambda: 255 - write(field().image, 255),
    "16 bits": lambda: drawn_16_bit(field(bits=16).image),
    "16 bits, as a nucleus": lambda: drawn_dimly_16_bit(field(bits=16).image),
    "white on blue": lambda: write(in_blue(field().image), (255, 255, 255)),
    "yellow on grey, as Fiji flattens it": lambda: write(in_grey(field().image), (255, 255, 0), size=40),
    "black on a stained slide": lambda: write(field("histology").image, (0, 0, 0)),
    "white on a stained slide": lambda: write(field("histology").image, (255, 255, 255)),
    "black on a stained slide in floats": lambda: write(field("histology").image, (0, 0, 0)) / 255,
    "black on a stained slide, as JPEG": lambda: as_jpeg(write(field("histology").image, (0, 0, 0))),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_text_in_the_picture_brings_a_warning(kind):
    found = hooke.segment(WRITTEN[kind]())
    assert any("burnt-in text" in text for text in found.warnings)


@pytest.mark.parametrize("colour", [(255, 255, 0), (255, 0, 0), (0, 255, 0), (255, 165, 0)])
@pytest.mark.parametrize("shown", ["fluorescence", "histology"])
def test_letters_are_found_in_any_colour(colour, shown):
    pixels = field(shown).image
    pixels = in_blue(pixels) if pixels.ndim == 2 else pixels
    assert len(find_lettering(pixels)) == 0
    boxes = find_lettering(write(pixels, colour))
    assert len(boxes) >= 12
    assert (boxes[:, 0] < 40).sum() >= 10  # the first line
    assert any(right - left == 121 and bottom - top == 9 for top, left, bottom, right in boxes)


def test_a_scale_bar_alone_is_found_upright_too():
    for bar in (np.s_[275:285, 280:400], np.s_[120:240, 390:396]):
        pixels = field().image.copy()
        pixels[bar] = 255
        (box,) = find_lettering(pixels)
        assert list(box) == [bar[0].start, bar[1].start, bar[0].stop, bar[1].stop]


def test_upright_text_is_found():
    assert len(find_lettering(np.rot90(write(field().image, 255)).copy())) > 12


@pytest.mark.parametrize("factor", [2, 5, 20])
@pytest.mark.parametrize("blur", [0.0, 1.0, 2.0])
def test_saturated_nuclei_are_not_letters(factor, blur):
    for seed in range(3):
        bright = field(seed=seed, size=(480, 640)).image
        bright = cv2.GaussianBlur(bright, (0, 0), blur) if blur else bright
        clipped = np.clip(bright.astype(float) * factor, 0, 255).astype(np.uint8)
        assert len(find_lettering(clipped)) == 0
        assert len(find_lettering(clipped.astype(np.uint16) * 16)) == 0


def scattered_arcs(seed, side=1000):
    """Groups of five short bright arcs all over a field, as saturated halos of cells in phase contrast."""
    rng = np.random.default_rng(seed)
    pixels = np.full((side, side), 108, np.uint8)
    places = np.repeat(rng.integers(60, side - 60, (40, 2)), 5, axis=0) + rng.integers(-30, 31, (200, 2))
    for y, x in places.clip(20, side - 20).tolist():
        axes, start = tuple(rng.integers(4, 12, 2).tolist()), int(rng.integers(0, 360))
        cv2.ellipse(pixels, (x, y), axes, int(rng.integers(0, 180)), start, start + 120, 255, 3)
    return cv2.blur(pixels, (2, 2))


def test_scattered_pieces_stand_in_rows_by_chance_alone():
    assert sum(len(find_lettering(scattered_arcs(seed))) for seed in range(4)) == 0


def test_text_is_found_beside_scattered_pieces():
    pixels = scattered_arcs(0)
    pixels[:600] = 108
    pen, font = ImageDraw.Draw(picture := Picture.fromarray(pixels)), ImageFont.load_default(size=24)
    pen.text((10, 950), "DAPI well A01, control, 20 um", fill=255, font=font)
    found = find_lettering(np.array(picture))
    assert (found[:, 0] > 940).sum() > 15


@pytest.mark.parametrize("modality", ["fluorescence", "histology", "brightfield"])
def test_ordinary_fields_hold_no_letters(modality):
    for seed in range(4):
        assert len(find_lettering(field(modality, seed).image)) == 0


@pytest.mark.parametrize("top", [4, 12, 60])
def test_fields_of_few_grey_levels_hold_no_letters(top):
    """As 8-bit copies of dark images are, in which many neighbours share a value."""
    for seed in range(4):
        pixels = field(seed=seed, size=(480, 640)).image.astype(float)
        assert len(find_lettering(np.round(pixels / pixels.max() * top).astype(np.uint8))) == 0


def test_only_objects_within_the_text_are_counted():
    pixels, labels = write(np.zeros(SIZE, np.uint8), 255), np.zeros(SIZE, np.int32)
    cv2.circle(labels, (200, 160), 20, 1, -1)
    assert count_lettering(pixels, labels) == 0
    labels[:, :][(pixels > 0) & (np.arange(SIZE[0])[:, None] < 60)] = 2
    assert count_lettering(pixels, labels) == 1


def test_nuclei_between_what_looks_like_letters_are_not_counted():
    """As between the gaps of a stained section, which are as white as letters."""
    pixels = write(np.zeros(SIZE, np.uint8), 255)
    beside = cv2.dilate(pixels, np.ones((3, 3), np.uint8)) == 0
    labels = np.zeros(SIZE, np.int32)
    for number, (top, left, bottom, right) in enumerate(find_lettering(pixels), 1):
        labels[top:bottom, left:right] = number * beside[top:bottom, left:right]
    assert len(np.unique(labels)) > 8
    assert count_lettering(pixels, labels) == 0


def test_constant_floating_and_tiny_pictures_hold_none():
    for shape in ((2, 2), (40, 40), (9, 9, 3), (30, 30, 5)):
        for kind in (bool, np.uint8, np.int64, np.uint16, np.float16, np.float64):
            assert len(find_lettering(np.zeros(shape, kind))) == 0
    assert len(find_lettering(np.full((40, 40), np.nan))) == 0
