"""Sartorius cell instance segmentation, Kaggle's layout: a table of run lengths, and png images.

::

    SRC/train.csv          id, annotation, width, height, cell_type, ... : a cell a row
    SRC/train/<id>.png     phase contrast

``annotation`` has pairs of start and length, counted from 1 along the rows. ``cell_type`` is the class; images of one
``sample_id`` come from one place and share a field of view. The competition states no split.

https://www.kaggle.com/competitions/sartorius-cell-instance-segmentation/data
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hooke.datasets.adapter import Sample
from hooke.datasets.adapters.image_search import read_plane
from hooke.datasets.layout import Entry
from hooke.errors import DatasetError
from hooke.io.annotations.json_fields import located
from hooke.io.tables import read_table
from hooke.labels.run_length import decode_pairs
from hooke.labels.shape_layer import ShapeLayer

TAKES = "Sartorius (Kaggle): train.csv with run lengths along the rows, train/*.png; cell type as class"

TABLE = "train.csv"
COLUMNS = ("id", "annotation", "width", "height", "cell_type")
MODALITY = "phase contrast"
REMEDY = "unpack the competition's train.csv and train folder again"


@dataclass(frozen=True)
class SartoriusSource:
    """The folder, and the rows of the table by image: line in the file and values."""

    folder: Path
    rows: dict[str, list[tuple[int, dict[str, str]]]]


def find(src: str | Path) -> tuple[SartoriusSource, list[Entry]]:
    """Read the table, and list its images, in its order.

    Raises
    ------
    DatasetError
        If the table is missing, damaged, or lacks a column.
    """
    path = Path(src) / TABLE
    rows: dict[str, list[tuple[int, dict[str, str]]]] = {}
    entries: list[Entry] = []
    for line, row in _read_table(path):
        id_ = row["id"]
        if not id_ or id_ != Path(id_).name or not id_.isprintable():
            raise DatasetError(f"line {line}: id is {id_!r}", path=path, remedy=REMEDY)
        if id_ not in rows:
            entries.append(Entry(id_, modality=MODALITY, field_of_view=row.get("sample_id") or None))
        rows.setdefault(id_, []).append((line, row))
    if not entries:
        raise DatasetError("no rows", path=path, remedy=REMEDY)
    return SartoriusSource(Path(src), rows), entries


def load(source: SartoriusSource, id_: str) -> Sample:
    """Read one image and paint its cells.

    Raises
    ------
    DatasetError
        If the table states another size, or run lengths do not fit the image.
    ImageReadError
        If the image is missing or damaged.
    """
    table = source.folder / TABLE
    image = read_plane(source.folder / "train" / f"{id_}.png")
    shape = (image.shape[0], image.shape[1])
    layer = ShapeLayer(shape)
    for line, row in source.rows[id_]:
        with located(table, f"line {line}"):
            if (row["height"], row["width"]) != tuple(map(str, shape)):
                size = f"{row['height']} x {row['width']}"
                raise DatasetError(f"size {size} for an image of {shape[0]} x {shape[1]}", remedy=REMEDY)
            layer.add_mask(f"line {line}", decode_pairs(row["annotation"], shape, "C"), row["cell_type"] or None)
    return Sample.from_shapes(image, layer)


def _read_table(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Read all rows, with the number of their line."""
    table = read_table(path, COLUMNS, ("sample_id",), remedy=REMEDY)
    return [
        (line, {str(name): row[name] for name in row})
        for line, row in zip(table.index, table.to_dict("records"), strict=True)
    ]
