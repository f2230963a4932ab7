"""Files for other programs, opened by libraries that hooke does not use to write them."""

from __future__ import annotations

import io
import json
import uuid
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image as Picture

from hooke.errors import ConfigError, DatasetError, OutputError
from hooke.io import read_labels
from hooke.io.annotations import (
    AnnotatedPlane,
    DsbSource,
    ZarrSource,
    open_coco,
    parse_formats,
    read_masks,
    write_coco,
    write_geojson,
    write_masks,
    write_regions,
    write_run_lengths,
)
from hooke.io.annotations.annotation_files import find_annotations
from hooke.io.annotations.writers import WRITERS
from hooke.labels import LabelledImage
from hooke.measure import measure
from tests.cases import cases

shapely = pytest.importorskip("shapely", reason="needs shapely, an independent reader of polygons")
roifile = pytest.importorskip("roifile", reason="needs roifile")

FORMATS = tuple(name for name, writer in WRITERS.items() if not writer.is_table)
KEEP_IDS = ("labels", "ome-zarr")
LABELS = np.array(
    [
        [4, 4, 0, 0, 9, 9],
        [4, 4, 0, 0, 9, 9],
        [0, 0, 0, 0, 0, 0],
        [7, 7, 7, 0, 0, 9],
        [7, 0, 7, 0, 0, 9],
        [7, 7, 7, 0, 0, 0],
    ],
    np.int32,
)  # 9 is in two pieces, 7 has a hole
PLANE = AnnotatedPlane(
    "field",
    LabelledImage(LABELS, {4: 0.5, 7: 1.0, 9: 0.25}, {4: "immune", 7: "stroma: dense", 9: "immune"}),
    table=measure(LABELS, None),
)
AREAS = {4: 4, 7: 8, 9: 6}
CENTRES = {4: (0.5, 0.5), 7: (4, 1), 9: (9 / 6, 28 / 6)}  # (y, x) in hooke's coordinates
small_labels = arrays(
    np.int32, array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.sampled_from([0, 2, 3, 9])
)


def consecutive(labels):
    """The same objects, numbered from 1."""
    ids = np.unique(np.append(labels, 0))
    return np.searchsorted(ids, labels)


def may_be_background(labels):
    """Whether one id in all corners is all there is besides 0 in places, or the others besides it: both are refused."""
    corners = labels[[0, 0, -1, -1], [0, -1, 0, -1]]
    if corners.all() and len(np.unique(labels[labels > 0])) == 1 and (labels > 0).mean() >= 0.5:
        return not labels.all()
    return labels.all() and len(set(corners.tolist())) == 1 and len(np.unique(labels)) > 1


def write(name, path, plane):
    target = path / f"{plane.name}{WRITERS[name].suffix}"
    WRITERS[name].write(target, [plane])
    return target


def read(name, path, shape):
    if name == "coco":
        return open_coco(path).read("field", shape)
    if name == "labels":  # one value may be taken for a binary mask elsewhere
        return LabelledImage(read_labels(path))
    if name == "rle":
        return DsbSource(path).read("field", shape)
    if name == "ome-zarr":
        pytest.importorskip("zarr")
        return ZarrSource(path, split_components=False).read("field")
    return find_annotations(path, split_components=False).read("field", shape)


def contents(path):
    """Bytes of a file, or of each in a folder."""
    files = sorted(inner for inner in path.rglob("*") if inner.is_file()) if path.is_dir() else [path]
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("case", cases("more than 65535 ids"), ids=str)
def test_every_case_comes_back(name, case, tmp_path):
    for labels in (case.truth, case.pred):
        path = write(name, tmp_path, AnnotatedPlane("field", LabelledImage(labels)))
        found = read(name, path, labels.shape).labels
        assert np.array_equal(found, labels if name in KEEP_IDS else consecutive(labels))


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(labels=small_labels)
def test_any_labels_come_back(name, labels, tmp_path):
    assume(name != "labels" or min(labels.shape) > 1)  # hooke reads no image file that is a line
    assume(name != "ome-zarr" or not may_be_background(labels))
    path = write(name, tmp_path, AnnotatedPlane("field", LabelledImage(labels)))
    found = read(name, path, labels.shape).labels
    assert np.array_equal(found, labels if name in KEEP_IDS else consecutive(labels))


@pytest.mark.parametrize("name", ["geojson", "rois"])
def test_scores_and_classes_come_back(name, tmp_path):
    found = read(name, write(name, tmp_path, PLANE), None)
    assert found.scores == {1: 0.5, 2: 1.0, 3: 0.25}
    assert found.classes == {1: "immune", 2: "stroma: dense", 3: "immune"}


@pytest.mark.parametrize("name", FORMATS)
def test_equal_labels_give_equal_bytes(name, tmp_path):
    first = contents(write(name, tmp_path / "a", PLANE))
    assert contents(write(name, tmp_path / "b", PLANE)) == first
    assert contents(write(name, tmp_path / "a", PLANE)) == first  # replaced, not added to


def test_shapely_reads_the_areas_and_places_of_geojson(tmp_path):
    data = json.loads(write("geojson", tmp_path, PLANE).read_text(encoding="utf-8"))
    assert "crs" not in data
    for feature in data["features"]:
        label = int(feature["properties"]["name"])
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.is_valid
        assert shape.area == AREAS[label]
        # The centre of a pixel is (0, 0) in hooke and (0.5, 0.5) here.
        assert (shape.centroid.y - 0.5, shape.centroid.x - 0.5) == pytest.approx(CENTRES[label])
        for polygon in getattr(shape, "geoms", [shape]):
            assert all(ring.coords[0] == ring.coords[-1] for ring in (polygon.exterior, *polygon.interiors))


def test_geojson_has_what_qupath_asks_for(tmp_path):
    data = json.loads(write("geojson", tmp_path, PLANE).read_text(encoding="utf-8"))
    assert data["type"] == "FeatureCollection"
    first = data["features"][0]
    assert len(first["id"]) == 36  # beside the properties: QuPath takes it as the object's UUID
    assert "id" not in first["properties"]
    properties = first["properties"]
    assert properties["objectType"] == "detection"
    assert properties["classification"] == {"name": "immune", "color": [255, 225, 25]}
    assert properties["measurements"]["area"] == 4
    assert properties["measurements"]["score"] == 0.5
    assert "label" not in properties["measurements"]
    colours = {feature["properties"]["classification"]["name"]: feature for feature in data["features"]}
    assert colours["stroma: dense"]["properties"]["classification"]["color"] == [0, 225, 255]


def test_geojson_leaves_out_what_is_not_finite(tmp_path):
    table = measure(LABELS, np.full(LABELS.shape, np.nan))
    write_geojson(tmp_path / "a.geojson", AnnotatedPlane("a", PLANE.content, table))
    data = json.loads((tmp_path / "a.geojson").read_text(), parse_constant=pytest.fail)
    assert "intensity_mean" not in data["features"][0]["properties"]["measurements"]


def test_cells_have_their_nucleus(tmp_path):
    nuclei = np.where(LABELS == 4, LABELS, 0)
    nuclei[0, 0] = 0
    write_geojson(tmp_path / "a.geojson", AnnotatedPlane("a", LabelledImage(LABELS), nuclei=nuclei))
    cell, other, _ = json.loads((tmp_path / "a.geojson").read_text())["features"]
    assert cell["properties"]["objectType"] == other["properties"]["objectType"] == "cell"
    assert shapely.geometry.shape(cell["geometry"]).area == 4
    assert shapely.geometry.shape(cell["nucleusGeometry"]).area == 3  # beside the geometry, as QuPath reads it
    assert "nucleusGeometry" not in other


def test_a_plane_of_a_stack_has_its_place(tmp_path):
    plane = AnnotatedPlane("a", LabelledImage(LABELS), position={"t": 2, "z": 0})
    write_geojson(tmp_path / "a.geojson", plane)
    geometry = json.loads((tmp_path / "a.geojson").read_text())["features"][0]["geometry"]
    assert geometry["plane"] == {"c": -1, "z": 0, "t": 2}
    write_regions(tmp_path / "a.zip", plane)
    roi = roifile.ImagejRoi.fromfile(tmp_path / "a.zip")[0]
    assert (roi.t_position, roi.z_position, roi.c_position, roi.position) == (3, 1, 0, 0)  # counted from 1, 0 is none
    write_regions(tmp_path / "b.zip", AnnotatedPlane("b", LabelledImage(LABELS), position={"z": 4}))
    assert roifile.ImagejRoi.fromfile(tmp_path / "b.zip")[0].position == 5


def test_geojson_is_written_as_json_writes_it(tmp_path):
    image = np.where(LABELS == 7, np.nan, np.arange(36.0).reshape(6, 6) / 7)
    content = LabelledImage(LABELS, {4: 0.1, 7: 1e-7}, {4: 'with "quotes"', 9: "100 % größer"})
    for plane in (
        AnnotatedPlane("größe 100 %", content, measure(LABELS, image), position={"z": 3}, nuclei=LABELS),
        AnnotatedPlane("a", LabelledImage(LABELS), None),
    ):
        write_geojson(tmp_path / "a.geojson", plane, object_type="annotation")
        text = (tmp_path / "a.geojson").read_text(encoding="utf-8")
        data = json.loads(text)
        assert "\n".join(map(json.dumps, data["features"])) in text.replace(",\n", "\n")
        for feature, label in zip(data["features"], plane.ids, strict=True):
            assert feature["id"] == str(uuid.uuid5(uuid.NAMESPACE_URL, f"hooke:{plane.name}:{label}"))
            assert feature["properties"].get("measurements", {}) == plane.measurements.get(label, {})


def test_an_unknown_object_type_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="choose one of: detection, annotation, cell"):
        write_geojson(tmp_path / "a.geojson", PLANE, object_type="tile")
    assert not (tmp_path / "a.geojson").exists()


def test_roifile_reads_the_areas_and_places_of_regions(tmp_path):
    rois = roifile.ImagejRoi.fromfile(write("rois", tmp_path, PLANE))
    assert [roi.name for roi in rois] == ["0004", "0007", "0009"]
    for roi in rois:
        label = int(roi.name)
        rings = roi.coordinates(multi=True) if roi.composite else [roi.coordinates()]
        assert all(ring.dtype.kind == "f" for ring in rings)
        shape = shapely.Polygon()
        for ring in rings:
            shape = shape.symmetric_difference(shapely.Polygon(ring))
        assert shape.area == AREAS[label]
        assert (shape.centroid.y - 0.5, shape.centroid.x - 0.5) == pytest.approx(CENTRES[label])
        colour = (255, 225, 25) if label in (4, 9) else (0, 225, 255)
        assert tuple(roi.stroke_color) == (255, *colour)
    assert [roi.group for roi in rois] == [1, 2, 1]
    assert rois[1].properties["class"] == "stroma: dense"


@pytest.mark.slow
def test_regions_are_bytes_that_roifile_writes_too(tmp_path):
    corners = np.zeros((1, 44_000), np.int32)
    corners[:, 1::2] = 3  # its steps are more than 16 bits count
    comb = np.repeat([[0, 1, 1], [1, 1, 1]], [1, 1], axis=0)
    comb = np.tile(comb, (1, 23_000)).astype(np.int32) * 5  # one outline of more corners than 16 bits count
    names = {4: "größe", 9: "a\U0001f52cb"}
    for labels in (LABELS, corners, comb):
        scores, classes = ({4: 0.5, 7: 1e-9}, names) if labels is LABELS else ({}, {})
        plane = AnnotatedPlane("a", LabelledImage(labels, scores, classes), position={"c": 1, "t": 70_000})
        write_regions(tmp_path / "a.zip", plane)
        with zipfile.ZipFile(tmp_path / "a.zip") as archive:
            regions = [archive.read(name) for name in archive.namelist()]
        assert regions == [roifile.ImagejRoi.frombytes(region).tobytes() for region in regions]


def test_regions_of_a_slide_are_beyond_16_bits(tmp_path):
    labels = np.zeros((3, 70_000), np.int32)
    labels[1, 66_000:66_004] = 1
    path = tmp_path / "field.zip"
    write_regions(path, AnnotatedPlane("field", LabelledImage(labels)))
    (roi,) = roifile.ImagejRoi.fromfile(path)
    assert roi.coordinates()[:, 0].max() == 66_004
    assert np.array_equal(find_annotations(path).read("field").labels, labels)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_pycocotools_reads_coco(tmp_path, capsys):
    coco = pytest.importorskip("pycocotools.coco")
    other = AnnotatedPlane("other", LabelledImage(np.zeros((2, 3), np.int32)), image_file="other.tif")
    write_coco(tmp_path / "a.json", [PLANE, other])
    data = coco.COCO(str(tmp_path / "a.json"))
    assert [image["file_name"] for image in data.dataset["images"]] == ["field.png", "other.tif"]
    assert [category["name"] for category in data.dataset["categories"]] == ["immune", "stroma: dense"]
    found = np.zeros(LABELS.shape, np.int32)
    annotations = data.loadAnns(data.getAnnIds(imgIds=1))
    assert min(annotation["id"] for annotation in annotations) == 1
    for label, annotation in zip(AREAS, annotations, strict=True):
        mask = data.annToMask(annotation)
        found[mask > 0] = label
        assert annotation["area"] == AREAS[label] == mask.sum()
        rows, columns = np.nonzero(mask)
        left, top, width, height = annotation["bbox"]
        assert (left, top) == (columns.min(), rows.min())
        assert (left + width, top + height) == (columns.max() + 1, rows.max() + 1)
    assert np.array_equal(found, LABELS)
    assert data.getAnnIds(imgIds=2) == []


def test_masks_are_pictures_of_the_size_of_the_image(tmp_path):
    with zipfile.ZipFile(write("masks", tmp_path, PLANE)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".png")]
        assert names == ["masks/field_0004.png", "masks/field_0007.png", "masks/field_0009.png"]
        for name, label in zip(names, AREAS, strict=True):
            pixels = np.asarray(Picture.open(io.BytesIO(archive.read(name))))
            assert np.array_equal(pixels, (label == LABELS) * np.uint8(255))


def test_masks_of_a_folder_are_read_too(tmp_path):
    with zipfile.ZipFile(write("masks", tmp_path, PLANE)) as archive:
        archive.extractall(tmp_path)
    assert np.array_equal(read_masks(tmp_path / "masks").labels, consecutive(LABELS))


def test_too_many_masks_are_refused(tmp_path):
    plane = AnnotatedPlane("a", LabelledImage(np.arange(200_000, dtype=np.int32).reshape(400, 500)))
    with pytest.raises(OutputError, match=r"a\.zip: 199999 masks .* are too many; write run lengths"):
        write_masks(tmp_path / "a.zip", plane)


def test_run_lengths_state_the_size(tmp_path):
    write_run_lengths(tmp_path / "a.csv", [PLANE])
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[:2] == ["ImageId,EncodedPixels,Height,Width", "field,1 2 7 2,6,6"]


def test_regions_without_a_size_need_the_image(tmp_path):
    roi = roifile.ImagejRoi.frompoints(np.array([[0, 0], [2, 0], [2, 2], [0, 2]], np.float32))
    roi.tofile(tmp_path / "a.roi")
    source = find_annotations(tmp_path / "a.roi")
    with pytest.raises(DatasetError, match=r"a\.roi: states no height and width .* \(--images\)"):
        source.read("a")
    assert source.read("a", (2, 3)).labels.tolist() == [[1, 1, 0], [1, 1, 0]]


@pytest.mark.parametrize("member", ["../../escaped.png", "/tmp/escaped.png"])
def test_a_zip_writes_nowhere(member, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member, b"not a picture")
    with pytest.raises(DatasetError, match=r"a\.zip: .*escaped\.png is not a picture"):
        find_annotations(tmp_path / "a.zip").read("a")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("suffix", [".zip", ".geojson", ".roi"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b'{"type": "FeatureCollection"', b"Iout" + bytes(30)])
def test_damaged_files_are_named(suffix, content, tmp_path):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=rf"a\{suffix}: "):
        find_annotations(path).read("a", (4, 4))


def test_geojson_of_a_huge_image_is_refused(tmp_path):
    text = '{"type": "FeatureCollection", "image": {"height": 900000, "width": 900000}, "features": []}'
    (tmp_path / "a.geojson").write_text(text)
    with pytest.raises(DatasetError, match="promises"):
        find_annotations(tmp_path / "a.geojson").read("a")


def test_unknown_formats_are_refused():
    with pytest.raises(ConfigError, match="no format 'qupath'; choose from: labels, geojson"):
        parse_formats("rois,qupath")
