"""Plates and conditions: which well each image is of, and what is counted and measured in each."""

from hooke.lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
