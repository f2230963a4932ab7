"""Reports of evaluations, each as one HTML file that opens offline."""

from hooke.lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
