"""Preparing BBBC039: nuclei by colour and connection, official splits, 16 bits kept."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile
from skimage.measure import label

from hooke.datasets.adapters.bbbc039 import SPECK, find, load
from hooke.datasets.layout import IndexRow, read_index, read_sample
from hooke.datasets.prepare import prepare_dataset
from hooke.errors import DatasetError, ImageReadError

PUBLISHED = Path(__file__).parents[2] / ".." / "shared" / "data" / "bbbc039"
needs_data = pytest.mark.skipif(not PUBLISHED.is_dir(), reason="BBBC039 is not at ../shared/data")

# Two nuclei of 12 pixels that touch, a third that meets one of its own colour at a corner only, a fourth of just 10
# pixels, and specks of 1 and 9.
COLOURS = """
11112222....
11112222....
11112222....
........2222
33333...2222
33333...2222
...........1
11111.......
1111........
"""
LABELS = """
11112222....
11112222....
11112222....
........3333
44444...3333
44444...3333
............
............
............
"""
COLOURS, LABELS = (
    np.array([[int(sign) for sign in row] for row in text.replace(".", "0").split()]) for text in (COLOURS, LABELS)
)


@pytest.fixture
def source(tmp_path):
    """One image per official list."""
    root = tmp_path / "published"
    for id_, name in {"A01_s1": "training", "A01_s2": "validation", "B02_s1": "test"}.items():
        save(root, id_, COLOURS)
        (root / "metadata").mkdir(exist_ok=True)
        (root / "metadata" / f"{name}.txt").write_text(f"{id_}.png\n")
    return root


def save(root, id_, colours):
    mask = np.zeros((*colours.shape, 4), np.uint8)
    mask[..., 0], mask[..., 3] = colours, 255
    image = (np.arange(colours.size) * 37).reshape(colours.shape).astype(np.uint16)
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(root / "images" / f"{id_}.tif", image)
    PIL.Image.fromarray(mask).save(root / "masks" / f"{id_}.png")


def test_a_nucleus_is_a_4_connected_piece_of_one_colour_of_10_pixels_or_more(source):
    sample = load(source, "A01_s1")
    np.testing.assert_array_equal(sample.labels, LABELS)
    assert sample.labels.dtype == np.int32
    assert sample.oddities == {SPECK: 2}


@pytest.mark.parametrize("seed", range(5))
def test_nuclei_are_those_of_scikit_image_in_its_order(tmp_path, seed):
    coarse = np.random.default_rng(seed).integers(0, 4, (30, 40))
    colours = np.kron(coarse, np.ones((3, 4), int))
    save(tmp_path, "A01_s1", colours)
    pieces = label(colours, background=0, connectivity=1)  # of 12 pixels at least
    np.testing.assert_array_equal(load(tmp_path, "A01_s1").labels, pieces)
    assert pieces.max() > 100


def test_splits_are_the_official_ones_and_images_keep_their_16_bits(source, tmp_path):
    report = prepare_dataset("bbbc039", source, tmp_path / "out")
    assert report.oddities == {SPECK: {"A01_s1": 2, "A01_s2": 2, "B02_s1": 2}}
    assert read_index(tmp_path / "out") == [
        IndexRow("A01_s1", "train", "fluorescence", "A01_s1", 9, 12, 4),
        IndexRow("A01_s2", "val", "fluorescence", "A01_s2", 9, 12, 4),
        IndexRow("B02_s1", "test", "fluorescence", "B02_s1", 9, 12, 4),
    ]
    image = tifffile.imread(tmp_path / "out" / "images" / "B02_s1.tif")
    assert image.dtype == np.uint16
    np.testing.assert_array_equal(image, tifffile.imread(source / "images" / "B02_s1.tif"))
    with PIL.Image.open(tmp_path / "out" / "labels" / "B02_s1.png") as picture:
        assert picture.mode == "I;16"


def test_a_mask_without_nuclei_is_an_image_without_nuclei(source, tmp_path):
    save(source, "A01_s1", np.zeros_like(COLOURS))
    report = prepare_dataset("bbbc039", source, tmp_path / "out")
    assert "A01_s1" not in report.oddities[SPECK]
    assert read_index(tmp_path / "out")[0].nuclei == 0


def test_running_again_keeps_images_and_splits(source, tmp_path):
    prepare_dataset("bbbc039", source, tmp_path / "out")
    index = (tmp_path / "out" / "index.csv").read_bytes()
    assert len(prepare_dataset("bbbc039", source, tmp_path / "out").kept) == 3
    assert (tmp_path / "out" / "index.csv").read_bytes() == index


def test_a_given_index_goes_before_the_official_splits(source, tmp_path):
    (tmp_path / "mine.csv").write_text("id,split,modality,field_of_view\nA01_s1,test,,well A01\n")
    report = prepare_dataset("bbbc039", source, tmp_path / "out", split_from=tmp_path / "mine.csv")
    assert report.left_out == ["A01_s2", "B02_s1"]
    (row,) = read_index(tmp_path / "out")
    assert (row.split, row.modality, row.field_of_view) == ("test", "fluorescence", "well A01")


@pytest.mark.parametrize("damage", ["no image", "no mask", "cut mask", "size"])
def test_one_bad_image_is_reported_and_the_rest_go_on(source, tmp_path, damage):
    mask = source / "masks" / "A01_s2.png"
    if damage == "no image":
        (source / "images" / "A01_s2.tif").unlink()
    elif damage == "no mask":
        mask.unlink()
    elif damage == "cut mask":
        mask.write_bytes(mask.read_bytes()[:70])
    else:
        PIL.Image.fromarray(np.ones((5, 5, 4), np.uint8)).save(mask)
    report = prepare_dataset("bbbc039", source, tmp_path / "out")
    assert list(report.failed) == ["A01_s2"]
    assert isinstance(report.failed["A01_s2"], DatasetError if damage == "size" else ImageReadError)
    assert [row.id for row in read_index(tmp_path / "out")] == ["A01_s1", "B02_s1"]


@pytest.mark.parametrize("name", ["images", "masks", "metadata", "metadata/validation.txt"])
def test_a_missing_folder_or_list_is_named(source, name):
    path = source / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(DatasetError, match=r"metadata\.zip") as caught:
        find(source)
    assert caught.value.path == path


def test_an_image_in_two_lists_is_refused(source):
    (source / "metadata" / "test.txt").write_text("A01_s1.png\n")
    with pytest.raises(DatasetError, match="A01_s1 is in another list"):
        find(source)


@needs_data
def test_published_lists_are_read_whole():
    _, entries = find(PUBLISHED)
    assert Counter(entry.split for entry in entries) == {"train": 100, "val": 50, "test": 50}


@needs_data
def test_published_images_become_samples_whose_nuclei_are_pieces_of_one_colour(tmp_path):
    _, entries = find(PUBLISHED)
    some = [entry.id for entry in entries[::40]]
    rows = "".join(f"{id_},train,,\n" for id_ in some)
    (tmp_path / "some.csv").write_text("id,split,modality,field_of_view\n" + rows)
    report = prepare_dataset("bbbc039", PUBLISHED, tmp_path / "out", split_from=tmp_path / "some.csv")
    assert report.written == some
    for id_ in some:
        image, labels = read_sample(tmp_path / "out", id_)
        np.testing.assert_array_equal(image, tifffile.imread(PUBLISHED / "images" / f"{id_}.tif"))
        colours = np.asarray(PIL.Image.open(PUBLISHED / "masks" / f"{id_}.png"))[..., 0]
        lost = np.count_nonzero((colours > 0) & (labels == 0))
        assert lost < 10 * report.oddities.get(SPECK, {}).get(id_, 0) + 1
        pairs = np.unique(labels[labels > 0].astype(np.int64) * 256 + colours[labels > 0])
        assert (pairs // 256).tolist() == list(range(1, labels.max() + 1))  # each id once: it has one colour
        assert 0 not in pairs % 256
        assert np.bincount(labels.ravel())[1:].min() >= 10
