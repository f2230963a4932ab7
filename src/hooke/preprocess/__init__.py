"""Prepares images for a network: modality, channels and intensity scale."""

from hooke.preprocess.channels import Channels, by_fours
from hooke.preprocess.fill import Recorded, find_recorded
from hooke.preprocess.modality import Appearance, classify, describe
from hooke.preprocess.normalise import AS_IT_IS, Normalisation, fit_channels, fit_normalisation
from hooke.preprocess.picture import describe_picture, recognise_picture

__all__ = [
    "AS_IT_IS",
    "Appearance",
    "Channels",
    "Normalisation",
    "Recorded",
    "by_fours",
    "classify",
    "describe",
    "describe_picture",
    "find_recorded",
    "fit_channels",
    "fit_normalisation",
    "recognise_picture",
]
