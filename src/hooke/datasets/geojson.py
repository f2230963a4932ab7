"""QuPath's annotations, one GeoJSON an image, and the images in; label images out.

::

    SRC/**/<id>.geojson     a FeatureCollection, a list of features or one feature; .json where there is no .geojson
    SRC/**/<id>.<tif...>    the image, beside it or anywhere below SRC; <id> may end in the image's suffix

Coordinates are (x, y) in pixels of the full-resolution image, as QuPath exports them. Polygons, with holes, and
MultiPolygons are taken, each feature an object; points and lines are left out and counted. The class is the feature's
classification. A detected cell has two outlines, ``geometry`` and ``nucleusGeometry``: the option
``outline=nucleus`` takes the second where there is one. Regions drawn around many objects are objects too here: leave
them out of the export, or drop their class. Overlaps: `hooke.labels.shape_layer`.

RFC 7946; https://qupath.readthedocs.io/en/stable/docs/advanced/exporting_annotations.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hooke.datasets.adapter import Sample
from hooke.datasets.annotated_image import Orientation, parse_orientation, read_annotated
from hooke.datasets.image_search import ImageSearch, annotation_files
from hooke.datasets.layout import Entry
from hooke.errors import ConfigError, DatasetError
from hooke.io.annotations import json_fields as checked
from hooke.io.formats import has_image_suffix, result_stem
from hooke.io.naming import image_ids
from hooke.labels.polygons import Ring, to_ring
from hooke.labels.shape_layer import ShapeLayer

__all__ = ["TAKES", "GeojsonSource", "find", "load"]

TAKES = "QuPath: *.geojson and the image of the same name; classification as class; --option outline=object|nucleus"

NO_AREA = ("Point", "MultiPoint", "LineString", "MultiLineString")
SKIPPED = "points and lines, left out"
REMEDY = "export it from QuPath again, as FeatureCollection"
OUTLINES = {"object": "geometry", "nucleus": "nucleusGeometry"}


@dataclass(frozen=True)
class GeojsonSource:
    """The file of each id, where the images lie, and which outline of an object is wanted."""

    search: ImageSearch
    files: dict[str, Path]
    outline: str
    orientation: Orientation | None = None


def find(src: str | Path, *, outline: str = "object", orientation: str = "") -> tuple[GeojsonSource, list[Entry]]:
    """List the annotation files of a folder and its subfolders.

    Parameters
    ----------
    src : str or Path
        The folder, or one file.
    outline : str
        Option: ``object`` (the cell, where there is a nucleus too) or ``nucleus``.
    orientation : {"", "shown", "stored"}
        Option: how images with an orientation tag were annotated (`hooke.datasets.annotated_image`).

    Returns
    -------
    source : GeojsonSource
        For `load`.
    entries : list of Entry
        One per file, sorted by path.

    Raises
    ------
    DatasetError
        If there is no such file.
    ConfigError
        If the outline is neither.
    """
    if outline not in OUTLINES:
        raise ConfigError(f"outline is {outline!r}", remedy=f"use {' or '.join(OUTLINES)}")
    turned = parse_orientation(orientation)
    src = Path(src)
    suffix = ".geojson" if any(src.rglob("*.geojson")) else ".json"
    paths = annotation_files(src, [suffix])
    folder = src if src.is_dir() else src.parent
    files = dict(zip(image_ids(str(_named_as_image(path.relative_to(folder))) for path in paths), paths, strict=True))
    return GeojsonSource(ImageSearch(folder), files, OUTLINES[outline], turned), [Entry(id_) for id_ in files]


def load(source: GeojsonSource, id_: str) -> Sample:
    """Read one image and paint its features.

    Raises
    ------
    DatasetError
        If the file is damaged, holds no features, or there is no image of its name.
    ImageReadError
        If the image is damaged.
    """
    path = source.files[id_]
    data = checked.read_json(path)
    with checked.located(path):
        features = _features(data)
        image = read_annotated(_image(source.search, path), None, source.orientation)
    layer = ShapeLayer(image.shape[:2])
    for place, feature in enumerate(features, start=1):
        with checked.located(path, f"feature {place}"):
            _add(layer, f"feature {place}", feature, source.outline)
    return Sample.from_shapes(image, layer)


def _named_as_image(path: Path) -> Path:
    """Leave out the second suffix of ``a.tif.geojson``."""
    return path.with_suffix("") if has_image_suffix(path.with_suffix("")) else path


def _image(search: ImageSearch, path: Path) -> Path:
    """Find the image: ``a.tif`` for ``a.geojson`` and for ``a.tif.geojson``."""
    return (
        search.named(path.stem, path.parent)
        if search.knows(path.stem)
        else search.of_stem(result_stem(path), path.parent)
    )


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
    geometry = feature.get(outline) or checked.field(feature, "geometry", dict)
    kind = checked.field(geometry, "type", str)
    if kind in NO_AREA:
        layer.notes[SKIPPED] += 1
        return
    if kind not in ("Polygon", "MultiPolygon"):
        raise DatasetError(f"geometry of type {kind!r}", remedy="draw it as polygons")
    coordinates = checked.field(geometry, "coordinates", list)
    parts = [coordinates] if kind == "Polygon" else coordinates
    layer.add_polygon(name, [_rings(part) for part in parts], _class_of(feature))


def _rings(part: Any) -> list[Ring]:
    """Check outline and holes of one polygon."""
    if not isinstance(part, list):
        raise DatasetError("a polygon is no list of rings", remedy=REMEDY)
    return [to_ring(ring) for ring in part]


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
