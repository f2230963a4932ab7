"""How much a few corrected images are worth: `hooke tune`, on images of a laboratory that the model never saw.

Draws a few corrected images, tunes the shipped model on them, and scores the model before and after on other images of
the same source, several times. ::

    python benchmarks/tune.py dkfz --data DKFZ --images 5 --draws 3
    python benchmarks/tune.py tnbc --data TNBC --images 5 --draws 3
    python benchmarks/tune.py tnbc --data TNBC --hindsight

Both are hooke data sets (`hooke prepare`). ``dkfz`` draws from the split train and scores the split test; the shipped
network has seen none of it. ``tnbc`` draws from the two patients that the shipped colour network has not seen, split
val, one image at least of each, and scores their other images; it has seen other patients of that laboratory.
``--hindsight`` chooses the settings on the very images that are scored, without any caution: more can't be gained.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.corrections import CorrectedImage, Knobs, MappedImage, open_corrected, tune
from hooke.datasets import IndexRow, write_index, write_sample
from hooke.models import TunedSettings, load_model

SPLITS = {"dkfz": ("train", "test"), "tnbc": ("val", "val")}


def scores(settings: TunedSettings, images: Sequence[MappedImage], threads: int) -> NDArray[np.float64]:
    """DSB score of what `hooke.segment` would find in each image with these settings; maps are predicted once."""

    def score(image: MappedImage) -> float:
        own = settings.colour if image.is_colour and settings.colour is not None else settings.grey
        return image.score(Knobs.of(own))

    with ThreadPoolExecutor(threads) as pool:
        return np.array(list(pool.map(score, images)))


def write_drawn(folder: Path, images: Sequence[CorrectedImage], place: str = "") -> Path:
    """Write drawn images as a data set of their own, each of a place of its own or all of one."""
    rows = []
    for image in images:
        write_sample(folder, image.name, image.image.pixels, image.labels)
        rows.append(IndexRow(image.name, "train", "", place or image.name, *image.labels.shape, image.count))
    write_index(folder, rows)
    return folder


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Draw, tune and score."""
    model = load_model(args.model)
    drawn_from, scored_on = SPLITS[args.source]
    pool = list(open_corrected(args.data, split=drawn_from))
    others = [MappedImage(image, model) for image in open_corrected(args.data, split=scored_on)]
    parent = scores(TunedSettings.of(model), others, args.threads)
    before = dict(zip([image.name for image in others], parent, strict=True))
    draws = []
    for draw in range(args.draws):
        rng = np.random.default_rng(draw)
        chosen = [pool[at] for at in sorted(rng.choice(len(pool), args.images, replace=False))]
        names = {image.name for image in chosen}
        test = [image for image in others if image.name not in names]
        folder = write_drawn(args.out / f"{args.source}-{draw}", chosen)
        start = time.perf_counter()
        done = tune(folder, args.out / f"{args.source}-{draw}-model", args.model, threads=args.threads)
        seconds = time.perf_counter() - start
        after = scores(done.settings, test, args.threads)
        old = np.array([before[image.name] for image in test])
        draws.append(
            {
                "images": sorted(names),
                "tested": len(test),
                "before": round(float(old.mean()), 4),
                "after": round(float(after.mean()), 4),
                "worse": int((after < old - 1e-9).sum()),
                "seconds": round(seconds, 1),
                "said": done.lines(),
            }
        )
        print(json.dumps(draws[-1]), flush=True)
    gains = np.array([draw["after"] - draw["before"] for draw in draws])
    after = np.array([draw["after"] for draw in draws])
    return {
        "source": args.source,
        "draws": draws,
        "before": float(np.mean([draw["before"] for draw in draws])),
        "after": float(after.mean()),
        "after_spread": [float(after.min()), float(after.max())],
        "gain": float(gains.mean()),
        "gain_spread": [float(gains.min()), float(gains.max())],
    }


def hindsight(args: argparse.Namespace) -> dict[str, Any]:
    """Choose on the images that are scored: of one place, none of them is left out to check by."""
    images = list(open_corrected(args.data, split=SPLITS[args.source][1]))
    folder = write_drawn(args.out / f"{args.source}-all", images, "one place")
    done = tune(folder, None, args.model, threads=args.threads)
    fits = done.fits.values()
    before, after = (np.concatenate([getattr(fit, name) for fit in fits]) for name in ("scores_before", "scores_after"))
    return {"source": args.source, "images": len(images), "before": before.mean(), "after": after.mean()}


def main() -> None:
    """Measure one source and print the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", choices=sorted(SPLITS))
    parser.add_argument("--data", type=Path, required=True, help="the hooke data set")
    parser.add_argument("--model", default="nuclei", help="name or bundle of the model to tune")
    parser.add_argument("--images", type=int, default=5, help="corrected images in a draw")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("adapt-benchmark"), help="folder for data sets and models")
    parser.add_argument("--hindsight", action="store_true", help="choose on the images that are scored")
    args = parser.parse_args()
    print(json.dumps((hindsight if args.hindsight else measure)(args), indent=1))


if __name__ == "__main__":
    main()
