"""COCO's object annotations: a json of polygons or run lengths and the images that it names in; label images out.

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
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hooke.datasets.adapter import Sample
from hooke.datasets.annotated_image import Orientation, parse_orientation, read_annotated
from hooke.datasets.image_search import ImageSearch, annotation_files
from hooke.datasets.layout import Entry
from hooke.errors import DatasetError
from hooke.io.annotations import json_fields as checked
from hooke.io.naming import image_ids
from hooke.labels.polygons import to_ring
from hooke.labels.run_length import decode_counts
from hooke.labels.shape_layer import ShapeLayer

__all__ = ["TAKES", "CocoFile", "CocoImage", "CocoSource", "find", "load", "read_coco"]

TAKES = (
    "COCO: *.json with polygons or run lengths, and the images they name; "
    "--option images=DIR, --option annotations=FILE"
)

SPLIT_WORDS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
KEPT_KEYS = ("id", "image_id", "category_id", "iscrowd", "segmentation")
CROWD = "crowd regions (iscrowd), left out"
NO_OUTLINE = "annotations without an outline (box only), left out"
NO_CATEGORY = "objects of no known category, kept without a class"
SAME_ID = "annotations whose id occurs twice, all kept"


@dataclass
class CocoImage:
    """What one json says of one image.

    Attributes
    ----------
    path : Path
        The json.
    name : str
        The image's file name, folders before it.
    size : tuple of int, optional
        Height and width, where stated.
    annotations : list of dict
        As stored, with `KEPT_KEYS` only.
    problem : DatasetError, optional
        Why the image can't be used.
    """

    path: Path
    name: str
    size: tuple[int, int] | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)
    problem: DatasetError | None = None


@dataclass
class CocoFile:
    """One json: its images, and the class name of each category."""

    path: Path
    images: list[CocoImage]
    categories: dict[int | str, str]


@dataclass
class CocoSource:
    """All jsons of a source: where its images are, and by id what is said of each, and the names of categories."""

    search: ImageSearch
    images: dict[str, tuple[CocoImage, dict[int | str, str]]]
    orientation: Orientation | None = None


def find(
    src: str | Path, *, images: str = "", annotations: str = "", orientation: str = ""
) -> tuple[CocoSource, list[Entry]]:
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
        Option: how images with an orientation tag were annotated (`hooke.datasets.annotated_image`).

    Returns
    -------
    source : CocoSource
        For `load`.
    entries : list of Entry
        One per image, in the order of the json; split where a name tells.

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


def load(source: CocoSource, id_: str) -> Sample:
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
    with checked.located(listed.path):
        file = source.search.named(listed.name, beside=listed.path.parent)
        pixels = read_annotated(file, listed.size, source.orientation)
        shape = (pixels.shape[0], pixels.shape[1])
        if listed.size not in (None, shape):
            remedy = "give the images that were annotated, not rescaled copies"
            raise DatasetError(f"image {listed.name!r} is {shape}, the json says {listed.size}", remedy=remedy)
    layer = ShapeLayer(shape)
    ids = Counter(_name(annotation) for annotation in listed.annotations)
    layer.notes[SAME_ID] = sum(count for name, count in ids.items() if count > 1 and name != "annotation")
    for annotation in listed.annotations:
        with checked.located(listed.path, _name(annotation)):
            _add(layer, annotation, categories)
    return Sample.from_shapes(pixels, layer)


def read_coco(path: Path) -> CocoFile:
    """Read one json; what ails one image is kept with it for `load`.

    Raises
    ------
    DatasetError
        If the file can't be read, or lacks images or annotations, or one of these lacks its id.
    """
    data = checked.read_json(path, _compact)
    with checked.located(path):
        images, annotations = checked.as_list(data, "images"), checked.as_list(data, "annotations")
        categories = _categories(data)
        by_id: dict[int | str, CocoImage] = {}
        for record in images:
            _list_image(path, record, by_id)
        for annotation in annotations:
            image_id = checked.field(annotation, "image_id", int, str)
            if image_id not in by_id:
                by_id[image_id] = _unlisted(path, image_id)
            by_id[image_id].annotations.append(annotation)
    return CocoFile(path, list(by_id.values()), categories)


def gather(files: list[CocoFile], folder: Path, splits: dict[Path, str | None]) -> tuple[CocoSource, list[Entry]]:
    """Give ids to the images of all files; those that several files list can't be used.

    Returns
    -------
    source : CocoSource
        For `load`.
    entries : list of Entry
        One per image, with the split of its file.
    """
    by_name: dict[str, tuple[CocoImage, dict[int | str, str]]] = {}
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
    source = CocoSource(ImageSearch(folder), dict(zip(ids, by_name.values(), strict=True)))
    return source, [Entry(id_, splits[source.images[id_][0].path]) for id_ in ids]


def _compact(record: dict[str, Any]) -> dict[str, Any]:
    """Keep of an annotation what is used, its polygons as packed numbers: a large json is millions of them."""
    if "segmentation" not in record:
        return record
    parts = record["segmentation"]
    if isinstance(parts, list):
        record["segmentation"] = [_packed(part) for part in parts]
    return {key: record[key] for key in KEPT_KEYS if key in record}


def _packed(part: Any) -> Any:
    """Pack a list of numbers; anything else is left for the checks."""
    try:
        return array("d", part) if isinstance(part, list) else part
    except (TypeError, OverflowError):
        return part


def _categories(data: dict[str, Any]) -> dict[int | str, str]:
    """Name each category."""
    if data.get("categories") is None:
        return {}
    records = checked.as_list(data, "categories")
    return {checked.field(record, "id", int, str): checked.field(record, "name", str) for record in records}


def _list_image(path: Path, record: Any, by_id: dict[int | str, CocoImage]) -> None:
    """Note one image, or what is wrong with it."""
    id_ = checked.field(record, "id", int, str)
    name = checked.field(record, "file_name", str)
    known = by_id.get(id_)
    if known is None:
        by_id[id_] = CocoImage(path, name, _size(record))
    elif known.name != name:
        cause = f"image id {id_!r} stands for {known.name!r} and {name!r}"
        known.problem = DatasetError(cause, path=path, remedy="number the images anew")


def _size(record: dict[str, Any]) -> tuple[int, int] | None:
    """Height and width, where both are stated."""
    if record.get("height") is None or record.get("width") is None:
        return None
    return checked.field(record, "height", int), checked.field(record, "width", int)


def _unlisted(path: Path, image_id: int | str) -> CocoImage:
    """Stand for an image that annotations mean and the json doesn't list."""
    problem = DatasetError(f"annotations of image {image_id!r}, which is not listed", path=path, remedy="list it")
    return CocoImage(path, f"unlisted image {image_id}", problem=problem)


def _name(annotation: dict[str, Any]) -> str:
    """Name an annotation in messages."""
    return f"annotation {annotation['id']}" if "id" in annotation else "annotation"


def _add(layer: ShapeLayer, annotation: dict[str, Any], categories: dict[int | str, str]) -> None:
    """Add one annotation to the layer."""
    if annotation.get("iscrowd"):
        layer.notes[CROWD] += 1
        return
    outline = annotation.get("segmentation")
    if not outline:
        layer.notes[NO_OUTLINE] += 1
        return
    class_name = _class_of(annotation, categories)
    if class_name is None and categories:
        layer.notes[NO_CATEGORY] += 1
    if isinstance(outline, dict):
        shape = (layer.height, layer.width)
        if checked.field(outline, "size", list) != [*shape]:
            remedy = "give the mask's own image"
            raise DatasetError(f"mask of {outline['size']} for an image of {[*shape]}", remedy=remedy)
        layer.add_mask(_name(annotation), decode_counts(checked.field(outline, "counts", str, list), shape), class_name)
    else:
        layer.add_polygon(_name(annotation), ([to_ring(part)] for part in _parts(outline)), class_name)


def _class_of(annotation: dict[str, Any], categories: dict[int | str, str]) -> str | None:
    """Name the class of an annotation."""
    if annotation.get("category_id") is None:
        return None
    return categories.get(checked.field(annotation, "category_id", int, str))


def _parts(outline: Any) -> Iterator[Any]:
    """Polygons of an object, which some tools write as one flat list."""
    if not isinstance(outline, list):
        raise DatasetError("'segmentation' is no list of polygons, nor run lengths", remedy="export it again")
    yield from [outline] if isinstance(outline[0], int | float) else outline


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
