"""Files of labels that hooke doesn't read are named, with what to do about them; others are not blamed."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest

from hooke.datasets.prepare import prepare_dataset
from hooke.errors import DatasetError
from hooke.evaluation.sources import open_labels
from hooke.io.annotations.unread_files import what_is_unread

FILES = {
    "a.mat": (b"MATLAB 5.0", "MATLAB's arrays", "inst_map"),
    "a.h5": (b"\x89HDF\r\n\x1a\n", "HDF5", "h5py"),
    "a.npz": (b"PK\x03\x04", "arrays of Python", ".npy"),
    "a.xml": (b"<Annotations/>", "outlines of another program", "COCO"),
    "a.txt": (b"0 0.5 0.25 0.75 0.5 0.25 1\n", "YOLO's outlines", "COCO"),
    "b.txt": (b"2 0.5 0.25 0.1 0.05", "YOLO's outlines or boxes", "COCO"),
}


@pytest.mark.parametrize("name", FILES)
def test_unread_files_are_named_alone_in_a_folder_and_beside_images(name, tmp_path):
    data, what, remedy = FILES[name]
    source = tmp_path / "source"
    (source / "labels").mkdir(parents=True)
    (source / "images").mkdir()
    PIL.Image.fromarray(np.eye(9, dtype=np.uint8)).save(source / "images" / "a.png")
    (source / "labels" / name).write_bytes(data)
    with pytest.raises(DatasetError, match=what) as alone:
        open_labels(source / "labels" / name)
    with pytest.raises(DatasetError, match=f"no label image, but .*{what}.* \\({name}\\)") as inside:
        open_labels(source / "labels")
    with pytest.raises(DatasetError, match=f"{what}.* \\({name}\\)") as beside:
        prepare_dataset("folder", source, tmp_path / "out")
    assert all(remedy in caught.value.remedy for caught in (alone, inside, beside))


def test_a_json_in_a_folder_is_named_by_itself_and_other_texts_are_not_outlines(tmp_path):
    (tmp_path / "README.txt").write_text("3 images of 2 plates\n")
    with pytest.raises(DatasetError, match="holds no label image; label images end in"):
        open_labels(tmp_path)
    (tmp_path / "instances.json").write_text('{"images": [], "annotations": []}')
    with pytest.raises(DatasetError, match=r"instances.json.*; name the file itself if it is COCO's"):
        open_labels(tmp_path)
    with pytest.raises(DatasetError, match=r"nuc.json: is HoVer-Net's json"):
        (tmp_path / "nuc.json").write_text('{"mag": 40, "nuc": {"1": {"contour": [[0, 0], [3, 0], [3, 3]]}}}')
        open_labels(tmp_path / "nuc.json")


@pytest.mark.parametrize(
    "text", [b"", b"\n", b"0 0.5 0.25 0.1", b"0 0.5 0.25 0.1 7", b"cell 0 0 0 0", b"1" + b" " * 50_000 + b"x"]
)
def test_other_texts_are_not_taken_for_yolo(tmp_path, text):
    (tmp_path / "notes.txt").write_bytes(text)
    assert what_is_unread(tmp_path / "notes.txt") is None
