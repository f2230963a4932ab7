"""Segments what a layer shows, and makes the labels layer of what was found: no number is on two objects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.io import ImageFile
from hooke.models import load_model
from hooke.napari.layer_data import OWN, LayerData, Placement, object_features
from hooke.napari.layer_job import LayerJob
from hooke.pipeline import Segmentation, SegmentOptions, StackSegmentation
from hooke.pipeline.segmentation import placed_table, summary_row
from hooke.pipeline.settings import check_used
from hooke.pipeline.stack_planes import segment_planes
from hooke.pipeline.stack_segmentation import stack_work
from hooke.pipeline.stitching import check_depth

_SEGMENTING = 0.9  # of the work; the rest is joining and measuring
_INSIDE = 0.5  # of its pixels that an object of a drawn region has in it


@dataclass(frozen=True, eq=False)
class FoundObjects:
    """What was found, as a labels layer needs it.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X) or (..., Y, X)
        Objects of different planes have different numbers, unless they are one object.
    features : DataFrame
        A row per object, by ``index``.
    warnings : tuple of str
        Each once.
    chosen : str
        Model, channel and diameter, in words.
    """

    labels: NDArray[np.int32]
    features: pd.DataFrame
    warnings: tuple[str, ...]
    chosen: str

    @property
    def count(self) -> int:
        """Number of objects."""
        return len(self.features)

    def within(self, drawn: NDArray[np.bool_] | None) -> FoundObjects:
        """Only the objects that lie in a drawn region by half or more; drawn of shape (Y, X)."""
        if drawn is None:
            return self
        most = int(self.labels.max(initial=0)) + 1
        pixels = np.bincount(self.labels.ravel(), minlength=most)
        inside = np.bincount(self.labels[..., drawn].ravel(), minlength=most)
        kept = inside >= _INSIDE * np.maximum(pixels, 1)
        features = self.features[kept[self.features["index"].to_numpy(np.int64)]].reset_index(drop=True)
        return replace(self, labels=np.where(kept[self.labels], self.labels, 0).astype(np.int32), features=features)


def segment_file(
    file: ImageFile, options: SegmentOptions, job: LayerJob | None = None, *, drawn: NDArray[np.bool_] | None = None
) -> FoundObjects:
    """Segment a layer: one plane, all planes each by itself, or all joined in depth and time as the options say.

    Parameters
    ----------
    file : ImageFile
        As `hooke.napari.layer_stack.layer_file` gives it.
    options : SegmentOptions
    job : LayerJob, optional
        Is given how far the work is, and says when to stop.
    drawn : ndarray of bool, shape (Y, X), optional
        Objects outside of it are left out.

    Raises
    ------
    HookeError
        When a plane can't be segmented, or the stack has no axis to join along.
    Cancelled
        When the job is to stop.
    """
    job = job or LayerJob()
    job.report(0.0, "loading the model")
    model = load_model(options.model)
    if options.stitch is not None:
        check_depth(file.axes, options.stitch, file.path)
    check_used(model, options)
    count = len(file)

    def progress(index: int, share: float) -> None:
        text = f"plane {index + 1} of {count}" if count > 1 else "segmenting"
        job.report(_SEGMENTING * (index + share) / count, text)

    planes = segment_planes(file, model, options, progress=progress)
    if options.stitch is None:
        found = _of_planes(file, planes, job)
    else:
        stack, rows = stack_work(file, options), []
        for plane in planes:
            stack.add(plane)
            rows.append(summary_row(plane.summary, file.name, file.path))
        job.report(_SEGMENTING, "joining planes")
        found = found_in_stack(StackSegmentation(file, stack, rows))
    job.report(1.0, "done")
    return found.within(drawn)


def _of_planes(file: ImageFile, planes: Iterable[Segmentation], job: LayerJob) -> FoundObjects:
    """Number the objects of all planes on, plane after plane."""
    labels = np.empty((len(file), *file.plane_shape[:2]), np.int32)
    tables: list[pd.DataFrame] = []
    warnings: dict[str, None] = {}
    chosen, largest = "", 0
    for index, plane in enumerate(planes):
        labels[index] = np.where(plane.labels > 0, plane.labels + largest, 0)
        table = placed_table(plane.table, plane.image.plane)
        tables.append(object_features(table, table["label"].to_numpy(np.int64) + largest))
        largest += plane.count
        warnings |= dict.fromkeys(plane.warnings)
        chosen = chosen or describe(plane)
        job.report(job.share)
    features = pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]
    return FoundObjects(labels.reshape(*file.stack_shape, *labels.shape[1:]), features, tuple(warnings), chosen)


def found_in_image(found: Segmentation) -> FoundObjects:
    """Take over what was found in one image."""
    return FoundObjects(found.labels, object_features(found.table), found.warnings, describe(found))


def found_in_stack(found: StackSegmentation) -> FoundObjects:
    """Take over what was found in a stack; objects of stacks that were not followed get numbers of their own."""
    labels, stack = found.labels.copy(), found.stack
    numbers: list[NDArray[np.int64]] = []
    tables = [stack.table(at) for at in range(len(stack.columns))]
    flat = labels.reshape(-1, *labels.shape[-2:])
    largest = 0
    for column, table in zip(stack.columns, tables, strict=True):
        numbers.append(table["label"].to_numpy(np.int64) + largest)
        for index in column.tolist():
            flat[index] = np.where(flat[index] > 0, flat[index] + largest, 0)
        largest += 0 if stack.through_time else len(table)
    features = object_features(pd.concat(tables, ignore_index=True), np.concatenate(numbers))
    # An object that is followed has a row at each time, and a layer one for each number: that of its first time.
    features = features.drop_duplicates("index", ignore_index=True)
    row = found.summaries[0]
    chosen = _in_words(str(row["model"]), row["channel"], row["diameter"] or None, str(row["channel_reason"]))
    return FoundObjects(labels, features, found.warnings, chosen)


def describe(found: Segmentation) -> str:
    """Say what was chosen for an image."""
    normalisation = found.normalisation
    channel = (normalisation.channel or 0) if normalisation.mode == "grey" else normalisation.mode
    return _in_words(found.model.name, channel, found.diameter, normalisation.why)


def _in_words(model: str, channel: int | str, diameter: float | None, why: str) -> str:
    size = "diameter not known" if diameter is None else f"diameter {float(diameter):.1f} pixels"
    reason = f" ({why})" if why else ""
    return f"model {model}, channel {channel}{reason}, {size}"


def segmentation_layer(
    found: Segmentation | StackSegmentation | FoundObjects,
    *,
    name: str = "objects",
    placement: Placement | None = None,
    image: str = "",
    known: dict[str, object] | None = None,
) -> LayerData:
    """Make the labels layer of what was found; its features are the measurements, which napari shows on hover.

    Parameters
    ----------
    found : Segmentation or StackSegmentation
    name : str
        Of the layer.
    placement : Placement, optional
        Where the image lies; in pixels when not given.
    image : str
        Name of the layer of the image, which learning from corrections takes.
    known : dict, optional
        What else to note in the layer's metadata.

    Returns
    -------
    (ndarray, dict, str)
        As `napari.layers.Layer.create` takes it.

    Examples
    --------
    >>> import hooke
    >>> from hooke.datasets import simulate
    >>> found = hooke.segment(simulate((128, 128), seed=1).image)
    >>> labels, attributes, kind = segmentation_layer(found)
    >>> kind, labels.shape, len(attributes["features"]) == found.count
    ('labels', (128, 128), True)
    """
    if isinstance(found, Segmentation):
        found = found_in_image(found)
    elif isinstance(found, StackSegmentation):
        found = found_in_stack(found)
    noted = {"image": image, "chosen": found.chosen, "warnings": list(found.warnings)} | (known or {})
    placed = (placement or Placement()).attributes(found.labels.ndim)
    attributes = {"name": name, "features": found.features, "metadata": {OWN: noted}, **placed}
    return found.labels, attributes, "labels"
