"""QuPath's annotations, one GeoJSON per image, with the images.

::

    SRC/**/<id>.geojson     a FeatureCollection, a list of features or one feature; .json where there is no .geojson
    SRC/**/<id>.<tif...>    the image, beside it or anywhere below SRC; <id> may end in the image's suffix

The option ``outline=nucleus`` takes the outline of a detected cell's nucleus where there is one. An annotation around
two detections or more is a region, and left out; among annotations alone, regions around others are objects too: leave
them out of the export, or drop their class. Features:
`hooke.io.annotations.geojson`; overlaps: `hooke.labels.shape_layer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hooke.datasets.adapter import Sample
from hooke.datasets.adapters.annotated_image import Orientation, parse_orientation, read_annotated
from hooke.datasets.adapters.image_search import ImageSearch, annotation_files
from hooke.datasets.layout import Entry
from hooke.errors import ConfigError
from hooke.io.annotations.geojson import OUTLINES, read_geojson
from hooke.io.annotations.json_fields import located
from hooke.io.formats import has_image_suffix, result_stem
from hooke.io.naming import image_ids

TAKES = "QuPath: *.geojson and the image of the same name; classification as class; --option outline=object|nucleus"


@dataclass(frozen=True)
class GeojsonSource:
    """The file of each id, where the images are, and which outline of an object is wanted."""

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
        Option: how images with an orientation tag were annotated (`hooke.datasets.adapters.annotated_image`).

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
    return GeojsonSource(ImageSearch(folder), files, outline, turned), [Entry(id_) for id_ in files]


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
    annotations = read_geojson(path)
    with located(path):
        image = read_annotated(_image(source.search, path), None, source.orientation)
    return Sample.from_shapes(image, annotations.shapes(image.shape[:2], source.outline))


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
