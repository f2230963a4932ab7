"""Cellpose's pickled files, read without unpickling and written as Cellpose reads them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from hooke.errors import DatasetError
from hooke.io.annotations import AnnotatedPlane, read_seg, write_seg
from hooke.io.annotations.annotation_files import find_annotations
from hooke.labels import LabelledImage

LABELS = np.array([[0, 4, 4], [0, 4, 4], [9, 0, 0]], np.int32)


def save(path, protocol=None, **content):
    """Save as Cellpose does, or as older versions of Python and NumPy did."""
    if protocol is None:
        np.save(path, content)
        return path
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
        whole = np.empty((), object)
        whole[()] = content
        pickle.dump(whole, file, protocol=protocol)
    return path


class Hostile:
    """What runs a program when it is unpickled."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return exec, (f"open({str(self.target)!r}, 'w').close()",)


@pytest.mark.parametrize("protocol", [None, 2, 3, 4, 5])
@pytest.mark.parametrize("dtype", ["uint16", ">u2", "int32", "uint32", "int64"])
def test_masks_of_any_type_and_protocol_are_read(protocol, dtype, tmp_path):
    masks = LABELS.astype(dtype)
    path = save(tmp_path / "a_seg.npy", protocol, outlines=masks, masks=masks, flows=[masks, [], [[1.5]]], filename="é")
    assert np.array_equal(read_seg(path).labels, LABELS)


def test_masks_in_the_order_of_columns_are_read(tmp_path):
    path = save(tmp_path / "a_seg.npy", masks=np.asfortranarray(LABELS[:2]))
    assert np.array_equal(read_seg(path).labels, LABELS[:2])


def test_old_files_count_the_background_from_minus_1(tmp_path):
    assert np.array_equal(read_seg(save(tmp_path / "a_seg.npy", masks=LABELS - 1)).labels, LABELS)


def test_a_plane_in_front_is_dropped(tmp_path):
    assert read_seg(save(tmp_path / "a_seg.npy", masks=LABELS[None])).labels.shape == (3, 3)


@pytest.mark.parametrize("place", ["masks", "flows"])
def test_nothing_is_called(place, tmp_path):
    path = save(tmp_path / "a_seg.npy", **{"masks": LABELS, place: Hostile(tmp_path / "called")})
    if place == "masks":
        with pytest.raises(DatasetError, match=r"a_seg\.npy: holds .*exec' where .*; it was not called"):
            read_seg(path)
    else:
        assert np.array_equal(read_seg(path).labels, LABELS)
    assert not (tmp_path / "called").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"outlines": LABELS}, "holds no masks"),
        ({"masks": [[1]]}, "holds list where an array"),
        ({"masks": LABELS * 0.5}, "masks of float64"),
        ({"masks": LABELS - 3}, "negative or too large"),
        ({"masks": np.array(["a"])}, "an array of"),
        ({"masks": np.array([LABELS, None], object)}, "an array of"),
    ],
)
def test_what_holds_no_label_image_is_refused(content, message, tmp_path):
    with pytest.raises(DatasetError, match=rf"a_seg\.npy: .*{message}"):
        read_seg(save(tmp_path / "a_seg.npy", **content))


def test_every_cut_of_a_file_is_refused(tmp_path):
    data = save(tmp_path / "a_seg.npy", masks=LABELS, ismanual=np.zeros(2, bool)).read_bytes()
    for length in range(0, len(data), 7):
        (tmp_path / "b_seg.npy").write_bytes(data[:length])
        with pytest.raises(DatasetError, match=r"b_seg\.npy: "):
            read_seg(tmp_path / "b_seg.npy")


def test_a_plain_array_is_refused(tmp_path):
    np.save(tmp_path / "a_seg.npy", LABELS)
    with pytest.raises(DatasetError, match="is an array, not a dictionary"):
        read_seg(tmp_path / "a_seg.npy")


def test_what_is_written_has_what_cellpose_reads(tmp_path):
    path = tmp_path / "a_seg.npy"
    write_seg(path, AnnotatedPlane("a", LabelledImage(LABELS), image_file="a.tif"))
    data = np.load(path, allow_pickle=True).item()  # as cellpose.gui.io._load_seg does
    assert data["masks"].tolist() == [[0, 1, 1], [0, 1, 1], [2, 0, 0]]
    assert data["masks"].dtype == data["outlines"].dtype == np.uint16
    assert np.array_equal(data["outlines"], data["masks"])  # every pixel of these lies at a rim
    assert data["colors"].shape == (data["masks"].max(), 3)
    assert len(data["ismanual"]) == 2
    assert data["filename"] == "a.tif"
    assert np.isnan(data["diameter"])


def test_the_rim_leaves_out_what_is_inside(tmp_path):
    labels = np.ones((5, 5), np.int32)
    write_seg(tmp_path / "a_seg.npy", AnnotatedPlane("a", LabelledImage(labels)))
    outlines = np.load(tmp_path / "a_seg.npy", allow_pickle=True).item()["outlines"]
    assert not outlines[1:-1, 1:-1].any()
    assert outlines.sum() == 16


def test_files_of_cellpose_lie_beside_the_images(tmp_path):
    save(tmp_path / "a_seg.npy", masks=LABELS)
    (tmp_path / "a.tif").write_bytes(b"")
    assert find_annotations(tmp_path).names == ["a"]
