"""Label images and objects as data: what reading, scoring, segmenting, classifying and training all need of them."""

from hooke.lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
