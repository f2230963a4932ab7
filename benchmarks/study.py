"""Trains variants of one configuration and compares their validation scores.

    python benchmarks/study.py benchmarks/studies/split-line.yaml --runs runs/split-line --seeds 0

The study names a configuration, changes that all variants share, and what each of them changes further. Every variant
is trained with every seed, and its best checkpoint (by the validation DSB score) is measured on the validation images
at their true diameter: the scores, and the recall of split lines, the share of the true lines' pixels that the network
gives more than one half. A run that exists is not trained again. Means over the seeds, as Markdown.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from hooke.io import atomic_path
from hooke.metrics import score_image
from hooke.training import SampleStore, TrainConfig, list_records, load_config, load_run, predict_sample, train

SCORES = ("dsb", "ap_50", "ap_75")
HALF = 65535 // 2


def main() -> None:
    """Train what is missing, measure it, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--only", nargs="+", help="these variants")
    args = parser.parse_args()
    study = yaml.safe_load(args.study.read_text(encoding="utf-8"))
    rows = []
    for name, changes in study["variants"].items():
        if args.only and name not in args.only:
            continue
        for seed in args.seeds:
            config = load_config(study["config"], study.get("all", {}) | (changes or {}) | {"seed": seed})
            rows.append({"variant": name} | measured(config, args.runs / f"{name.replace(' ', '-')}-{seed}"))
    print(as_markdown(pd.DataFrame(rows)))


def measured(config: TrainConfig, run: Path) -> dict[str, Any]:
    """Scores of one run, which is trained if it is missing."""
    kept = run / "study.json"
    if not kept.is_file():
        start = time.perf_counter()
        train(config, run, baselines=False)
        took = time.perf_counter() - start
        scores = scores_of(load_run(run), config) | {"minutes": took / 60}
        with atomic_path(kept) as partial:
            partial.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
    read: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return read


def scores_of(module: Any, config: TrainConfig) -> dict[str, float]:
    """Mean scores over the validation images, all and by kind, and the recall of the split lines' pixels."""
    samples = SampleStore(list_records(config, "val"), config.nominal_diameter, 0, config.stains)
    split = module.scheme.maps.index("split")
    rows, found, there = [], 0, 0
    for sample in samples:
        maps, labels = predict_sample(module, sample)
        lines = module.scheme.encode(sample.labels)[split] > 0
        found, there = found + int((maps[split][lines] > HALF).sum()), there + int(lines.sum())
        kind = "colour" if sample.colour else "grey"
        every = score_image(labels, sample.labels)
        scores = {name: every[name] for name in SCORES}
        rows.append(scores | {f"ap_50 {kind}": scores["ap_50"]})
    return pd.DataFrame(rows).mean().to_dict() | {"split-line recall": found / max(there, 1)}


def as_markdown(table: pd.DataFrame) -> str:
    """One row per variant, in the study's order, means over seeds."""
    of = table.groupby("variant", sort=False)
    means = of.mean().assign(seeds=of.size())
    lines = ["| variant | " + " | ".join(means.columns) + " |", "|---" * (len(means.columns) + 1) + "|"]
    for name, row in means.iterrows():
        cells = [f"{value:.0f}" if key in ("seeds", "minutes") else f"{value:.3f}" for key, value in row.items()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
