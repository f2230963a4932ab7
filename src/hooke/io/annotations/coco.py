"""Read COCO's object annotations and results: masks as polygons or run lengths, with categories and scores.

::

    {"images": [...], "annotations": [...], "categories": [...]}                  a data set
    [{"image_id": 1, "category_id": 1, "segmentation": {...}, "score": 0.9}]      results

Regions marked ``iscrowd`` hold objects that nobody outlined one by one, and are left out.

A polygon goes along the edges of pixels. What OpenCV's findContours gives goes through the border pixels instead, and
would lose half a pixel all around (supervision 0.31 writes it so). It is known by its ``area``, where that is the
number of pixels with the border, and filled with its border.

Lin et al. (2014), "Microsoft COCO: Common Objects in Context"; the format: https://cocodataset.org/#format-data.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import DatasetError
from hooke.io.annotations import json_fields as checked
from hooke.io.naming import image_ids
from hooke.labels.labelled_image import LabelledImage, LabelSource
from hooke.labels.painter import Mask, check_canvas
from hooke.labels.polygons import Ring, fill_border_of, to_ring
from hooke.labels.run_length import counts_along, decode_counts
from hooke.labels.shape_layer import ShapeLayer

#: Keys by which json of other programs is known.
_OTHERS = {
    "the VGG Image Annotator": {"_via_img_metadata", "regions"},
    "Label Studio": {"data", "completions"},
    "Supervisely": {"objects"},
    "Labelbox": {"data_row", "Labeled Data"},
    "Datumaro": {"items"},
    "the Digital Slide Archive": {"elements"},
    "HoVer-Net": {"nuc"},
}
KEPT_KEYS = ("id", "image_id", "category_id", "iscrowd", "segmentation", "score", "area")
CROWD = "crowd regions (iscrowd), left out"
OF_BORDERS = "outlines through border pixels, known by their area, filled with their border"
NO_OUTLINE = "annotations without an outline (box only), left out"
ALONG_ROWS = (
    "masks whose pixels are counted along the rows, and were read down the columns, as COCO counts them: encode "
    "numpy.asfortranarray(mask)"
)
NO_CATEGORY = "objects of no known category, kept without a class"
SAME_ID = "annotations whose id occurs twice, all kept"
REMEDY = "write each object as polygons or run lengths"

Annotations = list[dict[str, Any]]
#: Class name of each category.
Categories = Mapping[int | str, str]


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
    id : int or str, optional
        Its number in the json; None where the json does not list the image.
    annotations : list of dict
        As stored, with the keys of `KEPT_KEYS` only.
    problem : DatasetError, optional
        Why the image can't be used.
    """

    path: Path
    name: str
    size: tuple[int, int] | None = None
    id: int | str | None = None
    annotations: Annotations = field(default_factory=list)
    problem: DatasetError | None = None


@dataclass
class CocoFile:
    """One json: its images, and the class name of each category."""

    path: Path
    images: list[CocoImage]
    categories: Categories


def read_coco(path: Path) -> CocoFile:
    """Read a data set; a problem of one image is kept with the image.

    Raises
    ------
    DatasetError
        If the file can't be read, or lacks images or annotations, or one of these lacks its id.
    """
    return _data_set(path, checked.read_json(path, _compact))


def collect_shapes(image: CocoImage, categories: Categories, shape: tuple[int, int]) -> ShapeLayer:
    """Collect the annotated shapes of an image, with their categories as classes.

    Raises
    ------
    DatasetError
        If an annotation is damaged.
    """
    layer = ShapeLayer(shape)
    ids = Counter(_name(annotation) for annotation in image.annotations)
    layer.notes[SAME_ID] = sum(count for name, count in ids.items() if count > 1 and name != "annotation")
    for annotation in image.annotations:
        with checked.located(image.path, _name(annotation)):
            _add(layer, annotation, categories)
    return layer


class CocoSource:
    """The images of a COCO json, named as ``hooke prepare`` names them: by the stem of their file name.

    Regions marked ``iscrowd`` and annotations without an outline are left out, and counted among the oddities.
    Masks may overlap; a label image has no overlap: see `paint`.
    """

    def __init__(self, path: Path, images: dict[str, CocoImage], categories: Categories) -> None:
        self.path = path
        self.images = images
        self.categories = categories
        self.names_by_id = {image.id: name for name, image in images.items() if image.id is not None}

    @property
    def names(self) -> list[str]:
        """Names of the images, sorted."""
        return sorted(self.images)

    def __contains__(self, name: str) -> bool:
        """Whether the json has an image of this name."""
        return name in self.images

    def read(self, name: str, shape: tuple[int, ...] | None = None) -> LabelledImage:
        """Paint one image's masks; on its stated size, or else on `shape`."""
        image = self.images[name]
        if image.problem is not None:
            raise image.problem
        with checked.located(self.path, f"image {name}"):
            size = image.size or _size_of_masks(image.annotations) or shape
            if size is None or len(size) != 2:
                raise DatasetError("states no height and width", remedy="add them to the image's entry")
            check_canvas(size, self.path.stat().st_size)
            layer = ShapeLayer(size)
            for annotation in image.annotations:
                if annotation.get("iscrowd"):
                    layer.notes[CROWD] += 1
                elif not annotation.get("segmentation"):
                    layer.notes[NO_OUTLINE] += 1
                else:
                    self._add(layer, annotation)
            painted = LabelledImage.from_masks(layer.masks, size)
            return replace(painted, oddities={note: count for note, count in layer.notes.items() if count})

    def _add(self, layer: ShapeLayer, annotation: dict[str, Any]) -> None:
        """Add one object, also where nothing of it lies in the image, so that the others keep their number."""
        score = checked.number(annotation, "score") if "score" in annotation else None
        class_name = _class_of(annotation, self.categories) if self.categories else None
        before = len(layer.masks)
        _add_outline(layer, "", annotation, class_name, score)
        if len(layer.masks) == before:
            layer.masks.append(Mask(np.zeros((0, 0), np.bool_), class_name=class_name, score=score))


def open_coco(path: Path, truth: LabelSource | None = None) -> CocoSource:
    """Open a COCO json.

    Parameters
    ----------
    path : Path
        A dataset (``images``, ``annotations``, ``categories``) or a list of results (``image_id``, ``category_id``,
        ``segmentation``, ``score``).
    truth : LabelSource, optional
        The dataset that results belong to, which names their images and classes. Without one of COCO's an image is
        named by its id.

    Returns
    -------
    CocoSource

    Raises
    ------
    DatasetError
        When the file is neither.
    """
    data = checked.read_json(path, _compact)
    if isinstance(data, list):
        with checked.located(path):
            _refuse_others(data[0] if data else None)
        return _from_results(path, data, truth if isinstance(truth, CocoSource) else None)
    file = _data_set(path, data)
    named = dict(zip(image_ids([image.name for image in file.images]), file.images, strict=True))
    return CocoSource(path, named, file.categories)


def _from_results(path: Path, data: list[Any], truth: CocoSource | None) -> CocoSource:
    # Every image of the truth was analysed; one without results holds no object.
    images = {name: CocoImage(path, name) for name in truth.images} if truth else {}
    with checked.located(path):
        for place, result in enumerate(data):
            with checked.located(path, f"result {place}"):
                id_ = checked.field(result, "image_id", int, str)
                checked.field(result, "segmentation", dict, list)
            name = truth.names_by_id.get(id_, str(id_)) if truth else str(id_)
            images.setdefault(name, CocoImage(path, name)).annotations.append(result)
    return CocoSource(path, images, truth.categories if truth else {})


def _data_set(path: Path, data: Any) -> CocoFile:
    with checked.located(path):
        _refuse_others(data)
        images, annotations = checked.as_list(data, "images"), checked.as_list(data, "annotations")
        categories = _categories(data)
        by_id: dict[int | str, CocoImage] = {}
        for record in images:
            _list_image(path, record, by_id)
        listed = {str(id_): id_ for id_ in by_id}
        for annotation in annotations:
            image_id = checked.field(annotation, "image_id", int, str)
            image_id = image_id if image_id in by_id else listed.get(str(image_id), image_id)  # 1 for "1"
            if image_id not in by_id:
                by_id[image_id] = _unlisted(path, image_id)
            annotation.pop("score", None)  # of results only
            by_id[image_id].annotations.append(annotation)
    return CocoFile(path, list(by_id.values()), categories)


def _refuse_others(record: Any) -> None:
    """Refuse json of other programs by its name: by a key of the file, or of what it lists."""
    if not isinstance(record, dict) or "images" in record:
        return
    inner = [value for value in record.values() if isinstance(value, dict)][:1]
    keys = {*record, *(inner[0] if inner else ())}
    for program, own in _OTHERS.items():
        if keys & own:
            raise DatasetError(f"is {program}'s json, which hooke doesn't read", remedy="export it as COCO there")


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
        by_id[id_] = CocoImage(path, name, _size_of_image(record), id_)
    elif known.name != name:
        cause = f"image id {id_!r} stands for {known.name!r} and {name!r}"
        known.problem = DatasetError(cause, path=path, remedy="number the images again")


def _size_of_image(record: dict[str, Any]) -> tuple[int, int] | None:
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


def _add(layer: ShapeLayer, annotation: dict[str, Any], categories: Categories) -> None:
    """Add one annotation to the layer."""
    if annotation.get("iscrowd"):
        layer.notes[CROWD] += 1
        return
    if not annotation.get("segmentation"):
        layer.notes[NO_OUTLINE] += 1
        return
    class_name = _class_of(annotation, categories)
    if class_name is None and categories:
        layer.notes[NO_CATEGORY] += 1
    _add_outline(layer, _name(annotation), annotation, class_name)


def _add_outline(
    layer: ShapeLayer, name: str, annotation: dict[str, Any], class_name: str | None, score: float | None = None
) -> None:
    """Add the region of an annotation to the layer."""
    outline, area = annotation["segmentation"], annotation.get("area")
    if isinstance(outline, dict):
        size = (layer.height, layer.width)
        layer.add_mask(name, _decoded(outline, size), class_name, score=score)
        layer.notes[ALONG_ROWS] += counts_along(outline["counts"], size) == "C"
        return
    rings = _rings(outline)
    region = None
    if len(rings) == 1 and isinstance(area, int | float):
        region = fill_border_of(rings[0], area, layer.height, layer.width)
    if region is None:
        layer.add_polygon(name, [[ring] for ring in rings], class_name, score=score)
        return
    mask, top, left = region
    layer.notes[OF_BORDERS] += 1
    layer.add_mask(name, mask, class_name, top=top, left=left, score=score)


def _class_of(annotation: dict[str, Any], categories: Categories) -> str | None:
    """Name the class of an annotation."""
    if annotation.get("category_id") is None:
        return None
    id_ = checked.field(annotation, "category_id", int, str)
    if id_ not in categories:
        id_ = next((known for known in categories if str(known) == str(id_)), id_)  # 1 for "1"
    return categories.get(id_)


def _size_of_masks(annotations: Annotations) -> tuple[int, int] | None:
    """Height and width that run lengths state; None where there are none."""
    for annotation in annotations:
        outline = annotation.get("segmentation")
        if isinstance(outline, dict):
            height, width = _size(outline)
            return height, width
    return None


def _size(outline: dict[str, Any]) -> tuple[int, int]:
    size = checked.field(outline, "size", list)
    if len(size) != 2 or not all(type(side) is int and side > 0 for side in size):
        raise DatasetError(f"mask of size {str(size)[:40]}", remedy="give height and width")
    return size[0], size[1]


def _decoded(outline: dict[str, Any], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Decode the run lengths of an object."""
    height, width = _size(outline)
    if (height, width) != size:
        cause = f"mask of {height} x {width} for an image of {size[0]} x {size[1]} pixels"
        raise DatasetError(cause, remedy="give the image's own mask")
    return decode_counts(checked.field(outline, "counts", str, list), size)


def _rings(outline: Any) -> list[Ring]:
    """Check the polygons of an object, which some tools write as one flat list."""
    if not isinstance(outline, list):
        raise DatasetError("'segmentation' is not a list of polygons, nor run lengths", remedy=REMEDY)
    return [to_ring(part) for part in ([outline] if isinstance(outline[0], int | float) else outline)]
