"""Training of networks: data and configuration, networks, losses, augmentation, the loop, export to a model bundle.

This is the only room that imports PyTorch, and its names are imported when they are first used.
"""

from hooke.lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
