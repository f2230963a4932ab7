"""Preparing ImageJ's regions of interest, written by roifile: every kind of area, pairing by name, damage named."""

from __future__ import annotations

import sys
import zipfile

import cv2
import numpy as np
import PIL.Image
import pytest

from hooke.datasets import simulate
from hooke.datasets.adapters.imagej import find, load
from hooke.errors import DatasetError
from hooke.io.annotations.imagej import OF_BORDERS, OTHER_PLANES, SKIPPED

HEIGHT, WIDTH = 20, 30


@pytest.fixture
def rois():
    return pytest.importorskip("roifile", reason="roifile is not installed")


def save_image(root, name="a.png"):
    PIL.Image.fromarray(np.zeros((HEIGHT, WIDTH), np.uint8)).save(root / name)


def save_zip(path, regions):
    with zipfile.ZipFile(path, "w") as archive:
        for number, roi in enumerate(regions):
            archive.writestr(f"{number}.roi", roi if isinstance(roi, bytes) else roi.tobytes())


def box(rois, kind, left, top, right, bottom):
    roi = rois.ImagejRoi()
    roi.version, roi.roitype = 227, kind
    roi.left, roi.top, roi.right, roi.bottom = left, top, right, bottom
    return roi


def first(root):
    source, entries = find(root)
    return load(source, entries[0].id)


def test_polygons_rectangles_and_ovals_become_labels_and_points_are_counted(tmp_path, rois):
    kinds = rois.ROI_TYPE
    polygon = rois.ImagejRoi.frompoints([[0, 0], [4, 0], [4, 3], [0, 3]])
    polygon.group = 2
    fractions = rois.ImagejRoi.frompoints([[6.6, 0.6], [9.6, 0.6], [9.6, 2.6], [6.6, 2.6]])
    point = rois.ImagejRoi.frompoints([[1, 1]])
    point.roitype = kinds.POINT
    line = rois.ImagejRoi.frompoints([[1, 1], [5, 5]])
    line.roitype = kinds.POLYLINE
    save_image(tmp_path)
    regions = [
        polygon,
        fractions,
        box(rois, kinds.RECT, 12, 1, 15, 3),
        box(rois, kinds.OVAL, 2, 6, 14, 14),
        point,
        line,
    ]
    save_zip(tmp_path / "a.zip", regions)
    sample = first(tmp_path)
    expected = np.zeros((HEIGHT, WIDTH), int)
    expected[0:3, 0:4] = 1
    expected[1:3, 7:10] = 2
    expected[1:3, 12:15] = 3
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    expected[((x - 8) / 6) ** 2 + ((y - 10) / 4) ** 2 < 1] = 4
    np.testing.assert_array_equal(sample.labels, expected)
    assert sample.classes == {1: "group 2"}
    assert sample.oddities == {SKIPPED: 2}


def test_a_composite_keeps_its_hole(tmp_path, rois):
    roi = box(rois, rois.ROI_TYPE.RECT, 2, 2, 8, 8)
    path = []
    for corners in ([(2, 2), (8, 2), (8, 8), (2, 8)], [(4, 4), (4, 6), (6, 6), (6, 4)]):
        for step, (x, y) in enumerate(corners):
            path += [float(step > 0), x, y]
        path.append(4.0)
    roi.multi_coordinates = np.array(path, np.float32)
    roi.shape_roi_size = len(path)
    save_image(tmp_path)
    save_zip(tmp_path / "a.zip", [roi])
    expected = np.zeros((HEIGHT, WIDTH), int)
    expected[2:8, 2:8] = 1
    expected[4:6, 4:6] = 0
    np.testing.assert_array_equal(first(tmp_path).labels, expected)


@pytest.mark.parametrize("name", ["a.zip", "a_rois.zip", "a_RoiSet.zip", "a-RoiSet.zip", "RoiSet.zip", "a.png.zip"])
def test_regions_and_image_are_paired_by_name(tmp_path, rois, name):
    save_image(tmp_path)
    save_zip(tmp_path / name, [box(rois, rois.ROI_TYPE.RECT, 0, 0, 3, 3)])
    assert first(tmp_path).labels.sum() == 9


def test_one_region_in_a_file_of_its_own_is_read(tmp_path, rois):
    save_image(tmp_path)
    (tmp_path / "a.roi").write_bytes(box(rois, rois.ROI_TYPE.RECT, 0, 0, 3, 3).tobytes())
    assert first(tmp_path).labels.sum() == 9


def test_damage_is_named_with_its_file(tmp_path, rois):
    save_image(tmp_path)
    whole = rois.ImagejRoi.frompoints([[0, 0], [4, 0], [4, 3], [0, 3]]).tobytes()
    path = tmp_path / "a.zip"
    for regions, said in ([[whole[:70]], r"0\.roi: damaged region"], [[b"x" * 100], r"0\.roi: damaged region"]):
        save_zip(path, regions)
        with pytest.raises(DatasetError, match=said) as caught:
            first(tmp_path)
        assert caught.value.path == path
    save_zip(path, [whole])
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DatasetError, match="damaged file") as caught:
        first(tmp_path)
    assert caught.value.path == path
    assert caught.value.remedy


def test_without_the_library_the_remedy_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "roifile", None)
    with pytest.raises(DatasetError, match=r"pip install '\.\[formats\]'"):
        find(tmp_path)


def cellpose_outlines(labels):
    """What cellpose.utils.outlines_list of version 4.2.1 gives: the longest contour, if it has more than 4 points."""
    for label in np.unique(labels)[1:]:
        found, _ = cv2.findContours((labels == label).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        points = max(found, key=len)[:, 0].astype(int)
        if len(points) > 4:
            yield points


def test_outlines_of_cellpose_give_its_masks_back(tmp_path, rois):
    labels = simulate((120, 150), seed=4, diameter=18, density=0.2).labels.copy()
    labels[labels == 5], labels[0], labels[:, 0] = 0, 0, 0
    labels[0, 3:13] = 5  # a row of ten pixels
    save_image(tmp_path)
    PIL.Image.fromarray(np.zeros(labels.shape, np.uint8)).save(tmp_path / "a.png")
    save_zip(tmp_path / "a_rois.zip", [rois.ImagejRoi.frompoints(points) for points in cellpose_outlines(labels)])
    sample = first(tmp_path)
    for label in np.unique(labels)[1:]:
        back = np.bincount(sample.labels[labels == label]).argmax()
        filled = labels == label
        outline, _ = cv2.findContours(filled.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        whole = cv2.drawContours(np.zeros(labels.shape, np.uint8), outline, -1, 1, cv2.FILLED) > 0
        assert (sample.labels == back).sum() >= 0.98 * whole.sum()
        assert not ((sample.labels == back) & ~whole).any()
    assert sample.oddities[OF_BORDERS] == len(np.unique(labels)) - 1


@pytest.mark.parametrize("kind", ["TRACED", "POLYGON", "FREEHAND"])
@pytest.mark.parametrize(
    ("corners", "area"),
    [
        ([(2, 2), (12, 2), (12, 12), (2, 12)], 100),
        ([(2, 2), (3, 2), (3, 3), (2, 3)], 1),
        ([(3, 2), (4, 2), (4, 3), (5, 3), (5, 4), (4, 4), (4, 5), (3, 5), (3, 4), (2, 4), (2, 3), (3, 3)], 5),
        ([(x, 2) for x in range(2, 12)] + [(12, 2), (12, 12), (2, 12)], 100),
        ([(x + 0.5, 2.0) for x in range(2, 12)] + [(12, 12), (2, 12)], None),
    ],
)
def test_outlines_of_imagej_are_corners(tmp_path, rois, kind, corners, area):
    roi = rois.ImagejRoi.frompoints(corners)
    roi.roitype = rois.ROI_TYPE[kind]
    save_image(tmp_path)
    save_zip(tmp_path / "a.zip", [roi])
    sample = first(tmp_path)
    assert OF_BORDERS not in sample.oddities
    assert area is None or sample.labels.sum() == area


def test_what_macos_adds_to_a_zip_is_passed_over_and_slices_are_named(tmp_path, rois):
    save_image(tmp_path)
    low, high = (rois.ImagejRoi.frompoints([[x, 0], [x + 4, 0], [x + 4, 3], [x, 3]]) for x in (0, 10))
    low.position, high.position = 1, 2
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("__MACOSX/._low.roi", b"\0\5\x16\7")
        archive.writestr("low.roi", low.tobytes())
        archive.writestr("high.roi", high.tobytes())
    sample = first(tmp_path)
    assert np.bincount(sample.labels.ravel())[1:].tolist() == [12, 12]
    assert dict(sample.oddities) == {OTHER_PLANES: 1}
