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
    "nested.geojson": collection(
        {"type": "GeometryCollection", "geometries": [{"type": "GeometryCollection", "geometries": [polygon(SQUARE)]}]}
    ),
    "deep.geojson": f'{{"type": "FeatureCollection", "features": {nested(100_000)}}}',
    "deep ring.geojson": collection({"type": "Polygon", "coordinates": [[SQUARE]]}),
    "null.geojson": '{"type": "FeatureCollection", "features": [null]}',
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


def region(**changed):
    """A region of ImageJ's, some bytes of which are changed: place=content."""
    roifile = pytest.importorskip("roifile")
    data = bytearray(roifile.ImagejRoi.frompoints(np.array(SQUARE[:-1], np.float32)).tobytes())
    for place, content in changed.items():
        first = int(place.removeprefix("at"))
        data[first : first + len(content)] = content
    return bytes(data)


@pytest.mark.parametrize(
    "changed",
    [
        {"at16": b"\xff\xff"},  # 65535 corners
        {"at16": b"\0\0", "at18": b"\x7f\xff\xff\xff"},  # two billion
        {"at80": b"\x7f\xc0\0\0"},  # a corner that is no number
        {"at80": b"\x7f\x80\0\0"},  # infinite
    ],
)
def test_a_hostile_region_is_refused_by_name(changed, tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped(**{"cell.roi": region(**changed)}))
    write_labels(tmp_path / "image.tif", [np.zeros((8, 8), np.int32)])
    with pytest.raises(HookeError, match=r"a\.zip: cell\.roi: "):
        hooke.convert(tmp_path / "a.zip", tmp_path / "out.tif", images=tmp_path / "image.tif")
    assert not (tmp_path / "out.tif").exists()


def test_a_region_that_unpacks_to_very_much_is_refused(tmp_path):
    pytest.importorskip("roifile")
    (tmp_path / "a.zip").write_bytes(zipped(**{"cell.roi": b"Iout" + bytes(1 << 27)}))
    with pytest.raises(HookeError, match=r"a\.zip: cell\.roi is too large for a region"):
        hooke.convert(tmp_path / "a.zip", tmp_path / "out.tif")


def store(path, multiscales, shape=(8, 8), chunks=(8, 8), labels=("nuclei",)):
    """OME-Zarr labels, of version 0.4, without any pixel."""
    level = path / "labels" / "nuclei" / "0"
    level.mkdir(parents=True)
    for folder in (path, path / "labels", path / "labels" / "nuclei"):
        (folder / ".zgroup").write_text('{"zarr_format": 2}')
    (path / "labels" / ".zattrs").write_text(json.dumps({"labels": labels}))
    (path / "labels" / "nuclei" / ".zattrs").write_text(
        multiscales if isinstance(multiscales, str) else json.dumps({"multiscales": multiscales})
    )
    array = {"zarr_format": 2, "shape": shape, "chunks": chunks, "dtype": "<i4", "compressor": None, "fill_value": 0}
    (level / ".zarray").write_text(json.dumps({**array, "order": "C", "filters": None}))


def scales(path="0", scale=(1, 1)):
    transformation = {"type": "scale", "scale": scale}
    axes = [{"name": name, "type": "space"} for name in "yx"]
    return [
        {"version": "0.4", "axes": axes, "datasets": [{"path": path, "coordinateTransformations": [transformation]}]}
    ]


@pytest.mark.parametrize(
    "content",
    [
        {"multiscales": scales(), "shape": (10**9, 10**9), "chunks": (1024, 1024)},
        {"multiscales": scales(), "chunks": (10**9, 10**9)},
        {"multiscales": scales("../../../../image.tif")},
        {"multiscales": scales("/etc")},
        {"multiscales": scales(scale=(float("nan"), -1))},
        {"multiscales": None},
        {"multiscales": "{"},
        {"multiscales": nested(100_000)},
    ],
    ids=["huge", "huge chunk", "upwards", "absolute", "nan", "null", "half", "deep"],
)
def test_a_hostile_store_is_refused_by_name(content, tmp_path):
    pytest.importorskip("zarr")
    store(tmp_path / "inner" / "a.ome.zarr", **content)
    before = tree(tmp_path)
    with pytest.raises(HookeError, match=r"a\.ome\.zarr"):
        hooke.convert(tmp_path / "inner" / "a.ome.zarr", tmp_path / "inner" / "out.tif")
    assert tree(tmp_path) == before


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


@pytest.mark.parametrize("name", ["bow.json", "bow.zip"])
def test_so_is_one_of_coco_and_of_imagej(name, tmp_path):
    write_labels(tmp_path / "image.tif", [np.zeros((8, 8), np.int32)])
    if name == "bow.json":
        content = coco([np.ravel(BOW[:-1]).tolist()], "bow.png").encode()
    else:
        roifile = pytest.importorskip("roifile")
        content = zipped(**{"a.roi": roifile.ImagejRoi.frompoints(np.array(BOW[:-1], np.float32)).tobytes()})
    (tmp_path / name).write_bytes(content)
    made = hooke.convert(tmp_path / name, tmp_path / "out.tif", images=tmp_path / "image.tif")
    assert 8 <= (read_labels(tmp_path / "out.tif") == 1).sum() <= 17
    assert made.notes == {"bow": "outlines that cross themselves, filled where they go round an odd number of times"}


def test_very_many_shapes_on_the_same_pixels_are_read(tmp_path):
    feature = {"type": "Feature", "geometry": polygon(SQUARE), "properties": {}}
    data = {"type": "FeatureCollection", "image": {"height": 8, "width": 8}, "features": [feature] * 2000}
    (tmp_path / "a.geojson").write_text(json.dumps(data))
    made = hooke.convert(tmp_path / "a.geojson", tmp_path / "out.tif")
    assert made.objects == {"a": 1}
    assert made.notes == {"a": "49975 pixels lie in several shapes"}


@pytest.mark.parametrize(
    "ring", [SQUARE, [[0.6, 0.6], [7.4, 0.6], [7.4, 7.4], [0.6, 7.4]], [[1, 1], [6, 1], [3, 3], [1, 6]]]
)
def test_a_polygon_that_does_not_is_not_reported(ring, tmp_path):
    (tmp_path / "a.geojson").write_text(collection(polygon(ring), image={"height": 8, "width": 8}))
    assert hooke.convert(tmp_path / "a.geojson", tmp_path / "out.tif").notes == {}
