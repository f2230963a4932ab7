"""Follows objects from frame to frame, and joins those of neighbouring planes."""

from hooke.lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
