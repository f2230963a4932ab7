"""Measures the seconds that finding and classifying the cells of one image take, in process, warm, on 2 threads.

    python benchmarks/two_stage.py data/dkfz/images/NAME.png --model COORDINATE-BUNDLE --classify CLASSIFIER-BUNDLE

Without an image it is a simulated field of 1388 x 1040 pixels, the size of the DKFZ's. Times are medians; processor
seconds, summed over the threads, show how much a busy machine has slowed them. Limit: 0.5 s for both stages on 2 cores
(the published two-stage system: about 0.25 s for the forward pass of its first stage alone, on an Apple M1).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from hooke import Image
from hooke.classify import classify_image, load_classifier
from hooke.datasets import simulate
from hooke.io import read_image
from hooke.models import load_model
from hooke.pipeline import SegmentOptions, segment_image

LIMIT = 0.5
SHAPE = (1040, 1388)


def main() -> None:
    """Warm up, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image", type=Path, nargs="?")
    parser.add_argument("--model", required=True, help="bundle of a coordinate network, or of any that segments")
    parser.add_argument("--classify", required=True, help="bundle of a classifier")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=10)
    args = parser.parse_args()
    image = read_image(args.image) if args.image else Image(simulate(SHAPE, seed=0).image)
    model, classifier = load_model(args.model), load_classifier(args.classify)
    options = SegmentOptions(threads=args.threads)
    times = []
    for _ in range(args.repeats + 1):
        marks = [clocks()]
        found = segment_image(image, model, options)
        marks.append(clocks())
        classify_image(image, found.labels, classifier, threads=args.threads)
        marks.append(clocks())
        times.append(np.diff(marks, axis=0))
    stages = np.median(times[1:], axis=0)  # the first of them warms up
    print(f"{image.width} x {image.height} pixels, {found.count} cells, {args.threads} threads, {args.repeats} repeats")
    for name, (wall, processor) in zip(("segment", "classify", "both"), [*stages, stages.sum(axis=0)], strict=True):
        print(f"{name:9} {wall:.3f} s   processor {processor:.3f} s")
    print(f"both: {stages[:, 0].sum() / LIMIT:.2f} of the limit of {LIMIT} s")


def clocks() -> tuple[float, float]:
    """Seconds on the clock, and of the processor in all threads."""
    return time.perf_counter(), time.process_time()


if __name__ == "__main__":
    main()
