"""`hooke.segment`: an image, or a stack whose planes are joined, given as an array, a file, or an `Image`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, overload

from hooke.errors import ConfigError
from hooke.io.levels import Region
from hooke.labels.classes import ObjectClassifier
from hooke.limits import parse_bytes
from hooke.measure.image_table import PixelSize
from hooke.models import Model, load_model
from hooke.pipeline.image_segmentation import segment_image
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.segmentation import Segmentation
from hooke.pipeline.settings import check_used
from hooke.pipeline.source import Source, image_of_source, stack_of_source
from hooke.pipeline.stack_segmentation import StackSegmentation, segment_stack


@overload
def segment(
    image: Source,
    model: str | Path | Model = ...,
    *,
    axes: str | None = ...,
    channel: int | str | None = ...,
    diameter: float | str = ...,
    min_size: float | None = ...,
    min_score: float | None = ...,
    grow: float | None = ...,
    tta: bool = ...,
    classify: ObjectClassifier | None = ...,
    class_threshold: float = ...,
    threads: int = ...,
    runtime: str = ...,
    accurate: bool = ...,
    scene: str | None = ...,
    level: int = ...,
    region: Region | str | None = ...,
    max_memory: int | str | None = ...,
    pixel_size: PixelSize | None = ...,
    surroundings: float = ...,
    expand: float | None = ...,
    texture: bool = ...,
    names: str = ...,
    ids: bool = ...,
    stitch: None = ...,
    z_step: float | None = ...,
) -> Segmentation: ...
@overload
def segment(image: Source, model: str | Path | Model = ..., *, stitch: str, **options: Any) -> StackSegmentation: ...
def segment(  # type: ignore[misc]
    image: Source,
    model: str | Path | Model = SegmentOptions.model,
    *,
    axes: str | None = None,
    channel: int | str | None = SegmentOptions.channel,
    diameter: float | str = SegmentOptions.diameter,
    min_size: float | None = SegmentOptions.min_size,
    min_score: float | None = SegmentOptions.min_score,
    grow: float | None = SegmentOptions.grow,
    tta: bool = SegmentOptions.tta,
    classify: ObjectClassifier | None = SegmentOptions.classify,
    class_threshold: float = SegmentOptions.class_threshold,
    threads: int = SegmentOptions.threads,
    runtime: str = SegmentOptions.runtime,
    accurate: bool = SegmentOptions.accurate,
    scene: str | None = SegmentOptions.scene,
    level: int = SegmentOptions.level,
    region: Region | str | None = SegmentOptions.region,
    max_memory: int | str | None = None,
    pixel_size: PixelSize | None = SegmentOptions.pixel_size,
    surroundings: float = SegmentOptions.surroundings,
    expand: float | None = SegmentOptions.expand,
    texture: bool = SegmentOptions.texture,
    names: str = SegmentOptions.names,
    ids: bool = SegmentOptions.ids,
    stitch: str | None = SegmentOptions.stitch,
    z_step: float | None = SegmentOptions.z_step,
) -> Segmentation | StackSegmentation:
    """Find and outline every object of an image.

    Parameters
    ----------
    image : array, Image, ImageFile, PIL.Image.Image, str or Path
        Pixels (Y, X) or (Y, X, C) of any real type, or a file; of a stack, the first plane, with a warning, unless its
        planes are to be joined.
    model : str, Path or Model
        A known model's name, the path of a bundle, or a loaded model; ``"auto"`` is `nuclei`, and `cells` for phase
        contrast.
    axes : str, optional
        One letter per dimension of an array or file, such as ``"CYX"`` or ``"TZCYX"`` (T time, Z depth, C channels,
        S colours), where its shape leaves open what they are.
    channel : int or str, optional
        Number (0 is the first) or name of the channel that shows the objects; chosen from the image when not given.
    diameter : float or "auto"
        Typical diameter of the objects in pixels, or in micrometres as ``"8um"``; ``"auto"`` measures it in a first
        pass.
    min_size : float, optional
        Objects of fewer pixels are dropped; by default 7 to 8 % of the typical object's area, 22 % of whole
        cells, and never under 12.
    min_score : float, optional
        Objects whose score lies below this (0..1) are dropped; by default the model's own choice.
    grow : float, optional
        Pixels, fractions too, that outlines move outwards, or inwards below 0, before objects are measured; by default
        the model's own choice, which is 0 unless it was tuned.
    tta : bool
        Predict everything four times, mirrored, and take the mean: four times slower, may help histology.
    classify : ObjectClassifier, optional
        Predicts the class of each object found; `hooke.classify.load_classifier` loads one.
    class_threshold : float
        Objects whose most probable class is less probable (0..1) are called unknown.
    threads : int
        Threads to compute with; 0 takes all available cores.
    runtime : str
        What runs the network: one of `hooke.models.RUNTIMES`. ``"auto"`` takes the fastest that is here, or what a
        loaded model was set to.
    accurate : bool
        Whether all is computed in 32 bits, as the model was trained, at the magnification that is best for outlines,
        however long it takes.
    scene : str, optional
        Which image of a file that holds several, by its name; the largest when not given.
    level : int
        Which resolution of a pyramid, 0 for the finest.
    region : (int, int, int, int) or str, optional
        Top row, left column, height and width in pixels of the level; all of the image when not given.
    max_memory : int or str, optional
        Bytes, or an amount such as ``"8G"``, that segmenting a file may take; one that needs more is refused, and
        `hooke.segment_folder` segments it in blocks. Three quarters of the memory that is free when not given.
    pixel_size : float, str or (float, float), optional
        Height and width of a pixel in micrometres, in place of what the file says.
    surroundings : float
        Distance in pixels up to which background and other objects around an object are measured.
    expand : float, optional
        Width in pixels of the ring around each object that is measured as its cytoplasm.
    texture : bool
        Whether to measure texture.
    names : str
        What the columns of tables on disk are called: a way of `hooke.measure.name_columns`.
    ids : bool
        Whether the overlay shows the number of each object.
    stitch : {"z", "z,t"}, optional
        Segment all planes of a stack and join their objects in depth; and follow them from time to time.
    z_step : float, optional
        Distance of the planes of a stack in micrometres, in place of what the file says; for `stitch`.

    Returns
    -------
    Segmentation, or StackSegmentation with `stitch`

    Raises
    ------
    HookeError
        When the image can't be read, its axes are uncertain, an option is out of range, or the model is unknown.

    Examples
    --------
    >>> import hooke
    >>> from hooke.datasets import simulate
    >>> found = hooke.segment(simulate((128, 128), seed=1).image)  # doctest: +SKIP
    >>> found.table[["label", "area", "score"]]  # doctest: +SKIP
    """
    name = model.name if isinstance(model, Model) else str(model)
    options = SegmentOptions(name, channel, diameter, min_size, min_score, tta, threads, classify, class_threshold)
    options = replace(
        options, grow=grow, runtime=runtime, accurate=accurate, ids=ids, scene=scene, level=level, region=region,
        pixel_size=pixel_size, surroundings=surroundings, expand=expand, texture=texture, names=names, stitch=stitch,
        z_step=z_step,
    )  # fmt: skip
    loaded = model if isinstance(model, Model) else load_model(model)
    if options.resolved_runtime != SegmentOptions.runtime:
        loaded = loaded.with_runtime(options.resolved_runtime)
    check_used(loaded, options)
    if options.z_step is not None and options.stitch is None:
        remedy = 'add stitch="z", or leave it out'
        raise ConfigError("z_step is for stacks whose planes are joined in depth", remedy=remedy)
    allowed = None if max_memory is None else parse_bytes(max_memory)
    if options.stitch is not None:
        return segment_stack(stack_of_source(image, axes, allowed, options), loaded, options)
    return segment_image(image_of_source(image, axes, allowed, options), loaded, options)
