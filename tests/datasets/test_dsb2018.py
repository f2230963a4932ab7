"""Preparing Kaggle's layout: equal to the data set prepared elsewhere, and safe with damaged or partial sources."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from hooke.datasets.adapters.dsb2018 import find
from hooke.datasets.layout import IndexRow, find_labels, read_index, read_sample, write_index, write_sample
from hooke.datasets.prepare import PrepareSettings, prepare_dataset
from hooke.datasets.sidecars import read_conflicts
from hooke.errors import ConfigError, DatasetError
from hooke.labels.painter import Conflict

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
ORIGINAL, PREPARED = SHARED / "dsb2018_original_layout", SHARED / "dsb2018"
needs_data = pytest.mark.skipif(
    not (ORIGINAL.is_dir() and PREPARED.is_dir()), reason="the Data Science Bowl's images are not at ../shared/data"
)


@pytest.fixture
def source(tmp_path):
    """Three small images: grey fluorescence, coloured histology, one with overlapping masks."""
    rng = np.random.default_rng(0)
    for id_, background in {"a": (9, 9, 9), "b": (210, 150, 200), "c": (200, 200, 200)}.items():
        image = np.zeros((20, 30, 4), np.uint8)
        image[..., :3], image[..., 3] = background, 255
        image[3:8, 3:8, :3] = 90
        save(tmp_path, id_, "images", id_, image)
        for number in range(2):
            mask = np.zeros((20, 30), np.uint8)
            mask[3 + 6 * number : 8 + 6 * number, 3:8] = 255
            save(tmp_path, id_, "masks", f"{number}{rng.integers(1000)}", mask)
    extra = np.zeros((20, 30), np.uint8)
    extra[7:9, 3:9] = 255  # reaches into the first nucleus, and no further than the second's edge
    save(tmp_path, "c", "masks", "2", extra)
    save(tmp_path, "c", "masks", "3", np.zeros((20, 30), np.uint8))
    return tmp_path


def save(root, id_, kind, name, pixels):
    folder = root / "stage1_train" / id_ / kind
    folder.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(pixels).save(folder / f"{name}.png")


@pytest.mark.slow
@needs_data
def test_published_images_become_the_shared_data_set_pixel_for_pixel_and_id_for_id(tmp_path):
    report = prepare_dataset("dsb2018", ORIGINAL, tmp_path, split_from=PREPARED / "index.csv")
    listed = {row.id: row for row in read_index(PREPARED)}
    rows = read_index(tmp_path)
    assert len(rows) == len(report.written) == 11
    assert not (report.failed or report.left_out)
    assert len(report.absent) == 653
    for row in rows:
        image, labels = read_sample(tmp_path, row.id)
        expected_image, expected_labels = read_sample(PREPARED, row.id)
        np.testing.assert_array_equal(image, expected_image)
        np.testing.assert_array_equal(labels, expected_labels)
        assert image.dtype == np.uint8
        assert row == listed[row.id]


@pytest.mark.slow
@needs_data
def test_guessed_modalities_are_those_of_the_index(tmp_path):
    prepare_dataset("dsb2018", ORIGINAL / "stage1_train", tmp_path)
    listed = {row.id: row.modality for row in read_index(PREPARED)}
    assert {row.modality for row in read_index(tmp_path)} == {"fluorescence", "histology", "brightfield"}
    assert all(row.modality == listed[row.id] for row in read_index(tmp_path))


def test_modality_sizes_and_counts_without_an_index(source, tmp_path):
    prepare_dataset("dsb2018", source, tmp_path / "out")
    rows = {row.id: row for row in read_index(tmp_path / "out")}
    assert [rows[id_].modality for id_ in "abc"] == ["fluorescence", "histology", "brightfield"]
    assert rows["a"] == IndexRow("a", rows["a"].split, "fluorescence", "a", 20, 30, 2)
    assert read_sample(tmp_path / "out", "a")[0].shape == (20, 30)
    assert read_sample(tmp_path / "out", "b")[0][0, 0].tolist() == [210, 150, 200]


def test_overlaps_go_to_the_first_mask_and_are_counted(source, tmp_path):
    report = prepare_dataset("dsb2018", source, tmp_path / "out")
    # "2" sorts after "0..." and "1...". It holds rows 7 and 8, columns 3..8; row 7, columns 3..7 are the first's.
    assert report.oddities == {
        "overlaps of two masks, left to the first (see conflicts.csv)": {"c": 1},
        "masks without a pixel, dropped (see conflicts.csv)": {"c": 1},
    }
    first = next(path.name for path in sorted((source / "stage1_train" / "c" / "masks").iterdir()))
    assert read_conflicts(tmp_path / "out") == [
        ("c", Conflict("overlap", "2.png", first, 5, "left to the first")),
        ("c", Conflict("empty", "3.png", "", 0, "dropped")),
    ]
    labels = read_sample(tmp_path / "out", "c")[1]
    assert labels[7, 3:9].tolist() == [1, 1, 1, 1, 1, 3]
    assert labels[8, 3:9].tolist() == [3] * 6
    assert labels.max() == 3


def test_running_again_writes_nothing_and_gives_the_same_index(source, tmp_path):
    out = tmp_path / "out"
    prepare_dataset("dsb2018", source, out)
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    index = (out / "index.csv").read_bytes()
    report = prepare_dataset("dsb2018", source / "stage1_train", out)
    assert (report.written, report.kept) == ([], ["a", "b", "c"])
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.png")} == times
    assert (out / "index.csv").read_bytes() == index
    assert prepare_dataset("dsb2018", source, out, overwrite=True).written == ["a", "b", "c"]


def test_a_stopped_run_goes_on_where_it_was(source, tmp_path):
    out = tmp_path / "out"

    def stop(progress):
        if progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_dataset("dsb2018", source, out, progress=stop)
    assert not (out / "index.csv").exists()
    find_labels(out, "b").write_bytes(b"")  # as a copy that was cut short
    report = prepare_dataset("dsb2018", source, out)
    assert (report.kept, report.written) == (["a"], ["b", "c"])
    assert len(read_index(out)) == 3
    assert not [path for path in out.rglob(".*") if path.is_file()]


@pytest.mark.parametrize("damage", ["cut", "empty", "no image", "no masks", "mask size"])
def test_one_bad_image_is_reported_and_the_rest_go_on(source, tmp_path, damage):
    folder = source / "stage1_train" / "b"
    image = folder / "images" / "b.png"
    if damage == "cut":
        image.write_bytes(image.read_bytes()[:60])
    elif damage == "empty":
        image.write_bytes(b"")
    elif damage == "no image":
        image.unlink()
    elif damage == "no masks":
        shutil.rmtree(folder / "masks")
    else:
        save(source, "b", "masks", "9", np.ones((5, 5), np.uint8))
    report = prepare_dataset("dsb2018", source, tmp_path / "out")
    assert list(report.failed) == ["b"]
    assert report.failed["b"].path is not None
    assert report.failed["b"].remedy
    assert [row.id for row in read_index(tmp_path / "out")] == ["a", "c"]
    assert find_labels(tmp_path / "out", "b") is None


def test_images_that_a_given_index_does_not_list_are_left_out(source, tmp_path):
    given = [IndexRow("a", "val", "confocal", "7", 20, 30, 2), IndexRow("c", "test", "x", "8", 20, 30, 2)]
    write_index(tmp_path / "given", given)
    report = prepare_dataset("dsb2018", source, tmp_path / "out", split_from=tmp_path / "given")
    assert report.left_out == ["b"]
    rows = read_index(tmp_path / "out")
    assert [(row.id, row.split, row.modality, row.field_of_view) for row in rows] == [
        ("a", "val", "confocal", "7"),
        ("c", "test", "x", "8"),
    ]


def test_rows_of_another_source_are_kept(source, tmp_path):
    other = IndexRow("z", "test", "fluorescence", "z", 4, 4, 1)
    write_sample(tmp_path / "out", "z", np.zeros((4, 4), np.uint8), np.eye(4, dtype=np.int32))
    write_index(tmp_path / "out", [other])
    prepare_dataset("dsb2018", source, tmp_path / "out")
    rows = read_index(tmp_path / "out")
    assert [row.id for row in rows] == ["a", "b", "c", "z"]
    assert rows[-1] == other


def test_wrong_sources_are_refused_with_a_remedy(tmp_path):
    with pytest.raises(DatasetError, match="stage1_train"):
        prepare_dataset("dsb2018", tmp_path, tmp_path / "out")
    with pytest.raises(DatasetError, match="no such file or folder"):
        prepare_dataset("dsb2018", tmp_path / "absent", tmp_path / "out")
    with pytest.raises(ConfigError, match="dsb2018"):
        prepare_dataset("dsb2019", tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.fixture
def table(source):
    """The three images' nuclei as run lengths beside them, and no masks."""
    # Rows 3..7 of columns 3..7 and rows 9..13: pixel 1 is the top left one, and counting goes down columns of 20.
    nuclei = [[f"{column * 20 + row + 1} 5" for column in range(3, 8)] for row in (3, 9)]
    lines = [f"{id_},{' '.join(runs)}" for id_ in "ab" for runs in nuclei]
    path = source / "stage1_train_labels.csv"
    path.write_text("\n".join(["ImageId,EncodedPixels", *lines, "c,"]) + "\n")
    for id_ in "abc":
        shutil.rmtree(source / "stage1_train" / id_ / "masks")
    return path


def test_run_lengths_of_the_stage_csv_give_the_masks(source, table, tmp_path):
    prepare_dataset("dsb2018", source, tmp_path / "out")
    labels = read_sample(tmp_path / "out", "a")[1]
    expected = np.zeros((20, 30), int)
    expected[3:8, 3:8], expected[9:14, 3:8] = 1, 2
    np.testing.assert_array_equal(labels, expected)
    assert [row.nuclei for row in read_index(tmp_path / "out")] == [2, 2, 0]
    assert find(table)[0].table == find(source / "stage1_train")[0].table == table


def test_masks_go_before_the_csv_unless_it_is_asked_for(source, tmp_path):
    table = source / "stage1_train_labels.csv"
    table.write_text("ImageId,EncodedPixels\na,1 1\nb,\nc,\nd,1 1\n")
    assert find(source)[0].table is None
    report = prepare_dataset("dsb2018", source, tmp_path / "out", settings=PrepareSettings({"truth": "csv"}))
    assert [row.nuclei for row in read_index(tmp_path / "out")] == [1, 0, 0]
    assert list(report.failed) == ["d"]  # listed, but absent
    assert report.failed["d"].path == source / "stage1_train" / "d" / "images" / "d.png"
    with pytest.raises(ConfigError, match="masks, csv"):
        find(source, truth="both")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a,1 601\nb,\nc,", "line 2: a run lies outside the image of 20 x 30"),
        ("a,1\nb,\nc,", "line 2: run lengths end in a start"),
        ("a,1 x\nb,\nc,", "line 2: run lengths hold"),
        ("b,\nc,", "no row for this image"),
    ],
)
def test_bad_run_lengths_are_named_by_line_and_the_rest_go_on(source, table, tmp_path, text, word):
    table.write_text(f"ImageId,EncodedPixels\n{text}\n")
    report = prepare_dataset("dsb2018", source, tmp_path / "out")
    assert list(report.failed) == ["a"]
    assert report.failed["a"].path == table
    assert word in str(report.failed["a"])
    assert len(read_index(tmp_path / "out")) == 2


def test_a_csv_that_can_not_be_read_is_refused(source, table):
    table.write_bytes(b"ImageId,EncodedPixels\na,\0\n")
    with pytest.raises(DatasetError, match="not a text"):
        find(table)
    table.write_text("image,rle\n")
    with pytest.raises(DatasetError, match="'ImageId' is missing"):
        find(table)
    with pytest.raises(DatasetError, match="no csv with ImageId"):
        find(source, truth="csv")


def test_a_mask_in_two_pieces_is_kept_as_one_nucleus_and_noted(source, tmp_path):
    mask = np.zeros((20, 30), np.uint8)
    mask[15, 20], mask[15, 25] = 255, 1
    save(source, "a", "masks", "9", mask)
    prepare_dataset("dsb2018", source, tmp_path / "out")
    assert read_conflicts(tmp_path / "out")[0] == ("a", Conflict("pieces", "9.png", "", 2, "kept as one nucleus"))
    labels = read_sample(tmp_path / "out", "a")[1]
    assert labels[15, 20] == labels[15, 25] == 3
