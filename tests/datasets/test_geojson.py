"""Preparing QuPath's GeoJSON: holes, several polygons, cells with nuclei, classes, damage named."""

from __future__ import annotations

import json

import numpy as np
import PIL.Image
import pytest

from hooke.datasets.adapters.geojson import find, load
from hooke.errors import ConfigError, DatasetError
from hooke.io.annotations.geojson import NO_GEOMETRY, OTHER_PLANES, REGIONS, SKIPPED, WHOLE_CELLS

HEIGHT, WIDTH = 12, 16


def square(x, y, side):
    return [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]


def feature(kind, coordinates, class_name=None, **more):
    properties = {"objectType": "annotation"}
    if class_name:
        properties["classification"] = {"name": class_name, "color": [200, 0, 0]}
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "id": "0", "geometry": geometry, "properties": properties, **more}


def write(root, data, name="a.geojson", image="a.png"):
    (root / name).write_text(json.dumps(data))
    PIL.Image.fromarray(np.zeros((HEIGHT, WIDTH), np.uint8)).save(root / image)
    return root


def first(root, **options):
    source, entries = find(root, **options)
    return load(source, entries[0].id)


FEATURES = [
    feature("Polygon", [square(0, 0, 5), square(1, 1, 3)], "Tumor"),
    feature("MultiPolygon", [[square(6, 0, 2)], [square(9, 0, 3), square(10, 1, 1)]], "Stroma"),
    feature("Point", [3, 3]),
    feature("LineString", [[3, 3], [4, 4]]),
    feature("Polygon", [square(0, 8, 2)]),
]


@pytest.mark.parametrize("wrap", [lambda all_: {"type": "FeatureCollection", "features": all_}, list])
def test_polygons_with_holes_and_parts_become_labels_with_classes(tmp_path, wrap):
    sample = first(write(tmp_path, wrap(FEATURES)))
    expected = np.zeros((HEIGHT, WIDTH), int)
    expected[0:5, 0:5] = 1
    expected[1:4, 1:4] = 0
    expected[0:2, 6:8] = expected[0:3, 9:12] = 2
    expected[1, 10] = 0
    expected[8:10, 0:2] = 3
    np.testing.assert_array_equal(sample.labels, expected)
    assert sample.classes == {1: "Tumor", 2: "Stroma"}
    assert sample.oddities[SKIPPED] == 2


def test_one_feature_alone_and_derived_classes_are_read(tmp_path):
    alone = feature("Polygon", [square(0, 0, 2)])
    alone["properties"]["classification"] = {"names": ["Tumor", "Positive"]}
    assert first(write(tmp_path, alone)).classes == {1: "Tumor: Positive"}


def test_the_nucleus_of_a_cell_is_taken_on_demand(tmp_path):
    nucleus = {"type": "Polygon", "coordinates": [square(1, 1, 2)]}
    write(
        tmp_path,
        [feature("Polygon", [square(0, 0, 5)], nucleusGeometry=nucleus), feature("Polygon", [square(8, 0, 3)])],
    )
    assert np.bincount(first(tmp_path).labels.ravel())[1:].tolist() == [25, 9]
    assert first(tmp_path).oddities == {WHOLE_CELLS: 1}
    assert not first(tmp_path, outline="nucleus").oddities
    assert np.bincount(first(tmp_path, outline="nucleus").labels.ravel())[1:].tolist() == [4, 9]
    with pytest.raises(ConfigError, match="use object or nucleus"):
        find(tmp_path, outline="membrane")


@pytest.mark.parametrize(("name", "id_"), [("a.geojson", "a"), ("a.png.geojson", "a"), ("a.json", "a")])
def test_image_and_annotations_are_paired_by_name(tmp_path, name, id_):
    source, entries = find(write(tmp_path, FEATURES, name))
    assert [entry.id for entry in entries] == [id_]
    assert load(source, id_).labels.max() == 3


def test_an_image_beside_goes_before_one_of_the_same_name_elsewhere(tmp_path):
    write(tmp_path, FEATURES)
    (tmp_path / "masks").mkdir()
    PIL.Image.new("L", (3, 3)).save(tmp_path / "masks" / "a.png")
    assert first(tmp_path).labels.max() == 3


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"type": "Topology"}, "type 'Topology' where features should be"),
        ({"type": "FeatureCollection"}, "'features' is missing"),
        ([3], "feature 1: 3 where an object"),
        ([feature("Polygon", 3)], "'coordinates' is 3, not a list"),
        ([feature("Polygon", [3])], "coordinates are not pairs"),
        ([feature("MultiPolygon", [3])], "not a list of rings"),
        ([feature("Polygon", [[["a", "b"]] * 4])], "not finite numbers"),
        ([feature("Sphere", [])], "geometry of type 'Sphere'"),
        ([{"type": "Feature", "geometry": 5}], "5 where an object"),
        ([{"type": "Feature"}], "'geometry' is missing"),
        (
            [{**feature("Polygon", [square(0, 0, 2)]), "properties": {"classification": "x"}}],
            "'classification' is \"x\"",
        ),
    ],
)
def test_what_is_damaged_is_named_with_its_file(tmp_path, data, said):
    with pytest.raises(DatasetError, match=said) as caught:
        first(write(tmp_path, data))
    assert caught.value.path == tmp_path / "a.geojson"
    assert caught.value.remedy


def test_annotations_without_an_image_are_named(tmp_path):
    write(tmp_path, FEATURES, image="b.png")
    with pytest.raises(DatasetError, match="image 'a' is not here"):
        first(tmp_path)


def typed(kind, x, y, side, **more):
    made = feature("Polygon", [square(x, y, side)], **more)
    return made | {"properties": {"objectType": kind}}


def test_regions_around_detections_and_cores_are_left_out(tmp_path):
    found = [typed("detection", 1, 1, 3), typed("detection", 6, 1, 3), typed("annotation", 11, 1, 3)]
    around = [typed("annotation", 0, 0, 10), typed("tma_core", 0, 0, 12)]
    sample = first(write(tmp_path, around + found))
    assert np.bincount(sample.labels.ravel())[1:].tolist() == [9, 9, 9]
    assert sample.oddities[REGIONS] == 2


def test_an_annotation_around_one_detection_is_an_object(tmp_path):
    sample = first(write(tmp_path, [typed("annotation", 0, 0, 6), typed("detection", 1, 1, 3)]))
    assert np.bincount(sample.labels.ravel())[1:].tolist() == [27, 9]


def test_members_of_a_collection_are_parts_of_one_object_and_features_may_lack_a_geometry(tmp_path):
    members = [{"type": "Polygon", "coordinates": [square(x, 0, 2)]} for x in (0, 4)]
    members.append({"type": "Point", "coordinates": [9, 9]})
    together = {"type": "Feature", "geometry": {"type": "GeometryCollection", "geometries": members}, "properties": {}}
    nowhere = {"type": "Feature", "geometry": None, "properties": {}}
    sample = first(write(tmp_path, [together, nowhere]))
    assert np.bincount(sample.labels.ravel())[1:].tolist() == [8]
    assert sample.oddities[NO_GEOMETRY] == 1


def test_objects_of_several_planes_are_named(tmp_path):
    planes = [feature("Polygon", [square(x, 0, 2)]) for x in (0, 4, 8)]
    for depth, made in enumerate(planes):
        made["geometry"]["plane"] = {"c": -1, "z": depth // 2, "t": 0}
    assert first(write(tmp_path, planes)).oddities[OTHER_PLANES] == 1
