"""Wrong and hostile annotations end in an error that names the file, or in a shape that is repaired and reported."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image as Picture

import hooke
from hooke.errors import HookeError
from hooke.io import read_labels, write_labels

SQUARE = [[1, 1], [6, 1], [6, 6], [1, 6], [1, 1]]
BOW = [[1, 1], [6, 6], [6, 1], [1, 6], [1, 1]]  # crosses itself in the middle


def collection(geometry, **more):
    feature = {"type": "Feature", "geometry": geometry, "properties": {}}
    return json.dumps({"type": "FeatureCollection", "features": [feature], **more})


def polygon(ring):
    return {"type": "Polygon", "coordinates": [ring]}


def nested(depth):
    return "[" * depth + "]" * depth


def zipped(**entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def mask(pixels):
    buffer = io.BytesIO()
    Picture.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


def coco(segmentation, file_name="a.png", class_name="a"):
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": segmentation}
    image = {"id": 1, "file_name": file_name, "height": 8, "width": 8}
    return json.dumps({"images": [image], "categories": [{"id": 1, "name": class_name}], "annotations": [annotation]})


INSIDE = np.zeros((8, 8), np.uint8)
INSIDE[2:5, 2:5] = 255
HOSTILE = {
    "nan.geojson": collection(polygon([[1, 1], [float("nan"), 1], [6, 6]])),
    "infinite.geojson": collection(polygon([[1, 1], [1e999, 1], [6, 6]])),
    "far.geojson": collection(polygon([[1, 1], [1e30, 1], [6, 6]])),
    "text.geojson": collection(polygon([["1", "1"], ["6", "1"], ["6", "6"]])),
    "nested.geojson": collection({"type": "GeometryCollection", "geometries": [polygon(SQUARE)]}),
    "deep.geojson": f'{{"type": "FeatureCollection", "features": {nested(100_000)}}}',
    "deep ring.geojson": collection({"type": "Polygon", "coordinates": [[SQUARE]]}),
    "null.geojson": collection(None),
    "number.geojson": "3",
    "half.geojson": collection(polygon(SQUARE))[:-20],
    "huge image.geojson": collection(polygon(SQUARE), image={"height": 10**9, "width": 10**9}),
    "negative image.geojson": collection(polygon(SQUARE), image={"height": -8, "width": 8}),
    "nan.json": coco([[1, 1, float("nan"), 1, 6, 6]]),
    "counts.json": coco({"size": [8, 8], "counts": [5, 900_000_000_000, 3]}),
    "text.zip": b"not a zip",
    "cut.zip": zipped(a=b"x" * 999)[:60],
    "roi.zip": zipped(**{"a.roi": b"Iout" + bytes(20)}),
    "no picture.zip": zipped(**{"masks/a.png": b"no picture"}),
    "sizes.zip": zipped(**{"a.png": mask(INSIDE), "b.png": mask(INSIDE[:4])}),
    "pickle_seg.npy": b"\x80\x04cos\nsystem\n(S'true'\ntR.",
    "runs.csv": "ImageId,EncodedPixels,Height,Width\nruns,1 99999999999,8,8\n",
}  # fmt: skip


def tree(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_by_name_and_nothing_is_written(name, tmp_path):
    if name == "roi.zip":
        pytest.importorskip("roifile")
    place = tmp_path / "inner" / "folder"
    place.mkdir(parents=True)
    content = HOSTILE[name]
    (place / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    write_labels(place / f"{name.partition('.')[0]}.tif", [np.zeros((8, 8), np.int32)])
    before = tree(tmp_path)
    with pytest.raises(HookeError, match=name.partition(".")[0]):
        hooke.convert(place / name, place / "out.tif", images=place / f"{name.partition('.')[0]}.tif")
    assert tree(tmp_path) == before


@pytest.mark.parametrize("entry", ["../../escaped.png", "/escaped.png", "C:\\escaped.png", "a/../../../escaped.png"])
def test_names_in_a_zip_lead_nowhere(entry, tmp_path):
    place = tmp_path / "inner" / "folder"
    place.mkdir(parents=True)
    (place / "a.zip").write_bytes(zipped(**{entry: mask(INSIDE)}))
    hooke.convert(place / "a.zip", place / "out.tif")
    assert np.array_equal(read_labels(place / "out.tif"), INSIDE > 0)
    assert tree(tmp_path) == ["inner", "inner/folder", "inner/folder/a.zip", "inner/folder/out.tif"]


def test_regions_named_as_paths_lead_nowhere(tmp_path):
    roifile = pytest.importorskip("roifile")
    roi = roifile.ImagejRoi.frompoints(np.array(SQUARE[:-1], np.float32), name="../../escaped")
    place = tmp_path / "inner" / "folder"
    place.mkdir(parents=True)
    (place / "a.zip").write_bytes(zipped(**{"../../escaped.roi": roi.tobytes()}))
    write_labels(place / "image.tif", [np.zeros((8, 8), np.int32)])
    before = tree(tmp_path)
    hooke.convert(place / "a.zip", place / "out.tif", images=place / "image.tif")
    assert read_labels(place / "out.tif").sum() == 25
    assert tree(tmp_path) == sorted([*before, "inner/folder/out.tif"])


def test_classes_and_names_of_images_name_no_files(tmp_path):
    place = tmp_path / "inner" / "folder"
    place.mkdir(parents=True)
    (place / "a.json").write_text(coco([[1, 1, 6, 1, 6, 6, 1, 6]], "../../escaped.png", "../../class"))
    made = hooke.convert(place / "a.json", place / "out", to="geojson")
    assert all(path.parent == place / "out" for path in made.paths)
    assert not list(tmp_path.glob("*escaped*")) + list((tmp_path / "inner").glob("*escaped*"))


def test_a_polygon_that_crosses_itself_is_filled_and_reported(tmp_path):
    (tmp_path / "bow.geojson").write_text(collection(polygon(BOW), image={"height": 8, "width": 8}))
    made = hooke.convert(tmp_path / "bow.geojson", tmp_path / "out.tif")
    found = read_labels(tmp_path / "out.tif")
    assert found.max() == 1
    assert 8 <= found.sum() <= 17  # two triangles of 6.25 pixels and the pixels on their edges
    assert made.notes == {"bow": "outlines that cross themselves, filled where they go round an odd number of times"}


@pytest.mark.parametrize(
    "ring", [SQUARE, [[0.6, 0.6], [7.4, 0.6], [7.4, 7.4], [0.6, 7.4]], [[1, 1], [6, 1], [3, 3], [1, 6]]]
)
def test_a_polygon_that_does_not_is_not_reported(ring, tmp_path):
    (tmp_path / "a.geojson").write_text(collection(polygon(ring), image={"height": 8, "width": 8}))
    assert hooke.convert(tmp_path / "a.geojson", tmp_path / "out.tif").notes == {}
