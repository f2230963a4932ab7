"""Measures the test score with few labels, for each kind of initial weights and each share of labelled fields.

    python benchmarks/pretraining.py data/dsb2018 runs/pretraining

An encoder is pre-trained once by each method on all training images, without their labels. Then a network is trained
from each kind of initial weights on 5, 10, 25 and 100 % of the labelled training images, whole fields of view, three
random selections of each, with the same number of steps; the final network is scored on the test split with hooke's
defaults. Results are appended to RUNS/results.csv; a run that is listed there is not done again. ``--dry-run`` prints
what would run.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from accuracy import score
from curves import save
from hooke.datasets import read_index
from hooke.io import parse_settings
from hooke.training import TrainConfig, export, load_config, load_pretrain_config, pretrain, train

METHODS = ("simclr", "byol", "inpainting")
STARTS = ("scratch", "imagenet", *METHODS)
NAMES = {"scratch": "from scratch", "imagenet": "ImageNet", "simclr": "SimCLR", "byol": "BYOL"}
SCORES = ("dsb", "ap_50")
COLUMNS = ("start", "share", "seed", "images", *SCORES)


@dataclass(frozen=True)
class Job:
    """One training run of the study."""

    start: str
    share: float
    seed: int
    kept: frozenset[str]
    left_out: frozenset[str]

    @property
    def name(self) -> str:
        """Folder of the run."""
        return f"{self.start}-{round(self.share * 100)}-{self.seed}"


def main() -> None:
    """Plan, train what is missing, print and plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--config", type=Path, default=Path("configs/nuclei.yaml"), help="recipe of the training runs")
    parser.add_argument("--starts", nargs="+", default=STARTS, choices=STARTS)
    parser.add_argument("--shares", nargs="+", type=float, default=(0.05, 0.1, 0.25, 1.0))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1500, help="of each training run")
    parser.add_argument("--pretrain-steps", type=int, default=4000)
    parser.add_argument(
        "--set", nargs="+", default=[], metavar="KEY=VALUE", help="change the recipe of the training runs"
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would run, and check that it could")
    args = parser.parse_args()
    jobs = list(plan(args.dataset, args.starts, args.shares, args.seeds))
    if args.dry_run:
        describe(jobs, args)
        return
    args.runs.mkdir(parents=True, exist_ok=True)
    results = args.runs / "results.csv"
    done = set(zip(*(pd.read_csv(results)[key] for key in COLUMNS[:3]), strict=True)) if results.exists() else set()
    for job in jobs:
        if (job.start, job.share, job.seed) not in done:
            append(results, run(job, args))
    table = pd.read_csv(results)
    print(summarise(table))
    plot(table, args.runs / "pretraining.svg")


def plan(dataset: Path, starts: list[str], shares: list[float], seeds: int) -> Iterator[Job]:
    """Jobs in order; a seed's smaller shares lie within its larger ones, and are the same for every start."""
    rows = [row for row in read_index(dataset) if row.split == "train"]
    fields = sorted({row.field_of_view for row in rows})
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(fields))
        rank = {fields[place]: position for position, place in enumerate(order)}
        ids = [row.id for row in sorted(rows, key=lambda row: (rank[row.field_of_view], row.id))]
        place = [rank[row.field_of_view] for row in sorted(rows, key=lambda row: (rank[row.field_of_view], row.id))]
        for share in shares:
            # Fields are taken until the share of images is reached, the last one whole.
            last = place[max(1, round(share * len(ids))) - 1]
            kept = frozenset(one for one, at in zip(ids, place, strict=True) if at <= last)
            for start in starts:
                yield Job(start, share, seed, kept, frozenset(ids) - kept)


def run(job: Job, args: argparse.Namespace) -> dict[str, object]:
    """Train, export and score one job."""
    folder = args.runs / job.name
    config = training_config(job, args)
    train(config, folder, resume=(folder / "checkpoints" / "last.ckpt").exists(), baselines=False)
    # Forced: a network that has learnt little from few labels is a result of the study, too.
    export(folder, folder / "bundle", force=True)
    scores = pd.DataFrame(score(args.dataset, "test", str(folder / "bundle")))
    means = {name: float(scores[name].mean()) for name in SCORES}
    return {"start": job.start, "share": job.share, "seed": job.seed, "images": len(job.kept)} | means


def training_config(job: Job, args: argparse.Namespace) -> TrainConfig:
    """The recipe, for this data set alone, its length, its start and its share of the labels."""
    recipe = load_config(args.config, parse_settings(args.set))
    banned = recipe.exclude.read_text(encoding="utf-8") if recipe.exclude else ""
    exclude = args.runs / "left-out" / f"{round(job.share * 100)}-{job.seed}.txt"
    exclude.parent.mkdir(parents=True, exist_ok=True)
    exclude.write_text("\n".join([banned, *sorted(job.left_out)]) + "\n", encoding="utf-8")
    weights = {"scratch": "none", "imagenet": "imagenet"}.get(job.start)
    changes = {
        "name": job.name,
        "datasets": [{"path": str(args.dataset)}],
        "exclude": str(exclude),
        "encoder_weights": weights or str(encoder_of(job.start, recipe.encoder, args)),
        "start_from": None,
        "steps": args.steps,
        "validate_every": args.steps,
        "seed": job.seed,
    }
    return TrainConfig.model_validate(recipe.model_dump(mode="json") | changes)


def encoder_of(method: str, encoder: str, args: argparse.Namespace) -> Path:
    """Encoder of a method, pre-trained when first asked for."""
    folder = args.runs / f"encoder-{method}"
    last = folder / "checkpoints" / "last.ckpt"
    config = pretrain_config(method, encoder, args)
    finished = folder / "finished"
    if not finished.exists():
        pretrain(config, folder, resume=last.exists())
        finished.touch()
    return folder / "encoder.safetensors"


def pretrain_config(method: str, encoder: str, args: argparse.Namespace):
    """The method's configuration, for this data set alone."""
    changes = {"images": [str(args.dataset)], "encoder": encoder, "steps": args.pretrain_steps}
    return load_pretrain_config(Path("configs") / f"pretrain-{method}.yaml", changes)


def append(results: Path, row: dict[str, object]) -> None:
    """Add a row to the table, so that an interrupted study continues from there."""
    fresh = not results.exists()
    with results.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if fresh:
            writer.writeheader()
        writer.writerow(row)
    print(row, flush=True)


def summarise(table: pd.DataFrame) -> str:
    """Mean and spread (standard deviation over seeds) of each score, by initial weights (rows) and share (columns)."""
    parts = []
    for name in SCORES:
        of = table.groupby(["start", "share"])[name]
        cells = of.mean().map("{:.3f}".format) + " ± " + of.std().map("{:.3f}".format)
        parts.append(f"{name}\n{cells.unstack().reindex([one for one in STARTS if one in set(table.start)])}")
    return "\n\n".join(parts)


def plot(table: pd.DataFrame, target: Path) -> None:
    """Score over share of labels, one line per kind of initial weights, its bars the standard deviation over seeds."""
    figure = Figure(figsize=(6.5, 4.2), layout="constrained")
    axes = figure.subplots()
    for place, start in enumerate(one for one in STARTS if one in set(table.start)):
        of = table[table.start == start].groupby("share")["dsb"]
        beside = of.mean().index * 100 * 1.03 ** (place - 2)  # so that the bars don't hide each other
        axes.errorbar(beside, of.mean(), of.std().fillna(0), label=NAMES.get(start, start), marker="o", capsize=3)
    axes.set(xscale="log", xlabel="labelled training images, %", ylabel="DSB score on the test split")
    shares = sorted(set(table.share))
    axes.set_xticks([share * 100 for share in shares], [f"{share:.0%}" for share in shares])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=len(STARTS), frameon=False)
    save(figure, target)


def describe(jobs: list[Job], args: argparse.Namespace) -> None:
    """Print the jobs, and read every configuration that they would use."""
    recipe = load_config(args.config, parse_settings(args.set))
    for method in METHODS:
        if method in args.starts:
            config = pretrain_config(method, recipe.encoder, args)
            print(f"pretrain {method}: {config.steps} steps of {config.batch}, {config.encoder}")
    for job in jobs:
        print(f"train {job.name}: {len(job.kept)} labelled images, {len(job.left_out)} left out, {args.steps} steps")
    print(f"{len(jobs)} training runs")


if __name__ == "__main__":
    main()
