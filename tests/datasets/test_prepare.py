"""The frame of every adapter: what is made again and what is kept, classes, sizes; bad input named and passed over."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from hooke.datasets import adapter as registry
from hooke.datasets.adapter import Sample, find_adapter, list_adapters
from hooke.datasets.class_rules import ClassRules
from hooke.datasets.layout import Entry, read_index, read_sample
from hooke.datasets.prepare import PrepareSettings, prepare_dataset
from hooke.datasets.sidecars import read_sources
from hooke.datasets.splits import dkfz_split
from hooke.errors import ConfigError, DatasetError
from hooke.io.annotations.classes_json import read_classes


class Fields:
    """An adapter of images in memory: 20 fields of view with two images each, two nuclei in every image."""

    TAKES = "nothing"

    def __init__(self):
        self.loaded = []
        self.entries = [Entry(f"{n:02}{side}", field_of_view=f"{n:02}") for n in range(20) for side in "ab"]

    def find(self, src, *, shade="9"):
        return int(shade), list(self.entries)

    def load(self, root, id_):
        self.loaded.append(id_)
        if id_ == "03a":
            raise DatasetError("damaged", path="03a.tif", remedy="copy it again")
        image = np.full((20, 30), root, np.uint8)
        labels = np.zeros((20, 30), np.int32)
        labels[2:5, 2:5], labels[12:15, 22:25] = 1, 2
        return Sample(image, labels, {"odd thing": 1}, {1: "round", 2: "long" if id_ < "10" else "flat"})


@pytest.fixture
def fields(monkeypatch, tmp_path):
    adapter = Fields()
    monkeypatch.setattr("hooke.datasets.prepare.find_adapter", lambda name: adapter)
    (tmp_path / "in").mkdir()
    return adapter


def prepare(tmp_path, **settings):
    return prepare_dataset("fields", tmp_path / "in", tmp_path / "out", **settings)


def test_groups_are_not_torn_and_bad_images_are_reported(fields, tmp_path):
    report = prepare(tmp_path)
    rows = read_index(tmp_path / "out")
    assert (len(report.written), list(report.failed), len(rows)) == (39, ["03a"], 39)
    assert sum(report.splits.values()) == 39
    assert min(report.splits.values()) >= 3
    splits = {}
    for row in rows:
        splits.setdefault(row.field_of_view, set()).add(row.split)
    assert all(len(found) == 1 for found in splits.values())
    assert not report.straddling


def test_a_second_run_loads_only_what_failed_and_changes_no_byte(fields, tmp_path):
    prepare(tmp_path)
    names = ["index.csv", "classes.json", "dataset.json", "prepared.jsonl"]
    before = [(tmp_path / "out" / name).read_bytes() for name in names]
    fields.loaded.clear()
    report = prepare(tmp_path)
    assert fields.loaded == ["03a"]
    assert len(report.kept) == 39
    assert [(tmp_path / "out" / name).read_bytes() for name in names] == before


def test_an_image_that_comes_later_changes_no_split_of_the_others(fields, tmp_path):
    late = fields.entries[:4]
    fields.entries = fields.entries[4:]
    prepare(tmp_path)
    before = {row.id: row.split for row in read_index(tmp_path / "out")}
    fields.entries = late + fields.entries
    prepare(tmp_path)
    after = {row.id: row.split for row in read_index(tmp_path / "out")}
    assert before == {id_: after[id_] for id_ in before}
    assert len(after) == len(before) + 4
    assert after["00a"] == after["00b"]


def test_another_option_or_rule_makes_images_again(fields, tmp_path):
    prepare(tmp_path)
    report = prepare(tmp_path, settings=PrepareSettings({"shade": "7"}))
    assert len(report.written) == 39
    assert read_sample(tmp_path / "out", "00a")[0][0, 0] == 7
    assert not prepare(tmp_path, settings=PrepareSettings({"shade": "7"})).written
    with pytest.raises(ConfigError, match="shade"):
        prepare(tmp_path, settings=PrepareSettings({"colour": "7"}))


def test_classes_are_renamed_ignored_and_dropped(fields, tmp_path):
    rules = ClassRules.parse(["long=round", "nowhere=x"], drop=["flat"])
    report = prepare(tmp_path, settings=PrepareSettings(rules=rules))
    assert report.classes == {"round": 39 + 19}
    assert report.unknown_classes == ["nowhere"]
    assert read_classes(tmp_path / "out")["00a"] == {1: "round", 2: "round"}
    assert read_classes(tmp_path / "out")["10a"] == {1: "round"}
    assert read_sample(tmp_path / "out", "10a")[1].max() == 1
    report = prepare(tmp_path, settings=PrepareSettings(rules=ClassRules.parse(ignore=["long", "flat", "round"])))
    assert (report.classes, read_classes(tmp_path / "out")) == ({}, {})
    assert read_sample(tmp_path / "out", "10a")[1].max() == 2


@pytest.mark.parametrize(("rename", "ignore"), [(["a"], []), (["=b"], []), (["a=b"], ["a"]), (["a=b", "a=c"], [])])
def test_rules_that_contradict_are_refused(rename, ignore):
    with pytest.raises(ConfigError):
        ClassRules.parse(rename, ignore)


def test_tiles_take_the_place_of_the_image_and_keep_its_group(fields, tmp_path):
    prepare(tmp_path)
    report = prepare(tmp_path, settings=PrepareSettings(size=16))
    rows = [row for row in read_index(tmp_path / "out") if row.field_of_view == "00"]
    assert [row.id for row in rows] == [f"00{side}_y{y}_x{x}" for side in "ab" for y in (0, 4) for x in (0, 14)]
    assert {(row.height, row.width) for row in rows} == {(16, 16)}
    assert len({row.split for row in rows}) == 1
    assert sum(report.splits.values()) == 39 * 4 == len(list((tmp_path / "out" / "images").iterdir()))
    assert read_classes(tmp_path / "out")["00a_y4_x14"] == {1: "long"}
    assert [(source["size"], source["size_by"]) for source in read_sources(tmp_path / "out")] == [(16, "tile")]


def test_a_journal_that_was_cut_is_read_as_far_as_it_goes(fields, tmp_path):
    prepare(tmp_path)
    path = tmp_path / "out" / "prepared.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"no json\n{}\n" + lines[2][:50])
    fields.loaded.clear()
    report = prepare(tmp_path)
    assert report.kept == ["00a"]
    assert len(report.written) == 38
    assert not prepare(tmp_path).written


def test_names_that_are_no_file_names_or_not_unique_are_named(fields, tmp_path):
    fields.entries += [Entry("twice"), Entry("twice"), Entry("../up"), Entry("a\\b"), Entry("x" * 300), Entry("\udcff")]
    report = prepare(tmp_path, split_from=None)
    assert set(report.failed) == {"03a", "twice", "../up", "a\\b", "x" * 300, "\\udcff"}
    assert all(error.remedy and error.path for error in report.failed.values())
    assert len(report.written) == 39


def test_listed_images_that_are_absent_are_named(fields, tmp_path):
    (tmp_path / "list.csv").write_text("id,split\n00a,test\n00b,train\n99,val\n")
    report = prepare(tmp_path, split_from=tmp_path / "list.csv")
    assert (report.written, report.absent, len(report.left_out)) == (["00a", "00b"], ["99"], 38)
    assert report.straddling == ["00"]
    with pytest.raises(ConfigError, match="leave out one"):
        prepare(tmp_path, split="70/10/20", split_from=tmp_path / "list.csv")


def test_labels_of_another_size_are_refused_whatever_the_adapter(fields, tmp_path):
    fields.load = lambda root, id_: Sample(np.zeros((4, 5), np.uint8), np.zeros((5, 4), np.int32))
    report = prepare(tmp_path)
    assert len(report.failed) == 40
    assert not (tmp_path / "out" / "index.csv").exists()


def test_the_split_of_dkfz_is_that_of_all_images_found(fields, tmp_path):
    prepare(tmp_path, split="dkfz")
    expected = dkfz_split(entry.id for entry in fields.entries)
    assert {row.id: row.split for row in read_index(tmp_path / "out")} == {
        id_: split for id_, split in expected.items() if id_ != "03a"
    }
    assert read_sources(tmp_path / "out")[0]["split"] == "dkfz"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the file system takes UTF-8 names only")
def test_a_file_whose_name_is_not_utf8_is_named(tmp_path):
    for folder in ("images", "labels"):
        (tmp_path / "in" / folder).mkdir(parents=True)
        for name in (b"a.png", b"\xff.png"):
            path = tmp_path / "in" / folder / os.fsdecode(name)
            PIL.Image.fromarray(np.eye(5, dtype=np.uint8)).save(path, format="PNG")
    report = prepare_dataset("folder", tmp_path / "in", tmp_path / "out")
    assert (report.written, list(report.failed)) == (["a"], ["\\udcff"])
    str(report.failed["\\udcff"]).encode()


def test_every_adapter_is_listed_and_only_adapters():
    assert {"bbbc039", "ctc", "dsb2018", "folder"} <= set(list_adapters())
    assert not {"layout", "prepare", "image_search", "annotated_image"} & set(list_adapters())
    for name in ("layout", "dsb2081", "os"):
        with pytest.raises(ConfigError, match="dsb2018"):
            find_adapter(name)
    assert registry.find_adapter("ctc").TAKES


def test_files_beside_the_index_are_plain(fields, tmp_path):
    prepare(tmp_path)
    classes = json.loads((tmp_path / "out" / "classes.json").read_text())
    assert classes["00a"] == {"1": "round", "2": "long"}
    assert len(classes) == 39


def write_pairs(folder, names):
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True, exist_ok=True)
        for name in names:
            if not (path := folder / part / f"{name}.png").exists():
                PIL.Image.fromarray(np.eye(9, dtype=np.uint8)).save(path)


def test_changed_files_of_the_source_are_named_where_images_are_kept(tmp_path):
    write_pairs(tmp_path / "in", "abc")
    dst = tmp_path / "in" / "out"  # within the source, of which it is not part
    assert prepare_dataset("folder", tmp_path / "in", dst).newer == []
    assert prepare_dataset("folder", tmp_path / "in", dst).newer == []
    after = (dst / "prepared.jsonl").stat().st_mtime_ns + 1_000_000_000
    os.utime(tmp_path / "in" / "labels" / "b.png", ns=(after, after))
    assert prepare_dataset("folder", tmp_path / "in", dst).newer == [str(Path("labels") / "b.png")]
    assert prepare_dataset("folder", tmp_path / "in", dst, overwrite=True).newer == []
    os.utime(tmp_path / "in" / "labels" / "b.png", ns=(0, 0))
    write_pairs(tmp_path / "in", "D")  # which is made now
    assert prepare_dataset("folder", tmp_path / "in", dst).newer == []


def test_images_that_the_source_has_no_more_are_named(tmp_path):
    write_pairs(tmp_path / "in", "abc")
    assert prepare_dataset("folder", tmp_path / "in", tmp_path / "out").others == []
    for part in ("images", "labels"):
        (tmp_path / "in" / part / "b.png").unlink()
    assert prepare_dataset("folder", tmp_path / "in", tmp_path / "out").others == ["b"]
    assert [row.id for row in read_index(tmp_path / "out")] == ["a", "b", "c"]
