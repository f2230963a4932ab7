"""Corrected images are read from data sets, folders, runs and annotations; what can't be right is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from hooke import convert
from hooke.corrections import Region, open_corrected, read_known_regions, write_known_regions
from hooke.errors import DatasetError
from hooke.io import read_labels, write_labels, write_png
from hooke.io.annotations import write_seg
from hooke.io.annotations.annotated_plane import AnnotatedPlane
from hooke.labels import LabelledImage
from tests.builders import write_dataset


def save(folder, **labels):
    for name, array in labels.items():
        write_labels(folder / f"{name}.tif", [array])
    return folder


def disk(shape, *places, radius=7):
    """Disks of ids 1, 2... around (y, x, id)."""
    y, x = np.indices(shape)
    labels = np.zeros(shape, np.int32)
    for top, left, id_ in places:
        labels[(y - top) ** 2 + (x - left) ** 2 <= radius**2] = id_
    return labels


def test_a_data_set_is_read_by_its_index(tmp_path, fields):
    samples = [
        (name, "test" if name == "c" else "train", "fluorescence", f.image, f.labels) for name, f in fields.items()
    ]
    data = write_dataset(tmp_path / "data", samples)
    corrected = open_corrected(data, split="train")
    assert corrected.names == ["a", "b"] and corrected.splits == {"a": "train", "b": "train"}
    read = corrected.read("a")
    assert np.array_equal(read.labels > 0, fields["a"].labels > 0) and read.known is None
    assert np.array_equal(read.image.pixels, fields["a"].image) and read.count == len(np.unique(fields["a"].labels)) - 1
    with pytest.raises(DatasetError, match="no split 'val'; known splits: test, train"):
        open_corrected(data, split="val")


@pytest.mark.parametrize("folder", ["labels", "masks"])
def test_a_folder_of_images_and_labels_is_paired_by_name(tmp_path, images, fields, folder):
    save(tmp_path / folder, a=fields["a"].labels, c=fields["c"].labels)
    assert [image.name for image in open_corrected(tmp_path).read_all()] == ["a", "c"]


def test_images_of_one_name_in_two_folders_have_the_labels_of_the_folders_of_these_names(tmp_path, fields):
    for plate, name in (("plate1", "a"), ("plate2", "c")):
        write_png(tmp_path / "images" / plate / "a.png", fields[name].image)
        save(tmp_path / "labels" / plate, a=fields[name].labels)
    read = {image.name: image for image in open_corrected(tmp_path).read_all()}
    assert set(read) == {"plate1-a", "plate2-a"}
    assert np.array_equal(read["plate2-a"].image.pixels, fields["c"].image)
    assert np.array_equal(read["plate2-a"].labels > 0, fields["c"].labels > 0)


@pytest.mark.parametrize("kind", ["geojson", "rois", "cellpose", "masks", "coco"])
def test_annotations_of_other_programs_give_the_same_objects(tmp_path, images, fields, kind):
    if kind == "rois":
        pytest.importorskip("roifile")
    save(tmp_path / "mine", a=fields["a"].labels, b=fields["b"].labels)
    out = tmp_path / ("made.json" if kind == "coco" else "made")
    convert(tmp_path / "mine", out, to=kind, images=images)
    for read in open_corrected(out, images).read_all():
        truth = fields[read.name].labels
        assert np.array_equal(read.labels > 0, truth > 0) and read.count == len(np.unique(truth)) - 1


def test_annotations_may_be_beside_the_images(images, fields):
    for name in ("a", "b"):
        write_seg(images / f"{name}_seg.npy", AnnotatedPlane(name, LabelledImage(fields[name].labels)))
    assert [image.count for image in open_corrected(images).read_all()] == [
        len(np.unique(fields[name].labels)) - 1 for name in ("a", "b")
    ]


def test_of_a_run_only_what_was_changed_is_corrected(run):
    with pytest.raises(DatasetError, match="are as the run wrote them; save corrected label images over those"):
        open_corrected(run)
    labels = read_labels(run / "labels" / "b.tif")
    labels[labels == 1] = 0
    write_labels(run / "labels" / "b.tif", [labels])
    corrected = open_corrected(run)
    assert corrected.names == ["b"] and corrected.untouched == 2
    assert corrected.read("b").count == len(np.unique(labels)) - 1


def test_of_a_run_the_folder_corrected_goes_first(run, fields):
    save(run / "corrected", a=fields["a"].labels)
    corrected = open_corrected(run)
    assert corrected.names == ["a"] and np.array_equal(corrected.read("a").labels > 0, fields["a"].labels > 0)


def test_labels_of_no_image_are_refused(tmp_path, images, fields):
    save(tmp_path / "labels", x=fields["a"].labels, y=fields["b"].labels)
    with pytest.raises(DatasetError, match=r"no labels and images of one name: labels of x, y; images a, b, c"):
        open_corrected(tmp_path)
    save(tmp_path / "labels", a=fields["a"].labels)
    corrected = open_corrected(tmp_path)
    assert corrected.names == ["a"] and "no image of the name x" in corrected.failed["x"]


def test_labels_of_another_size_are_refused_and_the_others_read(tmp_path, images, fields):
    save(tmp_path / "labels", a=fields["a"].labels[:-1], b=fields["b"].labels)
    corrected = open_corrected(tmp_path)
    assert [image.name for image in corrected.read_all()] == ["b"]
    assert "labels of 159 x 176 pixels for an image of 160 x 176" in corrected.failed["a"]


def test_one_id_on_several_objects_is_refused(tmp_path, images):
    labels = disk((160, 176), (40, 40, 1), (40, 120, 1), (100, 60, 2))
    save(tmp_path / "labels", a=labels)
    with pytest.raises(DatasetError, match="one id is on several objects: 1; give each object an id"):
        open_corrected(tmp_path).read("a")
    assert open_corrected(tmp_path, split_components=True).read("a").count == 3


def test_two_pieces_beside_each_other_are_one_object(tmp_path, images):
    labels = disk((160, 176), (40, 40, 1), (100, 60, 2))
    labels[:, 42:44] = 0
    save(tmp_path / "labels", a=labels)
    assert open_corrected(tmp_path).read("a").count == 2


def test_stacks_are_refused(tmp_path, fields):
    (tmp_path / "images").mkdir()
    stack = np.stack([fields["a"].image] * 3)
    tifffile.imwrite(tmp_path / "images" / "a.tif", stack, metadata={"axes": "ZYX"}, imagej=True)
    write_png(tmp_path / "images" / "b.png", fields["b"].image)
    write_labels(tmp_path / "labels" / "a.tif", [fields["a"].labels])
    write_labels(tmp_path / "labels" / "b.tif", [fields["b"].labels] * 2, axes="Z", shape=(2,))
    corrected = open_corrected(tmp_path)
    with pytest.raises(DatasetError, match=r"no corrected image can be read: .*stack of 3 planes"):
        corrected.read_all()
    assert "labels of a stack" in corrected.failed["b"]


def test_no_object_at_all_is_refused(tmp_path, images, fields):
    empty = np.zeros((160, 176), np.int32)
    save(tmp_path / "labels", a=empty)
    with pytest.raises(DatasetError, match="no object in the labels of a; check that the corrections were saved"):
        open_corrected(tmp_path).read_all()
    save(tmp_path / "labels", b=fields["b"].labels)
    assert [image.count > 0 for image in open_corrected(tmp_path).read_all()] == [False, True]


def test_outside_of_the_regions_nothing_is_known(tmp_path, images, fields):
    save(tmp_path / "labels", a=fields["a"].labels, b=fields["b"].labels)
    write_known_regions(tmp_path, {"a.png": [Region(top=10, left=20, height=30, width=4000)]})
    corrected = open_corrected(tmp_path)
    known = corrected.read("a").known
    assert known[10:40, 20:].all() and known.sum() == 30 * 156
    assert corrected.read("b").known is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": [{"top": 0, "left": 0, "height": 0, "width": 9}]}', "a.0.height: Input should be greater"),
        ('{"a": [[0, 0, 9, 9]]}', "a.0: Input should be"),
        ("[]", "Input should be an object"),
        ("{", "Invalid JSON"),
        ('{"z": []}', "names images that are not among the corrected: z"),
    ],
)
def test_regions_that_are_something_else_are_refused(tmp_path, images, fields, content, message):
    save(tmp_path / "labels", a=fields["a"].labels)
    (tmp_path / "regions.json").write_text(content, encoding="utf-8")
    with pytest.raises(DatasetError, match=message):
        open_corrected(tmp_path)


@pytest.mark.parametrize("regions", [[], [Region(top=500, left=0, height=5, width=5)]])
def test_regions_without_a_pixel_are_refused(tmp_path, images, fields, regions):
    save(tmp_path / "labels", a=fields["a"].labels)
    write_known_regions(tmp_path, {"a": regions})
    assert read_known_regions(tmp_path) == {"a": regions}
    with pytest.raises(DatasetError, match=r"a: (lists no region|a region lies outside of the image)"):
        open_corrected(tmp_path).read("a")


def test_what_is_marked_as_unknown_is_no_object(tmp_path, images):
    labels = disk((160, 176), (40, 40, 1), (100, 60, 2), (100, 120, 255))
    save(tmp_path / "labels", a=labels)
    read = open_corrected(tmp_path, unknown=255).read("a")
    assert read.count == 2 and np.array_equal(read.known, labels != 255)
    assert open_corrected(tmp_path).read("a").count == 3


@pytest.mark.parametrize(("name", "unknown"), [("Ignore*", None), ("unknown region", None), ("mess", "Mess")])
def test_a_drawn_region_of_that_class_is_unknown(tmp_path, images, name, unknown):
    def square(top, left, side, class_name):
        ring = [[left, top], [left + side, top], [left + side, top + side], [left, top + side], [left, top]]
        return {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [ring]},
            "properties": {"classification": {"name": class_name}},
        }

    features = [square(10, 10, 20, "Tumor"), square(60, 60, 40, name)]
    (images / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    read = open_corrected(images, unknown=unknown).read("a")
    assert read.count == 1 and read.classes == {1: "Tumor"}
    assert not read.known[60:100, 60:100].any() and (~read.known).sum() == 1600
