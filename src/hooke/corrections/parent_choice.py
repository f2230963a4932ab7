"""Chooses which of two models learns from corrected images: the one that ``hooke segment`` takes for them."""

from __future__ import annotations

from collections.abc import Sequence

from hooke.corrections.corrected_images import CorrectedImage
from hooke.models import Model, load_model
from hooke.pipeline import SegmentOptions, segment_image

_LOOKED_AT = 5  # images


def choose_parent(model: Model, images: Sequence[CorrectedImage], threads: int = 0) -> Model:
    """Give a model's companion for whole cells in phase contrast where most of the images go to it, else the model.

    Parameters
    ----------
    model : Model
        Without a companion it is given back at once.
    images : sequence of CorrectedImage
    threads : int
        0 takes all available cores.
    """
    cells = model.for_cells
    if cells is None:
        return model
    looked_at = images[:_LOOKED_AT]
    # Only what is dark on light, and grey, can go to the companion: a look that needs no network.
    likely = [image for image in looked_at if model.prepare_input(image.image)[1].modality == "brightfield"]
    options = SegmentOptions(threads=threads)
    votes = sum(segment_image(image.image, model, options).model is cells for image in likely)
    return cells if 2 * votes > len(looked_at) else load_model(model.bundle.path)  # without its companion
