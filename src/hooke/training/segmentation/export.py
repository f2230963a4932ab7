"""Exports a training run as a model bundle: ONNX weights checked against PyTorch, with a bioimage.io description."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hooke.models import CARD_SETTINGS, BundleSettings, Model, read_bundle
from hooke.training.bundles.bundle_folder import Export, fresh_bundle
from hooke.training.bundles.description import describe_model, describe_tensor, image_input
from hooke.training.bundles.weights import (
    check_difference,
    example_image,
    restore,
    run_record,
    with_fixed_padding,
    write_weights,
)
from hooke.training.networks import Outputs
from hooke.training.segmentation.config import TrainConfig
from hooke.training.segmentation.module import SegmentationModule

_MEANING = {
    "foreground": "probability that the pixel lies in an object",
    "split": "probability that the pixel lies on the line between touching objects",
    "distance": "distance to the object's edge over the object's largest such distance",
    "diameter": "equivalent diameter on a log scale, 0 for an eighth of the nominal one and 1 for 8 times",
}


class _Maps(nn.Module):
    """The network as the bundle offers it: the scheme's maps, then a map for each class, all in 0..1.

    A network that names the class of a whole image gives its probabilities as a second output.
    """

    def __init__(self, module: SegmentationModule) -> None:
        super().__init__()
        self.network = with_fixed_padding(module.network)

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        raw: Outputs = self.network(image)
        maps = torch.sigmoid(raw.maps)
        if raw.classes is not None:
            # The background already counts by its share of the probability.
            maps = torch.cat([maps, torch.softmax(raw.classes, dim=1)[:, 1:]], dim=1)
        return maps if raw.image_classes is None else (maps, torch.softmax(raw.image_classes, dim=1))


def load_run(run: Path) -> SegmentationModule:
    """Load the best network of a run: see `hooke.training.load_run`."""
    return restore(run, lambda raw: SegmentationModule(TrainConfig.model_validate(raw), load_weights=False))


def export_run(run: Path, bundle: Path, *, card: dict[str, Any], torchscript: bool) -> Export:
    """Write a run's best network as a model bundle: see `hooke.training.export`."""
    return write_bundle(load_run(run), bundle, card=card, record=run_record(run), torchscript=torchscript)


def write_bundle(
    module: SegmentationModule, bundle: Path, *, card: dict[str, Any], record: dict[str, Any], torchscript: bool = False
) -> Export:
    """Write a network in memory as a model bundle; see `describe_bundle` for the parameters.

    Raises
    ------
    ModelError
        When ONNX Runtime's answers differ from PyTorch's by more than 0.001.
    """
    image = example_image(module.config.in_channels)
    wrapped = _Maps(module).eval()
    with torch.inference_mode():
        maps = _first(wrapped(torch.from_numpy(image))).numpy()
    with fresh_bundle(bundle) as fresh:
        _write_maps(wrapped, image, fresh, torchscript)
        np.save(fresh / "test_input.npy", image)
        np.save(fresh / "test_output.npy", maps)
        describe_bundle(fresh, module, card, record)
        difference = check_difference(Model(read_bundle(fresh)).network()(image), maps, fresh)
    return Export(bundle, difference)


def _write_maps(module: nn.Module, image: NDArray[np.float32], folder: Path, torchscript: bool) -> None:
    outputs = ["maps"] if isinstance(module(torch.from_numpy(image)), Tensor) else ["maps", "image_classes"]
    axes = {name: {0: "batch", 2: "y", 3: "x"} for name in ("image", "maps")}
    axes |= {name: {0: "batch"} for name in outputs[1:]}
    write_weights(module, {"image": image}, outputs, axes, folder, torchscript=torchscript)


def _first(output: Tensor | tuple[Tensor, Tensor]) -> Tensor:
    return output if isinstance(output, Tensor) else output[0]


def describe_bundle(folder: Path, module: SegmentationModule, card: dict[str, Any], record: dict[str, Any]) -> None:
    """Write ``rdf.yaml`` and ``README.md`` into a bundle that holds weights and test tensors already.

    Parameters
    ----------
    folder : Path
    module : SegmentationModule
    card : dict
        See `hooke.training.export`.
    record : dict
        How the network came about; kept under ``config: hooke: training:``.

    Raises
    ------
    ModelError
        When the description does not pass bioimage.io's own validation.
    """
    config, scheme = module.config, module.scheme
    settings = BundleSettings(
        scheme=scheme.name,
        parameters={"nominal_diameter": config.nominal_diameter, **card.get("parameters", {})},
        diameter_band=card.get("diameter_band", config.band),
        accurate_band=card.get("accurate_band"),
        **{name: card[name] for name in CARD_SETTINGS if name in card},
        trained_diameters=config.augment.diameter,
        stride=module.network.stride,
        classes=config.classes,
        channels=[] if config.stains is None else config.stains.indices,
        only_channels=config.stains is not None and config.stains.only,
    )
    classes = [f"class {name}" for name in config.classes]
    meanings = {
        **{name: _MEANING.get(name, name) for name in scheme.maps},
        **dict.fromkeys(classes, "probability that the pixel lies in an object of this class"),
    }
    describe_model(
        folder,
        config.name,
        {"description": f"{config.name}: instance segmentation by foreground and split lines"} | card,
        tags=["instance-segmentation", "nuclei", "unet", "2d"],
        inputs=[image_input(folder, config.in_channels, () if config.stains is None else config.stains.indices)],
        outputs=[_output(folder, [*scheme.maps, *classes]), *_image_output(config.image_classes)],
        settings=settings,
        extra={"maps": meanings, "image_classes": config.image_classes, "training": record},
    )


def _output(folder: Path, maps: list[str]) -> dict[str, Any]:
    return describe_tensor(
        folder,
        "maps",
        "test_output.npy",
        description="target maps in 0..1; config: hooke: maps describes each",
        axes=[
            {"type": "batch"},
            {"type": "channel", "channel_names": maps},
            {"type": "space", "id": "y", "size": {"tensor_id": "image", "axis_id": "y"}},
            {"type": "space", "id": "x", "size": {"tensor_id": "image", "axis_id": "x"}},
        ],
        data={"type": "float32", "range": [0.0, 1.0]},
    )


def _image_output(classes: list[str]) -> list[dict[str, Any]]:
    """The class of the whole image, for networks that predict it; bioimage.io needs no test tensor of it here."""
    if not classes:
        return []
    axes = [{"type": "batch"}, {"type": "channel", "channel_names": classes}]
    return [{"id": "image_classes", "description": "probability of each class of the whole image", "axes": axes}]
