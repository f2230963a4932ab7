"""Pictures and reports of results, for people to look at."""

from hooke.lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
