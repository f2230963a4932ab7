"""Submissions: codes by hand and against the coder of single masks; what is written reads back to the same pixels."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from hooke.cli.submit import submit
from hooke.errors import DatasetError, OutputError
from hooke.evaluation import evaluate
from hooke.evaluation.submission import write_submission
from hooke.io.annotations import dsb_csv
from hooke.labels.run_length import encode_objects, encode_pairs
from tests.builders import run_command

LABELS = np.array([[1, 1, 0, 9], [1, 0, 0, 9], [0, 0, 5, 9]], np.uint16)


@pytest.fixture
def folder(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", LABELS)
    tifffile.imwrite(tmp_path / "b.tif", np.zeros((3, 4), np.uint16))
    return tmp_path


def test_codes_by_hand():
    assert encode_objects(LABELS) == ["1 2 4 1", "9 1", "10 3"]
    assert encode_objects(np.zeros((3, 4), np.int32)) == []
    assert encode_objects(np.full((2, 3), 70_000)) == ["1 6"]


@settings(max_examples=60, deadline=None)
@given(arrays(np.int32, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 4)))
def test_codes_are_those_of_single_masks(labels):
    assert encode_objects(labels) == [encode_pairs(labels == label) for label in np.unique(labels) if label]


def test_file_has_a_row_an_object_and_one_for_an_empty_image(folder):
    written = write_submission(folder, folder / "out" / "submission.csv")
    assert written.path.read_text() == "ImageId,EncodedPixels\na,1 2 4 1\na,9 1\na,10 3\nb,\n"
    assert written.objects == {"a": 3, "b": 0}
    assert written.failed == {}


def test_what_is_written_scores_as_the_labels_do(folder, tmp_path):
    write_submission(folder, tmp_path / "s.csv")
    assert evaluate(tmp_path / "s.csv", folder, resamples=0).overall.mean["dsb"] == 1


def test_a_bad_image_is_told_and_the_rest_written(folder):
    tifffile.imwrite(folder / "c.tif", np.zeros((2, 3, 4), np.uint16), imagej=True, metadata={"axes": "ZYX"})
    tifffile.imwrite(folder / "d.tif", np.full((3, 4), 0.5, np.float32))
    written = write_submission(folder, folder / "s.csv")
    assert set(written.objects) == {"a", "b"}
    assert "c is a stack" in written.failed["c"] and "d.tif" in written.failed["d"]


def test_what_is_odd_about_label_images_is_said(folder):
    intensities = np.random.default_rng(0).integers(0, 60_000, (70, 70), np.uint16)
    tifffile.imwrite(folder / "b.tif", intensities)
    result, status = run_command(submit, folder, "-o", folder / "s.csv")
    assert status == 0
    assert "1 label images whose neighbouring pixels differ as in images of intensities" in result.output


def test_nothing_to_write_leaves_no_file(tmp_path):
    tifffile.imwrite(tmp_path / "c.tif", np.arange(24, dtype=np.uint16).reshape(2, 3, 4))
    with pytest.raises(DatasetError, match="no label image could be written"):
        write_submission(tmp_path, tmp_path / "s.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["c.tif"]


def test_a_difference_on_reading_back_leaves_no_file(folder, monkeypatch):
    monkeypatch.setattr(dsb_csv, "encode_objects", lambda labels: ["1 1"])
    with pytest.raises(OutputError, match="read back differently"):
        write_submission(folder, folder / "s.csv")
    assert not (folder / "s.csv").exists()
