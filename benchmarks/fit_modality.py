"""Fits the shipped classifier of modalities, on training images only, and writes its coefficients.

    python benchmarks/fit_modality.py --dsb2018 DATASET [--histology FOLDER --fluorescence FOLDER --only LIST]

Every image is also shown as other laboratories store it: inverted, in a colour, in 16 bits, darker, with a camera's
colour cast; and simulated fields are added, so that brightfield is more than one slide.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke import Image
from hooke.datasets import find_image, read_index, simulate
from hooke.io import find_images, read_image
from hooke.preprocess.modality import FEATURES, Modality, measure_features, regression_terms

OUT = Path(__file__).parents[1] / "src" / "hooke" / "preprocess" / "modality.json"
SIMULATED = 30  # of each modality
NEWTON_STEPS = 30
RIDGE = 1e-6
# How often each class is to be expected; inverted pictures are rare, and to turn a smear by mistake costs more.
WEIGHTS = {"fluorescence": 1.0, "inverted fluorescence": 0.1, "histology": 1.0, "brightfield": 1.0}
CLASSES = tuple(WEIGHTS)
TINTS = ((0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 0, 1), (0, 1, 1), (0.1, 0.3, 1), (0.3, 1, 0.2), (1, 0.25, 0.1))

Example = tuple[str, Image]


def main() -> None:
    """Collect, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dsb2018", type=Path, required=True, help="hooke dataset; its train split is used")
    parser.add_argument("--histology", type=Path, help="folder of histology images")
    parser.add_argument("--fluorescence", type=Path, help="folder of fluorescence images")
    parser.add_argument("--only", type=Path, help="text file naming the fluorescence images that may be used")
    parser.add_argument("--features", type=Path, help="npz file: keeps the features for other settings of the fit")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    names, features = _collected(args)
    fitted = fit(features, np.array([CLASSES.index(name) for name in names]))
    fitted["fitted_on"] = "training images of DSB 2018 (CC0), BBBC039 (CC0), TNBC (CC BY 4.0), and simulated fields"
    args.out.write_text(json.dumps(fitted, indent=1) + "\n")
    print(f"{len(names)} examples; right on those: {fitted['right_on_training']:.4f}; written to {args.out}")


def _collected(args: argparse.Namespace) -> tuple[list[str], NDArray[np.float64]]:
    if args.features and args.features.exists():
        kept = np.load(args.features)
        return kept["names"].tolist(), kept["features"]
    rng = np.random.default_rng(0)
    names, features = [], []
    for name, image in _examples(args, rng):
        for seen_as, variant in _variants(name, image, rng):
            names.append(seen_as)
            features.append(measure_features(variant))
    if args.features:
        np.savez(args.features, names=names, features=features)
    return names, np.array(features)


def _examples(args: argparse.Namespace, rng: np.random.Generator) -> Iterator[Example]:
    yield from _dsb2018(args.dsb2018)
    yield from _simulated(rng)
    if args.histology:
        yield from (("histology", read_image(path)) for path in find_images([args.histology]))
    if args.fluorescence:
        names = args.only.read_text().split() if args.only else []
        for path in find_images([args.fluorescence]):
            if not names or path.name in names:
                yield "fluorescence", read_image(path)


def fit(features: NDArray[np.float64], target: NDArray[np.intp]) -> dict[str, object]:
    """Softmax regression with a ridge penalty, classes weighted by `WEIGHTS`, by Newton's method."""
    terms = regression_terms(features)
    mean, scale = terms.mean(axis=0), terms.std(axis=0) + 1e-3
    design = np.hstack([np.clip((terms - mean) / scale, -4, 4), np.ones((len(features), 1))])
    truth = np.eye(len(CLASSES))[target]
    weight = (np.array(list(WEIGHTS.values())) / np.maximum(truth.sum(axis=0), 1))[target][:, None]
    weight /= weight.sum()
    coefficients = np.zeros((len(CLASSES), design.shape[1]))
    for _ in range(NEWTON_STEPS):
        coefficients -= _newton_step(design, truth, weight, coefficients)
    right = float((np.argmax(design @ coefficients.T, axis=1) == target).mean())
    return {
        "features": FEATURES,
        "classes": CLASSES,
        "mean": mean.round(5).tolist(),
        "scale": scale.round(5).tolist(),
        "weights": coefficients[:, :-1].round(4).tolist(),
        "bias": coefficients[:, -1].round(4).tolist(),
        "right_on_training": round(right, 4),
    }


def _newton_step(
    design: NDArray[np.float64],
    truth: NDArray[np.float64],
    weight: NDArray[np.float64],
    coefficients: NDArray[np.float64],
) -> NDArray[np.float64]:
    share = _softmax(design @ coefficients.T)
    gradient = (weight * (share - truth)).T @ design + RIDGE * coefficients
    classes, terms = coefficients.shape
    curvature = np.zeros((classes, terms, classes, terms))
    for one in range(classes):
        for two in range(classes):
            factor = weight[:, 0] * share[:, one] * ((one == two) - share[:, two])
            curvature[one, :, two, :] = design.T @ (factor[:, None] * design)
    matrix = curvature.reshape(classes * terms, -1) + RIDGE * np.eye(classes * terms)
    return np.linalg.solve(matrix, gradient.ravel()).reshape(coefficients.shape)


def _softmax(score: NDArray[np.float64]) -> NDArray[np.float64]:
    share = np.exp(score - score.max(axis=1, keepdims=True))
    return share / share.sum(axis=1, keepdims=True)


def _dsb2018(dataset: Path) -> Iterator[Example]:
    for row in read_index(dataset):
        if row.split == "train":
            path = find_image(dataset, row.id)
            assert path is not None
            yield row.modality, read_image(path)


def _simulated(rng: np.random.Generator) -> Iterator[Example]:
    modalities: tuple[Modality, ...] = ("fluorescence", "histology", "brightfield")
    for index in range(SIMULATED * len(modalities)):
        modality = modalities[index % len(modalities)]
        field = simulate(
            (192, 192),
            seed=rng,
            modality=modality,
            density=rng.uniform(0.02, 0.6),
            diameter=rng.uniform(12, 60),
            noise=rng.uniform(0.01, 0.15),
            uneven_light=rng.uniform(0, 0.6),
        )
        yield modality, Image(field.image, is_rgb=field.image.ndim == 3)


def _variants(name: str, image: Image, rng: np.random.Generator) -> Iterator[Example]:
    """The image as it is, and as it may be stored elsewhere."""
    yield name, image
    if name == "fluorescence":
        yield from _fluorescence_variants(image, rng)
    else:
        yield from _bright_variants(name, image, rng)


def _fluorescence_variants(image: Image, rng: np.random.Generator) -> Iterator[Example]:
    grey = image.pixels.astype(np.float64)
    white = 255 if image.pixels.dtype == np.uint8 else 65535
    yield "inverted fluorescence", Image((white - grey).astype(image.pixels.dtype))
    low, high = np.percentile(grey, (0.5, 99.9))
    stretched = np.clip((grey - low) / max(high - low, 1), 0, 1) * 255  # as for a figure
    yield "inverted fluorescence", Image((255 - stretched * rng.uniform(0.5, 1)).astype(np.uint8))
    haze = stretched * rng.uniform(0.6, 0.9) + rng.uniform(0, 30)
    yield "fluorescence", Image((haze * 16).astype(np.uint16))
    tint = np.array(TINTS[rng.integers(len(TINTS))])
    yield "fluorescence", _picture(haze[..., None] * tint)
    second = np.roll(np.rot90(stretched, 2), 40, axis=0)  # another stain in the same picture
    yield "fluorescence", _picture(np.stack([0 * haze, second * rng.uniform(0.2, 1), haze], axis=-1))


def _bright_variants(name: str, image: Image, rng: np.random.Generator) -> Iterator[Example]:
    scale = 255 if image.pixels.dtype == np.uint8 else 65535
    light = image.pixels.astype(np.float64) / scale * 255
    for _ in range(2 if name == "histology" else 12):  # brightfield is rare, and varies in exposure most
        changed = 255 * (light / 255) ** rng.uniform(0.7, 1.6) * rng.uniform(0.5, 1.15)
        if changed.ndim == 3:
            yield name, _picture(changed * rng.uniform(0.85, 1, 3))
        elif rng.random() < 0.5:
            yield name, _picture(changed[..., None] * rng.uniform(0.93, 1, 3))  # a colour camera's cast
        else:
            yield name, Image(np.clip(changed, 0, 255).astype(np.uint8))


def _picture(colours: NDArray[np.float64]) -> Image:
    return Image(np.clip(colours, 0, 255).astype(np.uint8), is_rgb=True)


if __name__ == "__main__":
    main()
