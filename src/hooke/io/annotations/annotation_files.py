"""Reads label images from files of annotations, one image a file: those of QuPath, ImageJ, labelme and Cellpose."""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from hooke.errors import DatasetError
from hooke.io.annotations.cellpose import SUFFIX as CELLPOSE
from hooke.io.annotations.cellpose import read_seg
from hooke.io.annotations.cellpose_text import ENDINGS as OUTLINES
from hooke.io.annotations.cellpose_text import read_outlines
from hooke.io.annotations.geojson import read_geojson
from hooke.io.annotations.imagej import read_regions, size_of_image
from hooke.io.annotations.json_fields import located
from hooke.io.annotations.label_files import read_label_file
from hooke.io.annotations.labelme import read_labelme
from hooke.io.annotations.object_masks import holds_masks, read_masks
from hooke.io.annotations.zip_entries import file_names
from hooke.io.naming import files_below
from hooke.labels.labelled_image import LabelledImage
from hooke.labels.painter import check_canvas
from hooke.labels.shape_layer import ShapeLayer

GEOJSON = ".geojson"
JSON = ".json"
LABEL_SUFFIXES = frozenset({".tif", ".tiff", ".png", ".npy"})
# What comes first distinguishes them from COCO's, whose annotations can be many megabytes.
_FIRST = re.compile(
    rb'(?P<features>"type"\s*:\s*"Feature(?:Collection)?")|(?P<shapes>"shapes"\s*:\s*\[)'
    rb'|"annotations"\s*:\s*\[|"image_id"\s*:|"category_id"\s*:'
)
_ONE = "keep one of them"
_OF_IMAGES = frozenset({"images", "image", "imgs", "img", "imagestr", "raw", "overlays", "cytoplasm", "replaced"})
_Shape = tuple[int, ...] | None
_Read = Callable[[Path, _Shape], LabelledImage]


class AnnotationFiles:
    """Files of annotations, named by their stem, each of one image.

    Parameters
    ----------
    files : mapping of str to Path
        Files by the name of their image.
    split_components : bool, optional
        Of label images: see `hooke.io.annotations.label_files`.
    outline : {"object", "nucleus"}
        Of QuPath's cells, the outline of the cell or that of its nucleus, where there is one.
    """

    def __init__(
        self, files: Mapping[str, Path], split_components: bool | None = None, outline: str = "object"
    ) -> None:
        self.files = dict(files)
        of_labels = partial(_read_labels, split=split_components)
        self._readers: dict[str, _Read] = {
            **READERS,
            **dict.fromkeys(LABEL_SUFFIXES, of_labels),
            GEOJSON: partial(_read_geojson, outline=outline),
            JSON: partial(_read_json, outline=outline),
        }

    @property
    def names(self) -> list[str]:
        """Names of the images, sorted."""
        return sorted(self.files)

    def __contains__(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return name in self.files

    def read(self, name: str, shape: tuple[int, ...] | None = None) -> LabelledImage:
        """Read one; on the size that the file states, or else on `shape`."""
        path = self.files[name]
        return self._readers[_kind(path)](path, shape)


def find_annotations(path: Path, split_components: bool | None = None) -> AnnotationFiles | None:
    """Take a file of annotations, or the files of a folder; None where there is none.

    Of a folder that holds label images as well, only these count; of one with Cellpose's files, only those. Outlines as
    text, which lack holes and pieces, count where nothing else is there.

    Raises
    ------
    DatasetError
        When two files of a folder are of one image.
    """
    if path.is_file():
        known = is_annotations(path) or _kind(path) in (*LABEL_SUFFIXES, *OUTLINES)
        return AnnotationFiles({image_name(path): path}, split_components) if known else None
    if not path.is_dir():
        return None
    files = [file for file in sorted(path.iterdir()) if not file.name.startswith(".") and file.is_file()]
    if not any(map(is_label_image, files)):
        files = _annotations_among(files) or files_of_labels_below(path)
    # Cellpose writes its files beside the images.
    of_cellpose = [file for file in files if _kind(file) == CELLPOSE]
    if not of_cellpose and any(map(is_label_image, files)):
        return None
    found: dict[str, Path] = {}
    for file in of_cellpose or _annotations_among(files):
        name = (file.relative_to(path).parent / image_name(file)).as_posix()
        if name in found:
            raise DatasetError(f"{found[name].name} and {file.name} are of one image", path=path, remedy=_ONE)
        found[name] = file
    return AnnotationFiles(found) if found else None


def _annotations_among(files: Sequence[Path]) -> list[Path]:
    """Files of annotations; outlines as text where nothing else is there."""
    return [*filter(is_annotations, files)] or [file for file in files if _kind(file) in OUTLINES]


def files_of_labels_below(folder: Path) -> list[Path]:
    """Files in folders below one that may hold labels: not those in folders of images or pictures."""
    return [
        path
        for path in files_below(folder)
        if _OF_IMAGES.isdisjoint(part.lower() for part in path.relative_to(folder).parts[:-1])
    ]


def image_name(path: Path) -> str:
    """Name the image that a file is of."""
    return path.name[: len(path.name) - len(_kind(path))].removesuffix(".ome")


def _kind(path: Path) -> str:
    """What the name of a file ends in."""
    name = path.name.lower()
    return next((ending for ending in READERS if name.endswith(ending)), path.suffix.lower())


def is_annotations(path: Path) -> bool:
    """Whether a file is one of annotations, by its name; a json by what it holds.

    Cellpose's outlines as text are not: the program writes them beside files that hold more.
    """
    kind = _kind(path)
    return kind in READERS and kind not in OUTLINES and (kind != JSON or holds_one_image(path))


def holds_one_image(path: Path) -> bool:
    """Whether a json holds the objects of one image, as QuPath's and labelme's do; COCO's holds those of many."""
    return bool(_json_kind(path))


def _json_kind(path: Path) -> str:
    """What a json holds of one image: "features" as QuPath's, "shapes" as labelme's; empty for any other."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            first = _FIRST.search(text)
            return "" if first is None else first.lastgroup or ""
    except (OSError, ValueError):  # an empty file can't be mapped
        return ""


def is_label_image(path: Path) -> bool:
    """Whether a file is a label image by its name."""
    return _kind(path) in LABEL_SUFFIXES


def _read_labels(path: Path, _: _Shape, split: bool | None) -> LabelledImage:
    read = read_label_file(path, split)
    return LabelledImage(read.labels, oddities=read.oddities)


def _read_seg(path: Path, _: _Shape) -> LabelledImage:
    return read_seg(path)


def _read_geojson(path: Path, shape: _Shape, outline: str = "object") -> LabelledImage:
    file = read_geojson(path)
    return _painted(file.shapes(_size(path, file.size, shape), outline))


def _read_json(path: Path, shape: _Shape, outline: str = "object") -> LabelledImage:
    if _json_kind(path) == "features":
        return _read_geojson(path, shape, outline)
    file = read_labelme(path)
    with located(path):
        size = None if file.size is None else (int(file.size[0]), int(file.size[1]))
        return _painted(file.shapes(_size(path, size, shape)))


def _read_zip(path: Path, shape: _Shape) -> LabelledImage:
    if holds_masks(path):
        return read_masks(path, shape)
    names = file_names(path)
    if names and not any(name.lower().endswith(".roi") for name in names):
        packed = next((name for name in names if name.lower().endswith((GEOJSON, JSON))), "")
        remedy = (
            f"unpack it, and give the {packed} in it" if packed else "give a zip of .roi files, or of one mask each"
        )
        raise DatasetError("holds neither regions nor masks", path=path, remedy=remedy)
    return _read_regions(path, shape)


def _read_regions(path: Path, shape: _Shape) -> LabelledImage:
    return _painted(read_regions(path, _size(path, size_of_image(path), shape)))


def _read_outlines(path: Path, shape: _Shape) -> LabelledImage:
    return _painted(read_outlines(path, _size(path, None, shape)))


#: Readers by what the name of a file ends in, the longest first.
READERS: Mapping[str, _Read] = {
    CELLPOSE: _read_seg,
    **dict.fromkeys(OUTLINES, _read_outlines),
    GEOJSON: _read_geojson,
    JSON: _read_json,
    ".zip": _read_zip,
    ".roi": _read_regions,
}


def _size(path: Path, stated: tuple[int, int] | None, shape: _Shape) -> tuple[int, int]:
    """Height and width of the image: as the file says, or as the caller knows."""
    size = stated or shape
    if size is None or len(size) != 2:
        remedy = "name the image, or the folder of images, that it belongs to (--images)"
        raise DatasetError("states no height and width of its image", path=path, remedy=remedy)
    try:
        check_canvas(size, path.stat().st_size)
    except DatasetError as error:
        raise DatasetError(error.cause, path=path, remedy=error.remedy) from error
    return size[0], size[1]


def _painted(layer: ShapeLayer) -> LabelledImage:
    """Paint shapes; the smallest has a pixel that lies in several."""
    painting = layer.paint()
    scores = {label: mask.score for label, mask in enumerate(painting.masks, 1) if mask.score is not None}
    note = f"{painting.shared} pixels lie in several shapes" if painting.shared else ""
    return LabelledImage(painting.labels, scores, painting.classes, note=note, oddities=dict(layer.notes))
