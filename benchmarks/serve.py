"""Lets many clients upload and segment at once, and reports lost jobs, errors other than busy, times, and memory.

    python benchmarks/serve.py --clients 50 --seconds 600 [--side 512] [--max-jobs 100]

Each client uploads an image of its own, starts a job, waits for its end, reads the table, a tile of the image and one
of the objects, and deletes the image; then it begins again, until the time is over. "busy" (503) is answered by a pause
and another try, as the page does. A job is lost when the server does not know it any more, does not end it within ten
minutes, or gives another number of objects than the first time. Memory is that of the server's process; Linux only.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException

import imagecodecs

from hooke.datasets import simulate
from serving.running import Answer, Server, peak_memory, running_server

_LOST = 600.0  # seconds after which a job that has not ended is lost
_KINDS = 8  # different images


@dataclass
class Tally:
    """What happened to all clients."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    jobs: int = 0
    lost: int = 0
    busy: int = 0
    wrong: int = 0
    requests: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)

    def note_count(self, kind: int, count: int) -> None:
        """Compare a number of objects with that of the first time."""
        with self.lock:
            if self.counts.setdefault(kind, count) != count:
                self.wrong += 1


class Client(threading.Thread):
    """One client."""

    def __init__(self, server: Server, number: int, content: bytes, end: float, tally: Tally) -> None:
        super().__init__(daemon=True)
        self.server, self.number, self.content, self.end, self.tally = server, number, content, end, tally

    def run(self) -> None:
        """Work until the time is over."""
        while time.monotonic() < self.end:
            try:
                self._turn()
            except (OSError, HTTPException) as error:
                with self.tally.lock:
                    self.tally.errors[f"{type(error).__name__}: {error}"] += 1
                time.sleep(0.5)

    def _turn(self) -> None:
        started = time.monotonic()
        uploaded = self._ask(lambda: self.server.upload(f"client {self.number}.png", self.content))
        if uploaded is None:
            return
        id_ = uploaded.json()["images"][0]["id"]
        job = self._ask(lambda: self.server.post_json("/api/jobs", {"kind": "segment", "images": [id_]}))
        if job is not None and (count := self._wait(job.json()["id"])) is not None:
            self.tally.note_count(self.number % _KINDS, count)
            for path in ("table?columns=label,area", "tiles/0/0/0.png", "labels/0/0/0.png"):
                self._ask(lambda path=path: self.server.send("GET", f"/api/images/{id_}/{path}"))
            with self.tally.lock:
                self.tally.seconds.append(time.monotonic() - started)
        self._ask(lambda: self.server.send("DELETE", f"/api/images/{id_}"))

    def _wait(self, id_: str) -> int | None:
        """Wait for the end of a job; give the number of objects."""
        with self.tally.lock:
            self.tally.jobs += 1
        end = time.monotonic() + _LOST
        while time.monotonic() < end:
            answer = self.server.send("GET", f"/api/jobs/{id_}")
            if answer.status != 200:
                break
            job = answer.json()
            if job["state"] == "done":
                return int(job["result"]["images"][0]["count"])
            if job["state"] in ("failed", "cancelled"):
                with self.tally.lock:
                    self.tally.errors[f"job {job['state']}: {job['error']}"] += 1
                return None
            time.sleep(0.5)
        with self.tally.lock:
            self.tally.lost += 1
        return None

    def _ask(self, request: Callable[[], Answer]) -> Answer | None:
        """Send a request again as long as the server is busy; None where it is refused for another reason."""
        while True:
            answer = request()
            with self.tally.lock:
                self.tally.requests += 1
            if answer.status != 503:
                break
            with self.tally.lock:
                self.tally.busy += 1
            time.sleep(answer.retry_after)
        if answer.status >= 300:
            with self.tally.lock:
                self.tally.errors[f"status {answer.status}: {answer.body[:100]!r}"] += 1
            return None
        return answer


def main() -> int:
    """Print the tally; 1 where a job was lost or an error was another than busy."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--side", type=int, default=512, help="pixels of the side of each image")
    parser.add_argument("--max-jobs", type=int, default=100)
    args = parser.parse_args()
    contents = [
        bytes(imagecodecs.png_encode(simulate((args.side, args.side), seed=seed).image)) for seed in range(_KINDS)
    ]
    tally = Tally()
    with running_server("--max-jobs", str(args.max_jobs)) as server:
        end = time.monotonic() + args.seconds
        clients = [Client(server, number, contents[number % _KINDS], end, tally) for number in range(args.clients)]
        begun = time.monotonic()
        for client in clients:
            client.start()
        memory = {}
        for client in clients:
            while client.is_alive():
                client.join(timeout=10)
                memory[round(time.monotonic() - begun)] = peak_memory(server.process) >> 20
                if server.process.poll() is not None:
                    print("the server ended")
                    return 1
        took = time.monotonic() - begun
        left = server.send("GET", "/api/images").json()["images"]
        jobs = Counter(job["state"] for job in server.send("GET", "/api/jobs").json()["jobs"])
    waits = sorted(tally.seconds)
    report = {
        "clients": args.clients,
        "seconds": round(took, 1),
        "megapixels": args.side**2 / 1e6,
        "requests": tally.requests,
        "jobs": tally.jobs,
        "lost": tally.lost,
        "other counts": tally.wrong,
        "busy": tally.busy,
        "errors": dict(tally.errors),
        "images left": len(left),
        "states": dict(jobs),
        "turn, median and longest (s)": [round(statistics.median(waits), 2), round(waits[-1], 2)] if waits else None,
        "peak memory (MiB) by second": memory,
    }
    print(json.dumps(report, indent=1))
    return 1 if tally.lost or tally.wrong or tally.errors or left else 0


if __name__ == "__main__":
    sys.exit(main())
