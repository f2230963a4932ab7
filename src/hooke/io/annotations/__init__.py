"""Readers and writers of annotations, one file for each format; they know nothing of data sets."""

from hooke.lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
