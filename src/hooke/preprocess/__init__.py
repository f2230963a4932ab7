"""Preparation of images for a network: which modality, which channels, on which intensity scale."""

from hooke.preprocess.modality import Appearance, classify, describe
from hooke.preprocess.normalise import AS_IT_IS, Normalisation, fit_normalisation

__all__ = ["AS_IT_IS", "Appearance", "Normalisation", "classify", "describe", "fit_normalisation"]
