"""Chooses between a model of nuclei and its companion for whole cells in phase contrast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hooke.models import Model
from hooke.pipeline.examination import NOTHING
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.trust import UNFAMILIAR
from hooke.preprocess import Normalisation
from hooke.preprocess.phase_contrast import has_grey_background, looks_like_phase_contrast

#: Said of images that the companion was chosen for.
PHASE_CONTRAST: Final = (
    "unlike the training images of nuclei, and taken for phase contrast: the model cells, which is young, looked for "
    "whole cells, and a stained section is better given in its colours than in grey: check them "
    "(--model nuclei for nuclei)"
)
# Sums of the scores of what is found. In 17 stained sections in grey that look like phase contrast that of nuclei is 11
# or more, and 16 times that of cells or more. In phase contrast of three sources it is 2.6 times that of cells at most,
# or 3.5 where there is no cell.
_MANY = 10.0
_TIMES = 5.0
# Granules of cells in differential interference contrast, taken for nuclei, have sums up to 10 times that of the cells
# and cover a thirtieth of what these do.
_COVERED = 0.2
# Phase contrast and differential interference contrast that lack a mark, as in 16 bits with some glaring cells: in ten
# images of two sources the sum of cells is 20 to 128, and 0.85 times that of nuclei or more. In 65 images of tissue and
# of stained sections in grey it is a quarter of that of nuclei or less, or 3.
_SHARE = 0.5


def wants_cells(
    model: Model,
    options: SegmentOptions,
    normalisation: Normalisation,
    warnings: Sequence[str],
    pixels: NDArray[np.generic],
) -> bool:
    """Whether what a model found, or nothing, leaves phase contrast possible, and it names a model for that.

    A classifier was trained on objects of one model, so with a classifier none is changed for another.
    """
    return (
        model.for_cells is not None
        and options.classify is None
        and not normalisation.keeps_colours
        and (UNFAMILIAR in warnings or NOTHING in warnings)
        and has_grey_background(normalisation.apply(pixels)[..., 0])
    )


def is_typical(normalisation: Normalisation, pixels: NDArray[np.generic]) -> bool:
    """Whether an image in grey has all marks of phase contrast, rather than some."""
    return normalisation.modality == "brightfield" and looks_like_phase_contrast(normalisation.apply(pixels)[..., 0])


def shows_nuclei_after_all(nuclei: float, cells: float, covered: float = np.inf, *, typical: bool = True) -> bool:
    """Whether what both models found shows nuclei, as of a stained section in grey, which looks like phase contrast.

    Parameters
    ----------
    nuclei, cells : float
        Sum of the scores of all objects, by each model.
    covered : float
        Area of all nuclei, as a share of that of all cells.
    typical : bool
        Whether the image has all marks of phase contrast (`is_typical`). Else cells have to be clearly there.
    """
    if not typical:
        return cells < max(_MANY, _SHARE * nuclei)
    return nuclei >= max(_MANY, _TIMES * cells) and covered >= _COVERED
