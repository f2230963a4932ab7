"""A whole examination: damaged files, a report that is complete in itself, a model's opinion."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser

import numpy as np
import pytest

from hooke.datasets import simulate
from hooke.datasets.layout import write_sample
from hooke.doctor import examine, write_report
from hooke.doctor.disagreement import Disagreement, findings_of
from hooke.errors import DatasetError, OutputError
from hooke.io.lock import only_run


@pytest.fixture
def damaged(write_dataset, fields):
    folder = write_dataset({f"f{index}": (one.image, one.labels, "train") for index, one in enumerate(fields)})
    (folder / "images" / "f0.tif").write_bytes((folder / "images" / "f0.tif").read_bytes()[:3000])
    (folder / "labels" / "f1.png").unlink()
    write_sample(folder, "f2", fields[2].image, fields[2].labels[:100])
    write_sample(folder, "new", fields[1].image, np.zeros(fields[1].labels.shape, np.int32))
    return folder


def test_damaged_files_are_findings_and_the_rest_is_examined(damaged):
    found = examine(damaged)
    errors = {(one.kind, one.image) for one in found.findings if one.severity == "error"}
    assert errors == {("unreadable", "f0"), ("unreadable", "f1"), ("size-mismatch", "f2")}
    assert {one.image for one in found.findings if one.kind == "unlisted"} == {"new"}
    assert found.images == 4
    assert found.has_errors


def test_an_index_that_counts_wrong_is_told(write_dataset, fields):
    folder = write_dataset({"a": (fields[0].image, fields[0].labels, "train")})
    write_sample(folder, "a", fields[0].image, np.where(fields[0].labels == 1, 0, fields[0].labels))
    assert "index-mismatch" in {one.kind for one in examine(folder).findings}


def test_folders_within_images_and_labels_are_examined_by_folder_and_name(tmp_path, fields):
    for patient, field in zip(("p1", "p2"), fields, strict=False):
        write_sample(tmp_path / patient, "a", field.image, field.labels)
        for part in ("images", "labels"):
            (tmp_path / "data" / part).mkdir(parents=True, exist_ok=True)
            (tmp_path / patient / part).rename(tmp_path / "data" / part / patient)
    found = examine(tmp_path / "data")
    assert (found.images, found.has_errors) == (2, False)
    assert found.objects == sum(len(np.unique(field.labels)) - 1 for field in fields[:2])


def test_a_folder_without_an_index_is_examined_too(tmp_path, fields):
    write_sample(tmp_path, "a", fields[0].image, fields[0].labels)
    found = examine(tmp_path)
    assert (found.images, found.objects, found.has_errors) == (1, fields[0].count, False)


def test_no_data_set_is_an_error(tmp_path):
    with pytest.raises(DatasetError):
        examine(tmp_path / "nowhere")


class Page(HTMLParser):
    """Counts pictures, and collects what a page would load."""

    def __init__(self):
        super().__init__()
        self.pictures, self.loaded = 0, []

    def handle_starttag(self, tag, attrs):
        source = dict(attrs).get("src")
        if source is not None:
            self.pictures += source.startswith("data:image/jpeg")
            self.loaded += [] if source.startswith("data:") else [source]


def test_no_two_reports_are_written_to_one_folder(damaged, tmp_path):
    found = examine(damaged)
    with only_run(tmp_path / "out"), pytest.raises(OutputError, match="another run writes"):
        write_report(found, tmp_path / "out")


def test_the_report_holds_its_pictures_and_all_findings(damaged, tmp_path):
    found = examine(damaged)
    path = write_report(found, tmp_path / "out")
    page = Page()
    page.feed(path.read_text())
    assert page.loaded == []
    assert page.pictures > 0
    stored = json.loads((tmp_path / "out" / "findings.json").read_text())
    with (tmp_path / "out" / "findings.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(stored["findings"]) == len(found.findings)
    assert sum(sum(count.values()) for count in stored["counts"].values()) == len(rows)


def test_images_are_ranked_by_what_the_model_thinks_of_their_labels(write_dataset):
    fields = [simulate((160, 160), seed=seed, overlap=0) for seed in (1, 2)]
    folder = write_dataset(
        {"right": (fields[0].image, fields[0].labels, "train"), "wrong": (fields[1].image, fields[0].labels, "train")}
    )
    found = examine(folder, model="nuclei", threads=1)
    assert [one.image for one in found.disagreements] == ["wrong", "right"]
    wrong, right = found.disagreements
    assert right.f1 > 0.8 > wrong.f1
    assert right.labelled == wrong.labelled == fields[0].count
    assert right.found - right.spurious == right.labelled - right.missed
    assert [one.image for one in found.findings if one.kind == "disagreement"] == ["wrong"]


def test_only_doubtful_images_become_findings():
    good = Disagreement("a", "train", 0.9, 0.8, 10, 10, 1, 1)
    bad = Disagreement("b", "train", 0.2, 0.1, 10, 10, 8, 8)
    assert [one.image for one in findings_of([bad, good])] == ["b"]
