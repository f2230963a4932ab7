"""The main job: read, normalise, predict, decode, measure, write; for one image or a folder of them."""

from hooke.lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
