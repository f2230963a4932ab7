"""Connects hooke with napari: opens and saves, segments, follows and teaches from layers, by a plugin of napari.

What is public makes layers for `napari.layers.Layer.create` of hooke's results, and needs no napari itself.
"""

from hooke.lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
