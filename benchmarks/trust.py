"""How often is a result flagged, and why? Images as they are, their degraded copies, and pictures that show no cells.

python benchmarks/trust.py data/dsb2018 --split val

Degraded copies: blurred by a tenth, a fifth and a third of the typical diameter, overexposed, with weak and strong
noise; of stained slides also one whose colours are exchanged. The pictures without cells are those that scikit-image
ships (astronaut, coffee, text, grass ...).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

import hooke
from hooke.datasets.layout import find_image, find_labels, read_index
from hooke.errors import HookeError
from hooke.io import find_images, read_image, read_labels
from hooke.metrics import score_image

# Microscopy, or round bright things on a dark ground: a nuclei model may well outline these.
CELLS = ("ihc", "cell", "coins", "microaneurysms", "retina")
REASONS = ("low confidence", "only", "noisy:", "unknown colours", "saturated", "out of focus", "no objects", "constant")


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--split", default="val")
    parser.add_argument("--model", default="nuclei")
    parser.add_argument("--every", type=int, default=1, help="take every n-th image")
    args = parser.parse_args()
    model = hooke.load_model(args.model)
    rows = [row for row in read_index(args.dataset) if row.split == args.split][:: args.every]
    table = pd.DataFrame([*degraded(args.dataset, rows, model), *without_cells(model)])
    reasons = pd.DataFrame({reason: table["warning"].str.contains(reason) for reason in REASONS})
    table = table.assign(flagged=table["warning"] != "", **reasons)
    columns = ["ap_50", "objects", "flagged", *REASONS]
    print(
        table.groupby("kind", sort=False)[columns]
        .mean()
        .assign(images=table.groupby("kind").size())
        .round(2)
        .to_string()
    )


def degraded(dataset: Path, rows: list, model: hooke.models.Model) -> Iterator[dict]:
    """One row a copy of each image."""
    rng = np.random.default_rng(0)
    for row in rows:
        image, truth = read_image(find_image(dataset, row.id)), read_labels(find_labels(dataset, row.id))
        plain = hooke.segment(image, model)
        kinds = [*copies(image.pixels, plain.diameter or 20.0, rng)]
        if plain.normalisation.keeps_colours:
            kinds += [("slides as they are", image.pixels), ("slides, red as green", image.pixels[..., [1, 2, 0]])]
        for kind, pixels in kinds:
            found = hooke.segment(replace(image, pixels=pixels), model)
            yield {"kind": kind, "ap_50": score_image(found.labels, truth)["ap_50"], **facts(found)}


def copies(pixels: NDArray, diameter: float, rng: np.random.Generator) -> Iterator[tuple[str, NDArray]]:
    """The image and its degraded copies, 8-bit."""
    low, high = np.percentile(pixels, (1, 99.8))
    bright = np.percentile(pixels, 85)
    noise = rng.normal(0, 0.3 * (high - low), pixels.shape[:2] + (1,) * (pixels.ndim - 2))
    yield "as it is", pixels
    for share in (0.1, 0.2, 0.35):
        yield f"blurred by {share} diameters", cv2.GaussianBlur(pixels, (0, 0), share * diameter)
    yield "overexposed", _eight_bit((pixels - low) / max(bright - low, 1) * 255)
    yield "noise of 0.3 of the range", _eight_bit(pixels + noise)
    yield "noise as large as the range", _eight_bit(pixels / 3 + noise + 60)


def without_cells(model: hooke.models.Model) -> Iterator[dict]:
    """One row a picture that scikit-image ships."""
    import skimage.data

    for path in find_images([Path(skimage.data.__file__).parent]):
        if path.stem in CELLS:
            continue
        try:
            yield {"kind": "no cells", "ap_50": np.nan, **facts(hooke.segment(path, model))}
        except HookeError:
            continue


def facts(found: hooke.Segmentation) -> dict:
    """What is kept of a result."""
    return {"objects": found.count, "warning": "; ".join(found.warnings)}


def _eight_bit(values: NDArray) -> NDArray[np.uint8]:
    return np.clip(values, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
