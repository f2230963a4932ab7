"""Exports a run of the task `coordinate` as a model bundle with two inputs, image and queries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hooke.models import BundleSettings, Model, read_bundle
from hooke.targets.coordinate import as_maps, query_grid
from hooke.training.bundles.bundle_folder import Export, fresh_bundle
from hooke.training.bundles.description import describe_model, describe_tensor, image_input
from hooke.training.bundles.weights import (
    check_difference,
    example_image,
    restore,
    run_record,
    write_weights,
)
from hooke.training.coordinate.config import CoordinateConfig
from hooke.training.coordinate.module import CoordinateModule

_MEANING = {
    "cell": "probability that the place lies in a cell",
    "centre": "distance to the cell's edge over the cell's largest such distance",
}


class _Answers(nn.Module):
    """The network as the bundle offers it: answers in 0..1."""

    def __init__(self, module: CoordinateModule) -> None:
        super().__init__()
        self.network = module.network

    def forward(self, image: Tensor, queries: Tensor) -> Tensor:
        return torch.sigmoid(self.network(image, queries))


def load_run(run: Path) -> CoordinateModule:
    """Load the best network of a run: see `hooke.training.load_run`."""
    return restore(run, lambda raw: CoordinateModule(CoordinateConfig.model_validate(raw)))


def export_run(run: Path, bundle: Path, *, card: dict[str, Any], torchscript: bool) -> Export:
    """Write a run's best network as a model bundle: see `hooke.training.export`."""
    module = load_run(run)
    config = module.config
    image = example_image(config.in_channels)
    height, width = image.shape[2:]
    queries = query_grid(height, width, config.query_step)[None]
    wrapped = _Answers(module).eval()
    with torch.inference_mode():
        answers = wrapped(torch.from_numpy(image), torch.from_numpy(queries)).numpy()
    with fresh_bundle(bundle) as fresh:
        places = {0: "batch", 1: "query"}
        axes = {"image": {0: "batch", 2: "y", 3: "x"}, "queries": places, "answers": places}
        write_weights(wrapped, {"image": image, "queries": queries}, ["answers"], axes, fresh, torchscript=torchscript)
        for name, tensor in (("input", image), ("queries", queries), ("output", answers)):
            np.save(fresh / f"test_{name}.npy", tensor)
        _describe(fresh, module, card, run_record(run))
        maps = as_maps(answers, height, width, config.query_step)
        difference = check_difference(Model(read_bundle(fresh)).network()(image), maps, fresh)
    return Export(bundle, difference)


def _describe(folder: Path, module: CoordinateModule, card: dict[str, Any], record: dict[str, Any]) -> None:
    config, scheme = module.config, module.scheme
    diameter = config.nominal_diameter
    settings = BundleSettings(
        scheme=scheme.name,
        parameters=config.parameters | card.get("parameters", {}),
        diameter_band=card.get("diameter_band", (diameter, diameter)),
        trained_diameters=(diameter, diameter * config.augment.zoom),
        stride=module.network.stride,
        frame=config.frame,
        query_step=config.query_step,
    )
    describe_model(
        folder,
        config.name,
        {"description": f"{config.name}: says of places in an image whether a cell is there"} | card,
        tags=["instance-segmentation", "object-detection", "nuclei", "2d"],
        inputs=[image_input(folder, config.in_channels), _queries(folder)],
        outputs=[_answers(folder, scheme.maps)],
        settings=settings,
        extra={"maps": _MEANING, "training": record},
    )


def _queries(folder: Path) -> dict[str, Any]:
    return describe_tensor(
        folder,
        "queries",
        "test_queries.npy",
        description="queried (x, y) positions, in pixels of the image; (0, 0) is the centre of the top-left pixel",
        axes=[
            {"type": "batch"},
            {"type": "index", "size": {"min": 1, "step": 1}, "concatenable": True},
            {"type": "channel", "channel_names": ["x", "y"]},
        ],
        data={"type": "float32"},
    )


def _answers(folder: Path, maps: tuple[str, ...]) -> dict[str, Any]:
    return describe_tensor(
        folder,
        "answers",
        "test_output.npy",
        description="for each query the maps that config: hooke: maps describes, in 0..1",
        axes=[
            {"type": "batch"},
            {"type": "index", "size": {"tensor_id": "queries", "axis_id": "index"}},
            {"type": "channel", "channel_names": list(maps)},
        ],
        data={"type": "float32", "range": [0.0, 1.0]},
    )
