"""LIVECell, phase contrast of eight cell lines, as published: COCO jsons and tif images.

::

    SRC/annotations/LIVECell/livecell_coco_{train,val,test}.json    the split of each image
    SRC/images/livecell_{train_val,test}_images/**/<file_name>      <line>_Phase_<well>_<field>_<time>_<crop>.tif

Both are found in any folder below SRC. The cell line, first in an image's name, is the class of all its cells; the
field of view is what comes before the time, since images of one place at other times show the same cells. Cells that
overlap are resolved as in `hooke.datasets.adapters.coco`. The folder of the Sartorius competition, which took its
annotations from the same group, is given to `hooke.datasets.adapters.sartorius`.

Edlund et al. (2021), "LIVECell: a large-scale dataset for label-free live cell segmentation", Nature Methods 18; CC
BY-NC 4.0.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from hooke.datasets.adapter import Sample
from hooke.datasets.adapters import coco, sartorius
from hooke.datasets.layout import Entry
from hooke.errors import DatasetError
from hooke.io.annotations.coco import read_coco

TAKES = "LIVECell: livecell_coco_{train,val,test}.json and its tif images; cell line as class (or Sartorius' train.csv)"

LISTS = {f"livecell_coco_{split}.json": split for split in ("train", "val", "test")}
# A172_Phase_C7_1_00d00h00m_1.tif
NAME = re.compile(r"(?P<field>(?P<line>[^_]+)_Phase_[^_]+_[^_]+)_\d+d\d+h\d+m_\d+$", re.IGNORECASE)
MODALITY = "phase contrast"


def find(src: str | Path) -> tuple[coco.CocoDataset | sartorius.SartoriusSource, list[Entry]]:
    """Read the annotations of every split that is there, and list their images.

    Returns
    -------
    source : CocoDataset or SartoriusSource
        For `load`.
    entries : list of Entry
        One per image, with its split, modality and field of view.

    Raises
    ------
    DatasetError
        If there is no such json, or one is there twice, or damaged.
    """
    src = Path(src)
    if (src / sartorius.TABLE).is_file():
        return sartorius.find(src)
    paths = {path: LISTS[path.name] for path in sorted(src.rglob("livecell_coco_*.json")) if path.name in LISTS}
    if not paths:
        remedy = "give the folder that holds images and annotations, with livecell_coco_train.json below it"
        raise DatasetError(f"none of {', '.join(LISTS)} here", path=src, remedy=remedy)
    source, entries = coco.gather([read_coco(path) for path in paths], src, dict(paths))
    return source, [_described(entry, source.images[entry.id][0].name) for entry in entries]


def load(source: coco.CocoDataset | sartorius.SartoriusSource, id_: str) -> Sample:
    """Read one image and its cells, each with the cell line as its class.

    Raises
    ------
    DatasetError, ImageReadError
        As `hooke.datasets.adapters.coco.load`.
    """
    if isinstance(source, sartorius.SartoriusSource):
        return sartorius.load(source, id_)
    sample = coco.load(source, id_)
    line = _line(source.images[id_][0].name)
    return replace(sample, classes=dict.fromkeys(range(1, int(sample.labels.max(initial=0)) + 1), line) if line else {})


def _described(entry: Entry, name: str) -> Entry:
    """Add what is known of all images, and what the name contains."""
    match = NAME.match(_stem(name))
    return replace(entry, modality=MODALITY, field_of_view=match["field"] if match else None)


def _line(name: str) -> str | None:
    """Cell line: what comes before the first underscore."""
    return _stem(name).partition("_")[0] or None


def _stem(name: str) -> str:
    return re.split(r"[\\/]", name)[-1].rpartition(".")[0]
