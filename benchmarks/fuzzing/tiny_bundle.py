"""Writes a model bundle of one layer, by hand, so that no package for ONNX is needed."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import yaml

__all__ = ["write_tiny_bundle"]


def write_tiny_bundle(folder: Path) -> Path:
    """Write a bundle whose four maps are made from the mean of the colours; without a checksum."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.onnx").write_bytes(_tiny_onnx())
    settings = {
        "task": "segmentation",
        "format": 1,
        "scheme": "splitline",
        "parameters": {"nominal_diameter": 20.0, "foreground": 0.5, "min_score": 0.1},
        "diameter_band": [13.0, 36.0],
        "trained_diameters": [13.0, 36.0],
        "percentiles": [1.0, 99.8],
        "stride": 32,
        "frame": None,
        "query_step": None,
        "classes": [],
        "channels": [],
        "only_channels": False,
    }
    description = {"name": "tiny", "timestamp": "2026-11-22T01:06:17+00:00", "config": {"hooke": settings}}
    (folder / "rdf.yaml").write_text(yaml.safe_dump(description), encoding="utf-8")
    return folder


def _tiny_onnx() -> bytes:
    """One convolution of 1 x 1: foreground and distance follow the image, split lines are nowhere."""
    kernel = np.array([0.5, 0.0, 0.5, 0.2], np.float32)[:, None].repeat(3, 1)
    tensor = b"".join(_number(1, size) for size in (4, 3, 1, 1)) + _number(2, 1) + _bytes(8, b"kernel")
    tensor += _bytes(9, kernel.tobytes())
    node = _bytes(1, b"image") + _bytes(1, b"kernel") + _bytes(2, b"maps") + _bytes(4, b"Conv")
    graph = _bytes(1, node) + _bytes(2, b"tiny") + _bytes(5, tensor)
    graph += _bytes(11, _value(b"image", 3)) + _bytes(12, _value(b"maps", 4))
    opset = _bytes(1, b"") + _number(2, 17)
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, opset)


def _value(name: bytes, channels: int) -> bytes:
    """Describe a tensor (batch, channels, y, x) of float32."""
    axes = [_bytes(2, b"n"), _number(1, channels), _bytes(2, b"y"), _bytes(2, b"x")]
    shape = b"".join(_bytes(1, axis) for axis in axes)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, 1) + _bytes(2, shape)))


def _varint(number: int) -> bytes:
    packed = b""
    while number > 127:
        packed += struct.pack("B", number & 127 | 128)
        number >>= 7
    return packed + struct.pack("B", number)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value
