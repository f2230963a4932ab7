"""Decides once for a whole large image what each of its blocks needs: channel, intensities, scale, and what to warn of.

Intensities and colours are those of every n-th row and column; what the network has to be asked is asked at a few
places in full resolution. Neither depends on the blocks. An image of a few megapixels is examined whole, so that a
small one gets what `hooke.segment` decides for it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from hooke.errors import ConfigError
from hooke.image import Image
from hooke.io.image_file import finite
from hooke.io.lazy_plane import LazyPlane
from hooke.models import Model, PixelSegmenter
from hooke.pipeline.examination import examine, object_warnings
from hooke.pipeline.large.shown_pixels import WholePlane
from hooke.pipeline.model_choice import PHASE_CONTRAST, is_typical, shows_nuclei_after_all, wants_cells
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.sparse import interesting_fields
from hooke.pipeline.view import View
from hooke.preprocess import Normalisation

_WHOLE = 16_000_000  # pixels of an image that is examined whole
_GRID = 500_000  # pixels, at least, of the grid of a larger one: those that one pass would take its percentiles of
_TRUST_SIDE = 1024  # of the places where the result is checked, pixels
_TRUST_PLACES = 4


@dataclass(frozen=True)
class Survey:
    """What is decided for a whole image.

    Parameters
    ----------
    image : Image
        Its pixels are the grid; what else the file says is that of the whole.
    model : Model
        The one for this image.
    segmenter : PixelSegmenter
    view : View
        Its pixels are those of the whole, window by window.
    diameter : float or None
        Pixels; None where nothing is to be found.
    warnings : tuple of str
    min_size, min_score : float
        Objects of fewer pixels, or with a lower score, are dropped.
    grow : float
        Pixels that outlines move outwards.
    seen : float
        Sum of the scores of the objects at the places that were checked.
    """

    image: Image
    model: Model
    segmenter: PixelSegmenter
    view: View
    diameter: float | None
    warnings: tuple[str, ...]
    min_size: float = 0.0
    min_score: float = 0.0
    grow: float = 0.0
    seen: float = 0.0

    @property
    def normalisation(self) -> Normalisation:
        """Channel and intensity scale."""
        return self.view.normalisation

    @property
    def scale(self) -> float:
        """Network pixels per image pixel."""
        return 1.0 if self.diameter is None else self.segmenter.scale_of(self.diameter)

    @property
    def maps(self) -> int:
        """How many maps are predicted."""
        return self.segmenter.maps or self.segmenter.scheme.decoded

    @property
    def decisions(self) -> str:
        """All that the objects of a block depend on, besides the image and the model."""
        fit = self.normalisation
        return repr(
            (fit, self.diameter, self.min_size, self.min_score, self.grow, self.view.ceiling, self.view.pixels.shape)
        )


def survey(plane: LazyPlane, model: Model, options: SegmentOptions) -> Survey:
    """Examine a whole image.

    Parameters
    ----------
    plane : LazyPlane
    model : Model
    options : SegmentOptions

    Raises
    ------
    ConfigError
        When the model takes whole images only.
    ImageReadError
        When no pixel is a finite number.
    HookeError
        See `hooke.pipeline.view.prepare_view`.
    """
    found = _survey_as(plane, model, options)
    window = _parts(plane.shape[0])[0], _parts(plane.shape[1])[0]
    if not wants_cells(model, options, found.normalisation, found.warnings, plane[window]):
        return found
    assert model.for_cells is not None
    nuclei, found = found, _survey_as(plane, model.for_cells, options)
    typical = is_typical(nuclei.normalisation, plane[window])
    if nuclei.diameter is found.diameter is None or shows_nuclei_after_all(nuclei.seen, found.seen, typical=typical):
        return nuclei
    view = replace(found.view, normalisation=replace(found.normalisation, modality="phase contrast"))
    return replace(found, view=view, warnings=(*found.warnings, PHASE_CONTRAST))


def _survey_as(plane: LazyPlane, model: Model, options: SegmentOptions) -> Survey:
    """Examine an image for one model."""
    if model.settings.frame is not None:
        raise ConfigError(
            f"model {model.name!r} is shown whole images, which can't be cut into blocks",
            path=plane.file.path,
            remedy="give a smaller image or region, or another model",
        )
    pixels = plane.shape[0] * plane.shape[1]
    step = 1 if pixels <= _WHOLE else int(math.sqrt(pixels / _GRID))
    image = plane.file.image_of(finite(np.ascontiguousarray(plane[::step, ::step]), plane.file.path), plane.index)
    seen = examine(image, model, options, whole=WholePlane(plane, step))
    segmenter, diameter = seen.segmenter, seen.diameter
    found = Survey(seen.image, seen.model, segmenter, seen.view, diameter, seen.warnings)
    if diameter is None:
        return found
    min_score = segmenter.scheme.min_score if options.min_score is None else options.min_score
    min_size = segmenter.min_size if options.min_size is None else options.min_size
    min_size = segmenter.smallest_area(diameter, found.normalisation) if min_size is None else min_size
    grow = segmenter.grow if options.grow is None else options.grow
    found = replace(found, min_size=float(min_size), min_score=float(min_score), grow=grow)
    trust, scores = _trust(found)
    return replace(found, warnings=(*seen.warnings, *trust), seen=scores)


def _trust(found: Survey) -> tuple[tuple[str, ...], float]:
    """What at least half of a few places, those with objects, have to be warned of; and the sum of the scores there."""
    assert found.diameter is not None
    said: list[tuple[str, ...]] = []
    scores = 0.0
    for rows, columns in _places(found):
        pixels = found.view.pixels[rows, columns]
        result = found.segmenter.segment(
            pixels,
            found.normalisation,
            found.diameter,
            min_size=found.min_size,
            min_score=found.min_score,
            grow=0.0,  # moved outlines do not lie on edges
        )
        scores += float(result.decoded.scores.sum())
        if len(result.decoded.scores):
            warnings = object_warnings(
                pixels, found.normalisation, result.decoded, found.diameter, model=found.model, maps=result.maps
            )
            said.append(tuple(text for text in warnings if not text.startswith("dropped")))
    count = Counter(_kind(text) for texts in said for text in texts)
    first = {_kind(text): text for texts in reversed(said) for text in texts}
    return tuple(text for kind, text in first.items() if count[kind] * 2 >= len(said)), scores


def _kind(text: str) -> str:
    """What a warning is about: its first words, without figures."""
    return text.partition(":")[0]


def _places(found: Survey) -> Iterator[tuple[slice, slice]]:
    """Places at which the result is checked: a quarter and three quarters of the way; else where something is."""
    height, width = found.view.pixels.shape[:2]
    rows, columns = (_parts(length) for length in (height, width))
    yield from [(row, column) for row in rows for column in columns][:_TRUST_PLACES]
    if max(height, width) > 2 * _TRUST_SIDE:
        for _, (row, column) in interesting_fields(found.view.image.pixels, found.normalisation)[:1]:
            step = max(1, height // found.view.image.height)
            top, left = (max(0, min(at.start * step, n - _TRUST_SIDE)) for at, n in ((row, height), (column, width)))
            yield slice(top, min(height, top + _TRUST_SIDE)), slice(left, min(width, left + _TRUST_SIDE))


def _parts(length: int) -> list[slice]:
    if length <= 2 * _TRUST_SIDE:
        start = max(0, (length - _TRUST_SIDE) // 2)
        return [slice(start, min(length, start + _TRUST_SIDE))]
    starts = (length // 4 - _TRUST_SIDE // 2, 3 * length // 4 - _TRUST_SIDE // 2)
    return [slice(start, start + _TRUST_SIDE) for start in (max(0, at) for at in starts)]
