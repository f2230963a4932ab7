"""Compares the runtimes that are here with the reference: same objects, score, processor time.

    python benchmarks/runtimes.py data/dsb2018 --model models/nuclei
    python benchmarks/runtimes.py data/dsb2018 --split test --runtimes onnxruntime-int8 openvino

Each image is segmented by the reference (ONNX Runtime in 32 bits) and by each other runtime in turn, whole pipeline,
one thread, so that a busy machine slows all alike. Objects are the same at an IoU of 0.9 or more; of scores, the
difference and its 95 % interval (paired, images of one field of view drawn together). Images that go to the network
for colour are left out unless `--colour` asks for them alone.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import hooke
from hooke.datasets import read_index, read_sample
from hooke.metrics import PairedScores
from hooke.models import RUNTIMES, Model, load_model

REFERENCE = "onnxruntime"
GOAL = 0.99


def main() -> None:
    """Segment, compare, print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--split", default="val")
    parser.add_argument("--model", default="nuclei")
    parser.add_argument(
        "--runtimes", nargs="+", choices=RUNTIMES, default=[name for name in RUNTIMES if name != "auto"]
    )
    parser.add_argument("--every", type=int, default=1, help="take each n-th image only")
    parser.add_argument("--colour", action="store_true", help="images that go to the network for colour, alone")
    args = parser.parse_args()
    model = load_model(args.model)
    models = {REFERENCE: model.with_runtime(REFERENCE)} | others(model, args.runtimes)
    pairs = {name: PairedScores() for name in models}
    seconds = dict.fromkeys(models, 0.0)
    for row in [row for row in read_index(args.dataset) if row.split == args.split][:: args.every]:
        pixels, truth = read_sample(args.dataset, row.id)
        labels, taken = {}, {}
        for name, one in models.items():
            start = time.process_time()
            result = hooke.segment(pixels, one, threads=1)
            taken[name] = time.process_time() - start
            if result.normalisation.keeps_colours != args.colour:
                break
            labels[name] = result.labels
        if len(labels) < len(models):
            continue
        for name, one in labels.items():
            seconds[name] += taken[name]
            pairs[name].add(labels[REFERENCE], one, truth, row.field_of_view or row.id)
    count, found = len(pairs[REFERENCE].scores), pairs[REFERENCE].found
    print(f"{count} images of {args.dataset.name}, {args.split}; {found} objects\n")
    print("| runtime | same objects | DSB score | difference | processor time |\n|---|---|---|---|---|")
    for name, paired in pairs.items():
        (low, high), share = paired.interval, paired.same_objects
        print(
            f"| {name} | {100 * share:.1f} %{'' if share >= GOAL else ', under 99 %'} | {paired.means[1]:.4f} "
            f"| {paired.difference:+.4f} [{low:+.4f}, {high:+.4f}] | {seconds[name] / seconds[REFERENCE]:.2f} |"
        )


def others(model: Model, names: list[str]) -> dict[str, Model]:
    """The model by each runtime but the reference; those that are not here are named and left out."""
    found = {}
    for name in names:
        if name == REFERENCE:
            continue
        try:
            found[name] = model.with_runtime(name)
            found[name].network(1)
        except hooke.HookeError as error:
            found.pop(name, None)
            print(f"left out: {error}")
    return found


if __name__ == "__main__":
    main()
