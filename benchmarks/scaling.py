"""Measures how time grows with the size of an image, and what share of it each stage takes.

    python benchmarks/scaling.py --megapixels 0.25 1 4 16 64 256
    python benchmarks/scaling.py --megapixels 4 --threads 1 --dataset data/dsb2018

Each image is a simulated field of 1024×1024 again and again, or part of it; with --dataset, the mosaic of
benchmarks/speed.py of at most 4 megapixels. Up to 67 megapixels it is segmented from memory, above that from a tiled
TIFF in blocks; both with the table. Printed for each size: seconds per megapixel (median of the repeats), their ratio
to those of 4 megapixels, of which one that grows in proportion has 1, and processor seconds of all threads, which a
busy machine changes less; the network's pixels over those of the image at the network's scale, all passes; and for 4
megapixels, on one thread, each stage's processor time per megapixel, its share, and its floor: operations or bytes over
what this processor does at best, both measured here. Stages and floors are for a machine that does nothing else.
benchmarks/scaling_plot.py draws the times.
"""

from __future__ import annotations

import argparse
import json
import pkgutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

import hooke
from hooke.datasets import simulate
from hooke.pipeline import SegmentOptions, segment_folder
from speed import mosaic

LIMIT = 67.1  # megapixels in memory
TILE = 1024
REFERENCE = 4.0  # megapixels
#: Operations of the shipped grey network per pixel at its scale: multiplications and additions.
OPERATIONS = 42e3
#: Bytes that each stage has to read and write per image pixel, at least.
BYTES = {"view": 2, "resize and blend": 40, "decode": 30, "warnings": 10, "table": 12}
#: What stands for each stage: the object that holds the function, the function's name, the stage.
WATCHED = (
    ("hooke.pipeline.examination", "prepare_view", "view"),
    ("hooke.pipeline.examination", "measure_diameter", "first pass"),
    ("hooke.pipeline.examination", "quality_warnings", "warnings"),
    ("hooke.models.segmenter", "predict_maps", "resize and blend"),
    ("hooke.models.session.Sessions", "run", "network"),
)


def main() -> None:
    """Measure, print, and keep what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[0.25, 1, 4, 16, 64, 256])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", default="nuclei")
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--no-stages", action="store_true", help="leave out the shares of the stages")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    hooke.segment(field(0.25), args.model, threads=args.threads)
    sizes = {size: seconds_of(size, args) for size in args.megapixels}
    base = sizes.get(REFERENCE) or next(iter(sizes.values()))
    print("| megapixels | seconds per megapixel | against 4 megapixels | processor seconds |\n|---|---|---|---|")
    for size, (seconds, busy) in sizes.items():
        print(f"| {size:g} | {seconds:.3f} | {seconds / base[0]:.2f} | {busy:.3f} |")
    if args.no_stages:
        keep(args.json, sizes, {})
        return
    stages = measure_stages(image(REFERENCE, args), args.model)
    print(stage_table(stages))
    keep(args.json, sizes, stages)


def keep(path: Path | None, sizes: dict[float, tuple[float, float]], stages: dict[str, dict[str, float]]) -> None:
    """Write what was measured."""
    if path is not None:
        facts = {
            "seconds_per_megapixel": {size: seconds for size, (seconds, _) in sizes.items()},
            "processor_seconds_per_megapixel": {size: busy for size, (_, busy) in sizes.items()},
            "stages": stages,
        }
        path.write_text(json.dumps(facts, indent=1))


def field(megapixels: float) -> NDArray[np.uint8]:
    """A square simulated field."""
    side = max(64, round((megapixels * 1e6) ** 0.5 / 64) * 64)
    tile = simulate((min(side, TILE), min(side, TILE)), seed=0).image
    repeats = -(-side // TILE)
    return np.tile(tile, (repeats, repeats))[:side, :side]


def image(megapixels: float, args: argparse.Namespace) -> NDArray[np.uint8]:
    """The field, or the mosaic cut to its size."""
    if args.dataset is None:
        return field(megapixels)
    side = round((megapixels * 1e6) ** 0.5)
    return mosaic(args.dataset, "test", "fluorescence", None)[:side, :side]


def seconds_of(megapixels: float, args: argparse.Namespace) -> tuple[float, float]:
    """Median seconds per megapixel of the repeats, and of the processor."""
    if megapixels <= LIMIT:
        pixels = image(megapixels, args)
        work: Callable[[], object] = lambda: hooke.segment(pixels, args.model, threads=args.threads).table  # noqa: E731
        return timed(work, args.repeats, pixels.size / 1e6)
    with tempfile.TemporaryDirectory() as folder:
        path, side = Path(folder) / "large.tif", round((megapixels * 1e6) ** 0.5 / TILE) * TILE
        strip = np.tile(field(TILE**2 / 1e6), (1, side // TILE))
        tiles = (strip[:, left : left + 512][top : top + 512] for _ in range(side // TILE) for top in (0, 512)
                 for left in range(0, side, 512))  # fmt: skip
        tifffile.imwrite(path, tiles, shape=(side, side), dtype=np.uint8, tile=(512, 512), compression="zlib")
        options = SegmentOptions(model=args.model, threads=args.threads)

        def blocks() -> None:
            out = tempfile.mkdtemp(dir=folder)
            result = segment_folder([path], out, options, overlays=False, page=False)
            if result.failed:
                raise SystemExit(result.failed[0].error)

        return timed(blocks, 1, side**2 / 1e6)


def timed(work: Callable[[], object], repeats: int, megapixels: float) -> tuple[float, float]:
    """Median seconds per megapixel, and median processor seconds of all threads."""
    taken = []
    for _ in range(repeats):
        start, busy = time.perf_counter(), time.process_time()
        work()
        taken.append((time.perf_counter() - start, time.process_time() - busy))
    seconds, busy = np.median(taken, axis=0) / megapixels
    return float(seconds), float(busy)


class StageClock:
    """Processor time by stage; what a stage calls of another one counts there alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {"rest": 0.0}
        self.network_pixels = 0
        self._inside = ["rest"]
        self._since = time.process_time()

    def switch(self) -> None:
        """Give what passed since the last switch to the stage that we are in."""
        now = time.process_time()
        self.seconds[self._inside[-1]] = self.seconds.get(self._inside[-1], 0.0) + now - self._since
        self._since = now

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Be in a stage; all within the first pass is the first pass."""
        self.switch()
        self._inside.append("first pass" if "first pass" in self._inside else name)
        try:
            yield
        finally:
            self.switch()
            self._inside.pop()

    def wrap(self, plain: Callable[..., Any], name: str) -> Callable[..., Any]:
        """Make a function a stage."""

        def timed_call(*args: Any, **kwargs: Any) -> Any:
            if name == "network":
                self.network_pixels += next(iter(args[2].values()))[0, 0].size
            with self.stage(name):
                return plain(*args, **kwargs)

        return timed_call


def measure_stages(pixels: NDArray[np.uint8], model: str) -> dict[str, dict[str, float]]:
    """Processor seconds per megapixel of each stage on one thread, the least of three runs each, and its floor."""
    megapixels = pixels.size / 1e6
    clocks = [one_run(pixels, model) for _ in range(3)]
    stages = {
        name: {"seconds": min(clock.seconds[name] for clock in clocks) / megapixels} for name in clocks[0].seconds
    }
    stages["all"] = {"seconds": sum(stage["seconds"] for stage in stages.values())}
    speed, bandwidth = best_operations(), best_bandwidth()
    for name, least in BYTES.items():
        stages[name]["floor"] = least * 1e6 / bandwidth
    found = hooke.segment(pixels, model, threads=1)
    scaled = found.scale**2
    stages["network"]["floor"] = scaled * OPERATIONS * 1e6 / speed
    stages["network pixels"] = {"share": clocks[0].network_pixels / 1e6 / megapixels / scaled}
    return stages


def one_run(pixels: NDArray[np.uint8], model: str) -> StageClock:
    """Segment once on one thread, with the clock in the functions that stand for stages."""
    clock = StageClock()
    watched = [(pkgutil.resolve_name(owner), name, stage) for owner, name, stage in WATCHED]
    watched.append((type(hooke.load_model(model).scheme), "decode", "decode"))
    with ExitStack() as stack:
        for owner, name, stage in watched:
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, clock.wrap(getattr(owner, name), stage))
        # One thread for all: a pool's thread would be in no stage.
        found = hooke.segment(pixels, model, threads=1)
        with clock.stage("table"):
            _ = found.table
        clock.switch()
    return clock


def best_operations() -> float:
    """Operations per second of one thread in 32 bits: a product of matrices. In 8 bits, it may be four times that."""
    side, best = 1024, 0.0
    left, right = (np.random.default_rng(seed).random((side, side), np.float32) for seed in (0, 1))
    for _ in range(5):
        start = time.process_time()
        left @ right
        best = max(best, 2 * side**3 / (time.process_time() - start))
    return best


def best_bandwidth() -> float:
    """Bytes per second that one thread copies, read and written."""
    block, best = np.zeros(1 << 26, np.uint8), 0.0
    target = np.empty_like(block)
    for _ in range(5):
        start = time.process_time()
        np.copyto(target, block)
        best = max(best, 2 * block.size / (time.process_time() - start))
    return best


def stage_table(stages: dict[str, dict[str, float]]) -> str:
    """As Markdown."""
    whole = stages["all"]["seconds"]
    lines = ["| stage | processor seconds per megapixel | share | floor |", "|---|---|---|---|"]
    for name, stage in stages.items():
        if "seconds" in stage:
            floor = f"{stage['floor']:.4f}" if "floor" in stage else ""
            lines.append(f"| {name} | {stage['seconds']:.4f} | {stage['seconds'] / whole:.0%} | {floor} |")
    lines.append(f"\nnetwork's pixels over those of the scaled image: {stages['network pixels']['share']:.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
