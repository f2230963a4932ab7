"""Red blood cells are distinguished from nuclei by their colour."""

import cv2
import numpy as np
import pytest
import tifffile

import hooke
from hooke.image import Image
from hooke.pipeline import SegmentOptions, segment_folder
from hooke.pipeline.red_cells import measure_redness

GLASS = (242, 240, 243)
NUCLEUS, RED_CELL, BROWN = (96, 52, 140), (222, 138, 150), (132, 84, 42)
SIDE, DIAMETER = 384, 26


def slide(*colours):
    """A smear: disks on glass, the colours in turn; and the label image of each colour."""
    rng = np.random.default_rng(4)
    pixels = np.tile(np.array(GLASS, np.float32), (SIDE, SIDE, 1))
    labels = np.zeros((len(colours), SIDE, SIDE), np.int32)
    step = 44
    for number, (y, x) in enumerate(np.ndindex(SIDE // step, SIDE // step)):
        centre = [int(step * (place + 0.5) + rng.integers(-5, 6)) for place in (x, y)]
        of = number % len(colours)
        cv2.circle(labels[of], centre, DIAMETER // 2, int(labels[of].max() + 1), -1)
        pixels[labels[of] == labels[of].max()] = colours[of]
    pixels = cv2.GaussianBlur(pixels, (0, 0), 1.0) + rng.normal(0, 4, pixels.shape)
    return np.clip(pixels, 0, 255).astype(np.uint8), labels


def share(found, labels):
    """Share of objects that lie on those of a label image."""
    ids = np.unique(found[labels > 0])
    return len(ids[ids > 0]) / labels.max()


def test_red_blood_cells_of_a_smear_are_no_nuclei_and_said_to_be_dropped():
    pixels, (nuclei, red) = slide(NUCLEUS, RED_CELL)
    found = hooke.segment(Image(pixels, is_rgb=True))
    assert share(found.labels, nuclei) > 0.9
    assert share(found.labels, red) == 0
    assert found.labels.max() == len(found.scores) == len(found.table)
    assert any(warning.startswith("red blood cells: ") for warning in found.warnings)


def test_deep_red_cells_are_no_nuclei_either():
    deep = (150, 104, 110)  # absorbs blue by 0.95 of green; the red cells above by 0.86
    pixels, (nuclei, red, brown) = slide(NUCLEUS, deep, BROWN)
    labels = np.max([nuclei, np.where(red, red + 100, 0), np.where(brown, brown + 200, 0)], axis=0).astype(np.int32)
    is_red = measure_redness(pixels).find(labels, int(labels.max()), pixels)
    assert set(np.flatnonzero(is_red) + 1) == set(range(101, 101 + int(red.max())))


def test_where_all_nuclei_are_red_they_are_kept():
    pixels, (red,) = slide(RED_CELL)
    assert measure_redness(pixels) is None
    found = hooke.segment(Image(pixels, is_rgb=True))
    assert share(found.labels, red) > 0.9
    assert not any("red blood cells" in warning for warning in found.warnings)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_brown_nuclei_beside_blue_ones_are_no_red_cells(dtype):
    pixels, (nuclei, brown, red) = slide(NUCLEUS, BROWN, RED_CELL)
    pixels = pixels.astype(dtype) * dtype(257 if dtype == np.uint16 else 1)
    labels = np.max([nuclei, np.where(brown, brown + 100, 0), np.where(red, red + 200, 0)], axis=0).astype(np.int32)
    fill = np.zeros(labels.shape, bool)
    fill[:20] = True  # black, as beside a scan: no part of what is measured
    redness = measure_redness(np.where(fill[..., None], 0, pixels).astype(dtype), fill)
    is_red = redness.find(labels, int(labels.max()), pixels)
    assert {int(label) for label in np.flatnonzero(is_red) + 1} == set(range(201, int(labels.max()) + 1))


@pytest.mark.slow
def test_blocks_of_a_large_slide_drop_as_many_as_one_pass(tmp_path):
    pixels = np.tile(slide(NUCLEUS, RED_CELL)[0], (1, 2, 1))
    tifffile.imwrite(tmp_path / "a.tif", pixels, tile=(128, 128), photometric="rgb")
    options = SegmentOptions(diameter=DIAMETER, threads=1)
    blocks, one = (
        segment_folder([tmp_path / "a.tif"], tmp_path / str(side), options, block=side).images[0].rows[0]
        for side in (512, None)
    )
    assert "red blood cells: " in one["warning"]
    assert (blocks["warning"], blocks["count"]) == (one["warning"], one["count"])
