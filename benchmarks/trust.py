"""Counts how often results are flagged, and why, for images, their degraded copies, and pictures without cells.

    python benchmarks/trust.py data/dsb2018 --split val
    python benchmarks/trust.py --known data/dsb2018 data/bbbc039 data/dkfz --unknown data/u373/images --red data/dkfz

Degraded copies: blurred by a tenth, a fifth and a third of the typical diameter, overexposed, with weak and strong
noise; of stained slides also one whose colours are exchanged. The pictures without cells are the second half of those
that scikit-image ships (astronaut, coffee, text, grass ...); the first half was used to fit the warning of unknown
kinds.

Known and unknown kinds: how many images of hooke datasets (their test split) or folders are flagged at all, and how
many by each reason alone. `--red` shows the red channel of colour pictures: in DKFZ's, a stain of whole cells.
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
from hooke import Image
from hooke.datasets import find_image, find_labels, read_index
from hooke.io import read_image, read_labels
from hooke.metrics import score_image
from unfamiliar import listed_images, scikit_image_pictures

REASONS = (
    "low confidence",
    "unlike",
    "only",
    "noisy:",
    "unknown colours",
    "saturated",
    "out of focus",
    "dropped:",
    "burnt-in",
    "labels:",
    "far brighter:",
    "fragments:",
    "no objects",
    "constant",
)


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path, nargs="?", help="degrade the images of this one")
    parser.add_argument("--known", type=Path, nargs="+", default=[], help="ordinary images of nuclei")
    parser.add_argument("--unknown", type=Path, nargs="+", default=[], help="images that are to be flagged")
    parser.add_argument("--red", type=Path, nargs="+", default=[], help="the same, by the red channel of theirs")
    parser.add_argument("--split", default="val")
    parser.add_argument("--model", default="nuclei")
    parser.add_argument("--every", type=int, default=1, help="take every n-th image")
    args = parser.parse_args()
    model = hooke.load_model(args.model)
    if args.dataset is None:
        print_kinds(args.known, args.unknown, args.red, args.every, model)
        return
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
    """One row per copy of each image."""
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
    """One row per picture of scikit-image that was not used to fit."""
    for _, path in scikit_image_pictures(half=1):
        yield {"kind": "no cells", "ap_50": np.nan, **facts(hooke.segment(path, model))}


def print_kinds(known: list[Path], unknown: list[Path], red: list[Path], every: int, model: hooke.models.Model) -> None:
    """Print how many images of each source are flagged, by which reason, and by none but that of unknown kinds."""
    rows = [{"kind": "no cells", "unknown": True, "warning": one["warning"]} for one in without_cells(model)]
    for folders, strange, channel in ((known, False, None), (unknown, True, None), (red, True, 0)):
        for folder in folders:
            for name, path in [*listed_images(folder, ("test",))][::every]:
                image = read_image(path)
                if channel is not None:
                    image = Image(np.ascontiguousarray(image.pixels[..., channel]))
                kind = name if channel is None else f"{name}, red"
                warning = facts(hooke.segment(image, model))["warning"]
                rows.append({"kind": kind, "unknown": strange, "warning": warning})
    table = pd.DataFrame(rows)
    shares = {reason.strip(":"): table["warning"].str.contains(reason) for reason in REASONS}
    reasons = pd.DataFrame(shares).sum(axis=1)
    table = table.assign(flagged=reasons > 0, **shares, **{"unlike alone": shares["unlike"] & (reasons == 1)})
    columns = ["flagged", "unlike alone", *shares]
    for strange, title in ((True, "to be flagged"), (False, "ordinary")):
        part = table[table["unknown"] == strange]
        if len(part):
            counts = part.groupby("kind", sort=False)[columns].sum().assign(images=part.groupby("kind").size())
            flagged, only = part["flagged"].sum(), part["unlike alone"].sum()
            print(f"{title}: {flagged} of {len(part)} flagged, {only} as unlike the training images alone")
            print(counts.to_string(), end="\n\n")


def facts(found: hooke.Segmentation) -> dict:
    """What is kept of a result."""
    return {"objects": found.count, "warning": "; ".join(found.warnings)}


def _eight_bit(values: NDArray) -> NDArray[np.uint8]:
    return np.clip(values, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
