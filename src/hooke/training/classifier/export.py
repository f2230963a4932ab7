"""Exports a classifier as a model bundle: ONNX weights checked against PyTorch, window and temperature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hooke.classify.classify_whole_images import ImageClassifierSettings
from hooke.classify.network import ClassifierSettings, NetworkClassifier
from hooke.models.bundle import read_parts
from hooke.training.bundles.bundle_folder import Export, fresh_bundle
from hooke.training.bundles.description import describe_model, describe_tensor
from hooke.training.bundles.weights import (
    check_difference,
    example_image,
    restore,
    run_record,
    with_fixed_padding,
    write_weights,
)
from hooke.training.classifier.config import ClassifierConfig
from hooke.training.classifier.module import ClassifierModule
from hooke.training.outcome import read_result


class _Probabilities(nn.Module):
    """The network as the bundle offers it: calibrated probabilities of the classes."""

    def __init__(self, module: ClassifierModule, temperature: float) -> None:
        super().__init__()
        self.network = with_fixed_padding(module.network)
        self.temperature = temperature

    def forward(self, image: Tensor) -> Tensor:
        return torch.softmax(self.network(image) / self.temperature, dim=1)


def load_run(run: Path) -> ClassifierModule:
    """Load the best network of a run: see `hooke.training.load_run`."""
    return restore(run, lambda raw: ClassifierModule(ClassifierConfig.model_validate(raw), load_weights=False))


def export_run(run: Path, bundle: Path, *, card: dict[str, Any], torchscript: bool) -> Export:
    """Write a run's best network as a model bundle: see `hooke.training.export`."""
    module = load_run(run)
    result = read_result(run)  # empty when it was stopped before its end: then it is not calibrated
    image = _example_cut(module.config)
    wrapped = _Probabilities(module, float(result.get("temperature", 1.0))).eval()
    with torch.inference_mode():
        answers = wrapped(torch.from_numpy(image)).numpy()
    with fresh_bundle(bundle) as fresh:
        axes = {"image": {0: "batch"}, "classes": {0: "batch"}}
        write_weights(wrapped, {"image": image}, ["classes"], axes, fresh, torchscript=torchscript)
        np.save(fresh / "test_input.npy", image)
        np.save(fresh / "test_output.npy", answers)
        _describe(fresh, module.config, card, run_record(run), result)
        difference = check_difference(_load(fresh, module.config).run(image), answers, fresh)
    return Export(bundle, difference)


def _load(bundle: Path, config: ClassifierConfig) -> NetworkClassifier:
    """The network as the runtime has it."""
    settings, _, weights = read_parts(bundle, _settings_of(config))
    return NetworkClassifier(config.name, bundle, settings, weights)


def _settings_of(config: ClassifierConfig) -> type[ClassifierSettings]:
    return ImageClassifierSettings if config.of == "images" else ClassifierSettings


def _example_cut(config: ClassifierConfig) -> np.ndarray:
    """A network input that any machine can make again: a corner of simulated nuclei, with a disc for a mask."""
    image = example_image(config.in_channels)
    side = config.window
    tiled = np.tile(image, (1, 1, -(-side // 256), -(-side // 256)))[:, :, :side, :side]
    if config.mask_channel:
        y, x = np.mgrid[:side, :side] - side / 2
        tiled = np.concatenate([tiled, (y**2 + x**2 < (side / 4) ** 2)[None, None].astype(np.float32)], axis=1)
    return np.ascontiguousarray(tiled, np.float32)


def _describe(
    folder: Path, config: ClassifierConfig, card: dict[str, Any], record: dict[str, Any], result: dict[str, Any]
) -> None:
    settings = _settings_of(config)(
        classes=config.classes,
        window=config.window,
        scale=config.scale,
        mask_channel=config.mask_channel,
        in_channels=config.in_channels,
        intensity=config.intensity,
        modes=result.get("modes", []),
        temperature=float(result.get("temperature", 1.0)),
        turns=config.turns,
        **({"column": config.column} if config.of == "images" else {}),
    )
    shown = "a cut-out around one object" if config.of == "objects" else "a whole image, its longer side the window's"
    names = ["red", "green", "blue"] if config.in_channels == 3 else ["grey"]
    names += ["mask"] if config.mask_channel else []
    side = {"type": "space", "size": config.window}
    inputs = describe_tensor(
        folder,
        "image",
        "test_input.npy",
        description=f"{shown}; grey is repeated three times",
        axes=[
            {"type": "batch"},
            {"type": "channel", "channel_names": names},
            side | {"id": "y"},
            side | {"id": "x"},
        ],
        data={"type": "float32", "range": [-0.5, 2.0]},
    )
    outputs = describe_tensor(
        folder,
        "classes",
        "test_output.npy",
        description="probability of each class, calibrated",
        axes=[{"type": "batch"}, {"type": "channel", "channel_names": config.classes}],
        data={"type": "float32", "range": [0.0, 1.0]},
    )
    scores = {"scores": {name: result[name] for name in ("accuracy", "balanced_accuracy", "ece") if name in result}}
    describe_model(
        folder,
        config.name,
        {"description": f"{config.name}: names a class from {shown}", **scores} | card,
        tags=["image-classification", "2d"],
        inputs=[inputs],
        outputs=[outputs],
        settings=settings,
        extra={"training": record},
    )
