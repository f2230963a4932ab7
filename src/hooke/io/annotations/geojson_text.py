"""Writes the objects of a plane as text in GeoJSON, as QuPath does it itself.

The text is that of `json.dumps`, put together from templates: of 100 000 objects with 20 measurements each, lists and
dictionaries of all numbers would take longer to make than to write.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from hooke.io.annotations.annotated_plane import AnnotatedPlane
from hooke.labels.rings import Corners, Polygon, trace_polygons

#: What QuPath makes of an object: annotations can be edited by hand, detections are many and fast.
ObjectType = Literal["detection", "annotation", "cell"]


def written_features(plane: AnnotatedPlane, object_type: ObjectType) -> Iterator[str]:
    """Give the text of a FeatureCollection piece by piece.

    Parameters
    ----------
    plane : AnnotatedPlane
    object_type : {"detection", "annotation", "cell"}
        Of objects without a nucleus.
    """
    height, width = plane.labels.shape
    image = {"name": plane.image_file or plane.name, "height": height, "width": width}
    yield f'{{"type": "FeatureCollection", "image": {json.dumps(image)}, "features": ['
    nuclei = {} if plane.nuclei is None else trace_polygons(plane.nuclei)
    kind = json.dumps(object_type if plane.nuclei is None else "cell")
    measurements, ids, classes = _measurements(plane), _Ids(plane.name), _classifications(plane)
    separator = "\n"
    for label, polygons in trace_polygons(plane.labels).items():
        nucleus = f', "nucleusGeometry": {_geometry(nuclei[label], plane)}' if label in nuclei else ""
        class_name = plane.content.classes.get(label)
        of_class = "" if class_name is None else classes[class_name]
        measured = f', "measurements": {{{measurements[label]}}}' if measurements.get(label) else ""
        outline = _geometry(polygons, plane) + nucleus
        yield (
            f'{separator}{{"type": "Feature", "id": "{ids.of_label(label)}", "geometry": {outline}, '
            f'"properties": {{"objectType": {kind}, "name": "{label}"{of_class}{measured}}}}}'
        )
        separator = ",\n"
    yield "\n]}\n"


class _Ids:
    """A UUID of each object, the same whenever it is written, so that a script can find it again.

    It is ``uuid.uuid5(uuid.NAMESPACE_URL, f"hooke:{name}:{label}")`` (RFC 9562, version 5).
    """

    def __init__(self, name: str) -> None:
        begun = uuid.NAMESPACE_URL.bytes + f"hooke:{name}:".encode()
        self._hash = hashlib.sha1(begun, usedforsecurity=False)

    def of_label(self, label: int) -> str:
        """The UUID of one label."""
        whole = self._hash.copy()
        whole.update(b"%d" % label)
        digits = whole.hexdigest()
        variant = "89ab"[int(digits[16], 16) % 4]
        return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def _classifications(plane: AnnotatedPlane) -> dict[str, str]:
    """What is written of each class."""
    return {
        name: f', "classification": {json.dumps({"name": name, "color": list(colour)})}'
        for name, colour in plane.colours.items()
    }


def _measurements(plane: AnnotatedPlane) -> dict[int, str]:
    """Text of the finite numbers of each object, without brackets."""
    numbers = plane.numbers
    keys = [json.dumps(str(name)) for name in numbers]
    values = numbers.to_numpy()
    all_there = ", ".join(f"{key}: %r" for key in (key.replace("%", "%%") for key in keys))
    found = {}
    for label, row, whole in zip(
        numbers.index.tolist(), values.tolist(), np.isfinite(values).all(axis=1).tolist(), strict=True
    ):
        if whole:
            found[label] = all_there % tuple(row)
            continue
        there = (f"{key}: {value!r}" for key, value in zip(keys, row, strict=True) if -np.inf < value < np.inf)
        found[label] = ", ".join(there)
    return found


def _geometry(polygons: list[Polygon], plane: AnnotatedPlane) -> str:
    """Close each ring, as the format wants it; QuPath keeps the plane of a stack beside the coordinates."""
    place = f', "plane": {json.dumps(_place(plane))}' if plane.position else ""
    parts = [f"[{', '.join(map(_ring, polygon))}]" for polygon in polygons]
    if len(parts) == 1:
        return f'{{"type": "Polygon", "coordinates": {parts[0]}{place}}}'
    return f'{{"type": "MultiPolygon", "coordinates": [{", ".join(parts)}]{place}}}'


def _place(plane: AnnotatedPlane) -> dict[str, Any]:
    return {"c": -1, "z": 0, "t": 0} | dict(plane.position)


def _ring(ring: Corners) -> str:
    """The corners, the first one again at the end."""
    corners = ring.ravel().tolist()
    return _corners(len(ring) + 1) % (*corners, *corners[:2])


@lru_cache(maxsize=1024)
def _corners(count: int) -> str:
    """A template of this many corners."""
    return f"[{', '.join(['[%d, %d]'] * count)}]"
