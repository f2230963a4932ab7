"""What `--fix` changes, what it leaves, and what it writes down."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from hooke.datasets.layout import read_index, read_sample
from hooke.doctor.fix import correct_labels, fix_dataset
from hooke.errors import OutputError
from hooke.io.annotations.classes_json import read_classes, write_classes


def faulty():
    """Objects 2 (a hole of 4, a hole of 16), 5 (two far pieces), 7 (two near ones), 8 (a speck), 9 (stray pixels)."""
    labels = np.zeros((80, 100), np.int32)
    labels[5:25, 5:25] = 2
    labels[10:12, 10:12] = 0
    labels[15:19, 15:19] = 0
    labels[40:50, 5:15] = labels[40:50, 60:70] = 5
    labels[60:70, 5:15] = labels[60:70, 17:27] = 7
    labels[5:7, 50:52] = 8
    labels[20:30, 80:90] = 9
    labels[20:22, 95:97] = 9
    return labels


def test_what_is_safe_is_mended_and_the_rest_is_left():
    source = faulty()
    labels, old_ids, changes = correct_labels("a", source)
    np.testing.assert_array_equal(source, faulty())
    expected = np.zeros_like(source)
    for new, old in ((1, 2), (2, 5), (3, 7), (4, 9)):
        expected[source == old] = new
    expected[10:12, 10:12] = 1
    expected[20:22, 95:97] = 0
    expected[40:50, 60:70] = 5
    np.testing.assert_array_equal(labels, expected)
    assert old_ids == {1: 2, 2: 5, 3: 7, 4: 9, 5: 5}
    assert [(one.action, one.label, one.new_label, one.pixels) for one in changes] == [
        ("hole filled", 2, 1, 4),
        ("piece split off", 5, 5, 100),
        ("speck removed", 8, 0, 4),
        ("stray pixels removed", 9, 0, 4),
        ("renumbered", 0, 0, 0),
    ]


def test_a_far_piece_behind_another_object_is_left():
    labels = np.zeros((20, 60), np.int32)
    labels[5:15, 5:15] = labels[5:15, 40:50] = 1
    labels[2:18, 20:35] = 2
    np.testing.assert_array_equal(correct_labels("a", labels)[0], labels)


def test_mending_twice_changes_nothing_more():
    once, _, _ = correct_labels("a", faulty())
    twice, _, changes = correct_labels("a", once)
    np.testing.assert_array_equal(twice, once)
    assert changes == []


def test_a_copy_is_written_with_classes_and_changes_and_the_source_stays(write_dataset, tmp_path):
    image = np.random.default_rng(0).integers(0, 4000, (80, 100)).astype(np.uint16)
    source = write_dataset({"a": (image, faulty(), "train"), "=b": (image, faulty(), "test")})
    write_classes(source, [("a", {2: "round", 5: "long", 8: "dust"})])
    (source / "images" / "=b.tif").write_bytes(b"II*\0")
    before = {path: path.read_bytes() for path in source.rglob("*.*")}
    fix_dataset(source, tmp_path / "fixed")
    assert {path: path.read_bytes() for path in source.rglob("*.*")} == before
    assert [(row.id, row.nuclei) for row in read_index(tmp_path / "fixed")] == [("a", 5)]
    got, labels = read_sample(tmp_path / "fixed", "a")
    np.testing.assert_array_equal(got, image)
    assert labels.max() == 5
    assert read_classes(tmp_path / "fixed") == {"a": {1: "round", 2: "long", 5: "long"}}
    with (tmp_path / "fixed" / "changes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert [row["image"] for row in rows if row["action"] == "left out"] == ["'=b"]  # which no spreadsheet runs
    with pytest.raises(OutputError, match="not empty"):
        fix_dataset(source, tmp_path / "fixed")
