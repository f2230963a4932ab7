"""hooke finds every nucleus and cell in microscopy images, outlines each and measures it.

>>> import hooke
>>> hooke.segment("field.tif").table  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hooke.errors import HookeError
    from hooke.image import Image
    from hooke.io import open_image, read_image
    from hooke.models import Model, load_model
    from hooke.pipeline import Segmentation, segment

__version__ = "0.1.0"

# Where each public name lives: imported when first used, so that `import hooke` costs nothing.
_HOME = {
    "HookeError": "hooke.errors",
    "Image": "hooke.image",
    "Model": "hooke.models",
    "Segmentation": "hooke.pipeline",
    "load_model": "hooke.models",
    "open_image": "hooke.io",
    "read_image": "hooke.io",
    "segment": "hooke.pipeline",
}

__all__ = [
    "HookeError",
    "Image",
    "Model",
    "Segmentation",
    "__version__",
    "load_model",
    "open_image",
    "read_image",
    "segment",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'hooke' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
