"""Segments every image of a hooke data set with default options and scores the results by modality.

    python benchmarks/accuracy.py data/dsb2018 --split test
    python benchmarks/accuracy.py data/dsb2018 --split val --set foreground=0.45 min_score=0.3

`--set` changes parameters of the target scheme, for grey and for colour images.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

import hooke
from hooke.io import parse_settings, read_labels
from hooke.metrics import Summary, aggregate, aggregate_by, score_image
from hooke.models import Bundle, Model

SHOWN = ("dsb", "ap_50", "ap_75", "ap_90", "f1_50", "pq", "aji", "pixel_iou", "pixel_dice")


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--model", default="nuclei")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="parameters of the target scheme")
    parser.add_argument("--out", type=Path, help="write scores as JSON here")
    args = parser.parse_args()
    rows = score(args.dataset, args.split, changed(hooke.load_model(args.model), parse_settings(args.set)))
    summaries = {"all": aggregate(rows), **aggregate_by(rows, "modality")}
    print_table(summaries)
    if args.out:
        args.out.write_text(json.dumps({name: one.mean for name, one in summaries.items()}, indent=1))


def changed(model: Model, parameters: dict[str, Any]) -> Model:
    """Give the model with other parameters of its target scheme."""
    return Model(_changed(model.bundle, parameters)).with_diameter_by(model.for_diameter)


def _changed(bundle: Bundle, parameters: dict[str, Any]) -> Bundle:
    settings = bundle.settings.model_copy(update={"parameters": bundle.settings.parameters | parameters})
    return replace(bundle, settings=settings, colour=bundle.colour and _changed(bundle.colour, parameters))


def score(dataset: Path, split: str, model: str | Model) -> list[dict[str, float]]:
    """Segment and score every image of a split."""
    index = pd.read_csv(dataset / "index.csv", dtype={"id": str})
    rows = []
    for row in index[index["split"] == split].itertuples():
        image = next((dataset / "images").glob(f"{row.id}.*"))
        truth = read_labels(next((dataset / "labels").glob(f"{row.id}.*")))
        found = hooke.segment(image, model)
        rows.append(
            {"id": row.id, "modality": row.modality, "diameter": found.diameter} | score_image(found.labels, truth)
        )
    return rows


def print_table(summaries: dict[str, Summary]) -> None:
    """One row per modality, means over images."""
    print(f"{'':14}{'images':>7}" + "".join(f"{name:>11}" for name in SHOWN))
    for name, one in summaries.items():
        print(f"{name:14}{one.images:7}" + "".join(f"{one.mean[score]:11.3f}" for score in SHOWN))


if __name__ == "__main__":
    main()
