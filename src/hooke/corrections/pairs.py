"""Finds images and their corrected labels: in a data set, in a folder, or in what ``hooke segment`` wrote."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hooke.datasets.layout import INDEX_NAME, find_image, read_index_table, rows_of_split
from hooke.errors import DatasetError
from hooke.evaluation import open_labels
from hooke.io import find_images
from hooke.io.annotations import AnnotationFiles
from hooke.io.annotations.annotation_files import LABEL_SUFFIXES, image_name, is_annotations
from hooke.io.channel_files import find_channels
from hooke.io.entry import Entry, run_entries
from hooke.io.formats import has_image_suffix, result_stem
from hooke.io.name_match import pair_names, some_names
from hooke.io.naming import unique_names
from hooke.labels.labelled_image import LabelSource

#: Folder of a run's output in which corrected labels or annotations are searched first.
CORRECTED = "corrected"
_LABEL_FOLDERS = ("labels", "masks")
_CELLPOSE = ("_cp_masks", "_masks")
_LEFT_BY_CELLPOSE = ("_flows", "_outlines", "_cp_output")
_CHANGE = (
    f"save corrected label images over those in labels/, or put label images or annotations into {CORRECTED}/, named "
    "like the images"
)


@dataclass(frozen=True)
class Pair:
    """An image and its corrected labels, not read yet.

    Parameters
    ----------
    name : str
        Of the image.
    image : Path
    labels : LabelSource
    called : str
        Name of the image in the source of labels.
    scene : str
        Of the image's file; empty where it has one.
    channels : mapping of str to str
        The file of each channel, of an image of several files; empty for others.
    group : str
        Images of one group show the same place; its name where that is unknown.
    split : str, optional
    """

    name: str
    image: Path
    labels: LabelSource
    called: str
    scene: str = ""
    group: str = ""
    split: str | None = None
    channels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pairs:
    """What was found.

    Parameters
    ----------
    pairs : dict of str to Pair
        By the name of the image.
    failed : dict of str to str
        Why a label image has no image, by its name.
    untouched : int
        Images of a run whose labels nobody changed.
    """

    pairs: dict[str, Pair]
    failed: dict[str, str] = field(default_factory=dict)
    untouched: int = 0


def find_pairs(
    path: Path, images: Path | None = None, split: str | None = None, split_components: bool | None = None
) -> Pairs:
    """Find the pairs of images and labels; see `hooke.corrections.open_corrected` for parameters and errors."""
    if not path.exists():
        raise DatasetError("no such file or folder", path=path, remedy="name the corrected images")
    if images is not None:
        _refuse_split(split, path)
        source = _labels_of(path, split_components)
        return _by_name(source, *_images(images, source.names), path, images)
    if path.is_file():
        raise DatasetError("is one file", path=path, remedy="name the image, or the folder of images, with --images")
    if (path / INDEX_NAME).is_file():
        return _of_dataset(path, split, split_components)
    _refuse_split(split, path)
    if (path / ".hooke").is_dir():
        return _of_run(path, split_components)
    return _of_folder(path, split_components)


def _refuse_split(split: str | None, path: Path) -> None:
    if split is not None:
        raise DatasetError(f"has no {INDEX_NAME}, so no split {split!r}", path=path, remedy="leave the split out")


def _of_dataset(folder: Path, split: str | None, split_components: bool | None) -> Pairs:
    """Find the images of hooke's own data set."""
    source = open_labels(folder, split_components=split_components)
    table = read_index_table(folder / INDEX_NAME, optional=("split", "field_of_view"))
    table = rows_of_split(table, split, folder)
    pairs, failed = {}, {}
    for row in table.to_dict("records"):
        name, image = str(row["id"]), find_image(folder, str(row["id"]))
        if image is None or name not in source:
            failed[name] = f"{folder}: has no {'image' if image is None else 'label image'} {name}"
            continue
        group = str(row.get("field_of_view") or name)
        pairs[name] = Pair(name, image, source, name, group=group, split=row.get("split"))
    return Pairs(pairs, failed)


def _of_run(out: Path, split_components: bool | None) -> Pairs:
    """Find the images of a run whose labels were changed since, or have corrections in a folder of their own."""
    entries = {entry.name: entry for entry in run_entries(out) if entry.is_done and entry.path}
    if not entries:
        raise DatasetError("holds no results of hooke segment", path=out, remedy="segment images into it first")
    corrected = out / CORRECTED
    if corrected.is_dir() and any(corrected.iterdir()):
        source = _labels_of(corrected, split_components)
        found = _by_name(source, *_of_entries(entries), corrected, out)
        return replace(found, untouched=len(entries) - len(found.pairs))
    source = open_labels(out, split_components=split_components)
    pairs = {
        name: Pair(name, Path(entry.path), source, name, scene=entry.scene, group=name, channels=entry.channels)
        for name, entry in entries.items()
        if name in source and _is_changed(out, entry)
    }
    if not pairs:
        raise DatasetError(f"the labels of {len(entries)} image(s) are as the run wrote them", path=out, remedy=_CHANGE)
    return Pairs(pairs, untouched=len(entries) - len(pairs))


def _is_changed(out: Path, entry: Entry) -> bool:
    """Whether the label image is another than the run wrote."""
    name = f"labels/{entry.name}.tif"
    return name in entry.files and not entry.files[name].is_whole(out / name)


def _of_folder(folder: Path, split_components: bool | None) -> Pairs:
    """Find the images and labels of any folder: in folders of their own, or side by side."""
    labels = next((folder / name for name in _LABEL_FOLDERS if (folder / name).is_dir()), None)
    if labels is not None and (folder / "images").is_dir():
        source = _labels_of(labels, split_components)
        return _by_name(source, *_images(folder / "images", source.names), labels, folder / "images")
    if labels is not None:
        remedy = "put the images into a folder images beside it, or name them with --images"
        raise DatasetError("no images beside these labels", path=labels, remedy=remedy)
    files = [file for file in sorted(folder.iterdir()) if file.is_file() and not file.name.startswith(".")]
    annotations = {name: file for file in files if (name := _annotated_name(file)) is not None}
    images = {
        result_stem(file): file
        for file in files
        if has_image_suffix(file) and file not in annotations.values() and _is_image(file)
    }
    if not annotations:
        remedy = "give images/ and labels/ of equal names, images with annotations beside them, or --images"
        raise DatasetError("no labels here", path=folder, remedy=remedy)
    return _by_name(AnnotationFiles(annotations, split_components), images, {}, folder, folder)


def _annotated_name(file: Path) -> str | None:
    """Name the image that a file beside images annotates; None where it is something else."""
    if is_annotations(file):
        return image_name(file)
    ending = next((ending for ending in _CELLPOSE if result_stem(file).endswith(ending)), None)
    if ending is None or file.suffix.lower() not in LABEL_SUFFIXES:
        return None
    return result_stem(file).removesuffix(ending)


def _is_image(file: Path) -> bool:
    return not result_stem(file).endswith(_LEFT_BY_CELLPOSE)


def _labels_of(path: Path, split_components: bool | None) -> LabelSource:
    return open_labels(path, split_components=split_components)


@dataclass(frozen=True)
class _Origin:
    """What of its file, or of which files, an image is."""

    scene: str = ""
    channels: Mapping[str, str] = field(default_factory=dict)


def _of_entries(entries: Mapping[str, Entry]) -> tuple[dict[str, Path], dict[str, _Origin]]:
    """Images of a run, by their name."""
    paths = {name: Path(entry.path) for name, entry in entries.items()}
    return paths, {name: _Origin(entry.scene, entry.channels) for name, entry in entries.items()}


def _images(path: Path, known: Collection[str]) -> tuple[dict[str, Path], dict[str, _Origin]]:
    """Images of a file or folder by their name, where labels of these names are known; of a run, those that it read."""
    if (path / ".hooke").is_dir():
        return _of_entries({entry.name: entry for entry in run_entries(path) if entry.path})
    if (path / INDEX_NAME).is_file():
        path = path / "images"
    paths, channels = find_channels(find_images([path], results=True))
    found: dict[str, Path] = {}
    for file, name in zip(paths, channels.names_like(paths, unique_names(paths), known), strict=True):
        if name in found:
            raise DatasetError(f"{found[name].name} and {file.name} share a name", path=path, remedy="rename one")
        found[name] = file
    return found, {name: _Origin(channels=channels.recorded(file)) for name, file in found.items()}


def _by_name(
    source: LabelSource, images: Mapping[str, Path], origins: Mapping[str, _Origin], labels_at: Path, images_at: Path
) -> Pairs:
    """Pair labels and images by their names."""

    def pair(name: str, called: str) -> Pair:
        origin = origins.get(name, _Origin())
        return Pair(name, images[name], source, called, scene=origin.scene, group=name, channels=origin.channels)

    if len(images) == len(source.names) == 1:  # a single file of either, under any name
        (name,), (called,) = images, source.names
        return Pairs({name: pair(name, called)})
    meant = pair_names(source.names, images, path=labels_at)
    pairs = {meant[name]: pair(meant[name], name) for name in source.names if name in meant}
    if not pairs:
        cause = f"no labels and images of one name: labels of {some_names(source.names)}; images {some_names(images)}"
        raise DatasetError(cause, path=labels_at, remedy="name each label image or annotation like its image")
    failed = {
        name: f"{labels_at}: no image of the name {name} in {images_at}" for name in source.names if name not in meant
    }
    return Pairs(pairs, failed)
