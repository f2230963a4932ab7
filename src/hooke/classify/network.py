"""Loads a classifier network from its bundle and classifies cut-outs; see `hooke.models.bundle` for the files.

``weights.onnx``: cut-outs (N, C, window, window) in 0..1 -> calibrated probabilities (N, K).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from hooke.classify.classify_objects import Classifier
from hooke.classify.intensity import Intensity
from hooke.classify.windows import Positions, cut_windows, rescale
from hooke.errors import ModelError
from hooke.image import Image
from hooke.labels.classes import Classes
from hooke.limits import check_memory
from hooke.models.bundle import read_parts
from hooke.models.session import Sessions
from hooke.preprocess import Normalisation

_BATCH = 32  # cut-outs at once: bounds memory


class ClassifierSettings(BaseModel):
    """What the runtime must know of a classifier, stored under ``config: hooke:`` of ``rdf.yaml``."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    task: Literal["classifier"] = "classifier"
    format: int = Field(1, le=1, description="version of these settings")
    classes: list[str] = Field(min_length=2, max_length=1000)
    window: int = Field(224, ge=8, le=2048, description="side of a cut-out, network pixels")
    scale: float = Field(1.0, ge=1 / 64, le=16, description="network pixels per image pixel")
    mask_channel: bool = Field(False, description="whether the last channel is the object's mask")
    in_channels: Literal[1, 3] = 3
    intensity: Intensity = "nuclei"
    percentiles: tuple[float, float] = (1.0, 99.8)
    modes: list[Literal["grey", "rgb"]] = Field(
        default_factory=list, description="modes of the training images; none: any"
    )
    temperature: float = Field(1.0, gt=0, description="already applied in the network; kept for the record")
    turns: Literal[1, 4, 8] = Field(1, description="orientations averaged: rotated (4), and mirrored (8)")


class NetworkClassifier(Classifier):
    """A network that predicts classes from cut-outs.

    Parameters
    ----------
    name : str
    path : Path
    settings : ClassifierSettings
    weights : bytes
        The ONNX file.

    Raises
    ------
    ModelError
        When the weights can't be run.
    """

    def __init__(self, name: str, path: Path, settings: ClassifierSettings, weights: bytes) -> None:
        self.name = name
        self.path = path
        self.checksum = hashlib.sha256(weights).hexdigest()
        self.settings = settings
        self.percentiles = settings.percentiles
        self.intensity = settings.intensity
        self.modes: tuple[str, ...] = tuple(settings.modes)
        self._sessions = Sessions(weights, path)
        self._sessions.get(0)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names, in the order of the probabilities."""
        return tuple(self.settings.classes)

    @property
    def needs_masks(self) -> bool:
        """Whether points alone are not enough."""
        return self.settings.mask_channel

    def run(self, cuts: NDArray[np.float32], threads: int = 0) -> NDArray[np.float32]:
        """Probabilities (N, K) of cut-outs (N, C, window, window); 0 threads are all cores."""
        session = self._sessions.get(threads)
        parts = [
            self._sessions.run(session, {"image": cuts[start : start + _BATCH]})
            for start in range(0, len(cuts), _BATCH)
        ]
        shares = np.concatenate(parts) if parts else np.zeros((0, len(self.classes)), np.float32)
        if shares.shape != (len(cuts), len(self.classes)):
            cause = f"its network makes {shares.shape} of {len(cuts)} cut-outs, not a probability for each class"
            raise ModelError(cause, path=self.path, remedy="export it again")
        return shares

    def predict_with_tta(self, cuts: NDArray[np.float32], threads: int = 0) -> NDArray[np.float32]:
        """Probabilities (N, K) of cut-outs, averaged over as many rotations and mirror images as the settings say."""
        if self.settings.turns == 1:
            return self.run(cuts, threads)
        return average_tta([self.run(turned, threads) for turned in rotated_crops(cuts, self.settings.turns)])

    def oversized(self, objects: Positions) -> NDArray[np.bool_]:
        """Which objects are larger than the window, and so shrunk to fit. Shape (n,)."""
        return objects.scaled(self.settings.scale).oversized(self.settings.window)

    def classify(
        self,
        image: Image,
        normalisation: Normalisation,
        labels: NDArray[np.int32] | None,
        objects: Positions,
        threads: int = 0,
    ) -> Classes:
        """Predict the class of each object from a window around it."""
        settings = self.settings
        check_memory(8 * settings.scale**2 * image.pixels.size, image.path)
        pixels, small = rescale(
            normalisation.apply(image.pixels), labels if settings.mask_channel else None, settings.scale
        )
        if settings.in_channels == 1:
            pixels = pixels.mean(axis=2, keepdims=True)
        scaled = objects.scaled(settings.scale)
        batches = (scaled.select(slice(start, start + _BATCH)) for start in range(0, len(scaled), _BATCH))
        shares = [
            self.predict_with_tta(cut_windows(pixels, small, batch, settings.window), threads) for batch in batches
        ]
        nothing = np.zeros((0, len(self.classes)), np.float32)
        return Classes(self.classes, np.concatenate(shares) if shares else nothing)


def rotated_crops(cuts: NDArray[np.float32], turns: int) -> Iterator[NDArray[np.float32]]:
    """Square cut-outs (N, C, Y, X) rotated by quarter turns; the second four of eight are their mirror images."""
    for turn in range(turns):
        turned = np.rot90(cuts, turn % 4, axes=(2, 3))
        yield np.ascontiguousarray(turned if turn < 4 else turned[..., ::-1])


def average_tta(shares: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Geometric mean of several predictions, as if the network had given the mean of its logits.

    Examples
    --------
    >>> average_tta([np.array([[0.9, 0.1]]), np.array([[0.1, 0.9]])]).tolist()
    [[0.5, 0.5]]
    """
    logs = np.mean([np.log(np.maximum(share, 1e-12)) for share in shares], axis=0)
    joined = np.exp(logs - logs.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(joined / joined.sum(axis=1, keepdims=True), np.float32)


def load_network(path: str | Path) -> NetworkClassifier:
    """Load a classifier's bundle.

    Raises
    ------
    ModelError
        When it is missing, incomplete, corrupt, or a bundle that segments.
    """
    settings, description, weights = read_parts(path, ClassifierSettings)
    return NetworkClassifier(str(description.get("name") or Path(path).stem), Path(path), settings, weights)
