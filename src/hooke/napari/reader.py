"""Opens hooke's label images, results of runs and data sets in napari, as labels layers with their measurements."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.datasets import INDEX_NAME, find_image, find_labels, read_entries
from hooke.errors import DatasetError
from hooke.io import ImageFile, find_images, open_image, read_labels
from hooke.io.annotations import read_classes
from hooke.io.channel_files import open_recorded
from hooke.io.entry import run_entries
from hooke.io.tables import read_own_table
from hooke.labels.recognition import holds_labels
from hooke.limits import check_memory
from hooke.napari.layer_data import OWN, LayerData, object_features
from hooke.napari.physical_size import PhysicalSize
from hooke.pipeline.result_files import DEPTH_TABLE

_MOST = 20  # images of a folder that are opened
_LABELS, _MEASUREMENTS, _SUMMARY = "labels", "measurements.csv", "summary.csv"
_TIFFS = (".tif", ".tiff")
_COLOURS = ("cyan", "magenta", "yellow", "green", "red", "blue")

Reader = Callable[[Any], list[LayerData]]


def get_reader(path: str | list[str]) -> Reader | None:
    """Say what opens a path; None where hooke does not.

    Parameters
    ----------
    path : str or list of str
        A TIFF, what ``hooke segment`` wrote, or a hooke data set. Several that are to be one stack are not opened.
    """
    if not isinstance(path, str):
        if len(path) != 1:
            return None
        path = path[0]
    place = Path(path)
    if place.is_dir():
        known = _is_results(place) or (place / INDEX_NAME).is_file()
        return read_layers if known else None
    return read_layers if place.suffix.lower() in _TIFFS else None


def read_layers(path: str | list[str]) -> list[LayerData]:
    """Open a path; see `get_reader`.

    Returns
    -------
    list of (data, dict, str)
        Of a folder, the first images and their objects; of a label image, its objects; of another TIFF, its channels.

    Raises
    ------
    HookeError
        When it can't be read.
    """
    place = Path(path if isinstance(path, str) else path[0])
    if not place.is_dir():
        return _read_tiff(place)
    if _is_results(place):
        return _read_results(place)
    return _read_dataset(place)


def _is_results(folder: Path) -> bool:
    return (folder / _LABELS).is_dir() and (folder / _SUMMARY).is_file()


def _read_tiff(path: Path) -> list[LayerData]:
    file = open_image(path)
    if len(file.plane_shape) == 2:
        results = path.parent.parent if path.parent.name == _LABELS and _is_results(path.parent.parent) else None
        if results is not None or holds_labels(file.plane(len(file) // 2).pixels) is not False:
            return [_labels_layer(path, file, results, path.stem, "")]
    return list(_image_layers(file, path.stem))


def _read_results(folder: Path) -> list[LayerData]:
    files = find_images([folder / _LABELS], results=True)
    entries = {entry.name: entry for entry in run_entries(folder) if entry.path and Path(entry.path).is_file()}
    layers: list[LayerData] = []
    for path in _first(files, folder):
        shown: list[LayerData] = []
        if (entry := entries.get(path.stem)) is not None:
            image = open_recorded(entry.path, entry.scene, entry.channels)
            shown = list(_image_layers(image, path.stem, len(layers) > 0))
        layers += shown
        named = str(shown[0][1]["name"]) if len(shown) == 1 else ""
        layer = _labels_layer(path, open_image(path), folder, f"{path.stem} objects", named)
        layer[1]["visible"] = len(layers) == len(shown)
        layers.append(layer)
    return layers


def _read_dataset(folder: Path) -> list[LayerData]:
    layers: list[LayerData] = []
    classes = read_classes(folder)
    for entry in _first(read_entries(folder), folder):
        image, labels = find_image(folder, entry.id), find_labels(folder, entry.id)
        if image is None or labels is None:
            cause = f"{entry.id} has no {'image' if image is None else 'label image'}"
            raise DatasetError(cause, path=folder, remedy="prepare the data set again")
        hidden = len(layers) > 0
        shown = list(_image_layers(open_image(image), entry.id, hidden))
        named = classes.get(entry.id, {})
        features = object_features(pd.DataFrame({"label": list(named), "class": list(named.values())}))
        attributes: dict[str, Any] = {"name": f"{entry.id} objects", "visible": not hidden}
        attributes["metadata"] = {OWN: {"image": entry.id if len(shown) == 1 else ""}}
        if named:
            attributes["features"] = features
        layers += [*shown, (read_labels(labels), attributes, "labels")]
    return layers


def _first(found: list[Any], folder: Path) -> list[Any]:
    """As many as napari shows at a time without becoming slow."""
    if not found:
        raise DatasetError("holds no image", path=folder, remedy="choose another folder")
    if len(found) > _MOST:
        text = f"{folder.name}: the first {_MOST} of {len(found)} images are opened; drag files of others into napari"
        warnings.warn(text, stacklevel=2)
    return found[:_MOST]


def _labels_layer(path: Path, file: ImageFile, results: Path | None, name: str, image: str) -> LayerData:
    """A label image, with what the run's tables say of its objects."""
    labels = read_labels(path)
    features = None if results is None else _features(results, path.stem, labels)
    size = PhysicalSize(file.pixel_size_um, file.z_step_um, file.time_step_s)
    attributes: dict[str, Any] = {"name": name, "metadata": {OWN: {"image": image}}}
    attributes |= size.placement(f"{file.axes}YX") if labels.ndim == len(file.axes) + 2 else {}
    if features is not None:
        attributes["features"] = features
    return labels, attributes, "labels"


def _features(results: Path, name: str, labels: NDArray[np.int32]) -> pd.DataFrame | None:
    """Measurements of an image's objects; those of planes that are numbered each from 1 get numbers of their own."""
    in_depth = _rows(results / DEPTH_TABLE, name)
    if in_depth is not None:
        return object_features(in_depth).drop_duplicates("index", ignore_index=True)
    table = _rows(results / _MEASUREMENTS, name)
    if table is None:
        return None
    # Columns in front say where in the stack a row is; the file may call an axis otherwise, where OME has no such.
    places = list(table.columns[: table.columns.get_loc("label")])
    if not places or len(places) != labels.ndim - 2:
        return object_features(table)
    planes = labels.reshape(-1, *labels.shape[-2:])
    largest = np.array([plane.max(initial=0) for plane in planes], np.int64)
    before = np.concatenate([[0], np.cumsum(largest)[:-1]])
    for plane, first in zip(planes, before.tolist(), strict=True):
        plane[plane > 0] += first
    where = tuple(table[axis].to_numpy(np.int64) for axis in places)
    at = np.ravel_multi_index(where, labels.shape[:-2], mode="clip")
    return object_features(table, table["label"].to_numpy(np.int64) + before[at])


def _rows(path: Path, name: str) -> pd.DataFrame | None:
    """Rows of one image of a table; None where there is no such table, or its columns are called otherwise."""
    if not path.is_file():
        return None
    table = read_own_table(path)
    if not {"image", "label"} <= set(table.columns):
        return None
    found = table[table["image"] == name]
    if not len(found):
        return None
    return found.drop(columns=["image", "folder", "suffix"], errors="ignore").reset_index(drop=True)


def _image_layers(file: ImageFile, name: str, hidden: bool = False) -> Iterator[LayerData]:
    """An image layer for each channel, or one for a colour picture."""
    count = len(file)
    first = file.plane(0).pixels
    check_memory(2 * count * first.nbytes, file.path)
    planes = first[None] if count == 1 else np.stack([first, *(file.plane(at).pixels for at in range(1, count))])
    pixels = planes.reshape(*file.stack_shape, *first.shape)
    size = PhysicalSize(file.pixel_size_um, file.z_step_um, file.time_step_s)
    attributes: dict[str, Any] = {"visible": not hidden, **size.placement(f"{file.axes}YX")}
    if file.is_rgb or first.ndim == 2:
        shown = {"rgb": True} if file.is_rgb else {"colormap": "gray"}
        yield pixels, {"name": name, **attributes, **shown}, "image"
        return
    channels = first.shape[2]
    names = file.channel_names or tuple(f"channel {number}" for number in range(channels))
    for number, called in enumerate(names):
        shown = {"colormap": _COLOURS[number % len(_COLOURS)], "blending": "additive"}
        yield pixels[..., number], {"name": f"{name} {called}", **attributes, **shown}, "image"
