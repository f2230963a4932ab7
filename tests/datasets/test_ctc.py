"""The Cell Tracking Challenge's sequences: both layouts, gold and silver, marks without outlines, what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile

from hooke.datasets.adapters.ctc import UNMARKED, find, load
from hooke.datasets.layout import read_index, read_sample
from hooke.datasets.prepare import PrepareSettings, prepare_dataset
from hooke.errors import ConfigError, DatasetError

U373 = Path(__file__).parents[2] / ".." / "shared" / "data" / "ctc_phc_c2dh_u373"
needs_data = pytest.mark.skipif(not U373.is_dir(), reason="PhC-C2DH-U373 is not at ../shared/data")

GOLD = np.array([[0, 5, 5, 0], [9, 0, 0, 0], [9, 0, 0, 0]], np.uint16)
SILVER = GOLD * (GOLD == 9)
MARKS = np.array([[0, 1, 0, 0], [2, 0, 0, 0], [0, 0, 0, 3]], np.uint16)


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, np.asarray(pixels))


@pytest.fixture
def source(tmp_path):
    """Sequence 01 with three frames, two silver, one gold; sequence 02 with gold alone."""
    root = tmp_path / "Fluo-N2DH-SIM"
    for sequence in ("01", "02"):
        for number in range(3):
            save(root / sequence / f"t{number:03}.tif", np.full((3, 4), number, np.uint8))
            save(root / f"{sequence}_GT" / "TRA" / f"man_track{number:03}.tif", MARKS)
        save(root / f"{sequence}_GT" / "SEG" / "man_seg001.tif", GOLD)
    for number in (0, 1):
        save(root / "01_ST" / "SEG" / f"man_seg{number:03}.tif", SILVER)
    (root / "01_GT" / "TRA" / "man_track.txt").write_text("1 0 2 0\n")
    return root


def test_silver_truth_where_there_is_any_gold_elsewhere(source, tmp_path):
    report = prepare_dataset("ctc", source, tmp_path / "out")
    rows = {row.id: row for row in read_index(tmp_path / "out")}
    assert {id_: row.nuclei for id_, row in rows.items()} == {"01_t000": 1, "01_t001": 1, "02_t001": 2}
    assert {row.modality for row in rows.values()} == {"fluorescence"}
    assert {id_: row.field_of_view for id_, row in rows.items()} == {"01_t000": "01", "01_t001": "01", "02_t001": "02"}
    assert rows["01_t000"].split == rows["01_t001"].split
    image, labels = read_sample(tmp_path / "out", "02_t001")
    assert (image == 1).all()
    assert labels.tolist() == [[0, 1, 1, 0], [2, 0, 0, 0], [2, 0, 0, 0]]
    # The silver outline holds one of three marks, the gold ones two.
    assert report.oddities == {UNMARKED: {"01_t000": 2, "01_t001": 2, "02_t001": 1}}


def test_gold_or_silver_can_be_chosen(source):
    assert [entry.id for entry in find(source, truth="gold")[1]] == ["01_t001", "02_t001"]
    root, entries = find(source, truth="silver")
    assert [entry.id for entry in entries] == ["01_t000", "01_t001"]
    assert load(root, "01_t000").labels.max() == 1
    with pytest.raises(ConfigError, match="silver, gold"):
        find(source, truth="bronze")
    with pytest.raises(ConfigError, match="truth"):
        prepare_dataset("ctc", source, source / "out", settings=PrepareSettings({"trvth": "gold"}))


def test_several_data_sets_are_told_apart_by_name(source):
    entries = find(source.parent)[1]
    assert entries[0].id == "Fluo-N2DH-SIM_01_t000"
    assert entries[0].field_of_view == "Fluo-N2DH-SIM_01"


def test_bad_frames_are_reported_and_the_rest_go_on(source, tmp_path):
    (source / "01" / "t000.tif").unlink()
    save(source / "01" / "t001.tif", np.zeros((5, 6, 7), np.uint8))
    save(source / "02_GT" / "SEG" / "man_seg000.tif", GOLD[:2])
    report = prepare_dataset("ctc", source, tmp_path / "out")
    assert report.written == ["02_t001"]
    assert {id_: error.path.name for id_, error in report.failed.items()} == {
        "01_t000": "t000.tif",
        "01_t001": "t001.tif",
        "02_t000": "man_seg000.tif",
    }


def test_folders_without_sequences_or_outlines_are_refused(source, tmp_path):
    with pytest.raises(DatasetError, match="no sequence"):
        find(tmp_path / "Fluo-N2DH-SIM" / "01")
    (source / "01_GT").rename(tmp_path / "elsewhere")
    (source / "02_GT").rename(tmp_path / "elsewhere2")
    with pytest.raises(DatasetError, match="no frame has gold truth"):
        find(source, truth="gold")


@needs_data
def test_the_real_sequence_in_flat_folders():
    root, entries = find(U373)
    assert len(entries) == 115
    assert {(entry.field_of_view, entry.modality) for entry in entries} == {("02", "phase contrast")}
    assert len(find(U373, truth="gold")[1]) == 19
    sample = load(root, "02_t010")
    assert sample.image.shape == sample.labels.shape == (520, 696)
    stored = np.unique(np.asarray(PIL.Image.open(U373 / "labels" / "02_t010.png")))
    assert sample.labels.max() == len(stored) - 1
