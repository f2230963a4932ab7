"""Data sets: public layouts converted to hooke's own layout, that layout read and written, and simulated nuclei."""

from hooke.lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
