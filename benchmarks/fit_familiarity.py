"""Fits the shipped warning of images unlike the training images, and writes its coefficients.

    python benchmarks/fit_familiarity.py --known data/dsb2018 data/bbbc039 data/tnbc data/miccai16_he data/mnfinder
        --unknown data/usiigaci_t98g data/laptrack_phase/images

Each source is a hooke dataset, of which training and validation images are taken, or a folder of images. Simulated
fields of nuclei count as known; simulated whole cells, and every second picture that scikit-image ships, as unknown.
A source weighs by the square root of its number of images. The limit is chosen so that 1.5 % of the known images are
above it, each tested with a fit without a third of its source; an unknown source is tested with a fit without it.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import hooke
import hooke.pipeline.trust as trust
from hooke import Image
from hooke.io import read_image
from hooke.pipeline.familiarity import FEATURES, measure_features
from unfamiliar import listed_images, scikit_image_pictures, simulated_cells, simulated_nuclei

OUT = Path(__file__).parents[1] / "src" / "hooke" / "pipeline" / "familiarity.json"
SIMULATED = 30
RIDGE = 0.002  # times the number of images
KEPT = 0.985  # share of the known images below the limit


@dataclass(frozen=True)
class Example:
    """Features of one image in which something was found."""

    source: str
    unknown: bool
    features: NDArray[np.float64]


def main() -> None:
    """Segment, measure, fit, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--known", type=Path, nargs="+", required=True)
    parser.add_argument("--unknown", type=Path, nargs="+", required=True)
    parser.add_argument("--most", type=int, default=100, help="largest number of images per source")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    examples = list(measured(args.known, args.unknown, args.most))
    table = np.stack([one.features for one in examples])
    unknown = np.array([one.unknown for one in examples])
    number = Counter(one.source for one in examples)
    weight = np.array([number[one.source] ** -0.5 for one in examples])
    judged = left_out(examples, table, unknown, weight / weight.mean())
    limit = float(np.quantile(judged[~unknown], KEPT))
    for source in number:
        of_source = np.array([one.source == source for one in examples])
        print(f"{source:28}{of_source.sum():5} images, {(judged[of_source] > limit).mean():.2f} above the limit")
    mean, scale, weights, bias = fit(table, unknown, weight / weight.mean())
    stored = {
        "fitted_on": "by benchmarks/fit_familiarity.py on " + ", ".join(number),
        "features": list(FEATURES),
        **{name: values.round(4).tolist() for name, values in (("mean", mean), ("scale", scale), ("weights", weights))},
        "bias": round(bias, 4),
        "limit": round(limit, 4),
    }
    args.out.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def measured(known: list[Path], unknown: list[Path], most: int) -> Iterator[Example]:
    """Features of every image in which something is found."""
    model = hooke.load_model("nuclei")
    kept: list[NDArray[np.float64]] = []

    def keep(*seen: object) -> bool:
        kept.append(measure_features(*seen))  # type: ignore[arg-type]
        return False

    trust.is_unfamiliar = keep
    for source, strange, image in images(known, unknown, most):
        kept.clear()
        hooke.segment(image, model)
        for features in kept:
            yield Example(source, strange, features)


def images(known: list[Path], unknown: list[Path], most: int) -> Iterator[tuple[str, bool, Image]]:
    """Source, whether it is unknown, and the image."""
    for strange, folders in ((False, known), (True, unknown)):
        for folder in folders:
            found = list(listed_images(folder, ("train", "val")))
            if not found:
                raise SystemExit(f"no images in {folder}")
            for source, path in found[:: max(1, -(-len(found) // most))]:
                yield source, strange, read_image(path)
    for source, path in scikit_image_pictures(half=0):
        yield source, True, read_image(path)
    makers = {f"simulated {kind}": simulated_nuclei(kind) for kind in ("fluorescence", "histology", "brightfield")}
    makers["simulated whole cells"] = simulated_cells
    for source, make in makers.items():
        for seed in range(SIMULATED):
            pixels = make(seed)
            yield source, make is simulated_cells, Image(pixels, is_rgb=pixels.ndim == 3)


def fit(
    table: NDArray[np.float64], unknown: NDArray[np.bool_], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    """Ridge logistic regression on standardised features by Newton's method: mean, scale, weights and bias."""
    mean, scale = table.mean(axis=0), np.maximum(table.std(axis=0), 1e-6)
    design = np.column_stack([np.clip((table - mean) / scale, -5, 5), np.ones(len(table))])
    ridge = np.diag([*[RIDGE * len(table)] * table.shape[1], 0.0])
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (weight * (chance - unknown)) + ridge @ weights
        curvature = (design * (weight * (chance * (1 - chance) + 1e-6))[:, None]).T @ design + ridge
        weights -= np.linalg.solve(curvature, slope)
    return mean, scale, weights[:-1], float(weights[-1])


def left_out(
    examples: list[Example], table: NDArray[np.float64], unknown: NDArray[np.bool_], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Logit of each image by a fit without it: without a third of a known source, or all of an unknown one."""
    sources = np.array([one.source for one in examples])
    logits = np.zeros(len(examples))
    for source in dict.fromkeys(sources.tolist()):
        ids = np.flatnonzero(sources == source)
        parts = [ids] if unknown[ids[0]] else [ids[start::3] for start in range(3)]
        for part in parts:
            rest = np.ones(len(examples), bool)
            rest[part] = False
            mean, scale, weights, bias = fit(table[rest], unknown[rest], weight[rest])
            logits[part] = np.clip((table[part] - mean) / scale, -5, 5) @ weights + bias
    return logits


if __name__ == "__main__":
    main()
