"""Reads and writes QuPath's objects in GeoJSON.

The file is a FeatureCollection, a list of features or one feature. Coordinates are (x, y) in pixels of the
full-resolution image, as QuPath exports them. Polygons, with holes, and MultiPolygons are taken, each feature an
object; points and lines are left out and counted. So are cores of tissue microarrays, and annotations drawn around
several detections: those are regions, which QuPath exports with the objects inside. The class is the feature's
classification. A detected cell has two outlines, ``geometry`` and ``nucleusGeometry``.

What is written holds the size of the image besides, as ``image``, which RFC 7946 permits and QuPath passes over.
Outlines go along the edges of pixels, so that they enclose the very pixels of the object.

RFC 7946; https://qupath.readthedocs.io/en/stable/docs/advanced/exporting_annotations.html.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError, DatasetError
from hooke.io.annotations import json_fields as checked
from hooke.io.annotations.annotated_plane import AnnotatedPlane
from hooke.io.annotations.geojson_text import ObjectType, written_features
from hooke.io.atomic import atomic_path
from hooke.labels.painter import Mask
from hooke.labels.polygons import Ring, to_ring
from hooke.labels.shape_layer import ShapeLayer

NO_AREA = ("Point", "MultiPoint", "LineString", "MultiLineString")
SKIPPED = "points and lines, left out"
NO_GEOMETRY = "features without a geometry, left out"
REGIONS = "regions around other objects (cores, annotations with detections inside), left out"
WHOLE_CELLS = (
    "cells taken by the outline of the whole cell, not by that of their nucleus (hooke convert --outline nucleus takes "
    "the nuclei)"
)
OTHER_PLANES = "objects of other planes of a stack than the first one's, drawn into the same image"
REMEDY = "export it from QuPath again, as FeatureCollection"
#: Which outline of an object is wanted, and the key that holds it.
OUTLINES = {"object": "geometry", "nucleus": "nucleusGeometry"}
#: QuPath's types of objects.
DETECTIONS = ("detection", "cell")
ANNOTATION = "annotation"
CORE = "tma_core"


@dataclass(frozen=True)
class GeojsonFile:
    """A file and its features, as stored; the height and width of the image where the file states them."""

    path: Path
    features: list[Any]
    size: tuple[int, int] | None = None

    def shapes(self, shape: tuple[int, ...], outline: str = "object") -> ShapeLayer:
        """Collect the annotated shapes of an image of this height and width.

        Parameters
        ----------
        shape : (int, int)
        outline : {"object", "nucleus"}
            Of a detected cell, the outline of the cell or that of its nucleus, where there is one.

        Raises
        ------
        DatasetError
            If a feature is damaged.
        """
        layer = ShapeLayer(shape)
        kinds: list[str] = []  # of each mask of the layer
        planes: list[tuple[Any, Any]] = []
        for place, feature in enumerate(self.features, start=1):
            with checked.located(self.path, f"feature {place}"):
                _add(layer, f"feature {place}", feature, OUTLINES[outline])
            if len(layer.masks) > len(kinds):
                kinds.append(_object_type(feature))
                if outline == "object" and feature.get(OUTLINES["nucleus"]):
                    layer.notes[WHOLE_CELLS] += 1
                planes.append(_plane_of(feature))
        if others := sum(plane != planes[0] for plane in planes):
            layer.notes[OTHER_PLANES] = others
        _leave_out_regions(layer, kinds)
        return layer


def read_geojson(path: Path) -> GeojsonFile:
    """Read a file.

    Raises
    ------
    DatasetError
        If it is damaged, or holds no features.
    """
    data = checked.read_json(path)
    with checked.located(path):
        return GeojsonFile(path, _features(data), _size(data))


def write_geojson(path: Path, plane: AnnotatedPlane, *, object_type: ObjectType = "detection") -> None:
    """Write the objects of a plane for QuPath: dragged onto the image, they appear where they are.

    Parameters
    ----------
    path : Path
        The file; replaced if there.
    plane : AnnotatedPlane
        Where it has nuclei, each object is a cell with that nucleus.
    object_type : {"detection", "annotation", "cell"}
        What QuPath makes of an object that has no nucleus.

    Raises
    ------
    ConfigError
        If the type is another one.
    OutputError
        If the file can't be written.
    """
    _check_type(object_type)
    with atomic_path(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(written_features(plane, object_type))


def to_geojson(plane: AnnotatedPlane, *, object_type: ObjectType = "detection") -> dict[str, Any]:
    """Give what `write_geojson` writes, as plain values.

    Raises
    ------
    ConfigError
        If the type is none of QuPath's.
    """
    _check_type(object_type)
    found: dict[str, Any] = json.loads("".join(written_features(plane, object_type)))
    return found


def _check_type(object_type: str) -> None:
    if object_type not in get_args(ObjectType):
        kinds = ", ".join(get_args(ObjectType))
        raise ConfigError(f"object type {object_type!r} is none of QuPath's", remedy=f"choose one of: {kinds}")


def _size(data: Any) -> tuple[int, int] | None:
    """Height and width of the image, where hooke wrote them."""
    image = data.get("image") if isinstance(data, dict) else None
    if not isinstance(image, dict) or image.get("height") is None or image.get("width") is None:
        return None
    return checked.field(image, "height", int), checked.field(image, "width", int)


def _features(data: Any) -> list[Any]:
    """Return the features of any of the forms that QuPath writes."""
    if isinstance(data, list):
        return data
    kind = checked.field(data, "type", str)
    if kind == "FeatureCollection":
        return list(checked.field(data, "features", list))
    if kind == "Feature":
        return [data]
    raise DatasetError(f"type {kind!r} where features should be", remedy=REMEDY)


def _add(layer: ShapeLayer, name: str, feature: Any, outline: str) -> None:
    """Add one feature to the layer."""
    checked.field(feature, "type", str)
    if not feature.get(outline) and feature.get("geometry", 0) is None:  # as RFC 7946 permits
        layer.notes[NO_GEOMETRY] += 1
        return
    geometry = feature.get(outline) or checked.field(feature, "geometry", dict)
    kind = checked.field(geometry, "type", str)
    if kind in NO_AREA:
        layer.notes[SKIPPED] += 1
        return
    layer.add_polygon(name, _parts(geometry, kind), _class_of(feature), score=_score_of(feature))


def _parts(geometry: Any, kind: str) -> list[list[Ring]]:
    """Give the polygons of a geometry; of a collection, those among its members."""
    if kind == "GeometryCollection":
        members = checked.field(geometry, "geometries", list)
        typed = [(member, checked.field(member, "type", str)) for member in members]
        return [part for member, of in typed if of not in NO_AREA for part in _rings_of(member, of)]
    return _rings_of(geometry, kind)


def _rings_of(geometry: Any, kind: str) -> list[list[Ring]]:
    """Give the polygons of a Polygon or MultiPolygon."""
    if kind not in ("Polygon", "MultiPolygon"):
        raise DatasetError(f"geometry of type {kind!r}", remedy="draw it as polygons")
    coordinates = checked.field(geometry, "coordinates", list)
    return [_rings(part) for part in ([coordinates] if kind == "Polygon" else coordinates)]


def _object_type(feature: dict[str, Any]) -> str:
    """QuPath's type of an object: annotation, detection, cell, tma_core...; empty where it is not said."""
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        return ""
    return str(properties.get("objectType") or properties.get("object_type") or "")  # the latter before version 0.4


def _plane_of(feature: dict[str, Any]) -> tuple[Any, Any]:
    """Depth and time of an object."""
    geometry = feature.get("geometry")
    plane = geometry.get("plane") if isinstance(geometry, dict) else None
    return (plane.get("z", 0), plane.get("t", 0)) if isinstance(plane, dict) else (0, 0)


def _leave_out_regions(layer: ShapeLayer, kinds: list[str]) -> None:
    """Take out cores, and annotations in which several detections lie."""
    detected = [mask for mask, kind in zip(layer.masks, kinds, strict=True) if kind in DETECTIONS]
    places = np.array(sorted(map(_inner_pixel, detected)), np.int64).reshape(-1, 2)
    regions = {
        place
        for place, (mask, kind) in enumerate(zip(layer.masks, kinds, strict=True))
        if kind == CORE or (kind == ANNOTATION and _holds_several(mask, places))
    }
    if not regions:
        return
    layer.notes[REGIONS] = len(regions)
    layer.masks = [mask for place, mask in enumerate(layer.masks) if place not in regions]


def _inner_pixel(mask: Mask) -> tuple[int, int]:
    """Row and column of a pixel within an object; beyond every image for one without pixels."""
    inside = np.flatnonzero(mask.window)
    if not inside.size:
        return -1, -1
    row, column = divmod(int(inside[inside.size // 2]), mask.window.shape[1])
    return mask.top + row, mask.left + column


def _holds_several(mask: Mask, places: NDArray[np.int64]) -> bool:
    """Whether two or more of some pixels, sorted by row, lie in a mask."""
    height, width = mask.window.shape
    first, last = np.searchsorted(places[:, 0], (mask.top, mask.top + height))
    near = places[first:last] - (mask.top, mask.left)
    near = near[(near[:, 1] >= 0) & (near[:, 1] < width)]
    return bool(np.count_nonzero(mask.window[near[:, 0], near[:, 1]]) >= 2)


def _rings(part: Any) -> list[Ring]:
    """Check outline and holes of one polygon."""
    if not isinstance(part, list):
        raise DatasetError("a polygon is not a list of rings", remedy=REMEDY)
    return [to_ring(ring) for ring in part]


def _score_of(feature: dict[str, Any]) -> float | None:
    """Score of an object, where hooke wrote it."""
    properties = feature.get("properties")
    measurements = properties.get("measurements") if isinstance(properties, dict) else None
    if not isinstance(measurements, dict) or measurements.get("score") is None:
        return None
    return checked.number(measurements, "score")


def _class_of(feature: dict[str, Any]) -> str | None:
    """Name the class; QuPath joins the parts of a derived one by a colon."""
    properties = feature.get("properties")
    if not isinstance(properties, dict) or properties.get("classification") is None:
        return None
    classification = checked.field(properties, "classification", dict)
    if classification.get("names") is None:
        return checked.optional_text(classification, "name")
    names = checked.field(classification, "names", list)
    return ": ".join(str(name) for name in names) or None
