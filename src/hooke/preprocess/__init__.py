"""Prepares images for a network: modality, channels and intensity scale."""

import warnings
from typing import Any

from hooke.preprocess.channels import Channels, find_channel, in_chunks_of_four_channels
from hooke.preprocess.clusters import CLUSTERS, cluster_modalities
from hooke.preprocess.fill import Recorded, find_recorded
from hooke.preprocess.modality import Appearance, classify, describe
from hooke.preprocess.normalise import AS_IT_IS, Normalisation, fit_channels, fit_normalisation
from hooke.preprocess.picture import describe_picture, recognise_picture

__all__ = [
    "AS_IT_IS",
    "CLUSTERS",
    "Appearance",
    "Channels",
    "Normalisation",
    "Recorded",
    "classify",
    "cluster_modalities",
    "describe",
    "describe_picture",
    "find_channel",
    "find_recorded",
    "fit_channels",
    "fit_normalisation",
    "in_chunks_of_four_channels",
    "recognise_picture",
]


def __getattr__(name: str) -> Any:
    if name == "by_fours":
        warnings.warn("by_fours is now called in_chunks_of_four_channels", DeprecationWarning, stacklevel=2)
        return in_chunks_of_four_channels
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
