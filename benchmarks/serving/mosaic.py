"""Makes a very large image with very many objects of one simulated field, and puts its objects into a work folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from numpy.typing import NDArray

from hooke.datasets import Simulated
from hooke.measure import measure

__all__ = ["write_mosaic", "write_result"]

_TILE = 512


def write_mosaic(path: Path, field: Simulated, side: int) -> None:
    """Write a tiled grey image of a field that is repeated."""

    def tiles() -> Iterator[NDArray[np.uint8]]:
        rows, columns = field.image.shape
        for top in range(0, side, _TILE):
            down = np.arange(top, min(top + _TILE, side)) % rows
            for left in range(0, side, _TILE):
                along = np.arange(left, min(left + _TILE, side)) % columns
                tile = np.zeros((_TILE, _TILE), np.uint8)
                tile[: len(down), : len(along)] = field.image[np.ix_(down, along)]
                yield tile

    shape = (side, side)
    tifffile.imwrite(
        path, tiles(), shape=shape, dtype=np.uint8, tile=(_TILE, _TILE), photometric="minisblack", compression="zlib"
    )


def write_result(folder: Path, field: Simulated, side: int) -> int:
    """Leave the drawn outlines as a finished segmentation of an opened image does.

    Parameters
    ----------
    folder : Path
        Of the image in the work folder; the server must not run.
    field : Simulated
    side : int
        Pixels of the image, a multiple of the field's.

    Returns
    -------
    int
        Number of objects.
    """
    size, objects = field.labels.shape[0], int(field.labels.max())
    count = side // size
    run = folder / "r1" / "run"
    run.mkdir(parents=True)
    with (folder / "r1" / "labels.raw").open("wb") as file:
        for row in range(count):
            first = [(row * count + column) * objects for column in range(count)]
            line = np.concatenate([np.where(field.labels > 0, field.labels + number, 0) for number in first], axis=1)
            file.write(line.astype("<i4").tobytes())
    table = measure(field.labels, field.image, scores=np.full(objects, 0.9))
    table.insert(0, "image", "mosaic")
    table["doubtful"] = False
    parts = []
    for place in range(count * count):
        row, column = divmod(place, count)
        part = table.copy()
        part["label"] += place * objects
        for names, offset in (
            (("centroid_y", "bbox_top", "bbox_bottom"), row),
            (("centroid_x", "bbox_left", "bbox_right"), column),
        ):
            part[list(names)] += offset * size
        parts.append(part)
    pd.concat(parts).to_csv(run / "measurements.csv", index=False)
    total = objects * count * count
    (folder / "r1" / "result.json").write_text(json.dumps({"name": "mosaic", "counts": [total], "largest": total}))
    image = json.loads((folder / "image.json").read_text())
    (folder / "image.json").write_text(json.dumps(image | {"results": [0, 1], "current": 1, "revision": 1}))
    return total
