"""Converts label images and annotations of any format that hooke reads to any that it writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import ConfigError, DatasetError, HookeError, OutputError
from hooke.evaluation.sources import open_labels
from hooke.image import Image
from hooke.io import ImageFile, open_image, search_images
from hooke.io.annotations.annotated_plane import AnnotatedPlane
from hooke.io.annotations.annotation_files import GEOJSON, AnnotationFiles, is_label_image
from hooke.io.annotations.geojson import OUTLINES, write_geojson
from hooke.io.annotations.geojson_text import ObjectType
from hooke.io.annotations.writers import WRITERS, Writer, parse_formats
from hooke.io.name_match import pair_names
from hooke.io.naming import unique_names
from hooke.io.warning_cell import join_warnings
from hooke.labels.labelled_image import LabelledImage, LabelSource
from hooke.measure import known_channels, measure


@dataclass(frozen=True)
class Conversion:
    """What was written.

    Parameters
    ----------
    format : str
    paths : list of Path
    objects : dict of str to int
        Number of objects by image.
    notes : dict of str to str
        What had to be decided, by image.
    failed : dict of str to str
        Why an image was not written, by name.
    """

    format: str
    paths: list[Path]
    objects: dict[str, int] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def convert(
    labels: str | Path,
    out: str | Path,
    *,
    to: str | None = None,
    images: str | Path | None = None,
    nuclei: str | Path | None = None,
    object_type: ObjectType = "detection",
    outline: str = "object",
) -> Conversion:
    """Convert label images or annotations to another format.

    Parameters
    ----------
    labels : str or Path
        What `hooke.evaluate` takes: label images, a data set, what ``hooke segment`` wrote, or a file or folder of
        another format.
    out : str or Path
        The file to write; without an ending it gets the format's. A folder, where there are several images and the
        format holds one a file, or one that is there already.
    to : str, optional
        The format, a key of `hooke.io.annotations.WRITERS`; from the ending of `out` where not given.
    images : str or Path, optional
        The image, or a folder of images with the names of the labels: for formats that do not state its size, and for
        intensities among the measurements.
    nuclei : str or Path, optional
        Label images of nuclei that have the ids of their cells: for cells in QuPath.
    object_type : {"detection", "annotation", "cell"}
        What QuPath makes of each object.
    outline : {"object", "nucleus"}
        Of QuPath's cells, the outline of the cell or that of its nucleus, where there is one.

    Returns
    -------
    Conversion

    Raises
    ------
    HookeError
        When nothing can be read or written. What is wrong with a single image is reported, and the others continue.
    """
    source, out = _source(labels, outline), Path(out)
    name = _format(out, to)
    writer = WRITERS[name]
    if name == "geojson":
        writer = replace(writer, write=partial(_write_geojson, object_type=object_type))
    elif nuclei is not None or object_type != "detection":
        raise ConfigError("nuclei and object types are for QuPath only", remedy="write geojson, or leave them out")
    made = Conversion(name, [])
    own_nuclei = None if nuclei is None else open_labels(nuclei)
    planes = _planes(source, images, own_nuclei, made, writer.measures)
    if writer.joins:
        file = _one_file(out, name, writer)
        writer.write(file, planes)
        made.paths.append(file)
    else:
        _write_each(writer, out, planes, made, several=len(source.names) > 1 or out.suffix == "")
    if made.failed and not made.objects:
        raise DatasetError(f"no image could be converted: {next(iter(made.failed.values()))}", path=Path(labels))
    return made


def _source(labels: str | Path, outline: str) -> LabelSource:
    """Open what is converted; of QuPath's cells the outline that is wanted."""
    source = open_labels(labels)
    if outline not in OUTLINES:
        raise ConfigError(f"no outline {outline!r}", remedy=f"choose one of: {', '.join(OUTLINES)}")
    if outline == "object":
        return source
    if not isinstance(source, AnnotationFiles) or any(path.suffix.lower() != GEOJSON for path in source.files.values()):
        raise ConfigError(f"the outline of the {outline} is in QuPath's GeoJSON only", remedy="leave outline out")
    return AnnotationFiles(source.files, outline=outline)


def _format(out: Path, to: str | None) -> str:
    """Name the format, from the ending of the file where it is not said."""
    if to is not None:
        (name, *others) = parse_formats(to) or ("",)
        if others or not name:
            raise ConfigError(f"{to!r} is not one format", remedy=f"choose one of: {', '.join(WRITERS)}")
        return name
    by_ending = {writer.suffix: name for name, writer in reversed(WRITERS.items())} | {
        ".tiff": "labels", ".zarr": "ome-zarr",
    }  # fmt: skip
    ending = next((ending for ending in by_ending if out.name.lower().endswith(ending)), None)
    if ending is None:
        remedy = f"choose one with --to: {', '.join(WRITERS)}"
        raise ConfigError(f"{out.name!r} does not say which format to write", remedy=remedy)
    return by_ending[ending]


def _one_file(out: Path, name: str, writer: Writer) -> Path:
    """The file for all images: within a folder that is there; a name without an ending gets the format's."""
    if out.is_dir():
        return out / f"{name}{writer.suffix}"
    return out if out.suffix else out.with_name(out.name + writer.suffix)


def _write_each(
    writer: Writer, out: Path, planes: Iterator[AnnotatedPlane], made: Conversion, *, several: bool
) -> None:
    """Write a file per plane: into a folder, where there is more than one or a folder is named."""
    for plane in planes:
        if not (several or plane.position):
            path = out
        else:
            if out.is_file():
                raise OutputError("is a file, and several are to be written", path=out, remedy="name a folder")
            path = out / f"{plane.name}{writer.suffix}"
        writer.write(path, [plane])
        made.paths.append(path)


def _planes(
    source: LabelSource, images: str | Path | None, nuclei: LabelSource | None, made: Conversion, measures: bool
) -> Iterator[AnnotatedPlane]:
    """Read image by image, and measure the objects of each plane."""
    pictures = _Pictures(images, source.names)
    for name in source.names:
        try:
            planes = list(_planes_of(name, source, pictures, nuclei, measures))
        except HookeError as error:
            made.failed[name] = str(error)
            continue
        made.objects[name] = sum(len(plane.ids) for plane in planes)
        if note := join_warnings([planes[0].content.note, *planes[0].content.oddities]):
            made.notes[name] = note
        yield from planes


def _planes_of(
    name: str, source: LabelSource, pictures: _Pictures, nuclei: LabelSource | None, measures: bool
) -> Iterator[AnnotatedPlane]:
    """Take the label image of one image apart into its planes."""
    picture = pictures.find(name)
    file = None if picture is None else open_image(picture)
    content = source.read(name, None if file is None else file.plane_shape[:2])
    own = None if nuclei is None else _nuclei(name, source, nuclei, content)
    stored = _label_image(name, source)
    axes = _axes(stored, content.labels.shape[:-2])
    for place, index in enumerate(np.ndindex(content.labels.shape[:-2])):
        position = dict(zip(axes, index, strict=True))
        labels = content.labels[index]
        image = None if file is None else file.plane(_plane_number(file, position, place, content.labels.shape[:-2]))
        if image is not None and image.pixels.shape[:2] != labels.shape:
            sizes = " and ".join(f"{shape[0]} x {shape[1]}" for shape in (labels.shape, image.pixels.shape))
            raise DatasetError(
                f"labels and image differ in size: {sizes} pixels", path=picture, remedy="give the labels' own image"
            )
        yield AnnotatedPlane(
            name=name + "".join(f"_{axis}{at}" for axis, at in position.items()),
            content=replace(content, labels=labels),
            table=_measured(labels, image) if measures else None,
            position=position,
            pixel_size_um=_pixel_size(image, stored),
            image_file="" if picture is None else picture.name,
            nuclei=own,
        )


def _plane_number(file: ImageFile, position: Mapping[str, int], place: int, sizes: tuple[int, ...]) -> int:
    """Which plane of an image a label image in a stack of these sizes is of: by the letters of its axes, or in order.

    Raises
    ------
    DatasetError
        When the stacks differ in their sizes.
    """
    if len(file) == 1:
        return 0
    own = {axis: size for axis, size in zip(position, sizes, strict=True) if axis != "c"}
    wanted = dict(zip(file.axes.lower(), file.stack_shape, strict=True))
    if own == wanted:
        return int(np.ravel_multi_index([position[axis] for axis in wanted], file.stack_shape))
    if sizes in (file.stack_shape, (len(file),)):  # whose axes have other names, or none
        return place
    texts = [" x ".join(f"{axis.upper()} {size}" for axis, size in axes.items()) or "1" for axes in (own, wanted)]
    cause = f"labels and image differ in their planes: {texts[0]} and {texts[1]}"
    raise DatasetError(cause, path=file.path, remedy="give the labels' own image, or leave it out")


def _measured(labels: NDArray[np.int32], image: Image | None) -> pd.DataFrame:
    """Measure the objects, with their intensities where the image is known."""
    if image is None:
        return measure(labels, None)
    return measure(labels, image.pixels, pixel_size_um=image.pixel_size_um, channel_names=known_channels(image))


def _pixel_size(*known: Image | ImageFile | None) -> tuple[float, float] | None:
    """The first size of a pixel that is known."""
    return next((image.pixel_size_um for image in known if image is not None and image.pixel_size_um), None)


def _nuclei(name: str, cells: LabelSource, nuclei: LabelSource, content: LabelledImage) -> NDArray[np.int32]:
    """Read the nuclei of an image of cells: those of its name, or the only ones where there is one image."""
    own = nuclei.names[0] if len(cells.names) == len(nuclei.names) == 1 else name
    if own not in nuclei:
        raise DatasetError(f"no label image of nuclei for {name}", remedy="give one of the same name")
    found = nuclei.read(own, content.labels.shape).labels
    if found.shape != content.labels.shape:
        raise DatasetError(f"cells and nuclei of {name} differ in size", remedy="give label images of one image")
    return found


def _label_image(name: str, source: LabelSource) -> ImageFile | None:
    """The file of a label image, which knows axes and pixel size; None where the source has none."""
    path: Path | None = getattr(source, "files", {}).get(name)
    return open_image(path) if path is not None and is_label_image(path) else None


def _axes(stored: ImageFile | None, shape: tuple[int, ...]) -> str:
    """Letters of a stack's axes: as its file says, or z, or t and z."""
    stated, count = "" if stored is None else stored.axes.lower(), len(shape)
    if stored is not None and len(stated) + 1 == count and stored.plane_shape[2:] and stored.plane_shape[2] in shape:
        place = shape.index(stored.plane_shape[2])  # labels of each channel
        stated = f"{stated[:place]}c{stated[place:]}"
    return stated if len(stated) == count else "tzc"[:count] if count > 1 else "z"[:count]


class _Pictures:
    """Images by the name of their labels (`hooke.io.name_match`): one image for all, or those of a folder."""

    def __init__(self, path: str | Path | None, names: Sequence[str]) -> None:
        self.path = None if path is None else Path(path)
        found = [] if path is None else search_images([path]).paths
        files = dict(zip(unique_names(found), found, strict=True))
        self.files = {name: files[meant] for name, meant in pair_names(names, files, path=self.path or "").items()}

    def find(self, name: str) -> Path | None:
        """The image of this name; None where no images are given."""
        if self.path is None:
            return None
        if self.path.is_file():
            return self.path
        if name not in self.files:
            raise DatasetError(f"no image is named {name}", path=self.path, remedy="name images and labels alike")
        return self.files[name]


def _write_geojson(path: Path, planes: list[AnnotatedPlane], object_type: ObjectType) -> None:
    for plane in planes:
        write_geojson(path, plane, object_type=object_type)
