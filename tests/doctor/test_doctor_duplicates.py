"""Copies, crops and overlapping fields are found by content, other fields are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hooke.datasets import simulate
from hooke.doctor import examine
from hooke.doctor.duplicate_findings import find_duplicates, sign_dataset
from hooke.doctor.duplicate_search import correlate_at, find_candidates, make_signature, to_grey

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="module")
def big():
    return simulate((400, 500), seed=11, density=0.2, bits=16).image


def pair(one, two):
    """The only candidate of two pictures among a few others."""
    others = [simulate((256, 256), seed=seed).image for seed in (1, 2, 3)]
    greys = [to_grey(picture) for picture in (one, two, *others)]
    found = find_candidates([make_signature(grey) for grey in greys])
    assert [(candidate.first, candidate.second) for candidate in found] == [(0, 1)]
    return greys[0], greys[1], found[0]


@pytest.mark.parametrize(("top", "left"), [(0, 0), (37, 101), (144, 244)])
def test_a_crop_at_8_bits_is_found_where_it_was_cut(big, top, left):
    crop = (big[top : top + 256, left : left + 256] / 257).astype(np.uint8)
    one, two, candidate = pair(big, crop)
    correlation, shift, shared = correlate_at(one, two, candidate.shift)
    assert shift == (-top, -left)
    assert shared == (256, 256)
    assert correlation > 0.98


def test_fields_that_overlap_by_a_third_are_found(big):
    one, two, candidate = pair(big[:, :300], big[:, 200:])
    assert candidate.shift == (0, -200)
    assert correlate_at(one, two, candidate.shift)[0] > 0.99


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
@pytest.mark.parametrize("mirror", [False, True])
def test_a_picture_turned_mirrored_and_made_smaller_is_found(big, turn, mirror):
    copy = np.rot90(big[::2, ::2], turn)
    copy = copy[:, ::-1] if mirror else copy
    pair(big, np.ascontiguousarray(copy))


def test_no_overlap_or_a_flat_one_correlates_with_nothing():
    flat = np.zeros((64, 64), np.uint8)
    assert correlate_at(flat, flat, (0, 0))[0] == 0
    assert correlate_at(flat, flat, (100, 0))[0] == 0
    assert find_candidates([]) == []
    assert find_candidates([make_signature(flat), make_signature(flat)]) == []


def test_a_picture_in_two_splits_is_a_leak_in_one_split_a_duplicate(write_dataset, fields):
    dim = (fields[0].image // 300).astype(np.uint8)
    samples = {
        "a": (fields[0].image, fields[0].labels, "train"),
        "b": (fields[1].image, fields[1].labels, "train"),
        "c": (fields[1].image, fields[1].labels, "train"),
        "d": (dim, fields[0].labels, "test"),
    }
    found = {(one.kind, one.image, one.other) for one in examine(write_dataset(samples)).findings if one.other}
    assert found == {("leak", "a", "d"), ("duplicate", "b", "c")}


def test_a_picture_of_another_data_set_is_a_leak_and_its_own_twins_are_not_ours(write_dataset, fields):
    ours = write_dataset({"a": (fields[0].image, fields[0].labels, "train")}, "ours")
    theirs = {
        "x": (fields[0].image[8:, 8:], fields[0].labels[8:, 8:], "test"),
        "y": (fields[2].image, fields[2].labels, "test"),
        "z": (fields[2].image, fields[2].labels, "val"),
    }
    found = examine(ours, against=[write_dataset(theirs, "theirs")])
    assert [(one.kind, one.image, one.other) for one in found.findings if one.other] == [("leak", "a", "theirs:x")]
    assert found.has_errors


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "bbbc039").is_dir(), reason="BBBC039 and the bowl's images are not here")
def test_shared_fields_of_the_bowl_and_bbbc039_are_found_among_others(tmp_path):
    lines = (ROOT / "configs" / "nuclei-exclude.txt").read_text().splitlines()
    fields = {line.split()[0]: line.split("field ")[1].split()[0] for line in lines if "field IXM" in line}
    shared = dict(list(fields.items())[:4])
    others = [path.stem for path in sorted((DATA / "dsb2018" / "images").glob("*.png"))[:8] if path.stem not in fields]
    link(tmp_path / "ours", DATA / "dsb2018" / "images", [*shared, *others], ".png")
    link(tmp_path / "theirs", DATA / "bbbc039" / "images", fields.values(), ".tif")
    ours = [replace(image, dataset="") for image in sign_dataset(tmp_path / "ours")]
    signed = ours + sign_dataset(tmp_path / "theirs")
    found = {finding.image: finding.other for finding in find_duplicates(signed)}
    assert found == {ours: f"theirs:{theirs}" for ours, theirs in shared.items()}


def link(folder, source, stems, suffix):
    folder.mkdir()
    for stem in stems:
        (folder / f"{stem}{suffix}").symlink_to(source / f"{stem}{suffix}")
