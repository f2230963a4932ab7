"""Preparation of images for a network: which channels, on which intensity scale."""

from hooke.preprocess.normalise import Normalisation, fit_normalisation

__all__ = ["Normalisation", "fit_normalisation"]
