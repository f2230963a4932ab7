"""Seconds that the server takes for edits, tiles and tables of a very large image with very many objects.

    python benchmarks/serve_edits.py [--side 20000] [--limit 0.15]

The image is a mosaic of simulated fields in a tiled TIFF, opened by its path; the objects are those that were drawn, so
that no segmentation is waited for. Each figure is the median and the worst of several requests over HTTP. The limit is
for the median of each kind of edit.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from hooke.datasets import simulate
from hooke.measure import measure
from hooke.serve import make_app  # noqa: F401  (fails early where the extra is missing)
from serving.running import Server, peak_memory, running_server

_FIELD = 500  # pixels of the side of a field
_TURNS = 12


def write_mosaic(path: Path, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Write the image; give a field's pixels and labels."""
    scene = simulate((_FIELD, _FIELD), seed=5)
    count = side // _FIELD
    row = np.tile(scene.image, (1, count))

    def tiles() -> Any:
        for top in range(0, side, 512):
            rows = row[np.arange(top, min(top + 512, side)) % _FIELD]
            for left in range(0, side, 512):
                tile = np.zeros((512, 512), np.uint8)
                part = rows[:, left : left + 512]
                tile[: part.shape[0], : part.shape[1]] = part
                yield tile

    tifffile.imwrite(path, tiles(), shape=(side, side), dtype=np.uint8, tile=(512, 512), photometric="minisblack")
    return scene.image, scene.labels


def write_result(folder: Path, side: int, pixels: np.ndarray, labels: np.ndarray) -> int:
    """Write label image and table as a finished segmentation leaves them; give the number of objects."""
    import json

    import pandas as pd

    count, objects = side // _FIELD, int(labels.max())
    run = folder / "r1" / "run"
    run.mkdir(parents=True)
    table = measure(labels, pixels, scores=np.full(objects, 0.9))
    table.insert(0, "image", "mosaic")
    table["doubtful"] = False
    with (folder / "r1" / "labels.raw").open("wb") as file:
        for row in range(count):
            line = np.concatenate(
                [np.where(labels > 0, labels + (row * count + column) * objects, 0) for column in range(count)], axis=1
            )
            file.write(line.astype("<i4").tobytes())
    parts = []
    for row in range(count):
        for column in range(count):
            part = table.copy()
            part["label"] += (row * count + column) * objects
            for axis, offset in (("y", row), ("x", column)):
                part[f"centroid_{axis}"] += offset * _FIELD
            for name, offset in (("top", row), ("bottom", row), ("left", column), ("right", column)):
                part[f"bbox_{name}"] += offset * _FIELD
            parts.append(part)
    pd.concat(parts).to_csv(run / "measurements.csv", index=False)
    total = objects * count * count
    facts = {"name": "mosaic", "counts": [total], "largest": total}
    (folder / "r1" / "result.json").write_text(json.dumps(facts))
    image = json.loads((folder / "image.json").read_text())
    (folder / "image.json").write_text(json.dumps(image | {"results": [0, 1], "current": 1, "revision": 1}))
    return total


def timed(request: Callable[[], Any], status: int = 200) -> float:
    """Seconds that a request takes."""
    start = time.perf_counter()
    answer = request()
    took = time.perf_counter() - start
    if answer.status != status:
        raise SystemExit(f"status {answer.status}: {answer.body[:300]!r}")
    return took


def in_words(took: list[float]) -> str:
    """Median and worst."""
    return f"median {1e3 * statistics.median(took):.0f} ms, worst {1e3 * max(took):.0f} ms"


def edits(server: Server, id_: str, total: int) -> dict[str, list[float]]:
    """Time edits at places all over the image."""
    rng = np.random.default_rng(1)
    table = server.send("GET", f"/api/images/{id_}/table?columns=label,y,x").json()["columns"]
    found: dict[str, list[float]] = {}

    def edit(kind: str, **more: Any) -> None:
        revision = server.send("GET", f"/api/images/{id_}").json()["revision"]
        body = {"revision": revision, **more}
        found.setdefault(kind, []).append(timed(lambda: server.post_json(f"/api/images/{id_}/edits", body)))
        found.setdefault("undo", []).append(timed(lambda: server.post_json(f"/api/images/{id_}/undo", {})))

    for _ in range(_TURNS):
        first = int(rng.integers(1, total - 10))
        y, x = table["y"][first - 1], table["x"][first - 1]
        edit("delete", action="delete", ids=[first])
        edit("delete 3 far apart", action="delete", ids=[first, total // 2, total - 1])
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
        pixels, labels = write_mosaic(path, args.side)
        with running_server("--allow-paths", folder=work) as server:
            start = time.perf_counter()
            id_ = server.post_json("/api/images/local", {"path": str(path)}).json()["id"]
            print(f"open: {time.perf_counter() - start:.2f} s")
        total = write_result(work / "images" / id_, args.side, pixels, labels)
        with running_server("--allow-paths", folder=work) as server:
            image = f"/api/images/{id_}"
            first = timed(lambda: server.send("GET", f"{image}/table?columns=label,y,x,area,score"))
            print(f"{total} objects; five columns of the table, first: {first:.2f} s")
            again = timed(lambda: server.send("GET", f"{image}/table?columns=label,y,x,area,score"))
            print(f"again: {again:.2f} s; all columns: {timed(lambda: server.send('GET', f'{image}/table')):.2f} s")
            levels = server.send("GET", image).json()["levels"]
            for level in range(levels):
                row = (args.side >> level) // 256 // 2
                for what in ("tiles", "labels"):
                    paths = [f"{image}/{what}/{level}/{x}/{row}.png" for x in range(min(row + 1, 6))]
                    took = [timed(lambda path=path: server.send("GET", path)) for path in paths]
                    print(f"{what}, level {level}: {in_words(took)}")
            found = edits(server, id_, total)
            print(f"peak memory {peak_memory(server.process) >> 20} MiB")
    for kind, took in found.items():
        print(f"{kind}: {in_words(took)}")
    few = [statistics.median(took) for kind, took in found.items() if "1000" not in kind]
    return 0 if max(few) <= args.limit else 1


if __name__ == "__main__":
    sys.exit(main())
