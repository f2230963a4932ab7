"""hooke finds every nucleus and cell in microscopy images, outlines each and measures it.

>>> import hooke
>>> hooke.segment("field.tif").table  # doctest: +SKIP
"""

from hooke.lazy import attach_stub

__version__ = "0.1.0"

# Names of earlier versions and what they are called now.
_deprecated: dict[str, str] = {}

__getattr__, __dir__, __all__ = attach_stub(__name__, _deprecated)
__all__ += ["__version__"]
