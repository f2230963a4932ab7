"""Reads a mutated source as hooke's commands would: every reader that opens files of its format."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from hooke import HookeError
from hooke.datasets import find_adapter, find_source
from hooke.io import open_image, read_labels

__all__ = ["READERS", "segment_file", "tried"]

_MOST_PLANES = 6


@contextlib.contextmanager
def tried() -> Iterator[None]:
    """Let one reader's refusal not keep the next from its turn."""
    with contextlib.suppress(HookeError):
        yield


def _image(folder: Path, target: Path) -> None:
    file = open_image(target)
    for scene in file.scenes[:3] or (None,):
        with tried():
            one = open_image(target, scene=scene)
            for index in range(min(len(one), _MOST_PLANES)):
                pixels = one.plane(index).pixels
                if pixels.shape != one.plane_shape:
                    raise AssertionError(f"a plane of {pixels.shape} where {one.plane_shape} was announced")


def segment_file(target: Path, bundle: Path, out: Path) -> None:
    """Send an image through the whole of ``hooke segment``."""
    from hooke.pipeline import SegmentOptions, segment_folder

    try:
        segment_folder([target], out, SegmentOptions(str(bundle), threads=1))
    finally:
        shutil.rmtree(out, ignore_errors=True)


def _label_image(folder: Path, target: Path) -> None:
    from hooke.evaluation import evaluate
    from hooke.measure import measure
    from hooke.metrics import find_objects

    labels = read_labels(target)
    if labels.ndim == 2 and labels.size < 1e6:
        find_objects(labels)
        measure(labels, np.zeros(labels.shape, np.uint8))
        with tried():
            evaluate(folder, folder, resamples=0)


def _bundle(folder: Path, target: Path) -> None:
    from hooke import Image
    from hooke.models import Model, read_bundle
    from hooke.pipeline import SegmentOptions
    from hooke.pipeline.image_segmentation import segment_image

    model = Model(read_bundle(target if target.suffix == ".zip" else folder))
    y, x = np.mgrid[:40, :48]
    spots = (120 * (1 + np.sin(y / 4) * np.sin(x / 4))).astype(np.uint8)
    segment_image(Image(spots), model, SegmentOptions(threads=1))


def _run(folder: Path, target: Path) -> None:
    from hooke.pipeline import SegmentOptions, segment_folder
    from hooke.pipeline.record import read_replay

    if target.name == "run.json":
        read_replay(target)
    else:
        segment_folder([folder / "in"], folder / "out", SegmentOptions(str(folder / "tiny"), threads=1))


def _adapted(name: str, src: Path, **options: str) -> None:
    adapter = find_adapter(name)
    root, entries = find_source(adapter, src, options)
    for entry in entries[:3]:
        with tried():
            adapter.load(root, entry.id)


def _opened(path: Path, truth: Path | None = None) -> None:
    from hooke.evaluation import open_labels

    source = open_labels(path, open_labels(truth) if truth else None)
    for name in source.names[:3]:
        with tried():
            source.read(name, (64, 72))


def _coco(folder: Path, target: Path) -> None:
    dataset = folder / "instances_train.json"
    if target == dataset:
        with tried():
            _adapted("coco", dataset)
        _opened(dataset)
    else:
        _opened(target, dataset)


def _tables(folder: Path, target: Path) -> None:
    from hooke.classify.learn import examples_of_table
    from hooke.datasets import read_split
    from hooke.evaluation import evaluate_points

    if target.name == "classes.csv":
        for examples in examples_of_table(target, [folder / "train"], folder):
            _ = examples.classes
    elif target.name == "split.csv":
        read_split(target)
    elif target.name == "points.csv":
        evaluate_points(target, folder, resamples=0)
    elif target.name == "train.csv":
        _adapted("sartorius", folder)
    else:
        with tried():
            _adapted("dsb2018", folder / "stage1_train", truth="csv")
        _opened(target)


def _dataset(folder: Path, target: Path) -> None:
    from hooke.datasets import prepare_dataset, read_conflicts, read_entries, read_index, read_sources
    from hooke.evaluation import evaluate
    from hooke.io.annotations import read_classes

    made = folder / "set"
    for read in (read_index, read_entries, read_classes, read_conflicts, read_sources):
        with tried():
            read(made)
    with tried():
        evaluate(made, made, resamples=0)
    prepare_dataset("labelme", folder / "source", made, jobs=1)


def _forest(folder: Path, target: Path) -> None:
    from hooke.classify.forest import load_forest
    from hooke.evaluation import compare_runs, read_run

    if folder.name == "scores":
        run = read_run(folder)
        compare_runs([run, run], resamples=10)
    else:
        forest = load_forest(folder)
        forest.forest.predict(np.zeros((2, max(4, len(forest.settings.features))), np.float32))


def _config(folder: Path, target: Path) -> None:
    from hooke.training.config import load_config
    from hooke.training.pretraining.config import load_pretrain_config

    if target.name.startswith("pretrain"):
        load_pretrain_config(target)
    else:
        load_config(target)


#: By format: what reads a source, given its folder and the file that was mutated. A refusal is a `HookeError`.
READERS: dict[str, Callable[[Path, Path], None]] = {
    "tiff": _image,
    "picture": _image,
    "npy": _image,
    "labels": _label_image,
    "bundle": _bundle,
    "run": _run,
    "coco": _coco,
    "labelme": lambda folder, target: _adapted("labelme", target),
    "geojson": lambda folder, target: _adapted("geojson", folder),
    "imagej": lambda folder, target: _adapted("imagej", target),
    "tables": _tables,
    "dataset": _dataset,
    "forest": _forest,
    "config": _config,
    "zarr": lambda folder, target: _opened(folder / "a.zarr"),
}
