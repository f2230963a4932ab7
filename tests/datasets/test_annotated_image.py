"""Outlines lie on the nuclei of a picture that its orientation tag turns, or the picture is refused."""

from __future__ import annotations

import base64
import json

import cv2
import numpy as np
import PIL.Image
import pytest
import tifffile

from hooke.datasets import simulate
from hooke.datasets.layout import read_sample
from hooke.datasets.prepare import PrepareSettings, prepare_dataset
from hooke.errors import ConfigError

TURNED = {3: 2, 6: 1, 8: 3}  # tag: quarter turns from the picture shown to the pixels stored


def save(path, shown, tag):
    """Save a picture that viewers show as given, by its tag."""
    stored = np.ascontiguousarray(np.rot90(shown, TURNED[tag]))
    if path.suffix == ".tif":
        tifffile.imwrite(path, stored, extratags=[(274, "H", 1, tag, True)])
    else:
        exif = PIL.Image.Exif()
        exif[274] = tag
        PIL.Image.fromarray(stored).save(path, exif=exif, quality=95)


def outlines(labels):
    for label in np.unique(labels)[1:]:
        found, _ = cv2.findContours((labels == label).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        yield (max(found, key=len)[:, 0] + 0.5).tolist()


def write_labelme(folder, labels, size=True, **more):
    shapes = [{"label": "n", "shape_type": "polygon", "points": points} for points in outlines(labels)]
    height, width = labels.shape
    stated = {"imageHeight": height, "imageWidth": width} if size else {}
    (folder / "a.json").write_text(json.dumps({"shapes": shapes, **stated, **more}))


def write_coco(folder, name, labels, size=True):
    rings = [np.ravel(points).tolist() for points in outlines(labels)]
    stated = {"height": labels.shape[0], "width": labels.shape[1]} if size else {}
    annotations = [{"id": n, "image_id": 1, "segmentation": [ring]} for n, ring in enumerate(rings)]
    images = [{"id": 1, "file_name": name, **stated}]
    (folder / "a.json").write_text(json.dumps({"images": images, "annotations": annotations, "categories": []}))


def prepare(layout, folder, **options):
    out = folder.with_name(f"{folder.name}-out")
    report = prepare_dataset(layout, folder, out, settings=PrepareSettings(options), overwrite=True)
    return report, None if report.failed else read_sample(out, "a")


def fits(sample):
    image, labels = sample
    return image[labels > 0].mean() > 2 * image[labels == 0].mean()


@pytest.fixture(params=["square", "oblong"])
def field(request):
    shape = (160, 160) if request.param == "square" else (140, 190)
    return simulate(shape, seed=3, diameter=22, density=0.15, bits=8)


@pytest.fixture(params=["a.jpg", "a.png", "a.tif"])
def name(request):
    return request.param


@pytest.mark.parametrize("tag", list(TURNED))
def test_labelme_draws_on_the_picture_as_shown(tmp_path, field, name, tag):
    save(tmp_path / name, field.image, tag)
    write_labelme(tmp_path, field.labels, imagePath=name, imageData=None)
    report, sample = prepare("labelme", tmp_path)
    if name == "a.tif" and (tag == 3 or field.labels.shape[0] == field.labels.shape[1]):
        assert "orientation tag" in str(report.failed["a"])
    else:
        assert fits(sample)
    write_labelme(tmp_path, np.rot90(field.labels, TURNED[tag]), imagePath=name, imageData=None)
    if field.labels.shape[0] != field.labels.shape[1] and tag != 3:
        assert fits(prepare("labelme", tmp_path)[1])
    assert fits(prepare("labelme", tmp_path, orientation="stored")[1])


@pytest.mark.parametrize("drawn", ["shown", "stored"])
def test_an_image_with_a_tag_in_the_json_follows_the_size_or_is_refused(tmp_path, field, drawn):
    save(tmp_path / "a.jpg", field.image, 6)
    data = base64.b64encode((tmp_path / "a.jpg").read_bytes()).decode()
    labels = field.labels if drawn == "shown" else np.rot90(field.labels)
    write_labelme(tmp_path, labels, imageData=data)
    report, sample = prepare("labelme", tmp_path)
    if labels.shape[0] == labels.shape[1]:
        assert "add --option orientation=shown" in str(report.failed["a"])
    else:
        assert fits(sample)
    assert fits(prepare("labelme", tmp_path, orientation=drawn)[1])


@pytest.mark.parametrize("drawn", ["shown", "stored"])
def test_coco_follows_the_size_or_is_refused(tmp_path, field, name, drawn):
    save(tmp_path / name, field.image, 6)
    labels = field.labels if drawn == "shown" else np.rot90(field.labels)
    write_coco(tmp_path, name, labels)
    report, sample = prepare("coco", tmp_path)
    if labels.shape[0] == labels.shape[1]:
        assert "add --option orientation=shown" in str(report.failed["a"])
    else:
        assert fits(sample)
    assert fits(prepare("coco", tmp_path, orientation=drawn)[1])
    write_coco(tmp_path, name, labels, size=False)
    assert "orientation tag (6)" in str(prepare("coco", tmp_path)[0].failed["a"])


@pytest.mark.parametrize("drawn", ["shown", "stored"])
def test_label_images_follow_the_size_or_are_refused(tmp_path, field, name, drawn):
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    save(tmp_path / "images" / name, field.image, 8)
    labels = field.labels if drawn == "shown" else np.rot90(field.labels, 3)
    np.save(tmp_path / "labels" / "a.npy", labels)
    report, sample = prepare("folder", tmp_path)
    if labels.shape[0] == labels.shape[1]:
        assert "orientation tag (8)" in str(report.failed["a"])
    else:
        assert fits(sample)
    assert fits(prepare("folder", tmp_path, orientation=drawn)[1])


def test_imagej_and_qupath(tmp_path, field):
    rois = pytest.importorskip("roifile", reason="roifile is not installed")
    save(tmp_path / "a.jpg", field.image, 6)
    stored = np.rot90(field.labels)
    regions = [rois.ImagejRoi.frompoints(np.array(points, np.float32)) for points in outlines(stored)]
    rois.roiwrite(tmp_path / "a.zip", regions)
    assert fits(prepare("imagej", tmp_path)[1])
    shapes = [{"type": "Polygon", "coordinates": [points]} for points in outlines(stored)]
    features = [{"type": "Feature", "properties": {}, "geometry": shape} for shape in shapes]
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert "orientation tag" in str(prepare("geojson", tmp_path)[0].failed["a"])
    assert fits(prepare("geojson", tmp_path, orientation="stored")[1])


def test_another_word_is_refused(tmp_path):
    write_labelme(tmp_path, np.zeros((4, 4), int))
    with pytest.raises(ConfigError, match="use shown or stored"):
        prepare("labelme", tmp_path, orientation="turned")
