"""Serves a local page and a REST interface on which people segment, correct, and teach a model."""

from hooke.lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
