"""Runs one tool in its own environment on a job's images, and records label images, times and peak memory.

    ENVIRONMENT/bin/python benchmarks/peers/worker.py PEER JOB {trained,encode,untrained}

`trained` segments with the tool's published weights. If they can't be downloaded, `encode` makes from the truth the
maps that a perfect network would give, in its own process so that it costs `untrained` no memory; `untrained` then
times the peer's network with random weights, and its post-processing on those maps. Needs NumPy and the peer, no hooke.

An adapter (a file in `adapters/`) offers ``PACKAGES``, names whose versions are noted; ``start(threads)``, which
imports the library; ``trained()``, a function from image to labels; and, if the tool downloads weights,
``untrained()``: an object with ``encode(truth)``, maps by name, ``network(image, truth)`` and ``decode(maps)``, labels.
"""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def main(peer: str, job: Path, mode: str) -> None:
    """Do one job and write its record."""
    told = json.loads((job / "job.json").read_text(encoding="utf-8"))
    pin_threads(told["threads"])
    out = job / peer
    out.mkdir(exist_ok=True)
    adapter = load_adapter(peer)
    if mode != "trained" and not hasattr(adapter, "untrained"):
        raise SystemExit("its weights are not available, and it can't run without them")
    import_s, _ = timed(lambda: adapter.start(told["threads"]))
    images = [Input(job, out, number) for number in range(told["images"])]
    if mode == "encode":
        encode(adapter, images)
        return
    load_s, phases = timed(lambda: trained_phases(adapter) if mode == "trained" else untrained_phases(adapter))
    record = measure(phases, images, told["repeats"])
    record |= {"weights": mode, "import_s": import_s, "load_s": load_s, "peak_bytes": peak_memory()}
    record["versions"] = {package: version(package) for package in adapter.PACKAGES}
    (out / "record.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def pin_threads(threads: int) -> None:
    """Keep the process on this number of cores, if the system can; adapters configure their libraries too."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def load_adapter(peer: str) -> Any:
    """Import an adapter by its path: its name may be that of the library that it adapts."""
    spec = importlib.util.spec_from_file_location("adapter", HERE / "adapters" / f"{peer.replace('-', '_')}.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"no adapter {peer}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Input:
    """An image of the job and what belongs to it, read when asked for."""

    def __init__(self, job: Path, out: Path, number: int) -> None:
        self.image_file, self.truth_file = (job / f"{name}_{number:03}.npy" for name in ("image", "truth"))
        self.maps_file, self.labels_file = out / f"maps_{number:03}.npz", out / f"labels_{number:03}.npy"

    @property
    def image(self) -> Any:
        """Grey image, uint8 or uint16, shape (Y, X)."""
        import numpy as np

        return np.load(self.image_file)

    @property
    def truth(self) -> Any:
        """Label image, int32, shape (Y, X)."""
        import numpy as np

        return np.load(self.truth_file)

    @property
    def maps(self) -> dict[str, Any]:
        """What `encode` made of the truth."""
        import numpy as np

        with np.load(self.maps_file) as maps:
            return dict(maps)


Phases = dict[str, Callable[[Input], Callable[[], Any]]]


def encode(adapter: Any, images: list[Input]) -> None:
    """Write the maps of each true label image."""
    import numpy as np

    peer = adapter.untrained()
    for image in images:
        np.savez(image.maps_file, **peer.encode(image.truth))


def trained_phases(adapter: Any) -> Phases:
    """All in one: from image to labels by the library's own call."""
    segment = adapter.trained()

    def prepare(one: Input) -> Callable[[], Any]:
        image = one.image
        return lambda: segment(image)

    return {"segment": prepare}


def untrained_phases(adapter: Any) -> Phases:
    """Make the two halves of the library's call, each fed with what it needs; reading that is not timed."""
    peer = adapter.untrained()

    def network(one: Input) -> Callable[[], None]:
        image, truth = one.image, one.truth
        return lambda: peer.network(image, truth)

    def post(one: Input) -> Callable[[], Any]:
        maps = one.maps
        return lambda: peer.decode(maps)

    return {"network": network, "post": post}


def measure(phases: Phases, images: list[Input], repeats: int) -> dict[str, Any]:
    """Run every phase on every image: once cold on the first, then `repeats` times each; keep the labels."""
    import numpy as np

    cold = {name: timed(prepare(images[0]))[0] for name, prepare in phases.items()}
    warm: dict[str, list[list[float]]] = {name: [] for name in phases}
    processor: dict[str, list[list[float]]] = {name: [] for name in phases}
    for image in images:
        for name, prepare in phases.items():
            run = prepare(image)
            warm[name].append([])
            processor[name].append([])
            for _ in range(repeats):
                before = time.process_time()
                seconds, labels = timed(run)
                warm[name][-1].append(seconds)
                processor[name][-1].append(time.process_time() - before)
        np.save(image.labels_file, np.asarray(labels).astype(np.int32))  # of the last phase
    return {"cold_s": cold, "warm_s": warm, "warm_processor_s": processor}


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that a call takes, and its result."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def peak_memory() -> int:
    """Largest resident size of this process so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # the other figure can include that of the parent
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
