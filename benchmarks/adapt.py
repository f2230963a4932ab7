"""What five corrected images teach: a model before and after `hooke adapt`, and what else they could be given to.

python benchmarks/adapt.py dkfz --data data/dkfz --results adapt.json
python benchmarks/adapt.py u373 --data ctc_phc_c2dh_u373 --from auto --from nuclei --results adapt.json
python benchmarks/adapt.py u373-silver --data ctc_phc_c2dh_u373 --from auto --results adapt.json
python benchmarks/adapt.py slides --data data/miccai16_he --from BUNDLE --results adapt.json
python benchmarks/adapt.py tnbc --data data/tnbc --from BUNDLE --method untouched --method tune --method adapt

The gold truth of U373 leaves out cells of some frames, at the border above all; `u373-silver` learns from the same gold
frames and tests the same later ones against the silver truth, which leaves out fewer.

`tnbc` learns from five images of the patients whose images the shipped model learnt from, and tests those of the two
others: give it a model that saw none of that laboratory, such as one of `configs/nuclei.yaml` without data/tnbc.

The corrected images are drawn by --draw (repeatable). `untouched` is the model as it was, `tune` the same with other
settings (`hooke tune`), `adapt` what it has learnt,
`imagenet` the same network trained on the same images from ImageNet weights, `forest` a random forest on pixel features
(scikit-learn) with a watershed, as ilastik does it. --home scores `untouched` and `adapt` on the test images of a hooke
data set that the model is good at, too. Figures are kept in --results, so that sets and methods can be measured one by
one; the table is of all of them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import hooke
from hooke.corrections import CorrectedImage
from hooke.datasets import find_image, find_labels, read_index
from hooke.io import atomic_path, read_image, read_labels
from hooke.metrics import score_image
from tune import write_drawn

COUNT = 5  # corrected images
LATER = 20  # frames between the last corrected one and those that are tested
SCORES = {"dsb": "DSB score", "ap_50": "AP 0.5", "f1_50": "F1 0.5"}
Labels = NDArray[np.int32]


@dataclass(frozen=True)
class Task:
    """Images to correct, and images to test on."""

    corrected: list[CorrectedImage]
    test: list[CorrectedImage]


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS, nargs="?", help="nothing: only print the table")
    parser.add_argument("--data", type=Path, help="folder of the set")
    parser.add_argument("--from", dest="parents", action="append", help="model to start from; repeatable")
    parser.add_argument("--method", action="append", choices=METHODS, help="repeatable; default: untouched and adapt")
    parser.add_argument("--draw", action="append", type=int, help="which images are corrected; repeatable")
    parser.add_argument("--home", type=Path, help="hooke data set whose test images the model is good at")
    parser.add_argument("--keep", type=Path, help="as of hooke adapt")
    parser.add_argument("--steps", type=int, help="as of hooke adapt, and of the training from ImageNet weights")
    parser.add_argument("--models", type=Path, default=Path("runs/adapted"), help="folder for the adapted models")
    parser.add_argument("--results", type=Path, help="json file to keep the figures in")
    args = parser.parse_args()
    results: dict[str, Any] = {}
    if args.results and args.results.is_file():
        results = json.loads(args.results.read_text(encoding="utf-8"))
    for draw in (args.draw or [0]) if args.task else []:
        task = TASKS[args.task](args.data, draw)
        for parent in args.parents or ["auto"]:
            for method in args.method or ["untouched", "adapt"]:
                key = f"{args.task} | {Path(parent).name} | {method} | {draw}"
                results[key] = measure(task, parent, method, draw, args)
                print(key, results[key], flush=True)
                if args.results:
                    with atomic_path(args.results) as temporary:
                        temporary.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(markdown(results))


def measure(task: Task, parent: str, method: str, draw: int, args: argparse.Namespace) -> dict[str, Any]:
    """Scores on the test images, at home, and seconds of learning."""
    begun, spent = time.perf_counter(), time.process_time()
    find = METHODS[method](task, parent, draw, args)
    took = {"seconds": round(time.perf_counter() - begun, 1), "processor": round(time.process_time() - spent, 1)}
    found = {"images": len(task.test), **scores(find, task.test), **took}
    if args.home and method in ("untouched", "adapt"):
        found["home"] = scores(find, from_dataset(args.home, "test"))["dsb"]
    return found


def scores(find: Callable[[CorrectedImage], Labels], images: Sequence[CorrectedImage]) -> dict[str, float]:
    """Means over images."""
    rows = [score_image(find(image), image.labels) for image in images]
    return {name: round(float(np.mean([row[name] for row in rows])), 4) for name in SCORES}


# --- the sets -----------------------------------------------------------------------------------------------------


def from_dataset(folder: Path, split: str) -> list[CorrectedImage]:
    """All images with objects of a split of a hooke data set."""
    found = []
    for row in read_index(folder):
        image, labels = find_image(folder, row.id), find_labels(folder, row.id)
        if row.split == split and row.nuclei and image is not None and labels is not None:
            found.append(CorrectedImage(row.id, read_image(image), read_labels(labels)))
    return found


def dkfz(folder: Path, draw: int) -> Task:
    """Five images of the authors' training split, and their test images."""
    return Task(drawn(folder, draw), from_dataset(folder, "test"))


def tnbc(folder: Path, draw: int) -> Task:
    """Five images of most patients, and all of the others'."""
    return Task(drawn(folder, draw), from_dataset(folder, "val"))


def drawn(folder: Path, draw: int) -> list[CorrectedImage]:
    """Five images of the training split."""
    rows = [row.id for row in read_index(folder) if row.split == "train" and row.nuclei]
    ids = {rows[index] for index in np.random.default_rng(draw).permutation(len(rows))[:COUNT]}
    return [image for image in from_dataset(folder, "train") if image.name in ids]


def u373(folder: Path, draw: int) -> Task:
    """Five of the first gold frames (draw 0: the first five), and the gold frames that are much later."""
    frames = [
        CorrectedImage(path.stem, read_image(folder / "images" / path.name), read_labels(path))
        for path in sorted((folder / "labels_gold").glob("*.png"))
    ]
    early = range(COUNT) if not draw else sorted(np.random.default_rng(draw).permutation(COUNT + 3)[:COUNT].tolist())
    corrected = [frames[index] for index in early]
    last = number(corrected[-1])
    return Task(corrected, [frame for frame in frames if number(frame) >= last + LATER])


def u373_silver(folder: Path, draw: int) -> Task:
    """The same, tested against the silver truth."""
    task = u373(folder, draw)
    test = [replace(frame, labels=read_labels(folder / "labels" / f"{frame.name}.png")) for frame in task.test]
    return Task(task.corrected, test)


def number(frame: CorrectedImage) -> int:
    """Number of a frame, from its name."""
    return int(frame.name.rpartition("t")[2])


def slides(folder: Path, draw: int) -> Task:
    """Five tiles, and the others: for a model that learnt from none of them."""
    images = from_dataset(folder, "train")
    chosen = set(np.random.default_rng(draw).permutation(len(images))[:COUNT].tolist())
    return Task(
        [image for index, image in enumerate(images) if index in chosen],
        [image for index, image in enumerate(images) if index not in chosen],
    )


TASKS: dict[str, Callable[[Path, int], Task]] = {
    "dkfz": dkfz,
    "tnbc": tnbc,
    "u373": u373,
    "u373-silver": u373_silver,
    "slides": slides,
}

# --- what is done with the corrected images -----------------------------------------------------------------------


def untouched(task: Task, parent: str, draw: int, args: argparse.Namespace) -> Callable[[CorrectedImage], Labels]:
    """Nothing."""
    return lambda image: hooke.segment(image.image, parent).labels


def adapt(task: Task, parent: str, draw: int, args: argparse.Namespace) -> Callable[[CorrectedImage], Labels]:
    """`hooke adapt`."""
    from hooke.training import adapt as adapt_model

    place = args.models / f"{args.task}-{Path(parent).name}-{draw}"
    adapt_model(task.corrected, place, parent=parent, keep=args.keep, steps=args.steps, seed=draw, say=print)
    return lambda image: hooke.segment(image.image, place).labels


def tune(task: Task, parent: str, draw: int, args: argparse.Namespace) -> Callable[[CorrectedImage], Labels]:
    """`hooke tune`."""
    place = args.models / f"{args.task}-{Path(parent).name}-{draw}-tuned"
    with tempfile.TemporaryDirectory() as work:
        done = hooke.tune(write_drawn(Path(work), task.corrected), place, parent)
    print(*done.lines(), sep="\n", flush=True)
    return lambda image: hooke.segment(image.image, place).labels


def imagenet(task: Task, parent: str, draw: int, args: argparse.Namespace) -> Callable[[CorrectedImage], Labels]:
    """The recipe of `configs/dkfz-unet.yaml`, from ImageNet weights instead of the model's."""
    from hooke.training import TrainConfig, export, train

    place = args.models / f"{args.task}-imagenet-{draw}"
    with tempfile.TemporaryDirectory() as work:
        data, run = write_drawn(Path(work) / "data", task.corrected), Path(work) / "run"
        config = {
            "name": "imagenet",
            "datasets": [{"path": str(data), "val": ["train"]}],
            "augment": {"diameter": (16, 44), "wide": 0.1, "negative": 0.02},
            "decoder_channels": [96, 64, 48, 32],
            "diameter_band": (28, 40),
            "steps": args.steps or 400,
            "learning_rate": 1.5e-3,
            "warmup": 50,
            "ema": 0.98,
            "validate_every": args.steps or 400,
            "workers": 0,
            "precision": "auto",
        }
        train(TrainConfig.model_validate(config), run, baselines=False)
        export(run, place, force=True)
    return lambda image: hooke.segment(image.image, place).labels


def forest(task: Task, parent: str, draw: int, args: argparse.Namespace) -> Callable[[CorrectedImage], Labels]:
    """Classes of pixels (background, inside, rim) by a random forest on filters, then a watershed of the inside."""
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(draw)
    diameter = float(np.median([np.sqrt(area * 4 / np.pi) for image in task.corrected for area in areas(image.labels)]))
    zoom = min(1.0, 30 / diameter)  # larger objects are shown smaller, which is faster and sees more of each
    rows, classes = [], []
    for image in task.corrected:
        labels = shrunk(image.labels, zoom)
        kinds = pixel_classes(labels).ravel()
        features = pixel_features(as_grey(image.image.pixels, zoom)).reshape(len(kinds), -1)
        for kind in range(3):
            at = np.flatnonzero(kinds == kind)
            taken = rng.choice(at, min(len(at), 4000), replace=False)
            rows.append(features[taken])
            classes.append(kinds[taken])
    trees = RandomForestClassifier(100, min_samples_leaf=5, n_jobs=2, random_state=draw)
    trees.fit(np.concatenate(rows), np.concatenate(classes))
    smallest = 0.1 * np.pi / 4 * (diameter * zoom) ** 2

    def find(image: CorrectedImage) -> Labels:
        grey = as_grey(image.image.pixels, zoom)
        probability = trees.predict_proba(pixel_features(grey).reshape(grey.size, -1)).reshape(*grey.shape, 3)
        labels = from_probability(probability.astype(np.float32), smallest)
        height, width = image.labels.shape
        return cv2.resize(labels.astype(np.float32), (width, height), interpolation=cv2.INTER_NEAREST).astype(np.int32)

    return find


def areas(labels: Labels) -> NDArray[np.int64]:
    """Pixels of each object."""
    counts = np.bincount(labels.ravel())[1:]
    return counts[counts > 0]


def shrunk(labels: Labels, zoom: float) -> Labels:
    """A label image at another size."""
    size = (round(labels.shape[1] * zoom), round(labels.shape[0] * zoom))
    return cv2.resize(labels.astype(np.float32), size, interpolation=cv2.INTER_NEAREST).astype(np.int32)


def as_grey(pixels: NDArray[Any], zoom: float) -> NDArray[np.float32]:
    """One channel on a common scale, at another size: that with the widest range, as the nuclear stain has."""
    planes = pixels.reshape(*pixels.shape[:2], -1).astype(np.float32)
    ranges = np.percentile(planes, (1, 99.8), axis=(0, 1))
    best = int(np.argmax(ranges[1] - ranges[0]))
    low, high = ranges[:, best]
    grey = (planes[..., best] - low) / max(float(high - low), 1e-6)
    size = (round(grey.shape[1] * zoom), round(grey.shape[0] * zoom))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32)


def pixel_classes(labels: Labels) -> NDArray[np.int64]:
    """0 background, 1 inside, 2 the rim of an object."""
    ids, cross = labels.astype(np.float32), np.ones((3, 3), np.uint8)
    rim = (labels > 0) & ((cv2.erode(ids, cross) != ids) | (cv2.dilate(ids, cross) != ids))
    return np.where(rim, 2, (labels > 0).astype(np.int64))


def pixel_features(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intensity, edges and curvature at several scales, shape (Y, X, features): scikit-image's, which are ilastik's."""
    from skimage.feature import multiscale_basic_features

    return np.asarray(multiscale_basic_features(grey, sigma_min=0.7, sigma_max=12, workers=1), np.float32)


def from_probability(probability: NDArray[np.float32], smallest: float) -> Labels:
    """Objects of the probabilities of the three classes: seeds inside, flooded to where the background begins."""
    from scipy import ndimage
    from skimage.segmentation import watershed

    mask = ndimage.binary_fill_holes(probability[..., 0] < 0.5)
    inside = ndimage.binary_opening((probability[..., 1] > 0.5) & mask, iterations=2)
    seeds, _ = ndimage.label(inside)
    labels = watershed(probability[..., 2] - probability[..., 1], seeds, mask=mask)
    small = np.bincount(labels.ravel()) < smallest
    return np.where(small[labels], 0, labels).astype(np.int32)


METHODS: dict[str, Callable[..., Callable[[CorrectedImage], Labels]]] = {
    "untouched": untouched,
    "tune": tune,
    "adapt": adapt,
    "imagenet": imagenet,
    "forest": forest,
}

# --- the table ----------------------------------------------------------------------------------------------------


def markdown(results: dict[str, dict[str, Any]]) -> str:
    """A row for each set, model and method: means over draws, and the spread of the DSB score between them."""
    lines = [
        ("set", "from", "method", "draws", "test images", *SCORES.values(), "home", "seconds (processor)"),
        ("---",) * 3 + ("---:",) * 7,
    ]
    for set_, parent, method, rows in grouped(results):
        means = [f"{np.mean([row[name] for row in rows]):.3f}" for name in SCORES]
        if len(rows) > 1:
            means[0] += f" ± {np.std([row['dsb'] for row in rows], ddof=1):.3f}"
        home = [row["home"] for row in rows if "home" in row]
        took = f"{np.mean([row['seconds'] for row in rows]):.0f} ({np.mean([row['processor'] for row in rows]):.0f})"
        facts = (str(len(rows)), "/".join(sorted({str(row["images"]) for row in rows})))
        lines.append((set_, parent, method, *facts, *means, f"{np.mean(home):.3f}" if home else "–", took))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def grouped(results: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str, str, list[dict[str, Any]]]]:
    """The draws of each set, model and method."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for key, row in results.items():
        set_, parent, method, _ = key.split(" | ")
        groups.setdefault((set_, parent, method), []).append(row)
    for key, rows in groups.items():
        yield *key, rows


if __name__ == "__main__":
    main()
