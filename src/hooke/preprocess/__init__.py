"""Preparation of images for a network: which channels, on which intensity scale."""

from hooke.preprocess.normalise import AS_IT_IS, Normalisation, fit_normalisation

__all__ = ["AS_IT_IS", "Normalisation", "fit_normalisation"]
