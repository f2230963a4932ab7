"""A data set prepared from any public layout is trained on as it is: one run draws from all of them."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

import base64
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

for needed in ("torch", "lightning", "timm", "roifile"):
    pytest.importorskip(needed)

import roifile

from hooke.datasets import simulate
from hooke.datasets.prepare import prepare_dataset
from hooke.io import write_png
from hooke.labels.run_length import encode_counts, encode_pairs
from hooke.training import fast_dev_run
from hooke.training.config import load_config
from hooke.training.samples import list_records, load_sample

pytestmark = pytest.mark.slow

CONFIG = Path(__file__).parents[2] / "configs" / "nuclei.yaml"
SIDE = 96
FIELDS = [simulate((SIDE, SIDE), seed=seed, diameter=18) for seed in range(4)]


def outlines(labels):
    """Outline of each object, points (x, y)."""
    for one in range(1, int(labels.max()) + 1):
        found, _ = cv2.findContours((labels == one).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        outline = max(found, key=len)[:, 0, :]
        if len(outline) > 3:
            yield outline


def write_json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def dsb2018(folder):
    for number, field in enumerate(FIELDS):
        image = folder / f"{number}" / "images"
        masks = folder / f"{number}" / "masks"
        image.mkdir(parents=True)
        masks.mkdir()
        write_png(image / f"{number}.png", field.image)
        for one in range(1, int(field.labels.max()) + 1):
            write_png(masks / f"{one}.png", np.where(field.labels == one, 255, 0).astype(np.uint8))


def bbbc039(folder):
    for part in ("images", "masks", "metadata"):
        (folder / part).mkdir(parents=True)
    for number, field in enumerate(FIELDS):
        tifffile.imwrite(folder / "images" / f"{number}.tif", field.image.astype(np.uint16) * 16)
        coloured = np.zeros((SIDE, SIDE, 4), np.uint8)
        coloured[..., 0] = np.where(field.labels > 0, field.labels % 3 + 1, 0)
        coloured[..., 3] = 255
        cv2.imwrite(str(folder / "masks" / f"{number}.png"), cv2.cvtColor(coloured, cv2.COLOR_RGBA2BGRA))
    for name, numbers in (("training", (0, 1)), ("validation", (2,)), ("test", (3,))):
        (folder / "metadata" / f"{name}.txt").write_text("".join(f"{number}.png\n" for number in numbers))


def coco_content(names, encode):
    annotations = [
        {"id": 100 * number + count, "image_id": number, "category_id": 1, "iscrowd": 0, "segmentation": segmentation}
        for number in range(len(names))
        for count, segmentation in enumerate(encode(FIELDS[number].labels))
    ]
    return {
        "images": [{"id": n, "file_name": name, "height": SIDE, "width": SIDE} for n, name in enumerate(names)],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "cell"}],
    }


def coco(folder):
    def lengths(labels):
        return [
            {"size": [SIDE, SIDE], "counts": encode_counts(labels == one)} for one in range(1, int(labels.max()) + 1)
        ]

    names = [f"{number}.png" for number in range(len(FIELDS))]
    write_json(folder / "all.json", coco_content(names, lengths))
    for name, field in zip(names, FIELDS, strict=True):
        write_png(folder / name, field.image)


def livecell(folder):
    names = [f"A172_Phase_A7_{number}_00d00h00m_1.tif" for number in range(len(FIELDS))]
    polygons = coco_content(names, lambda labels: [[one.ravel().tolist()] for one in outlines(labels)])
    for split, numbers in (("train", (0, 1)), ("val", (2,)), ("test", (3,))):
        part = polygons | {
            "images": [polygons["images"][number] for number in numbers],
            "annotations": [one for one in polygons["annotations"] if one["image_id"] in numbers],
        }
        write_json(folder / "annotations" / "LIVECell" / f"livecell_coco_{split}.json", part)
        images = folder / "images" / f"livecell_{'test' if split == 'test' else 'train_val'}_images"
        images.mkdir(parents=True, exist_ok=True)
        for number in numbers:
            tifffile.imwrite(images / names[number], FIELDS[number].image)


def sartorius(folder):
    (folder / "train").mkdir(parents=True)
    rows = ["id,annotation,width,height,cell_type,sample_id"]
    for number, field in enumerate(FIELDS):
        write_png(folder / "train" / f"{number}.png", field.image)
        for one in range(1, int(field.labels.max()) + 1):
            rows.append(f"{number},{encode_pairs(field.labels == one, 'C')},{SIDE},{SIDE},astro,s{number}")
    (folder / "train.csv").write_text("\n".join(rows) + "\n")


def labelme(folder):
    for number, field in enumerate(FIELDS):
        _, code = cv2.imencode(".png", field.image)
        shapes = [
            {"label": "cell", "shape_type": "polygon", "points": one.tolist(), "group_id": None}
            for one in outlines(field.labels)
        ]
        content = {"imageData": base64.b64encode(code.tobytes()).decode(), "imagePath": "x.png", "shapes": shapes}
        write_json(folder / f"{number}.json", content | {"imageHeight": SIDE, "imageWidth": SIDE})


def folder(folder):
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for number, field in enumerate(FIELDS):
        write_png(folder / "images" / f"{number}.png", field.image)
        tifffile.imwrite(folder / "labels" / f"{number}.tif", field.labels.astype(np.uint16))


def ctc(folder):
    for sequence in ("01", "02", "03"):
        (folder / sequence).mkdir(parents=True)
        (folder / f"{sequence}_GT" / "SEG").mkdir(parents=True)
        for number, field in enumerate(FIELDS[:2]):
            tifffile.imwrite(folder / sequence / f"t00{number}.tif", field.image)
            labels = field.labels.astype(np.uint16)
            tifffile.imwrite(folder / f"{sequence}_GT" / "SEG" / f"man_seg00{number}.tif", labels)


def geojson(folder):
    for number, field in enumerate(FIELDS):
        tifffile.imwrite(folder / f"{number}.tif", field.image)
        features = [
            {
                "type": "Feature",
                "properties": {"classification": {"name": "cell"}},
                "geometry": {"type": "Polygon", "coordinates": [[*one.tolist(), one[0].tolist()]]},
            }
            for one in outlines(field.labels)
        ]
        write_json(folder / f"{number}.geojson", {"type": "FeatureCollection", "features": features})


def imagej(folder):
    for number, field in enumerate(FIELDS):
        tifffile.imwrite(folder / f"{number}.tif", field.image)
        regions = [roifile.ImagejRoi.frompoints(one) for one in outlines(field.labels)]
        roifile.roiwrite(folder / f"{number}.zip", regions)


LAYOUTS = [bbbc039, coco, ctc, dsb2018, folder, geojson, imagej, labelme, livecell, sartorius]


def test_one_run_draws_from_data_sets_of_every_layout(tmp_path):
    for write in LAYOUTS:
        name = write.__name__
        (tmp_path / "src" / name).mkdir(parents=True)
        write(tmp_path / "src" / name)
        prepared = prepare_dataset(name, tmp_path / "src" / name, tmp_path / name, split="50/25/25", jobs=1)
        assert not prepared.failed, name
    datasets = [{"path": str(tmp_path / write.__name__)} for write in LAYOUTS]
    config = load_config(
        CONFIG,
        {
            "datasets": datasets,
            "exclude": None,
            "encoder_weights": "none",
            "accelerator": "cpu",
            "augment.crop": 64,
        },
    )
    for data in config.datasets:
        records = list_records(config.model_copy(update={"datasets": [data]}), "train")
        assert records, data.path
        for record in records:
            sample = load_sample(record, config.nominal_diameter)
            assert sample.labels.max() > 0, record.image
            assert sample.image.shape[:2] == (SIDE, SIDE)
    assert 0 <= fast_dev_run(config) <= 1
