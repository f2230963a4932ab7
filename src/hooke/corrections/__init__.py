"""Reads images whose labels a person has corrected, for all that learns from them."""

from hooke.lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
