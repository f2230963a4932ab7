"""Preparing folders of images and label images: paired by stem, ids made to count from 1, bad pairs reported."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile

from hooke.datasets.convert_image import DARK, guess_modality
from hooke.datasets.layout import read_entries, read_index, read_sample
from hooke.datasets.prepare import prepare_dataset
from hooke.errors import DatasetError
from tests.builders import phase_contrast_field

ROOT = Path(__file__).parents[2]
TNBC, TNBC_SPLIT = ROOT / ".." / "shared" / "data" / "tnbc", ROOT / "configs" / "tnbc-split.csv"
needs_data = pytest.mark.skipif(not TNBC.is_dir(), reason="TNBC is not at ../shared/data")

GAPPED = np.array([[0, 7, 7, 0], [0, 7, 0, 90_000], [3, 0, 0, 90_000]])
NUMBERED = [[0, 2, 2, 0], [0, 2, 0, 3], [1, 0, 0, 3]]


@pytest.fixture
def source(tmp_path):
    """Three pairs in different formats."""
    root = tmp_path / "source"
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True)
    rgba = np.full((3, 4, 4), 200, np.uint8)
    rgba[..., 3] = 9
    PIL.Image.fromarray(rgba).save(root / "images" / "a.png")
    np.save(root / "labels" / "a.npy", GAPPED)
    tifffile.imwrite(root / "images" / "b.1.ome.tif", np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000)
    PIL.Image.fromarray((GAPPED % 251).astype(np.uint8)).save(root / "labels" / "b.1.png")
    tifffile.imwrite(root / "images" / "c.tif", np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4))
    tifffile.imwrite(root / "labels" / "c.tif", GAPPED.astype(np.int32))
    (root / "labels" / "Thumbs.db").write_bytes(b"no image")
    return root


def test_pairs_of_any_format_are_made_one_layout(source, tmp_path):
    report = prepare_dataset("folder", source, tmp_path / "out")
    assert report.written == ["a", "b.1", "c"]
    assert not (report.failed or report.oddities)
    images, labels = zip(*(read_sample(tmp_path / "out", id_) for id_ in report.written), strict=True)
    assert [image.dtype for image in images] == [np.uint8, np.uint16, np.float32]
    assert images[0].shape == (3, 4, 3)
    np.testing.assert_array_equal(images[2], tifffile.imread(source / "images" / "c.tif"))
    assert labels[0].tolist() == labels[2].tolist() == NUMBERED
    # 90 000 % 251 is 142: still the largest.
    assert labels[1].tolist() == NUMBERED
    assert [row.nuclei for row in read_index(tmp_path / "out")] == [3, 3, 3]


def test_labels_called_masks_are_paired_with_their_images(source, tmp_path):
    for path in (source / "labels").iterdir():
        stem, suffix = path.name.rsplit(".", 1)
        path.rename(path.with_name(f"{stem}_mask.{suffix}"))
    report = prepare_dataset("folder", source, tmp_path / "out")
    assert report.written == ["a", "b.1", "c"]
    assert not report.failed
    assert read_sample(tmp_path / "out", "c")[1].tolist() == NUMBERED


def test_without_an_index_the_split_is_seeded_and_each_image_a_field(source, tmp_path):
    prepare_dataset("folder", source, tmp_path / "one", seed=3)
    prepare_dataset("folder", source, tmp_path / "two", seed=3)
    rows = read_index(tmp_path / "one")
    assert rows == read_index(tmp_path / "two")
    assert [row.field_of_view for row in rows] == ["a", "b.1", "c"]


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        ("no labels", "no file of this name"),
        ("no image", "no file of this name"),
        ("size", "labels .2, 2. for an image .3, 4."),
        ("empty", "empty"),
        ("colours", "not a label image"),
        ("negative", "negative"),
        ("twice", "a.npy, a.png"),
        ("stack", "2 planes"),
    ],
)
def test_a_bad_pair_is_reported_and_the_rest_go_on(source, tmp_path, damage, word):
    image, labels = source / "images" / "a.png", source / "labels" / "a.npy"
    if damage == "no labels":
        labels.unlink()
    elif damage == "no image":
        image.unlink()
    elif damage == "empty":
        image.write_bytes(b"")
    elif damage == "twice":
        PIL.Image.new("L", (4, 3)).save(labels.with_suffix(".png"))
    elif damage == "stack":
        image.unlink()
        tifffile.imwrite(image.with_suffix(".tif"), np.ones((2, 3, 4), np.uint8), metadata={"axes": "ZYX"})
    else:
        wrong = {"size": np.ones((2, 2), int), "colours": np.ones((3, 4, 3)), "negative": GAPPED - 1}
        labels.unlink()
        tifffile.imwrite(
            labels.with_suffix(".tif"), wrong[damage].astype(np.int32 if damage != "colours" else np.uint8)
        )
    report = prepare_dataset("folder", source, tmp_path / "out")
    assert list(report.failed) == ["a"]
    assert report.failed["a"].path.parent.parent == source
    with pytest.raises(type(report.failed["a"]), match=word):
        raise report.failed["a"]
    assert [row.id for row in read_index(tmp_path / "out")] == ["b.1", "c"]


@pytest.mark.parametrize("channels", [2, 4])
def test_every_channel_of_a_stained_image_is_kept(source, tmp_path, channels):
    stains = np.arange(12 * channels, dtype=np.uint8).reshape(channels, 3, 4)
    (source / "images" / "a.png").unlink()
    tifffile.imwrite(source / "images" / "a.tif", stains, metadata={"axes": "CYX"})
    assert not prepare_dataset("folder", source, tmp_path / "out").failed
    np.testing.assert_array_equal(read_sample(tmp_path / "out", "a")[0], np.moveaxis(stains, 0, 2))


@pytest.mark.parametrize("missing", ["images", "labels"])
def test_a_source_without_one_of_the_folders_is_refused(source, tmp_path, missing):
    (source / missing).rename(tmp_path / "elsewhere")
    with pytest.raises(DatasetError, match="no image files here") as caught:
        prepare_dataset("folder", source, tmp_path / "out")
    assert caught.value.path == source / missing
    assert not (tmp_path / "out").exists()


def test_modality_is_guessed_alike_whatever_the_bits():
    rng = np.random.default_rng(0)
    dark = rng.normal(20, 3, (40, 40)).clip(0)
    dark[10:20, 10:20] = 180
    light = 200 - dark * 0.7
    stained = np.stack([light, light * 0.6, light * 0.9], axis=2)
    for image, modality in [(dark, "fluorescence"), (light, "brightfield"), (stained, "histology")]:
        assert guess_modality(image.astype(np.uint8)) == modality
        assert guess_modality((image * 16).astype(np.uint16)) == modality  # a camera of 12 bits
        assert guess_modality((image / 255).astype(np.float32)) == modality
    assert guess_modality(np.zeros((4, 4), np.uint16)) == "fluorescence"


@pytest.mark.parametrize("seed", range(3))
def test_dark_phase_contrast_is_no_fluorescence(seed):
    field = phase_contrast_field(seed)
    dark = (field / field.max() * 150).astype(np.uint8)
    assert np.median(dark) < DARK
    for image in (dark, dark.astype(np.uint16) * 16, np.dstack([dark] * 3)):
        assert guess_modality(image) == "brightfield"


def test_the_split_of_tnbc_keeps_patients_together():
    entries = read_entries(TNBC_SPLIT)
    assert len(entries) == 50
    assert {entry.modality for entry in entries} == {"histology"}
    assert all(entry.field_of_view == entry.id.split("_")[0] for entry in entries)
    assert {entry.field_of_view for entry in entries if entry.split == "val"} == {"04", "09"}
    assert {entry.field_of_view for entry in entries if entry.split == "train"} == {
        *("01", "02", "03", "05", "06", "07", "08", "10", "11")
    }


@needs_data
def test_tnbc_comes_over_unchanged(tmp_path):
    entries = read_entries(TNBC_SPLIT)
    chosen = [entry.id for entry in entries[::10]]
    for folder in ("images", "labels"):
        names = {path.stem for path in (TNBC / folder).glob("*.png")}
        assert names == {entry.id for entry in entries}
        (tmp_path / "in" / folder).mkdir(parents=True)
        for id_ in chosen:
            shutil.copy(TNBC / folder / f"{id_}.png", tmp_path / "in" / folder)
    report = prepare_dataset("folder", tmp_path / "in", tmp_path / "out", split_from=TNBC_SPLIT)
    assert sorted(report.written) == sorted(chosen)
    assert not (report.failed or report.left_out)
    for id_ in chosen:
        image, labels = read_sample(tmp_path / "out", id_)
        np.testing.assert_array_equal(image, np.asarray(PIL.Image.open(TNBC / "images" / f"{id_}.png")))
        np.testing.assert_array_equal(labels, np.asarray(PIL.Image.open(TNBC / "labels" / f"{id_}.png")))


def save(path, pixels):
    """Write a small picture, and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(np.asarray(pixels, np.uint8)).save(path)


def test_stardists_folders_are_images_and_masks_divided_into_splits(tmp_path):
    for split, id_ in [("train", "a"), ("train", "b"), ("test", "a")]:
        save(tmp_path / "in" / split / "images" / f"{id_}.png", np.eye(4))
        save(tmp_path / "in" / split / "masks" / f"{id_}.png", np.eye(4))
    prepare_dataset("folder", tmp_path / "in", tmp_path / "out")
    rows = {row.id: row.split for row in read_index(tmp_path / "out")}
    assert rows == {"train_a": "train", "b": "train", "test_a": "test"}


def test_cellposes_suffixes_are_taken_in_one_folder(tmp_path):
    root = tmp_path / "in"
    for name in ("a.png", "000_img.png", "b.png", "c.png"):
        save(root / name, np.zeros((4, 4)))
    for name in ("a_masks.png", "000_masks.png", "b_cp_masks.tif"):
        save(root / name, np.eye(4) * 3)
    save(root / "a_flows.tif", np.zeros((4, 4)))
    (root / "a_seg.npy").write_bytes(b"\x80\x04\x95 never read")
    (root / "c_seg.npy").write_bytes(b"\x80\x04\x95 never read")
    report = prepare_dataset("folder", root, tmp_path / "out")
    assert report.written == ["000", "a", "b"]
    assert read_sample(tmp_path / "out", "000")[1].tolist() == np.eye(4).tolist()
    assert list(report.failed) == ["c"]
    assert report.failed["c"].path == root / "c_seg.npy"
    assert "pickle" in report.failed["c"].cause
    assert "PNG or TIFF" in report.failed["c"].remedy


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("img/{}.png", "mask/{}.png"), ("imagesTr/{}_0000.png", "labelsTr/{}.png"),
        ("images/train/{}.png", "labels/train/{}.png"),
        ("{}.png", "{}_mask.png"), ("{}.png", "{}_labels.png"), ("train/img/{}.png", "train/mask/{}_mask.png"),
    ],
)  # fmt: skip
def test_other_names_of_folders_and_masks_are_known(tmp_path, image, label):
    for name in ("a", "b"):
        for template, pixels in ((image, GAPPED > 3), (label, GAPPED % 251)):
            path = tmp_path / "source" / template.format(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            PIL.Image.fromarray(pixels.astype(np.uint8)).save(path)
    report = prepare_dataset("folder", tmp_path / "source", tmp_path / "out")
    assert len(report.written) == 2 and not report.failed
    assert read_sample(tmp_path / "out", report.written[0])[1].tolist() == NUMBERED
    splits = {row.split for row in read_index(tmp_path / "out")}
    assert "train" not in image or splits == {"train"}


def test_folders_of_patients_within_images_and_labels_are_paired_by_folder_and_name(tmp_path):
    for patient, size in (("p1", 4), ("p2", 3)):
        save(tmp_path / "in" / "images" / patient / "a.png", np.eye(9))
        save(tmp_path / "in" / "labels" / patient / "a_mask.png", np.arange(9 * 9).reshape(9, 9) < size)
    report = prepare_dataset("folder", tmp_path / "in", tmp_path / "out")
    assert sorted(report.written) == ["p1-a", "p2-a"]
    assert (read_sample(tmp_path / "out", "p1-a")[1] > 0).sum() == 4
    assert (read_sample(tmp_path / "out", "p2-a")[1] > 0).sum() == 3


def test_an_image_without_masks_beside_others_is_reported(tmp_path):
    for name in ("a.png", "a_masks.png", "b.png"):
        save(tmp_path / "in" / name, np.eye(4))
    report = prepare_dataset("folder", tmp_path / "in", tmp_path / "out")
    assert (report.written, list(report.failed)) == (["a"], ["b"])
    assert report.failed["b"].path == tmp_path / "in" / "b_masks"


def test_a_folder_of_images_alone_is_refused(tmp_path):
    save(tmp_path / "a.png", np.eye(4))
    with pytest.raises(DatasetError, match="no image files here"):
        prepare_dataset("folder", tmp_path, tmp_path / "out")
