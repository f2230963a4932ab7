"""Segments one image: read, normalise, predict, decode, measure."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hooke.image import Image
from hooke.labels.classes import Classes, aggregate_pixel_classes
from hooke.measure import MeasureOptions, intensity_doubts, known_channels
from hooke.models import Model, SegmentedPixels, is_for_cells
from hooke.pipeline.examination import Examined, examine, nothing_found, object_warnings
from hooke.pipeline.given_sizes import with_pixel_size
from hooke.pipeline.model_choice import PHASE_CONTRAST, is_typical, shows_nuclei_after_all, wants_cells
from hooke.pipeline.nuclear_channel import ChosenChannel
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.second_look import look_again
from hooke.pipeline.segmentation import Segmentation
from hooke.pipeline.trust import dropped_candidates
from hooke.preprocess import Normalisation
from hooke.targets.decoded import Decoded


def segment_image(
    image: Image,
    model: Model,
    options: SegmentOptions,
    progress: Callable[[float], None] | None = None,
    *,
    of_stack: ChosenChannel | None = None,
    cells: bool | None = None,
) -> Segmentation:
    """Segment an image in memory with a loaded model; `segment` is this with its arguments looked up.

    Parameters
    ----------
    image : Image
    model : Model
    options : SegmentOptions
        Its ``model`` is not used.
    progress : callable, optional
        Given the share of the tiles done, 0..1.
    of_stack : ChosenChannel, optional
        What `hooke.pipeline.view.choose_stack_channel` chose for the stack that the image is a plane of.
    cells : bool, optional
        Whether the model hands the image to its companion for cells, where that was decided for a whole stack.
    """
    start = time.perf_counter()
    nuclei = None
    if not cells:
        nuclei = _segment_as(image, model, options, progress, of_stack)
        seen = (nuclei.normalisation, nuclei.warnings, nuclei.image.pixels)
        if cells is not None or not wants_cells(model, options, *seen):
            return nuclei
    assert model.for_cells is not None
    found = _segment_as(image, model.for_cells, options, progress, of_stack)
    seconds = time.perf_counter() - start
    if nuclei is not None and _are_nuclei(nuclei, found):
        return replace(nuclei, seconds=seconds)
    return replace(
        found,
        normalisation=replace(found.normalisation, modality="phase contrast"),
        seconds=seconds,
        warnings=(*found.warnings, PHASE_CONTRAST),
    )


def _are_nuclei(nuclei: Segmentation, cells: Segmentation) -> bool:
    """Whether what was found as nuclei is kept, rather than what was found as cells; so it is where nothing was."""
    if nuclei.count + cells.count == 0:
        return True
    covered = float(np.count_nonzero(nuclei.labels)) / max(float(np.count_nonzero(cells.labels)), 1.0)
    typical = is_typical(nuclei.normalisation, nuclei.image.pixels)
    return shows_nuclei_after_all(float(nuclei.scores.sum()), float(cells.scores.sum()), covered, typical=typical)


def _segment_as(
    image: Image,
    model: Model,
    options: SegmentOptions,
    progress: Callable[[float], None] | None,
    of_stack: ChosenChannel | None,
) -> Segmentation:
    """Segment an image by one model."""
    start = time.perf_counter()
    threads = options.resolved_threads
    seen = examine(with_pixel_size(image, options.pixel_size), model, options, of_stack=of_stack, progress=progress)
    image, model, view, diameter = seen.image, seen.model, seen.view, seen.diameter
    normalisation = view.normalisation
    if diameter is None:
        return _nothing(image, model, normalisation, options, start, *seen.warnings)
    found = seen.segmenter.segment(
        view.pixels, normalisation, diameter, **_decoding(options), known=seen.known, progress=progress
    )
    changed: tuple[str, ...] = ()
    typical = diameter
    if seen.measured and not normalisation.keeps_colours and not model.finds_parts:
        found, diameter, changed = look_again(
            found,
            diameter,
            lambda other: seen.segmenter.segment(
                view.pixels, normalisation, other, **_decoding(options), known=None, progress=None
            ),
            finer=not is_for_cells(model),
        )
    decoded, dirt = view.keep_real(found.decoded)
    # The finer scale is for the small objects beside the typical ones, which are as wide as before.
    warnings = _doubts(seen, found, decoded, max(typical, diameter), threads)
    classes = _classes(model, found.maps, decoded.labels, options.class_threshold)
    if options.classify is not None:
        classes, more = options.classify.classify_objects(
            view.image, decoded.labels, threshold=options.class_threshold, channel=seen.channel, threads=threads
        )
        warnings += more
    labels = view.restore(decoded.labels, image)
    if not normalisation.keeps_colours:
        shown = 0 if image.channels == 1 else normalisation.channel
        warnings += tuple(intensity_doubts(labels, image.pixels, known_channels(image), seen=shown))
    return Segmentation(
        image,
        labels,
        decoded.scores,
        model,
        normalisation,
        diameter,
        found.scale,
        found.min_size,
        time.perf_counter() - start,
        image.notes + seen.warnings + changed + dirt + warnings,
        classes,
        decoded.too_small + decoded.too_unsure,
        *_measuring(options),
    )


def _doubts(seen: Examined, found: SegmentedPixels, decoded: Decoded, diameter: float, threads: int) -> tuple[str, ...]:
    """Why what was found, or that nothing was, should be checked."""
    if not len(decoded.scores):
        return tuple(filter(None, (*nothing_found(seen.model), dropped_candidates(decoded))))
    whole = seen.view.pixels[:, :]
    decoded = found.before_growing(decoded)  # where edges are, and how bright objects
    return object_warnings(
        whole, seen.view.normalisation, decoded, diameter, model=seen.model, maps=found.maps, threads=threads
    )


def _decoding(options: SegmentOptions) -> dict[str, float | None]:
    """Which objects are kept, and where their outlines are."""
    return {"min_size": options.min_size, "min_score": options.min_score, "grow": options.grow}


def _measuring(options: SegmentOptions) -> tuple[MeasureOptions, bool, int]:
    """What a `Segmentation` needs for its table and picture."""
    return options, options.ids, options.resolved_threads


def _classes(model: Model, maps: NDArray[np.uint16], labels: NDArray[np.int32], threshold: float) -> Classes | None:
    if not model.settings.classes:
        return None
    voted = aggregate_pixel_classes(maps[len(model.scheme.maps) :], labels, model.settings.classes)
    return replace(voted, threshold=threshold)


def _nothing(
    image: Image, model: Model, normalisation: Normalisation, options: SegmentOptions, start: float, *why: str
) -> Segmentation:
    return Segmentation(
        image,
        np.zeros((image.height, image.width), np.int32),
        np.zeros(0, np.float32),
        model,
        normalisation,
        options.diameter_pixels(image),
        1.0,
        float(options.min_size or 0),
        time.perf_counter() - start,
        (*image.notes, *why),
        _no_classes(model, options),
        0,
        *_measuring(options),
    )


def _no_classes(model: Model, options: SegmentOptions) -> Classes | None:
    """No class of no object, so that tables have the same columns as where there are some."""
    names = tuple(model.settings.classes) if options.classify is None else options.classify.classes
    return Classes(names, np.zeros((0, len(names)), np.float32)) if names else None
