"""Segments images as they are and under changes that leave the objects in place, and compares F1 at IoU 0.5.

    python benchmarks/robustness.py --data ../shared/data --cache data
    python benchmarks/robustness.py --every 2 --json robustness.json

Images are some of each validation split (of MICCAI's slides, which have none, of all), the middle of large ones, and
simulated ones. Printed for each change (benchmarks/robustness_changes.py), over the images that it makes sense for: the
median and the worst difference of F1, how many images lose 0.15 or more, and of how many of these hooke says nothing.
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import hooke
from abroad_sources import DATASETS, MODALITIES, Source, cases
from hooke import Image
from hooke.datasets import simulate
from hooke.io import read_image, read_labels
from hooke.metrics import count_overlap, match
from robustness_changes import Field, changes_of

SOURCES = (
    *(Source(f"dsb2018 {one}", "dsb2018", where={"modality": one}) for one in MODALITIES),
    *(Source(one, one) for one in ("bbbc039", "dkfz", "tnbc", "mnfinder")),
    Source("miccai16_he", "miccai16_he", split=""),
)
IMAGES = 4  # of each source
SIDE = 600  # pixels: of larger images, the middle
FALL = 0.15


def main() -> None:
    """Parse, segment, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with the data sets")
    parser.add_argument("--cache", type=Path, default=Path("data"), help="folder to prepare data sets in")
    parser.add_argument("--model", default="nuclei")
    parser.add_argument("--every", type=int, default=1, help="every Nth of the images")
    parser.add_argument("--json", type=Path, help="file to write all scores to")
    args = parser.parse_args()
    model = hooke.load_model(args.model)
    rows = [row for name, field in [*fields(args.data, args.cache)][:: args.every] for row in score(name, field, model)]
    print(summarise(pd.DataFrame(rows)).to_string(float_format="{:+.3f}".format))
    if args.json:
        args.json.write_text(json.dumps(rows) + "\n", encoding="utf-8")


def fields(data: Path, cache: Path) -> Iterator[tuple[str, Field]]:
    """Give a few images of each source that is there, and simulated ones, by name."""
    for source in SOURCES:
        folder = DATASETS[source.dataset].prepared(data, cache)
        found = [] if folder is None else cases(source, folder)
        for case in found[:: max(1, len(found) // IMAGES)][:IMAGES]:
            image, labels = read_image(case.image), read_labels(case.labels).astype(np.int32)
            middle = tuple(slice(max(0, n - SIDE) // 2, max(0, n - SIDE) // 2 + SIDE) for n in labels.shape)
            pixels = image.pixels[middle]
            if image.is_rgb and (pixels[..., :1] == pixels).all():
                pixels = pixels[..., 0]
            yield f"{source.name} {case.id}", Field(pixels, labels[middle], pixels.ndim == 3)
    for number, (modality, diameter) in enumerate([*((one, 24) for one in MODALITIES), ("fluorescence", 60)]):
        made = simulate((400, 400), seed=number, modality=modality, diameter=diameter)
        yield f"simulated {modality} {diameter}", Field(made.image, made.labels, made.image.ndim == 3)


def score(name: str, field: Field, model: hooke.models.Model) -> Iterator[dict[str, Any]]:
    """Score one image under every change, beside what was found in the unchanged one."""
    before = hooke.segment(Image(field.pixels, is_rgb=field.is_rgb), model)
    for title, change in changes_of(field).items():
        made = change(field, np.random.default_rng(zlib.crc32(f"{name} {title}".encode())))
        found = hooke.segment(Image(made.pixels, is_rgb=made.is_rgb), model)
        yield {
            "image": name,
            "change": title,
            "modality": before.normalisation.modality,
            "unchanged": f1(before.labels[made.window], field.labels[made.window]),
            "changed": f1(found.labels, made.labels),
            "diameter": found.diameter,
            "warnings": list(found.warnings),
        }


def f1(found: NDArray[np.int32], truth: NDArray[np.int32]) -> float:
    """F1 at IoU 0.5; 1 where there is nothing to find and nothing found."""
    return float(match(count_overlap(found, truth), 0.5).counts.f1)


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """Put the differences of each change into one row."""
    rows = rows.assign(difference=rows["changed"] - rows["unchanged"])
    rows["fell"] = rows["difference"] <= -FALL
    rows["silent"] = rows["fell"] & (rows["warnings"].str.len() == 0)
    table = rows.groupby("change", sort=False).agg(
        images=("image", "size"),
        median=("difference", "median"),
        worst=("difference", "min"),
        fell=("fell", "sum"),
        silent=("silent", "sum"),
    )
    by_modality = rows.pivot_table("difference", "change", "modality", "median", sort=False)
    return table.join(by_modality)


if __name__ == "__main__":
    main()
