"""Writes COCO's object annotations: masks as compressed run lengths, which keep every pixel, holes and pieces included.

Ids count from 1, because pycocotools takes an annotation 0 for none. Each image has its file name, from which
`hooke.io.annotations.coco` names it. Objects without a class are of the category ``object``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hooke.io.annotations.annotated_plane import AnnotatedPlane
from hooke.io.atomic import atomic_path
from hooke.labels.objects import find_objects
from hooke.labels.run_length import compress_counts, encode_object_counts

NO_CLASS = "object"


def write_coco(path: Path, planes: Iterable[AnnotatedPlane]) -> None:
    """Write the objects of one or many planes as one data set, each plane an image.

    Parameters
    ----------
    path : Path
        The file; replaced if there.
    planes : iterable of AnnotatedPlane

    Raises
    ------
    OutputError
        If the file can't be written.
    """
    images: list[dict[str, Any]] = []
    categories: dict[str, int] = {}
    count = 0
    with atomic_path(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.write('{"annotations": [')
        for plane in planes:
            height, width = plane.labels.shape
            file_name = f"{plane.name}.png" if plane.position or not plane.image_file else plane.image_file
            images.append({"id": len(images) + 1, "file_name": file_name, "height": height, "width": width})
            for annotation in _annotations(plane, categories):
                file.write(",\n" if count else "\n")
                count += 1
                file.write(json.dumps({"id": count, "image_id": len(images), **annotation}))
        if not categories:
            categories[NO_CLASS] = 1
        named = [{"id": id_, "name": name} for name, id_ in categories.items()]
        file.write(f'\n],\n"images": {json.dumps(images)},\n"categories": {json.dumps(named)}}}\n')


def _annotations(plane: AnnotatedPlane, categories: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Describe the objects of a plane, and give new classes a number."""
    objects = find_objects(plane.labels)
    size = list(plane.labels.shape)
    counts = encode_object_counts(plane.labels)
    facts = zip(objects.ids.tolist(), objects.areas.tolist(), objects.boxes.tolist(), strict=True)
    for label, area, (top, left, bottom, right) in facts:
        category = categories.setdefault(plane.content.classes.get(label, NO_CLASS), len(categories) + 1)
        score = plane.content.scores.get(label)
        yield {
            "category_id": category,
            "segmentation": {"size": size, "counts": compress_counts(counts[label])},
            "area": area,
            "bbox": [left, top, right - left, bottom - top],
            "iscrowd": 0,
            **({} if score is None else {"score": float(score)}),
        }
