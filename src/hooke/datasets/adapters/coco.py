"""COCO's object annotations: a json of polygons or run lengths, and the images that it names.

::

    SRC/annotations/*train*.json     images, annotations and categories; or SRC/*.json, or one json file alone
    SRC/.../<file_name>              beside the json, or anywhere below SRC

The split is taken from the name of the json (``instances_train2017.json``) or of its folder (``train/``), a class from
an annotation's category. Where objects overlap, the smaller keeps the pixels (`hooke.labels.shape_layer`). Regions
marked ``iscrowd`` hold objects that nobody outlined one by one, and are left out.

Lin et al. (2014), "Microsoft COCO: Common Objects in Context"; the format: https://cocodataset.org/#format-data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from hooke.datasets.adapter import Sample
from hooke.datasets.adapters.annotated_image import Orientation, parse_orientation, read_annotated
from hooke.datasets.adapters.image_search import ImageSearch, annotation_files
from hooke.datasets.layout import Entry
from hooke.errors import DatasetError
from hooke.io.annotations.coco import Categories, CocoFile, CocoImage, collect_shapes, read_coco
from hooke.io.annotations.json_fields import located
from hooke.io.naming import image_ids

TAKES = (
    "COCO: *.json with polygons or run lengths, and the images they name; "
    "--option images=DIR, --option annotations=FILE"
)

SPLIT_WORDS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


@dataclass
class CocoDataset:
    """All jsons of a source: where its images are, and by id what is said of each, and the names of categories."""

    search: ImageSearch
    images: dict[str, tuple[CocoImage, Categories]]
    orientation: Orientation | None = None


def find(
    src: str | Path, *, images: str = "", annotations: str = "", orientation: str = ""
) -> tuple[CocoDataset, list[Entry]]:
    """Read the annotations, and list the images that they name.

    Parameters
    ----------
    src : str or Path
        A json file, or a folder that has some in it or in its subfolders.
    images : str
        Option: the folder of the images, where it isn't below that of the annotations.
    annotations : str
        Option: the json to take, as a path from `src`, where there are others too.
    orientation : {"", "shown", "stored"}
        Option: how images with an orientation tag were annotated (`hooke.datasets.adapters.annotated_image`).

    Returns
    -------
    source : CocoDataset
        For `load`.
    entries : list of Entry
        One per image, in the order of the json; split if a name contains it.

    Raises
    ------
    DatasetError
        If there is no json, or one is not COCO's.
    """
    turned = parse_orientation(orientation)
    src = Path(src)
    files = annotation_files(src / annotations if annotations else src, [".json"])
    folder = Path(images) if images else _folder_of_images(src)
    if not folder.is_dir():
        raise DatasetError("no such folder of images", path=folder, remedy="give that of the images, or leave it out")
    source, entries = gather([read_coco(path) for path in files], folder, {path: _split_of(path) for path in files})
    return replace(source, orientation=turned), entries


def load(source: CocoDataset, id_: str) -> Sample:
    """Read one image and paint its annotations, with their categories as classes.

    Raises
    ------
    DatasetError
        If the image is not there, is listed twice or of another size, or an annotation is damaged.
    ImageReadError
        If the image is damaged.
    """
    listed, categories = source.images[id_]
    if listed.problem is not None:
        raise listed.problem
    with located(listed.path):
        file = source.search.named(listed.name, beside=listed.path.parent)
        pixels = read_annotated(file, listed.size, source.orientation)
        shape = (pixels.shape[0], pixels.shape[1])
        if listed.size not in (None, shape):
            remedy = "give the images that were annotated, not rescaled copies"
            raise DatasetError(f"image {listed.name!r} is {shape}, the json says {listed.size}", remedy=remedy)
    return Sample.from_shapes(pixels, collect_shapes(listed, categories, shape))


def gather(files: list[CocoFile], folder: Path, splits: dict[Path, str | None]) -> tuple[CocoDataset, list[Entry]]:
    """Give ids to the images of all files; those that several files list can't be used.

    Returns
    -------
    source : CocoDataset
        For `load`.
    entries : list of Entry
        One per image, with the split of its file.
    """
    by_name: dict[str, tuple[CocoImage, Categories]] = {}
    for file in files:
        for image in file.images:
            known = by_name.setdefault(image.name, (image, file.categories))[0]
            if known is not image and known.problem is None:
                known.problem = DatasetError(
                    f"image {image.name!r} is listed twice",
                    path=image.path,
                    remedy=f"join its annotations, or give one json only (it is in {known.path.name} too)",
                )
    ids = image_ids(by_name)
    source = CocoDataset(ImageSearch(folder), dict(zip(ids, by_name.values(), strict=True)))
    return source, [Entry(id_, splits[source.images[id_][0].path]) for id_ in ids]


def _split_of(path: Path) -> str | None:
    """Read the split from the name of the json or of its folder."""
    for name in (path.stem, path.parent.name):
        words = [word for word in re.split(r"[^a-z]+", name.lower()) if word in SPLIT_WORDS]
        if len(words) == 1:
            return SPLIT_WORDS[words[0]]
    return None


def _folder_of_images(src: Path) -> Path:
    """Folder to look for images in; for a json alone its folder, or the one above of COCO's folder ``annotations``."""
    if src.is_dir():
        return src
    return src.parent.parent if src.parent.name == "annotations" else src.parent
