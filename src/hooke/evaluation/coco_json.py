"""Label images from json in COCO's format: a dataset, or a list of results, in; painted masks out."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.datasets.coco import CocoFile, read_coco
from hooke.errors import DatasetError
from hooke.io.annotations import json_fields as checked
from hooke.io.naming import image_ids
from hooke.labels.labelled_image import LabelledImage, LabelSource
from hooke.labels.painter import Mask, check_canvas
from hooke.labels.polygons import fill_rings, to_ring
from hooke.labels.run_length import decode_counts

__all__ = ["CocoSource", "open_coco"]

_REMEDY = "write each object as polygons or run lengths"

Annotations = list[dict[str, Any]]


class CocoSource:
    """The images of a COCO json, named as ``hooke prepare`` names them: by the stem of their file name.

    Regions marked ``iscrowd`` and annotations without an outline are left out. Masks may overlap; a label image has
    no overlap: see `paint`.
    """

    def __init__(self, path: Path, annotations: dict[str, Annotations], file: CocoFile | None) -> None:
        self.path = path
        self.annotations = annotations
        self.sizes: dict[str, tuple[int, int] | None] = {}
        self.problems: dict[str, DatasetError] = {}
        self.categories: dict[int | str, str] = file.categories if file else {}

    @cached_property
    def image_ids(self) -> dict[int | str, str]:
        """Name of each image by its id in a dataset; empty for results."""
        data = checked.read_json(self.path)
        if isinstance(data, list):
            return {}
        # Two entries of one id have one file name, or `read_coco` has found a problem with the image.
        files = {record["id"]: record["file_name"] for record in checked.as_list(data, "images")}
        return dict(zip(files, image_ids(list(files.values())), strict=True))

    @property
    def names(self) -> list[str]:
        """Names of the images, sorted."""
        return sorted(self.annotations)

    def __contains__(self, name: str) -> bool:
        """Whether the json has an image of this name."""
        return name in self.annotations

    def read(self, name: str, shape: tuple[int, ...] | None = None) -> LabelledImage:
        """Paint one image's masks; on its stated size, or else on `shape`."""
        if name in self.problems:
            raise self.problems[name]
        with checked.located(self.path, f"image {name}"):
            size = self.sizes.get(name) or _size_of_masks(self.annotations[name]) or shape
            if size is None or len(size) != 2:
                raise DatasetError("states no height and width", remedy="add them to the image's entry")
            check_canvas(size, self.path.stat().st_size)
            kept = [one for one in self.annotations[name] if not one.get("iscrowd") and one.get("segmentation")]
            return LabelledImage.from_masks([self._mask(annotation, (size[0], size[1])) for annotation in kept], size)

    def _mask(self, annotation: dict[str, Any], size: tuple[int, int]) -> Mask:
        score = checked.number(annotation, "score") if "score" in annotation else None
        known = self.categories and annotation.get("category_id") is not None
        class_name = self.categories.get(checked.field(annotation, "category_id", int, str)) if known else None
        return Mask.crop(_pixels(annotation["segmentation"], size), score=score, class_name=class_name)


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
    data = checked.read_json(path)
    if isinstance(data, list):
        return _from_results(path, data, truth if isinstance(truth, CocoSource) else None)
    return _from_dataset(path)


def _from_dataset(path: Path) -> CocoSource:
    file = read_coco(path)
    named = dict(zip(image_ids([image.name for image in file.images]), file.images, strict=True))
    source = CocoSource(path, {name: image.annotations for name, image in named.items()}, file)
    source.sizes = {name: image.size for name, image in named.items()}
    source.problems = {name: image.problem for name, image in named.items() if image.problem is not None}
    return source


def _from_results(path: Path, data: list[Any], truth: CocoSource | None) -> CocoSource:
    # Every image of the truth was looked at; one without results holds no object.
    found: dict[str, Annotations] = {name: [] for name in truth.annotations} if truth else {}
    with checked.located(path):
        for place, result in enumerate(data):
            with checked.located(path, f"result {place}"):
                id_ = checked.field(result, "image_id", int, str)
                checked.field(result, "segmentation", dict, list)
            name = truth.image_ids.get(id_, str(id_)) if truth else str(id_)
            found.setdefault(name, []).append(result)
    source = CocoSource(path, found, None)
    source.categories = truth.categories if truth else {}
    return source


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


def _pixels(outline: Any, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Fill polygons, or decode run lengths."""
    if isinstance(outline, dict):
        if _size(outline) != size:
            raise DatasetError(f"mask of {_size(outline)} for an image of {size}", remedy="give the image's own mask")
        return decode_counts(checked.field(outline, "counts", str, list), size)
    if not isinstance(outline, list):
        raise DatasetError("'segmentation' is no list of polygons, nor run lengths", remedy=_REMEDY)
    parts = [outline] if isinstance(outline[0], int | float) else outline
    mask = np.zeros(size, bool)
    for part in parts:
        mask |= fill_rings([to_ring(part)], *size)
    return mask
