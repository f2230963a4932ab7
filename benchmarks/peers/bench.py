"""Runs hooke and other tools on the same images with the same scores, and writes peers.json, peers.md and peers.svg.

    python benchmarks/peers/install.py ENVIRONMENTS
    python benchmarks/peers/bench.py ENVIRONMENTS -o OUT
    python benchmarks/peers/bench.py ENVIRONMENTS otsu hooke -o OUT --dataset data/dsb2018 --side 0 --count 100

Without --dataset the images come from the simulator; of a data set mosaics are made, for times alone, or, with --side
0, images are used as they are. Each tool runs in its own processes, on as many cores and threads as --threads says. A
peer whose weights can't be fetched runs its network with random weights, and its post-processing on maps made from the
truth: that gives times and memory, but no accuracy. --write puts the table between the markers in a document.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from fields import Field, mosaics, simulated_fields, whole_images
from install import PEERS, RECORD, last_line, python_of
from table import Row, draw_bars, markdown, rewrite

from hooke.io import atomic_path
from hooke.metrics import score_image

WORKER = Path(__file__).with_name("worker.py")
LIBRARIES = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "NUMBA")
SCORES = ("dsb", "ap_50", "f1_50", "pq", "aji_plus")


def main() -> None:
    """Parse, make the job, run every peer, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("environments", type=Path)
    parser.add_argument("peer", nargs="*", help=f"{', '.join(PEERS)}; all that are installed by default")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--count", type=int, default=2, help="images")
    parser.add_argument("--side", type=int, default=1024, help="pixels; with a data set, 0 takes whole images")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--weights", choices=("fetch", "random"), default="fetch", help="random: fetch none")
    parser.add_argument("--limit", type=float, default=3600, help="seconds that one process may take")
    parser.add_argument("--keep", action="store_true", help="take what earlier runs in OUT measured of other peers")
    parser.add_argument("--write", type=Path, metavar="DOCUMENT")
    args = parser.parse_args()
    fields = list(read_fields(args))
    write_job(args.out, fields, args.threads, args.repeats)
    rows = earlier_rows(args.out) if args.keep else {}
    peers = args.peer or [peer for peer in PEERS if (args.environments / peer).is_dir()]
    for peer in peers:
        rows[peer] = run_peer(peer, args, fields)
        print(markdown([rows[peer]], header=False), flush=True)
        write_results(args.out, rows, describe(args, fields))
    tables = (args.out / "peers.md").read_text(encoding="utf-8")
    print(tables)
    if args.write:
        rewrite(args.write, tables)


def read_fields(args: argparse.Namespace) -> Any:
    """Images and truth, as asked for."""
    if args.dataset is None:
        return simulated_fields(args.count, args.side)
    if args.side:
        return mosaics(args.dataset, args.split, args.count, args.side)
    return whole_images(args.dataset, args.split, args.count)


def write_job(job: Path, fields: list[Field], threads: int, repeats: int) -> None:
    """Write what the workers read."""
    job.mkdir(parents=True, exist_ok=True)
    for number, (image, truth) in enumerate(fields):
        np.save(job / f"image_{number:03}.npy", image)
        np.save(job / f"truth_{number:03}.npy", truth)
    told = {"images": len(fields), "threads": threads, "repeats": repeats}
    (job / "job.json").write_text(json.dumps(told) + "\n", encoding="utf-8")


def run_peer(peer: str, args: argparse.Namespace, fields: list[Field]) -> Row:
    """Run one peer: with its weights, or else without."""
    why = "trained: not asked for"
    if args.weights == "fetch" or peer in ("hooke", "otsu"):
        why = work(peer, "trained", args)
    if why:
        print(f"{peer}: {why}", file=sys.stderr)
        why = work(peer, "encode", args) or work(peer, "untrained", args)
    if why:
        print(f"{peer}: {why}", file=sys.stderr)
        return Row(peer, failed=why)
    record = json.loads((args.out / peer / "record.json").read_text(encoding="utf-8"))
    return summarise(peer, record, args, fields)


def work(peer: str, mode: str, args: argparse.Namespace) -> str:
    """Run the worker in the peer's environment; return why it failed, or nothing."""
    command = [python_of(args.environments / peer), str(WORKER), peer, str(args.out), mode]
    pinned = {f"{name}_NUM_THREADS": str(args.threads) for name in LIBRARIES}
    pinned |= {f"TF_NUM_{name}_THREADS": str(args.threads) for name in ("INTRAOP", "INTEROP")}
    environment = {**os.environ, **pinned, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=args.limit, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{mode}: {error}"
    return f"{mode}: {last_line(done.stderr)}" if done.returncode else ""


def summarise(peer: str, record: dict[str, Any], args: argparse.Namespace, fields: list[Field]) -> Row:
    """Make the row of a table of what the worker noted."""
    trained = record["weights"] == "trained"
    megapixels = sum(image.size for image, _ in fields) / 1e6
    warm, processor = (fastest(record[kind], megapixels) for kind in ("warm_s", "warm_processor_s"))
    labels = [np.load(args.out / peer / f"labels_{number:03}.npy") for number in range(len(fields))]
    scores = [score_image(one, truth) for one, (_, truth) in zip(labels, fields, strict=True)]
    mean = {name: float(np.mean([one[name] for one in scores])) for name in (*SCORES, "f1_90")}
    return Row(
        peer,
        versions=record["versions"],
        trained=trained,
        seconds_per_megapixel=sum(warm.values()),
        phases=warm,
        processor_seconds_per_megapixel=sum(processor.values()),
        cold_s=record["import_s"] + record["load_s"] + sum(record["cold_s"].values()),
        import_s=record["import_s"],
        peak_bytes=record["peak_bytes"],
        installed_bytes=size_of(args.environments / peer),
        scores={name: mean[name] for name in SCORES} if trained and not is_mosaic(args) else {},
        truth_f1_90=None if trained else mean["f1_90"],
    )


def fastest(times: dict[str, list[list[float]]], megapixels: float) -> dict[str, float]:
    """Seconds per megapixel of each phase: of each image the fastest repeat, which others disturbed the least."""
    return {phase: sum(min(repeats) for repeats in images) / megapixels for phase, images in times.items()}


def is_mosaic(args: argparse.Namespace) -> bool:
    """Whether images of unlike magnification lie side by side, which is for times alone: no tool expects it."""
    return args.dataset is not None and args.side > 0


def size_of(environment: Path) -> int | None:
    """Size noted when the environment was made; none for one made in another way, which may share packages."""
    record = environment / RECORD
    return json.loads(record.read_text(encoding="utf-8"))["bytes"] if record.is_file() else None


def describe(args: argparse.Namespace, fields: list[Field]) -> str:
    """Say what was run on what."""
    kind = "mosaics" if is_mosaic(args) else "fluorescence images"
    source = f"{kind} of {args.dataset.name} {args.split}" if args.dataset else "simulated fields"
    megapixels = sum(image.size for image, _ in fields) / 1e6
    objects = sum(len(np.unique(truth)) - 1 for _, truth in fields)
    return (
        f"{len(fields)} {source}, {megapixels:.2f} megapixels, {objects} objects; {args.threads} threads, "
        f"fastest of {args.repeats}; {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )


def earlier_rows(out: Path) -> dict[str, Row]:
    """Rows of an earlier run."""
    path = out / "peers.json"
    if not path.is_file():
        return {}
    return {row["peer"]: Row(**row) for row in json.loads(path.read_text(encoding="utf-8"))["rows"]}


def write_results(out: Path, rows: dict[str, Row], what: str) -> None:
    """Write the figures, the table and the plot."""
    ordered = sorted(rows.values(), key=lambda row: row.processor_seconds_per_megapixel or float("inf"))
    results = {"what": what, "rows": [asdict(row) for row in ordered]}
    texts = {
        "peers.json": json.dumps(results, indent=1) + "\n",
        "peers.md": f"{what}\n\n{markdown(ordered)}\n",
    }
    for name, text in texts.items():
        with atomic_path(out / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    draw_bars(ordered, out / "peers.svg")


if __name__ == "__main__":
    main()
