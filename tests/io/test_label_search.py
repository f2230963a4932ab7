"""Label images beside images are distinguished from them by their pixels, where no name says what they are."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from hooke.datasets import simulate
from hooke.io import label_search
from hooke.io.find import search_images
from hooke.io.label_search import leave_out_labels

FIELD = simulate((64, 64), seed=4, diameter=14, density=0.2)
PIXELS = {
    "image": FIELD.image,
    "labels": FIELD.labels.astype(np.uint16),
    "mask": ((FIELD.labels > 0) * 255).astype(np.uint8),
    "black": np.zeros((64, 64), np.uint8),
    "colour": np.repeat(FIELD.image[..., None], 3, axis=2),
}


def write(folder, files):
    for name, what in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(path, PIXELS[what], photometric="rgb" if what == "colour" else "minisblack")


def search(*given):
    found = search_images(given)
    leave_out_labels(found)
    return [path.name for path in found.paths], found


@pytest.mark.parametrize(
    "files",
    [
        {"A1.tif": "image", "A1_nuclear.tif": "labels", "A2.tif": "image", "A2_nuclear.tif": "labels"},
        {"A1.tif": "colour", "output/A1.tif": "labels", "output/A2.tif": "labels"},
        {"A1.tif": "image", "thresholds/other name.tif": "mask"},
        {"A1.tif": "image", "results/a/A1.tif": "labels", "results/b/A1.tif": "mask"},
        {"raw/A1.tif": "image", "nuclei/A1.tif": "labels", "nuclei/A2.tif": "black"},
        {"A1.tif": "image", "out/A1.tif": "black", "out/A2.tif": "labels"},
        {"A1 cells.tif": "image", "A1 cells-x.tif": "labels", "A1.tif": "image"},
    ],
)
def test_label_images_of_any_name_are_left_out_and_said_once(tmp_path, files):
    write(tmp_path, files)
    _, found = search(tmp_path)
    wanted = {name for name, what in files.items() if what in ("image", "colour")}
    assert {path.relative_to(tmp_path).as_posix() for path in found.paths} == wanted
    (note,) = (note for note in found.notes if "by their pixels" in note)
    assert f"label images or masks, by their pixels: {len(files) - len(wanted)} (" in note


@pytest.mark.parametrize(
    "files",
    [
        {"A1.tif": "labels", "A2.tif": "labels"},  # all of them: the user means these, and is warned
        {"A1.tif": "image", "A1_nuclear.tif": "image"},
        {"A1.tif": "image", "A2/A2.tif": "black"},
        {"A1.tif": "colour", "A2/A2.tif": "image"},
    ],
)
def test_everything_else_stays(tmp_path, files):
    write(tmp_path, files)
    names, found = search(tmp_path)
    assert len(names) == len(files) and not found.notes


def test_files_given_by_name_stay(tmp_path):
    write(tmp_path, {"A1.tif": "image", "A1_nuclear.tif": "labels"})
    assert search(tmp_path, tmp_path / "A1_nuclear.tif")[0] == ["A1.tif", "A1_nuclear.tif"]
    assert search(tmp_path / "A1_nuclear.tif", tmp_path / "*.tif")[0] == ["A1_nuclear.tif", "A1.tif"]
    write(tmp_path, {"x_mask.tif": "mask"})
    assert search(tmp_path / "A1.tif", tmp_path / "*_mask.tif")[0] == ["A1.tif", "x_mask.tif"]


def test_one_file_of_each_kind_is_read(tmp_path, monkeypatch):
    write(tmp_path, {f"A{number}{end}.tif": "image" for number in range(9) for end in ("", "_raw", "_raw_x")})
    read, own = [], label_search.open_image
    monkeypatch.setattr(label_search, "open_image", lambda path: read.append(path) or own(path))
    assert len(search(tmp_path)[0]) == 27
    assert len(read) == 3


def test_a_damaged_file_waits_for_its_turn(tmp_path):
    write(tmp_path, {"A1.tif": "image", "out/A2.tif": "labels"})
    (tmp_path / "out" / "A0.tif").write_bytes(b"II*\0damaged")
    assert search(tmp_path)[0] == ["A1.tif", "A0.tif", "A2.tif"]
