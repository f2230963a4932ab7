"""ImageJ's regions of interest, one zip or .roi per image, with the images.

::

    SRC/**/<id>.zip         also <id>_rois.zip (cellpose), <id>_RoiSet.zip, <id>.roi; RoiSet.zip beside one image alone
    SRC/**/<id>.<tif...>    the image, beside it or anywhere below SRC

Regions: `hooke.io.annotations.imagej`; overlaps: `hooke.labels.shape_layer`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hooke.datasets.adapter import Sample
from hooke.datasets.adapters.annotated_image import read_annotated
from hooke.datasets.adapters.image_search import ImageSearch, annotation_files
from hooke.datasets.layout import Entry
from hooke.io.annotations.imagej import read_regions, require_roifile
from hooke.io.annotations.json_fields import located
from hooke.io.formats import has_image_suffix
from hooke.io.naming import image_ids

TAKES = "ImageJ: a zip of ROIs (or one .roi) and the image of the same name; ROI group as class; extra: formats"

OF_IMAGE = re.compile(r"(?i)(?P<stem>.+?)[-_. ]?(roiset|rois?)$")


@dataclass(frozen=True)
class ImagejSource:
    """The file of regions of each id, and where the images are."""

    search: ImageSearch
    files: dict[str, Path]


def find(src: str | Path) -> tuple[ImagejSource, list[Entry]]:
    """List the files of regions in a folder and its subfolders.

    Parameters
    ----------
    src : str or Path
        The folder, or one file.

    Returns
    -------
    source : ImagejSource
        For `load`.
    entries : list of Entry
        One per file, sorted by path; named after the image.

    Raises
    ------
    DatasetError
        If there is none, or the library that reads them is not installed.
    """
    require_roifile()
    src = Path(src)
    paths = annotation_files(src, [".zip", ".roi"])
    folder = src if src.is_dir() else src.parent
    names = [str(path.relative_to(folder).with_name(f"{_stem(path)}.roi")) for path in paths]
    files = dict(zip(image_ids(names), paths, strict=True))
    return ImagejSource(ImageSearch(folder), files), [Entry(id_) for id_ in files]


def load(source: ImagejSource, id_: str) -> Sample:
    """Read one image and paint its regions.

    Raises
    ------
    DatasetError
        If the regions are damaged, or there is no image of their name.
    ImageReadError
        If the image is damaged.
    """
    path = source.files[id_]
    with located(path):
        # Neither ImageJ nor Cellpose turns an image by its orientation tag.
        image = read_annotated(_image(source.search, path), None, usual="stored")
    return Sample.from_shapes(image, read_regions(path, image.shape[:2]))


def _stem(path: Path) -> str:
    """Name of the image, which a file of regions has before ``_rois`` or the like."""
    match = OF_IMAGE.match(path.stem)
    return match["stem"] if match else path.stem


def _image(search: ImageSearch, path: Path) -> Path:
    """Find the image; for ImageJ's own name RoiSet.zip, the only one beside it."""
    beside = [other for other in path.parent.iterdir() if has_image_suffix(other)]
    if path.stem.lower() == "roiset" and len(beside) == 1:
        return beside[0]
    stem = _stem(path)
    return search.named(stem, path.parent) if search.knows(stem) else search.of_stem(stem, path.parent)
