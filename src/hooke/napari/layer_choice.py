"""Reads what a widget needs from napari's layers: pixels, sizes, where a layer lies, and which image labels are of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.io import ImageFile
from hooke.io.levels import Region
from hooke.napari.corrected_layers import CorrectedLayer
from hooke.napari.layer_data import OWN, Placement
from hooke.napari.layer_region import drawn_region
from hooke.napari.layer_stack import guess_axes, layer_file, parse_axes
from hooke.napari.physical_size import PhysicalSize, physical_size

#: A layer of napari; its classes are not needed here.
Layer = Any


def finest(layer: Layer) -> Any:
    """The array of a layer; of a pyramid, its finest level."""
    return layer.data[0] if getattr(layer, "multiscale", False) else layer.data


def is_rgb(layer: Layer) -> bool:
    """Whether the last axis is colours."""
    return bool(getattr(layer, "rgb", False))


def axes_of(layer: Layer) -> str:
    """Guess the letters of a layer's axes; empty for no image."""
    return guess_axes(finest(layer).shape, is_rgb=is_rgb(layer), axis_labels=tuple(layer.axis_labels))


def size_of(layer: Layer, axes: str) -> PhysicalSize:
    """Sizes of a layer's pixels and steps, by its units."""
    return physical_size(tuple(layer.scale), tuple(layer.units), axes)


def placement_of(layer: Layer, axes: str) -> Placement:
    """Where the labels of an image lie: as the image, without its axis of channels."""
    kept = [at for at, letter in enumerate(axes) if letter != "C"]
    linear = {} if len(kept) < len(axes) else {name: getattr(layer, name) for name in ("rotate", "shear", "affine")}
    return Placement(
        tuple(float(layer.scale[at]) for at in kept),
        tuple(float(layer.translate[at]) for at in kept),
        tuple(str(layer.units[at]) for at in kept),
        tuple(str(layer.axis_labels[at]) for at in kept),
        linear,
    )


def moved_placement(layer: Layer, axes: str, at: dict[str, int], region: Region | None) -> Placement:
    """Where the labels of a part lie: of one plane, or of a region, or both."""
    corner = np.zeros(len(axes))
    for letter, index in at.items():
        corner[axes.index(letter)] = index
    if region is not None:
        corner[-2:] = region[:2]
    kept = [place for place, letter in enumerate(axes) if letter != "C"]
    world = np.asarray(layer.data_to_world(corner)) - np.asarray(layer.data_to_world(np.zeros(len(axes))))
    # The world's step includes the layer's further affine transform, which comes after its own shift.
    step = np.linalg.solve(np.asarray(layer.affine.linear_matrix), world)
    return placement_of(layer, axes).moved(step[kept].tolist())


def shown_position(viewer: Any, layer: Layer, axes: str) -> dict[str, int]:
    """Position of the plane of a layer that is shown, by the letter of each axis of planes."""
    steps = viewer.dims.current_step[-len(axes) :]
    point = np.asarray(viewer.dims.point)[-len(axes) :]
    if len(steps) < len(axes):
        raise ConfigError(f"{layer.name} is not shown", remedy="show it, so that one of its planes can be chosen")
    place = np.asarray(layer.world_to_data(point))
    shape = finest(layer).shape
    found = {}
    for at, letter in enumerate(axes[:-2]):
        if letter != "C":
            found[letter] = int(np.clip(round(float(place[at])), 0, shape[at] - 1))
    return found


def region_of(shapes: Layer, layer: Layer, axes: str) -> tuple[Region, NDArray[np.bool_] | None]:
    """The region of an image that a shapes layer encloses: its selected shapes, or all.

    Raises
    ------
    ConfigError
        When they enclose nothing of the image.
    """
    chosen = sorted(shapes.selected_data) or range(len(shapes.data))
    height, width = (int(side) for side in finest(layer).shape[len(axes) - 2 : len(axes)])
    corners = [_in_pixels(shapes, layer, shapes.data[index]) for index in chosen]
    return drawn_region(corners, [str(shapes.shape_type[index]) for index in chosen], (height, width))


def _in_pixels(shapes: Layer, layer: Layer, corners: NDArray[np.generic]) -> NDArray[np.float64]:
    """Corners of a shape in y and x of an image's pixels."""
    points = np.asarray([shapes.data_to_world(corner)[-2:] for corner in np.asarray(corners, np.float64)])
    front = np.asarray(layer.data_to_world(np.zeros(layer.ndim)))[:-2]
    return np.asarray([layer.world_to_data(np.concatenate([front, point]))[-2:] for point in points], np.float64)


def file_of(layer: Layer, axes: str, at: dict[str, int] | None, region: Region | None) -> ImageFile:
    """Give a layer, or a part of it, as hooke reads files."""
    size = size_of(layer, axes)
    return layer_file(
        finest(layer),
        axes,
        is_rgb=is_rgb(layer),
        name=str(layer.name),
        pixel_size_um=size.pixel_size_um,
        z_step_um=size.z_step_um,
        region=region,
        at=at,
    )


def corrected_layer(viewer: Any, labels: Layer, fallback: Layer | None) -> CorrectedLayer:
    """The plane of a labels layer that is shown, with the image that it is of.

    Parameters
    ----------
    viewer : napari.Viewer
    labels : napari.layers.Labels
    fallback : napari.layers.Image or None
        The image of labels that do not say theirs.

    Raises
    ------
    ConfigError
        When the image is not known, or does not fit.
    """
    noted = labels.metadata.get(OWN, {})
    named = noted.get("image", "")
    image = viewer.layers[named] if named and named in viewer.layers else fallback
    if image is None:
        remedy = "choose the image that it is of"
        raise ConfigError(f"{labels.name}: its image is not known", remedy=remedy)
    axes = str(noted.get("axes") or axes_of(image))
    letters = parse_axes(axes, finest(image).shape, is_rgb=is_rgb(image)).letters
    region = noted.get("region")
    at = dict(noted.get("at") or {})
    array = np.asarray(finest(labels))
    name = str(labels.name)
    stack = letters.replace("C", "")
    if stack and not at:
        at = shown_position(viewer, image, axes)
        if array.ndim != len(stack) + 2:
            raise ConfigError(
                f"{name}: labels of {array.ndim} axes for {axes}", remedy="choose the image that it is of"
            )
        plane = array[tuple(at[letter] for letter in stack)]
        name += "".join(f" {letter.lower()}{at[letter]}" for letter in stack)
    else:
        plane = array.reshape(array.shape[-2:]) if array.size == array.shape[-1] * array.shape[-2] else array
    file = file_of(image, axes, at or None, None if region is None else tuple(region))
    shown = replace(file.plane(0), name=name, path=None)
    return CorrectedLayer(name, shown, plane, noted.get("drawn"))
