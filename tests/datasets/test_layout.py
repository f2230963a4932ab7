"""The data set on disk: what is written is read back, and what is wrong with it is named."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.datasets.layout import Entry, read_entries, read_index, read_sample, write_sample
from hooke.errors import DatasetError


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("id,split\n", "modality"),
        ("id,split,modality,field_of_view,height,width,nuclei\na,train,f,1,2,x,3\n", "line 2"),
        ("id,split,modality,field_of_view,height,width,nuclei\na,dev,f,1,2,2,3\n", "split is 'dev'"),
        ("id,split,modality,field_of_view,height,width,nuclei\n../a,val,f,1,2,2,3\n", "id is"),
        ("id,split,modality,field_of_view,height,width,nuclei\n" + "a,val,f,1,2,2,3\n" * 2, "twice"),
        ("", "is empty"),
    ],
)
def test_a_bad_index_is_refused_by_line_and_cause(tmp_path, text, word):
    (tmp_path / "index.csv").write_text(text)
    with pytest.raises(DatasetError, match=word):
        read_index(tmp_path)


def test_samples_come_back_as_they_were_with_any_number_of_nuclei(tmp_path):
    rng = np.random.default_rng(0)
    few, many = np.arange(600, dtype=np.int32).reshape(20, 30), np.full((20, 30), 70_000, np.int32)
    for id_, labels, image in [
        ("few", few, rng.integers(0, 2**16, (20, 30)).astype(np.uint16)),
        ("many", many, rng.integers(0, 256, (20, 30, 3)).astype(np.uint8)),
        ("v1.2", few, rng.random((20, 30, 3)).astype(np.float32)),
    ]:
        write_sample(tmp_path, id_, image, labels)
        got_image, got_labels = read_sample(tmp_path, id_)
        np.testing.assert_array_equal(got_image, image)
        assert (got_image.dtype, got_labels.dtype) == (image.dtype, np.int32)
        np.testing.assert_array_equal(got_labels, labels)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")} == {
        *("images/few.tif", "labels/few.png"),
        *("images/many.png", "labels/many.tif"),
        *("images/v1.2.tif", "labels/v1.2.png"),
    }


def test_a_sample_written_anew_in_another_format_replaces_the_old_one(tmp_path):
    wide, narrow = np.full((4, 5), 70_000, np.int32), np.eye(4, 5, dtype=np.int32)
    write_sample(tmp_path, "a", np.zeros((4, 5), np.uint8), wide)
    write_sample(tmp_path, "a", np.full((4, 5), 300, np.uint16), narrow)
    image, labels = read_sample(tmp_path, "a")
    assert int(image.max()) == 300
    np.testing.assert_array_equal(labels, narrow)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2


@pytest.mark.parametrize(("lost", "word"), [("images/a.png", "image is missing"), ("labels/a.png", "label image is")])
def test_a_missing_file_is_named(tmp_path, lost, word):
    write_sample(tmp_path, "a", np.zeros((4, 5), np.uint8), np.eye(4, 5, dtype=np.int32))
    (tmp_path / lost).unlink()
    with pytest.raises(DatasetError, match=word) as caught:
        read_sample(tmp_path, "a")
    assert caught.value.path == tmp_path / lost


def test_labels_of_another_size_than_the_image_are_refused(tmp_path):
    write_sample(tmp_path, "a", np.zeros((4, 5), np.uint8), np.eye(5, 4, dtype=np.int32))
    with pytest.raises(DatasetError, match="labels"):
        read_sample(tmp_path, "a")


def test_entries_need_four_columns_and_a_split(tmp_path):
    path = tmp_path / "split.csv"
    path.write_text("split,note,id,field_of_view,modality\nval,x,a,7,histology\ntrain,,b,,\n")
    assert read_entries(path) == [Entry("a", "val", "histology", "7"), Entry("b", "train")]
    path.write_text("id,split,modality,field_of_view\na,,histology,7\n")
    with pytest.raises(DatasetError, match="line 2: split is ''"):
        read_entries(path)


def test_an_entry_is_completed_only_where_it_does_not_know():
    mine, other = Entry("a", "val"), Entry("a", "train", "histology", "7")
    assert mine.completed(other) == Entry("a", "val", "histology", "7")
    assert other.completed(mine) == other
    assert mine.completed(None) == mine
