"""Damaged annotations of every format: a HookeError or a sample, never another exception."""

from __future__ import annotations

import base64
import copy
import importlib
import io
import json
import random
import struct
import zipfile
import zlib

import numpy as np
import PIL.Image
import pytest

from hooke.errors import DatasetError, HookeError
from hooke.labels.run_length import compress_counts

HEIGHT, WIDTH = 12, 16
RUNS = 150
JUNK = [
    None, True, -1, 0, 3, 10**30, 10**400, 1e308, float("nan"), float("inf"), "", "\x00", "..", "\ud800", "ä" * 300,
    "/", "C:\\", "x", [], {}, [[]], [[[]]], [None], {"id": []}, [1, 2, 3], [[1, 2], [3]], [[0, 0]] * 4,
    [[-9e9, 9e9]] * 3, [[-9e6, 9e6], [9e6, -9e6], [9e6, 9e6]],
]  # fmt: skip
SQUARE = [[2, 2], [6, 2], [6, 6], [2, 6]]
FLAT = [2, 2, 6, 2, 6, 6, 2, 6]


def picture():
    return PIL.Image.fromarray(np.arange(HEIGHT * WIDTH, dtype=np.uint8).reshape(HEIGHT, WIDTH))


def png(image):
    file = io.BytesIO()
    image.save(file, format="PNG")
    return base64.b64encode(file.getvalue()).decode()


def coco():
    lengths = {"size": [HEIGHT, WIDTH], "counts": [20, 4, HEIGHT * WIDTH - 24]}
    packed = {"size": [HEIGHT, WIDTH], "counts": compress_counts([100, 3, HEIGHT * WIDTH - 103])}
    shapes = [[FLAT], lengths, packed, [FLAT, FLAT]]
    return {
        "images": [{"id": 1, "file_name": "a.png", "height": HEIGHT, "width": WIDTH}],
        "annotations": [
            {"id": id_, "image_id": 1, "category_id": 1, "iscrowd": 0, "segmentation": shape}
            for id_, shape in enumerate(shapes)
        ],
        "categories": [{"id": 1, "name": "cell"}],
    }


def livecell():
    data = coco()
    data["annotations"] = {str(id_): annotation for id_, annotation in enumerate(data["annotations"])}
    return data


def labelme():
    mask = png(PIL.Image.fromarray(np.ones((3, 4), np.uint8)))
    shapes = [("polygon", SQUARE), ("rectangle", SQUARE[:2]), ("circle", SQUARE[:2]), ("mask", [[1, 1], [4, 3]])]
    return {
        "shapes": [
            {
                "label": "a",
                "shape_type": kind,
                "points": points,
                "group_id": None,
                "mask": mask if kind == "mask" else None,
            }
            for kind, points in shapes
        ],
        "imageData": png(picture()),
        "imagePath": "a.png",
        "imageHeight": HEIGHT,
        "imageWidth": WIDTH,
    }


def geojson():
    shapes = {"Polygon": [SQUARE], "MultiPolygon": [[SQUARE], [SQUARE, SQUARE]], "Point": [1, 1]}
    features = [
        {
            "type": "Feature",
            "geometry": {"type": kind, "coordinates": coordinates},
            "properties": {"classification": {"name": "a", "names": ["a", "b"]}},
        }
        for kind, coordinates in shapes.items()
    ]
    return {"type": "FeatureCollection", "features": features}


FORMATS = {
    "coco": (coco, "a.json"),
    "livecell": (livecell, "livecell_coco_train.json"),
    "labelme": (labelme, "a.json"),
    "geojson": (geojson, "a.geojson"),
}


def mutated(data, rng):
    """Replace, remove or repeat some values anywhere in a tree of JSON."""
    data = copy.deepcopy(data)
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        holder, key = rng.choice(list(places(data)))
        what = rng.random()
        if what < 0.7:
            holder[key] = copy.deepcopy(rng.choice(JUNK))
        elif what < 0.85:
            del holder[key]
        elif isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        if not data:
            break
    return data


def places(value):
    """Every list or object of a tree with each of its keys."""
    for key in value.keys() if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


def damaged(content, rng):
    """Change, cut or insert bytes."""
    content = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(content))
        what = rng.random()
        if what < 0.6:
            content[at] = rng.randrange(256)
        elif what < 0.8:
            content[at:at] = rng.randbytes(rng.randint(1, 4))
        else:
            del content[at : at + rng.choice([1, 5, len(content)])]
        if not content:
            break
    return bytes(content)


def outcome(name, root):
    """Prepare all images of a source; what became of it, in a word."""
    adapter = importlib.import_module(f"hooke.datasets.adapters.{name}")
    try:
        source, entries = adapter.find(root)
    except HookeError as error:
        assert error.remedy
        return "refused"
    found = set()
    for entry in entries:
        assert entry.id and "/" not in entry.id and entry.id.isprintable()
        entry.id.encode()
        try:
            sample = adapter.load(source, entry.id)
        except HookeError as error:
            assert error.path and error.remedy
            str(error).encode("utf-8", "backslashreplace")
            found.add("failed")
        else:
            assert sample.labels.shape == sample.image.shape[:2]
            assert set(sample.classes) <= set(range(1, sample.labels.max() + 1))
            found.add("read")
    return "read" if found == {"read"} else "failed"


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("how", [mutated, damaged])
def test_damaged_json_is_refused_or_read(tmp_path, name, how):
    make, file = FORMATS[name]
    picture().save(tmp_path / "a.png")
    (tmp_path / file).write_text(json.dumps(make()))
    assert outcome(name, tmp_path) == "read"
    whole = make() if how is mutated else (tmp_path / file).read_bytes()
    outcomes = set()
    for seed in range(RUNS):
        result = how(whole, random.Random(seed))
        (tmp_path / file).write_bytes(result if isinstance(result, bytes) else json.dumps(result).encode())
        try:
            outcomes.add(outcome(name, tmp_path))
        except Exception as error:
            raise AssertionError(f"seed {seed}: {result!r}") from error
    assert {"refused", "failed"} & outcomes
    assert "read" in outcomes


def test_damaged_regions_are_refused_or_read(tmp_path):
    rois = pytest.importorskip("roifile", reason="roifile is not installed")
    picture().save(tmp_path / "a.png")
    whole = rois.ImagejRoi.frompoints([[1.5, 1], [8, 2], [7, 9], [2, 8]]).tobytes()
    outcomes = set()
    for seed in range(RUNS):
        rng = random.Random(seed)
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("0.roi", damaged(whole, rng))
        if seed % 3 == 0:
            (tmp_path / "a.zip").write_bytes(damaged((tmp_path / "a.zip").read_bytes(), rng))
        outcomes.add(outcome("imagej", tmp_path))
    assert outcomes == {"read", "failed"}


def test_damaged_tables_are_refused_or_read(tmp_path):
    (tmp_path / "train").mkdir()
    picture().save(tmp_path / "train" / "a.png")
    rows = "".join(f"a,{runs},{WIDTH},{HEIGHT},cort,s\n" for runs in ("1 3 17 3", "40 5", "100 2 120 6"))
    whole = ("id,annotation,width,height,cell_type,sample_id\n" + rows).encode()
    outcomes = set()
    for seed in range(RUNS):
        (tmp_path / "train.csv").write_bytes(damaged(whole, random.Random(seed)))
        outcomes.add(outcome("sartorius", tmp_path))
    assert {"refused", "failed"} <= outcomes


def test_a_mask_of_a_few_bytes_that_promises_gigabytes(tmp_path):
    labelme, side = importlib.import_module("hooke.datasets.adapters.labelme"), 40_000
    head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    cut = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    PIL.Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "a.png")
    for corner in (7, side - 1):
        shape = {"label": "n", "points": [[0, 0], [corner, corner]], "shape_type": "mask"}
        record = {"shapes": [shape | {"mask": base64.b64encode(cut).decode()}], "imagePath": "a.png", "imageData": None}
        (tmp_path / "a.json").write_text(json.dumps(record))
        source, _ = labelme.find(tmp_path)
        with pytest.raises(DatasetError, match=r"a\.json: shape 1: (a mask of 40000|damaged: its mask promises)"):
            labelme.load(source, "a")
