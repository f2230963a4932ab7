"""Uploads mutated files to a server, and counts answers of status 500, paths in answers, and ends of the server.

    python benchmarks/serve_uploads.py --count 2000 --seed 0 [--data ../shared/data]

The files are those of `benchmarks/fuzz.py`, most of them images; names are odd, too, and one request in twenty is
mutated as a whole. Of what is taken, tiles, the table and the description are read, and one in ten is segmented and
downloaded. An error that hooke words as unexpected is a fault of hooke's own on that file, and counted, too.
``--only NUMBER`` repeats one input and prints the answers.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np

from fuzzing.mutations import mutate
from fuzzing.worker import WEIGHTS, Workshop
from serving.running import Answer, Server, peak_memory, running_server

_IMAGES = ("tiff", "picture", "npy", "labels")
_NAMES = (
    "{}", "../../{}", "..\\..\\{}", "/etc/{}", "C:\\{}", "a b/{}", "{}.zarr", "con.{}", "ä€漢字 {}", ".{}",
    "{}\u202e", "%2e%2e%2f{}", "'; drop table {}", "<img src=x onerror=alert(1)>{}", "{}.", "-o{}", "$(id){}",
    "x" * 300 + "{}", "",
)  # fmt: skip
_WHOLE, _SEGMENTED = 0.05, 0.1  # shares of requests that are mutated as a whole, and of images that are segmented


class Fuzzer:
    """Sends inputs by their number; the same number and seed give the same input."""

    def __init__(self, folder: Path, work: Path, seed: int, data: Path | None, server: Server) -> None:
        self.seed, self.server, self.work = seed, server, work
        self.workshop = Workshop(folder, seed, data)
        self.formats = [name for name in WEIGHTS if self.workshop.sources.get(name)]
        weights = np.array([WEIGHTS[name] * (10 if name in _IMAGES else 1) for name in self.formats], float)
        self.shares = weights / weights.sum()
        self.answers: Counter[str] = Counter()
        self.faults: list[str] = []
        self.shown = False

    def send(self, number: int) -> None:
        """Send one input, and use what is taken of it."""
        rng = np.random.default_rng([self.seed, number, 77])
        sources = self.workshop.sources[self.formats[rng.choice(len(self.formats), p=self.shares)]]
        source = sources[rng.integers(len(sources))]
        target = source.targets[rng.integers(len(source.targets))]
        content = mutate(target.read_bytes(), target.suffix.lower() or target.name.lower(), rng)
        name = _NAMES[rng.integers(len(_NAMES))].replace("{}", target.name) if rng.random() < 0.4 else target.name
        label = f"{number}: {target.name} as {name!r}"
        if rng.random() < _WHOLE:
            self._send_broken(name, content, rng, label)
            return
        answer = self._ask(label, lambda: self.server.upload(name.replace('"', "%22"), content))
        if answer is None or answer.status != 200:
            return
        said = answer.json()
        for refused in said["refused"]:
            if "unexpected" in refused["error"]:
                self.faults.append(f"{label}: {refused['error']}")
        self.answers["taken"] += len(said["images"])
        self.answers["refused"] += len(said["refused"])
        for image in said["images"]:
            self._use(image, label, rng)

    def _use(self, image: dict[str, Any], label: str, rng: np.random.Generator) -> None:
        """Read what a page reads of an image, and delete it."""
        address = f"/api/images/{image['id']}"
        last = image["levels"] - 1
        planes = min(image["plane_count"], 2)
        paths = [f"tiles/{last}/0/0.png?plane={planes - 1}", "tiles/0/0/0.png", "labels/0/0/0.png", "table"]
        if rng.random() < _SEGMENTED and image["height"] * image["width"] < 1 << 20:
            started = self._ask(label, lambda: self.server.post_json("/api/jobs", _segment(image)))
            if started is not None and started.status == 202:
                self._wait(started.json()["id"], label)
            paths += [f"download/{what}" for what in ("labels.tif", "table.csv", "objects.geojson", "overlay.png")]
        for path in paths:
            self._ask(label, lambda path=path: self.server.send("GET", f"{address}/{path}"))
        self._ask(label, lambda: self.server.send("DELETE", address))

    def _wait(self, id_: str, label: str) -> None:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            job = self.server.send("GET", f"/api/jobs/{id_}").json()
            if job["state"] not in ("waiting", "running"):
                if "unexpected" in job["error"]:
                    self.faults.append(f"{label}: {job['error']}")
                return
            time.sleep(0.02)
        self.faults.append(f"{label}: the job did not end")

    def _send_broken(self, name: str, content: bytes, rng: np.random.Generator, label: str) -> None:
        """Send a request of which the body is mutated, not the file alone."""
        head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        body = mutate(head.encode() + content[:2000] + b"\r\n--x--\r\n", ".txt", rng)
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        self._ask(label, lambda: self.server.send("POST", "/api/images", body, kind))

    def _ask(self, label: str, request: Callable[[], Answer]) -> Answer | None:
        try:
            answer = request()
        except (OSError, HTTPException) as error:
            self.faults.append(f"{label}: no answer ({type(error).__name__}: {error})")
            return None
        self.answers[f"status {answer.status}"] += 1
        if self.shown:
            print(answer.status, answer.body[:600])
        if answer.status >= 500 and answer.status != 507:
            self.faults.append(f"{label}: status {answer.status}: {answer.body[:200]!r}")
        if str(self.work).encode() in answer.body:
            self.faults.append(f"{label}: an answer holds a path: {answer.body[:300]!r}")
        return answer


def _segment(image: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "segment", "images": [image["id"]]}


def main() -> int:
    """Print the faults as they come, and the number of answers by status; 1 where there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--data", type=Path, help="folder with real data sets, of which some small files are taken")
    parser.add_argument("--only", type=int, help="repeat one input, and print the answers")
    args = parser.parse_args()
    numbers = range(args.first, args.first + args.count) if args.only is None else [args.only]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        with running_server(folder=work) as server:
            fuzzer = Fuzzer(Path(folder) / "sources", work, args.seed, args.data, server)
            fuzzer.shown = args.only is not None
            shown = 0
            for number in numbers:
                fuzzer.send(number)
                for fault in fuzzer.faults[shown:]:
                    print(fault, flush=True)
                shown = len(fuzzer.faults)
                if server.process.poll() is not None:
                    print(f"{number}: the server ended with status {server.process.returncode}")
                    return 1
            left = server.send("GET", "/api/images").json()["images"]
            peak = peak_memory(server.process) >> 20
    print(
        f"{len(numbers)} inputs of seed {args.seed}, {len(fuzzer.faults)} faults, {len(left)} images left, {peak} MiB"
    )
    print(dict(sorted(fuzzer.answers.items())))
    return 1 if fuzzer.faults else 0


if __name__ == "__main__":
    sys.exit(main())
