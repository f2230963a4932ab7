"""Decides what an image needs before it is segmented: channel, intensities, network, and diameter of its objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hooke.image import Image
from hooke.models import Model, PixelSegmenter, is_default
from hooke.pipeline.diameter import estimate_diameter
from hooke.pipeline.large.shown_pixels import WholePlane
from hooke.pipeline.nuclear_channel import ChosenChannel
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.trust import quality_warnings
from hooke.pipeline.view import View, prepare_view
from hooke.preprocess import Normalisation, find_channel
from hooke.targets.decoded import Decoded

#: Warning of an image without objects.
NOTHING = "no objects found: is the image blank, out of focus, or the wrong channel?"
_FLAT = "the image is constant: nothing to find"
_SHOWN_WHOLE = 448  # pixels: no image of a longer side is all shown in the first pass


@dataclass(frozen=True)
class Examined:
    """What was decided for an image.

    Parameters
    ----------
    image : Image
        Its channels as the view has them.
    model : Model
        The one for this image.
    segmenter : PixelSegmenter
    channel : int or None
        The one that is asked for.
    view : View
    diameter : float or None
        Typical diameter of the objects, pixels; None where nothing is to be found.
    known : ndarray of uint16, shape (K, Y, X), or None
        Maps at scale 1, where they were predicted.
    warnings : tuple of str
    measured : bool
        Whether the diameter was measured in a first pass, rather than given or the model's own.
    """

    image: Image
    model: Model
    segmenter: PixelSegmenter
    channel: int | None
    view: View
    diameter: float | None
    known: NDArray[np.uint16] | None
    warnings: tuple[str, ...]
    measured: bool = False


def examine(
    image: Image,
    model: Model,
    options: SegmentOptions,
    *,
    of_stack: ChosenChannel | None = None,
    whole: WholePlane | None = None,
    progress: Callable[[float], None] | None = None,
) -> Examined:
    """Examine an image for a model.

    Parameters
    ----------
    image : Image
    model : Model
    options : SegmentOptions
    of_stack, whole
        See `hooke.pipeline.view.prepare_view`.
    progress : callable, optional
        Given the share of the tiles done, 0..1.
    """
    threads = options.resolved_threads
    channel = wanted_channel(image, model, options)
    view = prepare_view(image, model, channel, threads, of_stack=of_stack, whole=whole)
    image = replace(image, is_rgb=view.image.is_rgb, channel_names=view.image.channel_names)
    if not view.normalisation.is_flat:
        model = model.for_image(colour=view.normalisation.keeps_colours)
    segmenter = model.segmenter(threads, tta=options.tta, accurate=options.accurate)
    if view.normalisation.is_flat:
        return Examined(image, model, segmenter, channel, view, None, None, (_FLAT,))
    given = options.diameter_pixels(image) or model.assumed_diameter(*view.pixels.shape[:2])
    diameter, known = measure_diameter(view, model, segmenter, given, progress)
    warnings = view.warnings if diameter is not None else (*view.warnings, NOTHING)
    return Examined(image, model, segmenter, channel, view, diameter, known, warnings, measured=given is None)


def nothing_found(model: Model) -> tuple[str, ...]:
    """What to warn of where objects of a model were looked for and none was found.

    Nothing for parts of larger objects: many images show these without such parts.
    """
    return () if model.finds_parts else (NOTHING,)


def object_warnings(
    pixels: NDArray[np.generic],
    normalisation: Normalisation,
    decoded: Decoded,
    diameter: float,
    *,
    model: Model,
    maps: NDArray[np.uint16],
    threads: int = 1,
) -> tuple[str, ...]:
    """Say why what a model found should be checked, given the maps that it gave: see `quality_warnings`."""
    foreground = maps[0] if is_default(model) else None
    return quality_warnings(
        pixels, normalisation, decoded, diameter, foreground=foreground, parts=model.finds_parts, threads=threads
    )


def wanted_channel(image: Image, model: Model, options: SegmentOptions) -> int | None:
    """Number of the channel that is asked for, by the user or for images of several stains by the model."""
    if isinstance(options.channel, str):
        return find_channel(image, options.channel)
    own = model.settings.channel
    if options.channel is None and own is not None and not image.is_rgb and own < image.channels > 1:
        return own
    return options.channel


def measure_diameter(
    view: View,
    model: Model,
    segmenter: PixelSegmenter,
    given: float | None,
    progress: Callable[[float], None] | None,
) -> tuple[float | None, NDArray[np.uint16] | None]:
    """Typical diameter of the objects, None where none is seen; and maps at scale 1, where they were predicted.

    Parameters
    ----------
    view : View
    model : Model
        The one for this image.
    segmenter : PixelSegmenter
    given : float or None
        The diameter that was asked for, pixels.
    progress : callable or None
        Given the share of the tiles done, 0..1.
    """
    diameter = given or model.assumed_diameter(*view.pixels.shape[:2])
    if diameter is not None:
        return diameter, None
    known = None
    # This first pass may turn out to be the only one; that of parts shows another network their surroundings.
    if max(view.pixels.shape[:2]) <= _SHOWN_WHOLE and not model.finds_parts:
        known = segmenter.predict(
            view.pixels, view.normalisation, progress=progress, at_least=model.scheme.first_pass_maps
        )
    measured = estimate_diameter(model, view.pixels, view.normalisation, threads=segmenter.threads, known=known)
    return model.within_range(measured), known
