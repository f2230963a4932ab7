"""Writes the files that are mutated: small ones of every format that hooke reads, and some real ones where there are.

A source is a folder; its files named by ``targets`` are mutated, one at a time, and a reader is given the folder.
"""

from __future__ import annotations

import base64
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import PIL.Image
import tifffile

from fuzzing.source import Source
from fuzzing.tiny_bundle import write_tiny_bundle
from hooke.datasets import simulate
from hooke.labels.run_length import compress_counts, encode_counts, encode_pairs

__all__ = ["MAKERS"]

_LARGEST = 200_000  # bytes of a real file


def _field() -> tuple[np.ndarray, np.ndarray]:
    scene = simulate((64, 72), seed=3)
    return scene.image, scene.labels


def _single(folder: Path, writers: dict[str, Callable[[Path], Any]], real: list[Path]) -> Iterator[Source]:
    """A source for each file, written or real, in a folder of its own."""
    for place, (name, write) in enumerate(writers.items()):
        home = folder / f"{place:02}"
        home.mkdir(parents=True)
        write(home / name)
        yield Source(home, (home / name,))
    for place, path in enumerate(real):
        home = folder / f"real{place:02}"
        home.mkdir(parents=True)
        shutil.copyfile(path, home / path.name)
        yield Source(home, (home / path.name,))


def _real(data: Path | None, *patterns: str) -> list[Path]:
    """The first three small real files of each pattern."""
    found: list[Path] = []
    for pattern in patterns if data else ():
        small = (path for path in sorted(data.glob(pattern)) if path.stat().st_size <= _LARGEST)
        found += [path for path, _ in zip(small, range(3), strict=False)]
    return found


def _tiffs(folder: Path, data: Path | None) -> Iterator[Source]:
    grey, labels = _field()
    deep = grey.astype(np.uint16) * 200
    rgb = np.stack([grey, grey // 2, 255 - grey], axis=2)
    stack = np.stack([deep, deep[::-1], deep[:, ::-1]])

    def write(pixels: Any, **more: Any) -> Callable[[Path], Any]:
        return lambda path: tifffile.imwrite(path, pixels, **more)

    def pyramid(path: Path) -> None:
        with tifffile.TiffWriter(path) as tif:
            tif.write(deep, subifds=1, tile=(32, 32), compression="zlib")
            tif.write(deep[::2, ::2], subfiletype=1, tile=(32, 32), compression="zlib")

    def scenes(path: Path) -> None:
        with tifffile.TiffWriter(path, ome=True) as tif:
            tif.write(deep, metadata={"Name": "one"})
            tif.write(deep[:40, :50], metadata={"Name": "two"})

    colours = np.stack([np.arange(256)] * 3).astype(np.uint16)[:, ::-1] * 256
    yield from _single(
        folder,
        {
            "plain.tif": write(grey),
            "deep.tif": write(deep, compression="zlib", predictor=True),
            "lzw.tif": write(deep, compression="lzw", rowsperstrip=16),
            "packbits.tif": write(grey, compression="packbits"),
            "tiles.tif": write(deep, tile=(32, 32), compression="zstd"),
            "jpeg.tif": write(rgb, photometric="rgb", compression="jpeg"),
            "jpeg2000.tif": write(grey, compression="jpeg2000"),
            "rgb.tif": write(rgb, photometric="rgb", planarconfig="separate"),
            "float.tif": write(deep.astype(np.float32) / 7, compression="lzma"),
            "bits.tif": write(grey > 60, photometric="minisblack"),
            "palette.tif": write(grey, photometric="palette", colormap=colours),
            "big.tif": write(stack, bigtiff=True, byteorder=">"),
            "imagej.tif": write(stack[:, None], imagej=True, metadata={"axes": "ZCYX", "unit": "um"}),
            "stack.ome.tif": write(stack, ome=True, metadata={"axes": "CYX", "PhysicalSizeX": 0.5}),
            "shaped.tif": write(stack.astype(np.float64)),
            "resolution.tif": write(labels.astype(np.uint16), resolution=(2e4, 2e4), resolutionunit="CENTIMETER"),
            "pyramid.tif": pyramid,
            "scenes.ome.tif": scenes,
        },
        _real(data, "bbbc039/images/*.tif", "ctc*/images/*.tif", "miccai16_he/**/*.tif"),
    )


def _pictures(folder: Path, data: Path | None) -> Iterator[Source]:
    grey, _ = _field()
    rgb = np.stack([grey, grey // 2, 255 - grey], axis=2)

    def save(pixels: np.ndarray, mode: str | None = None, **more: Any) -> Callable[[Path], Any]:
        picture = PIL.Image.fromarray(pixels)
        return lambda path: (picture.convert(mode) if mode else picture).save(path, **more)

    frames = [PIL.Image.fromarray(one) for one in (grey[::-1], grey[:, ::-1])]
    exif = PIL.Image.Exif()
    exif[274] = 6
    yield from _single(
        folder,
        {
            "grey.png": save(grey),
            "deep.png": save(grey.astype(np.uint16) * 200),
            "rgb.png": save(rgb, exif=exif),
            "rgba.png": save(rgb, "RGBA"),
            "palette.png": save(rgb, "P"),
            "bits.png": save(grey, "1"),
            "animated.png": save(grey, save_all=True, append_images=frames),
            "colour16.png": lambda path: path.write_bytes(imagecodecs.png_encode(rgb.astype(np.uint16) * 200)),
            "rgb.jpg": save(rgb, exif=exif),
            "grey.jpg": save(grey, progressive=True),
            "cmyk.jpg": save(rgb, "CMYK"),
            "rgb.bmp": save(rgb),
            "palette.bmp": save(grey, "P"),
            "animated.gif": save(grey, save_all=True, append_images=frames),
            "lossy.webp": save(rgb),
            "lossless.webp": save(rgb, lossless=True),
            "grey.pgm": save(grey),
            "rgb.ppm": save(rgb),
            "bits.pbm": save(grey, "1"),
            "grey.jp2": save(grey),
            "rgb.j2k": save(rgb),
        },
        _real(data, "dsb2018/images/*.png", "tnbc/images/*.png", "bbbc039/masks/*.png", "laptrack_phase/images/*"),
    )


def _arrays(folder: Path, data: Path | None) -> Iterator[Source]:
    grey, labels = _field()
    arrays = {"grey": grey, "stack": np.stack([grey] * 3), "float": grey.astype(">f4"), "labels": labels}
    yield from _single(
        folder, {f"{name}.npy": lambda path, one=one: np.save(path, one) for name, one in arrays.items()}, []
    )


def _labels(folder: Path, data: Path | None) -> Iterator[Source]:
    _, labels = _field()
    small = labels.astype(np.uint16)
    yield from _single(
        folder,
        {
            "a.tif": lambda path: tifffile.imwrite(path, labels, compression="zlib"),
            "b.tif": lambda path: tifffile.imwrite(path, small[None].repeat(2, 0), metadata={"axes": "TYX"}),
            "a.png": lambda path: PIL.Image.fromarray(small).save(path),
            "b.png": lambda path: PIL.Image.fromarray(labels.astype(np.uint8)).convert("P").save(path),
            "a.npy": lambda path: np.save(path, labels),
            "b.npy": lambda path: np.save(path, labels.astype(np.float64)),
        },
        _real(data, "dsb2018/labels/*.png", "laptrack_phase/labels/*"),
    )


def _bundles(folder: Path, data: Path | None) -> Iterator[Source]:
    plain = write_tiny_bundle(folder / "plain")
    yield Source(plain, (plain / "rdf.yaml", plain / "rdf.yaml", plain / "weights.onnx"))
    zipped = folder / "zipped"
    zipped.mkdir()
    with zipfile.ZipFile(zipped / "tiny.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in plain.iterdir():
            archive.write(path, path.name)
    yield Source(zipped, (zipped / "tiny.zip",))


def _runs(folder: Path, data: Path | None) -> Iterator[Source]:
    """What a run leaves: its record, its ledger and its results."""
    from hooke.pipeline import SegmentOptions, segment_folder

    home = folder / "run"
    (home / "in").mkdir(parents=True)
    PIL.Image.fromarray(_field()[0]).save(home / "in" / "a.png")
    bundle = write_tiny_bundle(home / "tiny")
    segment_folder([home / "in"], home / "out", SegmentOptions(str(bundle), threads=1))
    record = home / "out" / "run.json"
    ledger = tuple(path for path in sorted((home / "out" / ".hooke").rglob("*")) if path.is_file())
    yield Source(home, (record, record, *ledger, home / "out" / "labels" / "a.tif"))


def _coco(folder: Path, data: Path | None) -> Iterator[Source]:
    image, labels = _field()
    home = folder / "coco"
    (home / "images").mkdir(parents=True)
    PIL.Image.fromarray(image).save(home / "images" / "a.png")
    annotations: list[dict[str, Any]] = []
    for label in np.unique(labels)[1:7].tolist():
        mask = labels == label
        counts = encode_counts(mask)
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        top, bottom, left, right = (int(one) for one in (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1))
        outlines = [
            [[left, top, right, top, right, bottom, left, bottom]],
            {"size": [*mask.shape], "counts": counts},
            {"size": [*mask.shape], "counts": compress_counts(counts)},
        ]
        one = {"id": label, "image_id": 1, "category_id": 1, "iscrowd": 0, "segmentation": outlines[label % 3]}
        annotations.append(one | {"area": int(mask.sum()), "bbox": [left, top, right - left, bottom - top]})
    record = {
        "images": [{"id": 1, "file_name": "a.png", "height": image.shape[0], "width": image.shape[1]}],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "nucleus"}],
    }
    (home / "instances_train.json").write_text(json.dumps(record), encoding="utf-8")
    results = [
        {key: one[key] for key in ("image_id", "category_id", "segmentation")} | {"score": 0.5} for one in annotations
    ]
    (home / "results").mkdir()
    (home / "results" / "results.json").write_text(json.dumps(results), encoding="utf-8")
    yield Source(home, (home / "instances_train.json", home / "results" / "results.json"))
    for kind in range(3):
        alone = folder / f"alone{kind}"
        shutil.copytree(home / "images", alone / "images")
        kept = [one for one in annotations if one["id"] % 3 == kind]
        (alone / "instances_train.json").write_text(json.dumps(record | {"annotations": kept}), encoding="utf-8")
        yield Source(alone, (alone / "instances_train.json",))


def _labelme(folder: Path, data: Path | None) -> Iterator[Source]:
    image, labels = _field()
    home = folder / "labelme"
    home.mkdir(parents=True)
    PIL.Image.fromarray(image).save(home / "a.png")
    mask = labels[10:21, 5:31] > 0
    encoded = base64.b64encode(imagecodecs.png_encode(mask.astype(np.uint8) * 255)).decode()
    shapes = [
        {"label": "n", "points": [[1, 1], [20, 1], [20.5, 15]], "shape_type": "polygon", "group_id": None},
        {"label": "n", "points": [[30, 30], [35, 30]], "shape_type": "circle", "group_id": 1},
        {"label": "m", "points": [[40, 40], [50, 55]], "shape_type": "rectangle", "group_id": 1},
        {"label": "m", "points": [[5, 10], [30, 20]], "shape_type": "mask", "mask": encoded},
    ]
    beside = {"shapes": shapes, "imagePath": "a.png", "imageData": None, "imageHeight": 64, "imageWidth": 72}
    within = beside | {"imageData": base64.b64encode((home / "a.png").read_bytes()).decode()}
    for name, record in (("a.json", beside), ("b.json", within)):
        (home / name).write_text(json.dumps(record), encoding="utf-8")
    yield Source(home, (home / "a.json", home / "b.json"))
    yield from _single(folder / "dkfz", {}, _real(data, "dkfz/labels/*.json"))


def _geojson(folder: Path, data: Path | None) -> Iterator[Source]:
    home = folder / "geojson"
    home.mkdir(parents=True)
    PIL.Image.fromarray(_field()[0]).save(home / "a.png")
    ring = [[5, 5], [30, 5], [30, 30.5], [5, 30], [5, 5]]
    hole = [[10, 10], [15, 10], [15, 15], [10, 10]]
    features = [
        {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}
        for kind, coordinates, properties in (
            ("Polygon", [ring, hole], {"classification": {"name": "tumour", "color": [1, 2, 3]}}),
            ("MultiPolygon", [[ring], [hole]], {"classification": {"names": ["a", "b"]}}),
            ("Point", [3, 3], {}),
        )
    ]
    features[0]["nucleusGeometry"] = features[0]["geometry"]
    record = {"type": "FeatureCollection", "features": features}
    (home / "a.geojson").write_text(json.dumps(record), encoding="utf-8")
    yield Source(home, (home / "a.geojson",))


def _imagej(folder: Path, data: Path | None) -> Iterator[Source]:
    import roifile

    home = folder / "imagej"
    home.mkdir(parents=True)
    for name in ("a", "b"):
        PIL.Image.fromarray(_field()[0]).save(home / f"{name}.png")
    ring = np.array([[5, 5], [30, 5], [30, 30], [5, 30]], np.float32)
    rois = [roifile.ImagejRoi.frompoints(ring + shift) for shift in (0, 10.5)]
    roifile.roiwrite(home / "a_rois.zip", rois)
    (home / "b.roi").write_bytes(rois[1].tobytes())
    yield Source(home, (home / "a_rois.zip", home / "b.roi"))


def _tables(folder: Path, data: Path | None) -> Iterator[Source]:
    """Run lengths of the Data Science Bowl and of Sartorius, points, measurements and class tables."""
    image, labels = _field()
    home = folder / "tables"
    (home / "train").mkdir(parents=True)
    (home / "stage1_train" / "a" / "images").mkdir(parents=True)
    for place in (home / "train" / "a.png", home / "stage1_train" / "a" / "images" / "a.png"):
        PIL.Image.fromarray(image).save(place)
    height, width = image.shape
    by_column = [f"a,{encode_pairs(labels == label)},{height},{width}" for label in range(1, 5)]
    by_row = [f"a,{encode_pairs(labels == label, 'C')},{width},{height},shsy5y,s1" for label in range(1, 5)]
    tables = {
        "stage1_train_labels.csv": ["ImageId,EncodedPixels,Height,Width", *by_column],
        "train.csv": ["id,annotation,width,height,cell_type,sample_id", *by_row],
        "points.csv": [
            "image,y,x,score,class,probability_a",
            *(f"a,{k * 9}.5,{k * 8},0.{k},a,0.{k}" for k in range(1, 6)),
        ],
    }
    tables["classes.csv"] = ["image,label,class", *(f"a,{label},{'xy'[label % 2]}" for label in np.unique(labels)[1:])]
    tables["split.csv"] = ["id,split,modality", "a,train,fluorescence", "b,test,histology"]
    for name, lines in tables.items():
        (home / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    (home / "labels").mkdir()
    tifffile.imwrite(home / "labels" / "a.tif", labels)
    yield Source(home, tuple(home / name for name in tables))


def _datasets(folder: Path, data: Path | None) -> Iterator[Source]:
    """A hooke data set with all that stands beside its index."""
    from hooke.datasets import prepare_dataset

    home = folder / "dataset"
    home.mkdir(parents=True)
    source = next(_labelme(folder / "for", None)).folder
    (source / "b.json").unlink()
    prepare_dataset("labelme", source, home / "set", jobs=1)
    shutil.copytree(source, home / "source")
    lines = [f"a,{label},0.5,n,0.7" for label in range(1, 4)]
    (home / "set" / "measurements.csv").write_text("\n".join(["image,label,score,class,probability_n", *lines]) + "\n")
    (home / "set" / "conflicts.csv").write_text("id,kind,mask,other,pixels,resolution\na,overlap,x,y,3,left\n")
    names = ("index.csv", "classes.json", "conflicts.csv", "dataset.json", "prepared.jsonl", "measurements.csv")
    there = [home / "set" / name for name in names if (home / "set" / name).is_file()]
    yield Source(home, (*there, home / "set" / "prepared.jsonl"))


def _forests(folder: Path, data: Path | None) -> Iterator[Source]:
    """A classifier of trees, and the scores of an evaluation."""
    import pandas as pd

    from hooke.classify.forest import train_forest
    from hooke.evaluation import evaluate

    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.random((30, 4)), columns=list("abcd"))
    home = train_forest(features, ["x", "y", "z"] * 10, trees=4).save(folder / "forest")
    yield Source(home, tuple(path for path in sorted(home.iterdir()) if path.is_file()))
    run = folder / "scores"
    (run / "labels").mkdir(parents=True)
    for name in "ab":
        tifffile.imwrite(run / "labels" / f"{name}.tif", _field()[1])
    evaluate(run / "labels", run / "labels", out=run / "scores", resamples=10)
    there = tuple(run / "scores" / name for name in ("scores.json", "per_image.csv"))
    yield Source(run / "scores", there)


def _zarrs(folder: Path, data: Path | None) -> Iterator[Source]:
    import zarr

    labels = _field()[1]
    for version in (2, 3):
        home = folder / f"zarr{version}"
        group = zarr.open_group(str(home / "a.zarr"), mode="w", zarr_format=version)
        group.create_array("a", data=labels, chunks=(32, 32))
        group.create_group("b").create_array("0", data=labels.astype(np.uint16), chunks=(64, 72))
        yield Source(home, tuple(path for path in sorted(home.rglob("*")) if path.is_file()))


def _configs(folder: Path, data: Path | None) -> Iterator[Source]:
    """The recipes that come with hooke."""
    recipes = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))
    plain = [path for path in recipes if "card" not in path.name and "kind:" not in path.read_text(encoding="utf-8")]
    yield from _single(folder, {}, plain)


#: By format: what writes its sources into a folder, given that of real data or None.
MAKERS: dict[str, Callable[[Path, Path | None], Iterator[Source]]] = {
    "tiff": _tiffs,
    "picture": _pictures,
    "npy": _arrays,
    "labels": _labels,
    "bundle": _bundles,
    "run": _runs,
    "coco": _coco,
    "labelme": _labelme,
    "geojson": _geojson,
    "imagej": _imagej,
    "tables": _tables,
    "dataset": _datasets,
    "forest": _forests,
    "zarr": _zarrs,
    "config": _configs,
}
