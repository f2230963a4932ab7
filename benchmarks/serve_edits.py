"""Seconds that the server takes for edits, tiles and tables of a very large image with very many objects.

    python benchmarks/serve_edits.py [--side 20000] [--limit 0.15]

The image is a mosaic of simulated fields in a tiled TIFF, opened by its path; the objects are those that were drawn, so
that no segmentation is waited for. Each figure is the median and the worst of several requests over HTTP, and beside it
the processor time of the server, which hardly depends on what else the machine does. The limit is for the median of
each kind of edit.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hooke.datasets import simulate
from hooke.serve import make_app  # noqa: F401  (fails early where the extra is missing)
from serving.mosaic import write_mosaic, write_result
from serving.running import Answer, Server, peak_memory, processor_seconds, running_server

_FIELD = 500  # pixels of the side of a field
_TURNS = 12


@dataclass(frozen=True)
class Took:
    """Seconds of a request, and of the server's processor in it."""

    wall: float
    processor: float


def timed(server: Server, request: Callable[[], Answer]) -> Took:
    """Time a request."""
    before, start = processor_seconds(server.process.pid), time.perf_counter()
    answer = request()
    wall, processor = time.perf_counter() - start, processor_seconds(server.process.pid) - before
    if answer.status != 200:
        raise SystemExit(f"status {answer.status}: {answer.body[:300]!r}")
    return Took(wall, processor)


def in_words(took: list[Took]) -> str:
    """Median and worst."""
    wall, processor = ([1e3 * getattr(one, name) for one in took] for name in ("wall", "processor"))
    return (
        f"median {statistics.median(wall):.0f} ms, worst {max(wall):.0f} ms; "
        f"processor time {statistics.median(processor):.0f} ms, worst {max(processor):.0f} ms"
    )


def edits(server: Server, id_: str, total: int) -> dict[str, list[Took]]:
    """Time edits at places all over the image."""
    rng = np.random.default_rng(1)
    table = server.send("GET", f"/api/images/{id_}/table?columns=label,y,x").json()["columns"]
    found: dict[str, list[Took]] = {}

    def edit(kind: str, **more: Any) -> None:
        revision = server.send("GET", f"/api/images/{id_}").json()["revision"]
        body = {"revision": revision, **more}
        for name, address, content in ((kind, "edits", body), ("undo", "undo", {})):
            send = partial(server.post_json, f"/api/images/{id_}/{address}", content)
            found.setdefault(name, []).append(timed(server, send))

    for _ in range(_TURNS):
        first = int(rng.integers(1, total - 10))
        y, x = table["y"][first - 1], table["x"][first - 1]
        edit("delete", action="delete", ids=[first])
        edit("delete 3 far apart", action="delete", ids=[first, total // 2, total - 1])
        edit("split", action="split", ids=[first], points=[[y - 40, x], [y + 40, x]])
        edit("merge", action="merge", ids=[first, first + 1])
        edit("draw", action="draw", points=[[y, x], [y + 40, x], [y + 40, x + 40], [y, x + 40]], over=True)
        edit("brush", action="draw", points=[[y, x], [y + 30, x + 60]], radius=8, over=True)
        edit("erase", action="erase", points=[[y, x], [y + 30, x + 60]], radius=8)
        edit("reclass", action="reclass", ids=[first], **{"class": "a"})
        edit("reclass 1000", action="reclass", ids=list(range(first, min(first + 1000, total))), **{"class": "a"})
    return found


def main() -> int:
    """Print the figures; 1 where an edit of a few objects takes longer than the limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=20_000, help="pixels, a multiple of 500")
    parser.add_argument("--limit", type=float, default=0.15, help="seconds of the median edit")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work, path = Path(folder) / "work", Path(folder) / "mosaic.tif"
        field = simulate((_FIELD, _FIELD), seed=5)
        write_mosaic(path, field, args.side)
        with running_server("--allow-paths", folder=work) as server:
            start = time.perf_counter()
            id_ = server.post_json("/api/images/local", {"path": str(path)}).json()["id"]
            print(f"open: {time.perf_counter() - start:.2f} s")
        total = write_result(work / "images" / id_, field, args.side)
        with running_server("--allow-paths", folder=work) as server:
            image = f"/api/images/{id_}"
            print(f"{total} objects")
            for name, columns in (
                ("first", "?columns=label,y,x,area,score"),
                ("again", "?columns=label,y,x,area,score"),
                ("all columns", ""),
            ):
                took = timed(server, partial(server.send, "GET", f"{image}/table{columns}"))
                print(f"table, {name}: {in_words([took])}")
            levels = server.send("GET", image).json()["levels"]
            for level in range(levels):
                row = (args.side >> level) // 256 // 2
                for what in ("tiles", "labels"):
                    paths = [f"{image}/{what}/{level}/{x}/{row}.png" for x in range(min(row + 1, 6))]
                    took = [timed(server, partial(server.send, "GET", path)) for path in paths]
                    print(f"{what}, level {level}: {in_words(took)}")
            found = edits(server, id_, total)
            print(f"peak memory {peak_memory(server.process) >> 20} MiB")
    for kind, took in found.items():
        print(f"{kind}: {in_words(took)}")
    few = [statistics.median(one.wall for one in took) for kind, took in found.items() if "1000" not in kind]
    return 0 if max(few) <= args.limit else 1


if __name__ == "__main__":
    sys.exit(main())
