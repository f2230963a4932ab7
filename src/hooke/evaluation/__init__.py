"""Score a set of predicted label images against their truth, as tables and a summary.

Images are paired by name. One that can't be scored is reported and the rest continue.
"""

from hooke.lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
