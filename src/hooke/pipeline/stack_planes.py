"""Segments the planes of a file one by one: one channel and one model for all planes of a stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from hooke.errors import ImageReadError
from hooke.image import Image
from hooke.io import ImageFile
from hooke.io.lazy_plane import LazyPlane
from hooke.models import Model
from hooke.pipeline.image_segmentation import segment_image
from hooke.pipeline.nuclear_channel import ChosenChannel
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.segmentation import Segmentation
from hooke.pipeline.view import choose_stack_channel
from hooke.preprocess import describe_picture
from hooke.preprocess.phase_contrast import has_grey_background

_SPREAD = (0.25, 0.5, 0.75)  # planes of a stack that choose its channel: the ends are often empty or out of focus


def segment_planes(
    file: ImageFile,
    model: Model,
    options: SegmentOptions,
    *,
    name: str | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> Iterator[Segmentation]:
    """Segment the planes of a file in their order.

    Parameters
    ----------
    file : ImageFile
    model : Model
    options : SegmentOptions
    name : str, optional
        What results are named after; the file's own when not given.
    progress : callable, optional
        Given the number of the plane in work, and the share of it that is done.

    Raises
    ------
    ImageReadError
        When the file holds no plane, or one can't be read.
    """
    of_stack = _stack_channel(file, model, options)
    cells = _choose_model(file, model, options, of_stack)
    for index in range(len(file)):
        image = replace(read_plane(file, index, options), name=name or file.name)
        show = None if progress is None else _shown(progress, index)
        yield segment_image(image, model, options, show, of_stack=of_stack, cells=cells)
    if not len(file):
        raise ImageReadError("holds no image", path=file.path, remedy="check how it was saved")


def read_plane(file: ImageFile, index: int, options: SegmentOptions) -> Image:
    """Read a plane, or the region of it that is wanted."""
    region = options.parsed_region
    return file.plane(index) if region is None else LazyPlane(file, index, region).image()


def _shown(progress: Callable[[int, float], None], index: int) -> Callable[[float], None]:
    return lambda share: progress(index, share)


def _stack_channel(file: ImageFile, model: Model, options: SegmentOptions) -> ChosenChannel | None:
    """The channel of all planes of a stack; None where there is nothing to choose."""
    if len(file) == 1 or len(file.plane_shape) == 2 or options.channel is not None:
        return None
    return choose_stack_channel(_spread_planes(file), model, options.resolved_threads)


def _choose_model(
    file: ImageFile, model: Model, options: SegmentOptions, of_stack: ChosenChannel | None
) -> bool | None:
    """Whether all planes of a stack are handed to the model for cells: as most planes of a sample would be.

    None for single images, which are decided by themselves.
    """
    if len(file) == 1 or model.for_cells is None:
        return None
    planes = [plane for plane in _spread_planes(file) if _may_be_phase_contrast(plane)]
    votes = [segment_image(plane, model, options, of_stack=of_stack).model is model.for_cells for plane in planes]
    return 2 * sum(votes) > len(votes)


def _may_be_phase_contrast(plane: Image) -> bool:
    """Whether a plane looks like transmitted light, or its only channel has no dark background."""
    if describe_picture(plane)[1].modality == "brightfield":
        return True
    return plane.channels == 1 and has_grey_background(plane.pixels.reshape(plane.pixels.shape[:2]))


def _spread_planes(file: ImageFile) -> Iterator[Image]:
    return map(file.plane, sorted({round(share * (len(file) - 1)) for share in _SPREAD}))
