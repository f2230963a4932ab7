"""Determines the limits of two warnings on training images: unknown colours, and noise.

    python benchmarks/fit_trust.py data/dsb2018 data/tnbc --every 20

Writes the colours of the training images of the data sets to src/hooke/pipeline/colours.json, and prints how far the
images of each field of view (of each patient) are from the colours of all others. Prints, for every n-th image of the
first data set with rising noise, the noise as `noise_level` measures it and the model's AP.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import hooke
from hooke.datasets import find_image, find_labels, read_index
from hooke.io import read_image, read_labels
from hooke.metrics import score_image
from hooke.pipeline.colours import find_palette, sample_colours
from hooke.pipeline.trust import noise_level
from hooke.preprocess import fit_normalisation

OUT = Path(__file__).parents[1] / "src" / "hooke" / "pipeline" / "colours.json"
NOISE = (0, 0.05, 0.1, 0.15, 0.2, 0.3)  # standard deviation, as a share of the range of intensity
BINS = (0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, np.inf)


def main() -> None:
    """Collect colours, write, measure noise, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", type=Path, nargs="+", help="hooke datasets; their train splits are used")
    parser.add_argument("--every", type=int, default=0, help="measure noise on every n-th image; 0: not at all")
    parser.add_argument("--model", default="nuclei")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    colours = pd.DataFrame(coloured(args.datasets), columns=["group", "colours"])
    write(find_palette(colours["colours"]).cells, args.out)
    away = [share for name in colours["group"].unique() for share in left_out(colours, name)]
    print(f"{len(colours)} coloured images of {colours['group'].nunique()} groups")
    print("share of pixels with colours that no other group has:")
    print(pd.Series(away).quantile([0.5, 0.9, 0.95, 0.99, 1]).round(4).to_string())
    if args.every:
        table = pd.DataFrame(noisy(args.datasets[0], args.every, hooke.load_model(args.model)))
        print(f"\n{table['id'].nunique()} images with noise added: AP at 0.5 that is kept, by noise over contrast")
        print(table.groupby(pd.cut(table["level"], BINS))["kept"].agg(["mean", "size"]).round(2).to_string())
        print("\nnoise over contrast, by the noise that was added")
        print(table.groupby("noise")["level"].describe().round(3).to_string())


def coloured(datasets: list[Path]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Group and colours of each training image that a network is shown in colour."""
    for dataset in datasets:
        for row in read_index(dataset):
            if row.split == "train":
                image = read_image(find_image(dataset, row.id))
                normalisation = fit_normalisation(image)
                if normalisation.keeps_colours:
                    yield f"{dataset.name} {row.field_of_view}", sample_colours(image.pixels, normalisation)


def left_out(table: pd.DataFrame, group: str) -> list[float]:
    """Share of unseen colours in each image of a group, the others' being known."""
    inside = table["group"] == group
    palette = find_palette(table.loc[~inside, "colours"])
    return [palette.unseen_share(one) for one in table.loc[inside, "colours"]]


def write(cells: NDArray[np.bool_], path: Path) -> None:
    """Write the known colours, a bit a cell."""
    stored = {
        "fitted_on": "training images of DSB 2018 (CC0) and TNBC (CC BY 4.0) by benchmarks/fit_trust.py",
        "cells": np.packbits(cells).tobytes().hex(),
    }
    path.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    print(f"{int(cells.sum())} of {cells.size} colours known; written to {path}")


def noisy(dataset: Path, every: int, model: hooke.models.Model) -> Iterator[dict]:
    """One row a noisy copy in which something was found."""
    rng = np.random.default_rng(1)
    for row in [row for row in read_index(dataset) if row.split == "train"][::every]:
        image, truth = read_image(find_image(dataset, row.id)), read_labels(find_labels(dataset, row.id))
        low, high = np.percentile(image.pixels, (1, 99.8))
        noise = rng.normal(0, high - low, image.pixels.shape[:2] + (1,) * (image.pixels.ndim - 2))
        clean = None
        for share in NOISE:
            pixels = np.clip(image.pixels + share * noise, 0, 255).astype(np.uint8)
            found = hooke.segment(replace(image, pixels=pixels), model)
            ap = score_image(found.labels, truth)["ap_50"]
            clean = ap if clean is None else clean
            if not found.count or not clean:
                continue
            grey = found.normalisation.apply(pixels).mean(axis=2)
            level = noise_level(grey, found.labels, found.diameter)
            yield {"id": row.id, "noise": share, "level": level, "kept": ap / clean}


if __name__ == "__main__":
    main()
