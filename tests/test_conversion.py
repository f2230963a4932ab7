"""Conversion of label images to the formats of other programs and back."""

from __future__ import annotations

import itertools
import json
import zipfile

import numpy as np
import pytest
import tifffile

import hooke
from hooke.cli.convert import convert as convert_command
from hooke.errors import ConfigError, DatasetError, HookeError
from hooke.io import read_labels, write_labels, write_png
from tests.builders import run_command

FIRST = np.array([[1, 1, 0, 2], [1, 1, 0, 2], [0, 0, 0, 0], [3, 0, 0, 0]], np.int32)
SECOND = np.array([[0, 5, 5], [0, 5, 5]], np.int32)
FORMATS = {
    "labels": "a.tif",
    "geojson": "a.geojson",
    "rois": "a.zip",
    "coco": "a.json",
    "masks": "m.zip",
    "rle": "a.csv",
    "cellpose": "a_seg.npy",
}
pytest.importorskip("roifile")


@pytest.fixture
def folder(tmp_path):
    write_labels(tmp_path / "labels" / "a.tif", [FIRST])
    write_labels(tmp_path / "labels" / "b.tif", [SECOND])
    return tmp_path / "labels"


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(FORMATS, 2)))
def test_each_format_becomes_each_other(first, second, folder, tmp_path):
    start, end, back = tmp_path / "1" / FORMATS[first], tmp_path / "2" / FORMATS[second], tmp_path / "back.tif"
    hooke.convert(folder / "a.tif", start, to=first)
    made = hooke.convert(start, end, to=second)
    assert (made.format, made.paths, list(made.objects.values())) == (second, [end], [3])
    hooke.convert(end, back)
    assert np.array_equal(read_labels(back), FIRST)


def test_labels_in_folders_of_plates_are_measured_in_the_images_of_their_plate(tmp_path):
    for plate, value in (("plate1", 10), ("plate2", 90)):
        write_labels(tmp_path / "labels" / plate / "a_mask.tif", [FIRST])
        write_labels(tmp_path / "results" / f"{plate}-a.tif", [FIRST])  # as hooke names them
        write_png(tmp_path / "images" / plate / "a.png", np.full(FIRST.shape, value, np.uint8))
    for labels, name in (("labels", "plate2/a_mask.geojson"), ("results", "plate2-a.geojson")):
        hooke.convert(tmp_path / labels, tmp_path / "out", images=tmp_path / "images", to="geojson")
        features = json.loads((tmp_path / "out" / name).read_text())["features"]
        assert features[0]["properties"]["measurements"]["intensity_mean"] == 90


def test_images_of_one_name_are_not_taken_for_each_other(folder, tmp_path):
    for suffix in ("png", "tif"):
        write_png(tmp_path / "images" / f"a.{suffix}", np.full(FIRST.shape, 9, np.uint8))
    with pytest.raises(DatasetError, match="no image is named a; name images and labels alike"):
        hooke.convert(folder / "a.tif", tmp_path / "out", images=tmp_path / "images", to="geojson")


def test_a_folder_becomes_a_folder(folder, tmp_path):
    made = hooke.convert(folder, tmp_path / "out", to="geojson")
    assert [path.name for path in made.paths] == ["a.geojson", "b.geojson"]
    again = hooke.convert(tmp_path / "out", tmp_path / "labels2", to="labels")
    assert again.objects == {"a": 3, "b": 1}
    assert np.array_equal(read_labels(tmp_path / "labels2" / "b.tif"), SECOND > 0)


@pytest.mark.parametrize(("to", "ending"), [("coco", ".json"), ("rle", ".csv")])
def test_one_file_for_all_images_has_an_ending_by_which_it_is_read_again(to, ending, folder, tmp_path):
    for out, made in ((tmp_path / "out", tmp_path / f"out{ending}"), (tmp_path, tmp_path / f"{to}{ending}")):
        assert hooke.convert(folder, out, to=to).paths == [made]
        assert hooke.convert(made, tmp_path / f"{made.stem}_back", to="labels").objects == {"a": 3, "b": 1}


def test_a_folder_becomes_one_json(folder, tmp_path):
    assert hooke.convert(folder, tmp_path / "all.json").paths == [tmp_path / "all.json"]
    result = hooke.evaluate(tmp_path / "all.json", folder)
    assert result.overall.mean["f1_50"] == 1


def test_an_evaluation_reads_regions(folder, tmp_path):
    hooke.convert(folder, tmp_path / "rois", to="rois")
    assert hooke.evaluate(tmp_path / "rois", folder).overall.mean["f1_50"] == 1


def test_planes_of_a_stack_are_files_of_their_own(tmp_path):
    write_labels(tmp_path / "s.tif", [FIRST, FIRST * 0], axes="Z", shape=(2,))
    made = hooke.convert(tmp_path / "s.tif", tmp_path / "out", to="rois")
    assert [path.name for path in made.paths] == ["s_z0.zip", "s_z1.zip"]
    assert made.objects == {"s": 3}


def test_images_give_size_and_intensities(folder, tmp_path):
    write_png(tmp_path / "images" / "a.png", np.full((4, 4), 7, np.uint8))
    write_png(tmp_path / "images" / "b.png", np.full((2, 3), 7, np.uint8))
    hooke.convert(folder, tmp_path / "out", to="geojson", images=tmp_path / "images")
    assert '"intensity_mean": 7.0' in (tmp_path / "out" / "a.geojson").read_text()
    assert '"name": "a.png"' in (tmp_path / "out" / "a.geojson").read_text()


def test_an_image_of_another_size_is_reported_and_the_rest_continues(folder, tmp_path):
    write_png(tmp_path / "images" / "a.png", np.zeros((4, 5), np.uint8))
    write_png(tmp_path / "images" / "b.png", np.zeros((2, 3), np.uint8))
    made = hooke.convert(folder, tmp_path / "out", to="geojson", images=tmp_path / "images")
    assert made.objects == {"b": 1}
    assert "labels and image differ in size: 4 x 4 and 4 x 5 pixels; give the labels' own image" in made.failed["a"]


def test_a_missing_image_is_named(folder, tmp_path):
    write_png(tmp_path / "images" / "c.png", np.zeros((4, 5), np.uint8))
    with pytest.raises(DatasetError, match="no image is named a; name images and labels alike"):
        hooke.convert(folder / "a.tif", tmp_path / "a.geojson", images=tmp_path / "images")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"out": "a.xyz"}, "'a.xyz' does not say which format to write; choose one with --to: labels, geojson"),
        ({"out": "a.json", "to": "qupath"}, "no format 'qupath'"),
        ({"out": "a.json", "to": "coco,rle"}, "'coco,rle' is not one format"),
        ({"out": "a.json", "nuclei": "n.tif"}, "for QuPath only; write geojson"),
    ],
)
def test_what_cannot_be_written_is_refused(given, message, folder, tmp_path):
    with pytest.raises(ConfigError, match=message):
        hooke.convert(folder, tmp_path / given.pop("out"), **given)


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("a.parquet", "holds a table without outlines, which hooke doesn't read"),
        ("a.jpg", "holds no outlines that hooke reads"),
    ],
)
def test_a_file_without_outlines_is_said_to_be_one(name, cause, tmp_path):
    (tmp_path / name).write_bytes(b"PAR1")
    with pytest.raises(DatasetError, match=f"{name}: {cause}; name a label image"):
        hooke.convert(tmp_path / name, tmp_path / "a.tif")
    with pytest.raises(DatasetError, match="no such folder or file; check the name"):
        hooke.convert(tmp_path / "nowhere.parquet", tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("via.json", '{"a.png9": {"filename": "a.png", "regions": []}}', "is the VGG Image Annotator's json"),
        ("via.json", '{"_via_settings": {}, "_via_img_metadata": {}}', "is the VGG Image Annotator's json"),
        ("studio.json", '[{"id": 1, "annotations": [], "data": {"image": "a.png"}}]', "is Label Studio's json"),
        ("supervisely.json", '{"size": {"height": 9, "width": 9}, "objects": []}', "is Supervisely's json"),
        ("slide.json", '{"annotation": {"name": "n", "elements": []}}', "is the Digital Slide Archive's json"),
        ("cvat.xml", "<annotations/>", "holds outlines of another program"),
    ],
)
def test_annotations_of_other_programs_are_named(name, text, says, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(DatasetError, match=f"{name}: {says}.*; export .* as COCO there"):
        hooke.convert(tmp_path / name, tmp_path / "a.tif")


def test_of_tracks_the_label_images_are_read_and_the_movie_is_not(tmp_path):
    write_labels(tmp_path / "tracks" / "labels.tif", [FIRST, FIRST], axes="T", shape=(2,))
    tifffile.imwrite(tmp_path / "tracks" / "movie.tif", np.zeros((2, 4, 5, 3), np.uint8), photometric="rgb")
    for name in ("tracks.csv", "lineage.csv"):
        (tmp_path / "tracks" / name).write_text("track\n")
    made = hooke.convert(tmp_path / "tracks", tmp_path / "out", to="geojson")
    assert not made.failed
    assert sum(made.objects.values()) == 6


def test_a_folder_of_zarr_stores_becomes_a_folder(folder, tmp_path):
    pytest.importorskip("zarr")
    hooke.convert(folder, tmp_path / "stores", to="ome-zarr")
    made = hooke.convert(tmp_path / "stores", tmp_path / "back", to="labels")
    assert made.objects == {"a": 3, "b": 1}
    assert np.array_equal(read_labels(tmp_path / "back" / "b.tif"), SECOND)
    assert hooke.evaluate(tmp_path / "stores", folder).overall.mean["f1_50"] == 1


def test_a_damaged_store_costs_the_others_nothing(folder, tmp_path):
    pytest.importorskip("zarr")
    hooke.convert(folder, tmp_path / "stores", to="ome-zarr")
    (tmp_path / "stores" / "c.ome.zarr").mkdir()
    made = hooke.convert(tmp_path / "stores", tmp_path / "back", to="labels")
    assert made.objects == {"a": 3, "b": 1}
    assert "c.ome.zarr" in made.failed["c"]


def test_nuclei_of_cells_are_read_where_asked(tmp_path):
    write_labels(tmp_path / "cells.tif", [FIRST])
    nuclei = np.where(np.arange(4) == 0, FIRST, 0)  # of two of the three cells
    write_labels(tmp_path / "nuclei.tif", [nuclei])
    hooke.convert(tmp_path / "cells.tif", tmp_path / "c.geojson", nuclei=tmp_path / "nuclei.tif", object_type="cell")
    hooke.convert(tmp_path / "c.geojson", tmp_path / "cells2.tif")
    assert np.array_equal(read_labels(tmp_path / "cells2.tif"), FIRST)
    result, status = run_command(
        convert_command, tmp_path / "c.geojson", tmp_path / "nuclei2.tif", "--outline", "nucleus"
    )
    assert status == 0, result.output
    assert np.array_equal(read_labels(tmp_path / "nuclei2.tif") > 0, (nuclei > 0) | (FIRST == 2))
    with pytest.raises(ConfigError, match="no outline 'cell'; choose one of: object, nucleus"):
        hooke.convert(tmp_path / "c.geojson", tmp_path / "d.tif", outline="cell")
    with pytest.raises(ConfigError, match="is in QuPath's GeoJSON only"):
        hooke.convert(tmp_path / "cells.tif", tmp_path / "d.tif", outline="nucleus")


def test_the_command_converts(folder, tmp_path):
    result, status = run_command(
        convert_command, folder, tmp_path / "q", "--to", "geojson", "--object-type", "annotation"
    )
    assert status == 0
    assert "4 objects of 2 image(s) as geojson" in result.output
    assert '"objectType": "annotation"' in (tmp_path / "q" / "a.geojson").read_text()


@pytest.mark.parametrize(
    ("axes", "last"), [("CZYX", "s_c1_z2"), ("ZCYX", "s_z2_c1"), ("CYX", "s_c1"), ("TYX", "s_t1"), ("TZYX", "s_t1_z2")]
)
def test_every_plane_and_channel_has_a_file_that_says_which(axes, last, tmp_path):
    sizes = {"C": 2, "Z": 3, "T": 2, "Y": 9, "X": 9}
    labels = np.zeros([sizes[axis] for axis in axes], np.uint16)
    labels[..., 2:5, 2:5] = 7
    labels[(-1,) * (len(axes) - 2)] = 0  # nothing in the last plane
    tifffile.imwrite(tmp_path / "s.ome.tif", labels, metadata={"axes": axes})
    made = hooke.convert(tmp_path / "s.ome.tif", tmp_path / "out", to="rois")
    assert len(made.paths) == labels[..., 0, 0].size
    assert made.paths[-1].name == f"{last}.zip"


@pytest.mark.parametrize(
    ("axes", "shape", "turn"),
    [("TZYX", (2, 3), None), ("ZTYX", (3, 2), (1, 0)), ("ZYX", (6,), None), ("ZYX", (3,), "refused")],
)
def test_planes_of_labels_are_measured_in_the_same_planes_of_the_image(tmp_path, axes, shape, turn):
    image = np.stack([np.full((20, 24), 10 * plane, np.uint16) for plane in range(6)]).reshape(2, 3, 20, 24)
    labels = np.zeros((*shape, 20, 24), np.uint16)
    labels[..., 5:9, 5:9] = 1
    tifffile.imwrite(tmp_path / "a.ome.tif", image, metadata={"axes": "TZYX"}, ome=True)
    (tmp_path / "labels").mkdir()
    tifffile.imwrite(tmp_path / "labels" / "a.ome.tif", labels, metadata={"axes": axes}, ome=True)
    if turn == "refused":
        with pytest.raises(DatasetError, match="differ in their planes: Z 3 and T 2 x Z 3"):
            hooke.convert(tmp_path / "labels", tmp_path / "out", to="geojson", images=tmp_path / "a.ome.tif")
        return
    hooke.convert(tmp_path / "labels", tmp_path / "out", to="geojson", images=tmp_path / "a.ome.tif")
    found = []
    for path in sorted((tmp_path / "out").iterdir()):
        (feature,) = json.loads(path.read_text())["features"]
        found.append(feature["properties"]["measurements"]["intensity_mean"])
    expected = image.mean(axis=(2, 3))
    assert found == (expected if turn is None else expected.transpose(turn)).ravel().tolist()


SQUARE = [[2, 2], [6, 2], [6, 6], [2, 6], [2, 2]]
FEATURE = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [SQUARE]}, "properties": {}}
SHAPE = {"label": "n", "points": SQUARE[:4], "shape_type": "polygon", "group_id": None, "flags": {}}


@pytest.mark.parametrize(
    "content", [[FEATURE], {"type": "FeatureCollection", "features": [FEATURE]}, {"shapes": [SHAPE]}]
)
@pytest.mark.parametrize("as_folder", [False, True])
def test_a_json_of_one_image_is_read_by_what_it_holds(content, as_folder, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_text(json.dumps(content))
    write_labels(tmp_path / "a.tif", [np.zeros((9, 8), np.int32)])
    given, out = (tmp_path / "in", tmp_path / "out") if as_folder else (tmp_path / "in" / "a.json", tmp_path / "b.tif")
    hooke.convert(given, out, to="labels", images=tmp_path / "a.tif")
    labels = read_labels(out / "a.tif" if as_folder else out)
    assert np.argwhere(labels == 1).min(axis=0).tolist() == [2, 2]
    assert np.count_nonzero(labels) == 16


def test_a_zip_of_neither_regions_nor_masks_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.geojson", json.dumps([FEATURE]))
    write_labels(tmp_path / "a.tif", [np.zeros((9, 8), np.int32)])
    with pytest.raises(HookeError, match=r"neither regions nor masks; unpack it, and give the a\.geojson in it"):
        hooke.convert(tmp_path / "a.zip", tmp_path / "b.tif", images=tmp_path / "a.tif")
