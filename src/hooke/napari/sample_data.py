"""Draws napari's sample images: nuclei, a stack in depth, and a sequence of nuclei that move and divide."""

from __future__ import annotations

import cv2
import numpy as np

from hooke.datasets import SequenceSettings, StackSettings, simulate, simulate_sequence, simulate_stack
from hooke.napari.layer_data import LayerData

_FRAMES = 20


def nuclei() -> list[LayerData]:
    """Nuclei in fluorescence, 512 x 512 pixels."""
    return [(simulate((512, 512), seed=4, density=0.25).image, {"name": "nuclei", "colormap": "gray"}, "image")]


def tissue() -> list[LayerData]:
    """Nuclei in tissue stained with haematoxylin and eosin, 512 x 512 pixels."""
    image = simulate((512, 512), seed=4, density=0.25, modality="histology").image
    return [(image, {"name": "tissue", "rgb": True}, "image")]


def stack() -> list[LayerData]:
    """Nuclei in depth: 20 planes of 256 x 256 pixels, three pixels apart."""
    made = simulate_stack(StackSettings(shape=(60, 256, 256), anisotropy=3.0), seed=4)
    attributes = {
        "name": "nuclei in depth",
        "colormap": "gray",
        "scale": (1.5, 0.5, 0.5),
        "units": ("micrometer",) * 3,
        "axis_labels": ("z", "y", "x"),
    }
    return [(made.image, attributes, "image")]


def sequence() -> list[LayerData]:
    """Nuclei that move and divide: 20 frames of 256 x 256 pixels."""
    made = simulate_sequence(SequenceSettings(frames=_FRAMES, shape=(256, 256), diameter=20.0, density=0.12), seed=4)
    rng = np.random.default_rng(4)
    images = np.empty(made.truth.shape, np.uint8)
    for frame, labels in enumerate(made.truth):
        light = cv2.GaussianBlur((labels > 0).astype(np.float32) * 140 + 12, (0, 0), 1.2)
        images[frame] = np.clip(light + rng.normal(0, 5, labels.shape), 0, 255)
    return [(images, {"name": "nuclei in time", "colormap": "gray", "axis_labels": ("t", "y", "x")}, "image")]
