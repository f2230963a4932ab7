"""ONNX Runtime, imported here and nowhere else, so that its telemetry is switched off before it is loaded.

From 1.31 on the library keeps a queue of events, with the interpreter's path, under the user's cache folder, and tries
to send it. It reads the variable once, when it is loaded: neither setting it later nor calling
``onnxruntime.disable_telemetry_events`` keeps the files from being written. A program that imports the library before
hooke has to set the variable itself.
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

__all__ = ["load_quantization", "onnxruntime"]


def load_quantization() -> ModuleType:
    """Import the part that makes networks of integers, which needs the package ``onnx``."""
    return importlib.import_module("onnxruntime.quantization")
