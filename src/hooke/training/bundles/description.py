"""The words of a model bundle: `rdf.yaml` in the bioimage.io model format, and the model card beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
import yaml
from pydantic import BaseModel

from hooke.errors import ModelError
from hooke.models import BundleSettings
from hooke.training.segmentation.module import SegmentationModule

__all__ = [
    "TORCHSCRIPT",
    "describe_bundle",
    "describe_model",
    "describe_tensor",
    "file_sha256",
    "image_input",
    "write_description",
]

#: File of a bundle that holds its weights for PyTorch.
TORCHSCRIPT = "weights.torchscript"

_MEANING = {
    "foreground": "probability that the pixel lies in an object",
    "split": "probability that the pixel lies on the line between touching objects",
    "distance": "distance to the object's edge over the object's largest such distance",
    "diameter": "equivalent diameter on a log scale, 0 for an eighth of the nominal one and 1 for 8 times",
}


def describe_bundle(folder: Path, module: SegmentationModule, card: dict[str, Any], record: dict[str, Any]) -> None:
    """Write ``rdf.yaml`` and ``README.md`` into a bundle that holds weights and test tensors already.

    Parameters
    ----------
    folder : Path
    module : SegmentationModule
    card : dict
        See `hooke.training.segmentation.export.export_run`.
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
        trained_diameters=config.augment.diameter,
        stride=module.network.stride,
        classes=config.classes,
        channels=[] if config.stains is None else config.stains.indices,
        only_channels=config.stains is not None and config.stains.only,
    )
    classes = [f"class {name}" for name in config.classes]
    meanings = {
        **{name: _MEANING[name] for name in scheme.maps},
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
        told={"maps": meanings, "image_classes": config.image_classes, "training": record},
    )


def describe_model(
    folder: Path,
    name: str,
    card: dict[str, Any],
    *,
    tags: list[str],
    inputs: list[dict[str, Any]],
    outputs: list[dict[str, Any]],
    settings: BaseModel,
    told: dict[str, Any],
) -> None:
    """Write and validate ``rdf.yaml`` and ``README.md`` of a network of any kind.

    Parameters
    ----------
    folder : Path
        Holds ``weights.onnx``, maybe `TORCHSCRIPT`, and the test tensors.
    name : str
    card : dict
        See `hooke.training.segmentation.export.export_run`; it must have a ``description``.
    tags : list of str
        Besides ``hooke``.
    inputs, outputs : list of dict
        Tensors, as bioimage.io describes them.
    settings : BundleSettings, or those of another task
    told : dict
        What else to keep under ``config: hooke:``.

    Raises
    ------
    ModelError
        When the description does not pass bioimage.io's own validation.
    """
    description = {
        "type": "model",
        "format_version": "0.5.4",
        # bioimage.io asks for five letters.
        "name": name if len(name) >= 5 else f"model {name}",
        "description": card["description"],
        "authors": card.get("authors", [{"name": "The hooke developers"}]),
        "license": card.get("license", "MIT"),
        "cite": card.get("cite", []),
        "tags": [*tags, "hooke"],
        "documentation": "README.md",
        "timestamp": datetime.now(UTC).replace(microsecond=0).isoformat(),
        "inputs": inputs,
        "outputs": outputs,
        "weights": _weights(folder),
        "config": {
            "hooke": {
                **settings.model_dump(mode="json"),
                "training_data": card.get("training_data", []),
                "scores": card.get("scores", {}),
                **told,
            }
        },
    }
    (folder / "README.md").write_text(card.get("documentation") or f"# {name}\n", encoding="utf-8")
    write_description(folder / "rdf.yaml", description)


def _weights(folder: Path) -> dict[str, Any]:
    """Describe the weights in each format that there is."""
    found: dict[str, Any] = {"onnx": _file(folder, "weights.onnx") | {"opset_version": 17}}
    if (folder / TORCHSCRIPT).is_file():
        found["torchscript"] = _file(folder, TORCHSCRIPT) | {"pytorch_version": torch.__version__.partition("+")[0]}
    return found


def _file(folder: Path, name: str) -> dict[str, str]:
    return {"source": name, "sha256": file_sha256(folder / name)}


def describe_tensor(folder: Path, name: str, file: str, **told: Any) -> dict[str, Any]:
    """Describe an input or output whose test tensor lies in the folder under a name of its own."""
    return {"id": name, **told, "test_tensor": _file(folder, file)}


def image_input(folder: Path, channels: int, stains: Sequence[int] = ()) -> dict[str, Any]:
    """Describe the input of a network that takes images: grey, three colours, or the channels of these numbers."""
    names = ["red", "green", "blue"] if channels == 3 else ["grey"]
    seen = "each channel on a scale of its own" if stains else "grey is repeated three times"
    return describe_tensor(
        folder,
        "image",
        "test_input.npy",
        description=f"one image, its objects brought into the diameter band; {seen}",
        axes=[
            {"type": "batch"},
            {"type": "channel", "channel_names": [f"channel {one}" for one in stains] or names},
            {"type": "space", "id": "y", "size": {"min": 32, "step": 32}},
            {"type": "space", "id": "x", "size": {"min": 32, "step": 32}},
        ],
        data={"type": "float32", "range": [-0.5, 2.0]},
    )


def _output(folder: Path, maps: list[str]) -> dict[str, Any]:
    return describe_tensor(
        folder,
        "maps",
        "test_output.npy",
        description="target maps in 0..1; config: hooke: maps says what each means",
        axes=[
            {"type": "batch"},
            {"type": "channel", "channel_names": maps},
            {"type": "space", "id": "y", "size": {"tensor_id": "image", "axis_id": "y"}},
            {"type": "space", "id": "x", "size": {"tensor_id": "image", "axis_id": "x"}},
        ],
        data={"type": "float32", "range": [0.0, 1.0]},
    )


def _image_output(classes: list[str]) -> list[dict[str, Any]]:
    """The class of the whole image, for networks that tell it; bioimage.io asks for no test tensor of it here."""
    if not classes:
        return []
    axes = [{"type": "batch"}, {"type": "channel", "channel_names": classes}]
    return [{"id": "image_classes", "description": "probability of each class of the whole image", "axes": axes}]


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, as a description names it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_description(path: Path, description: dict[str, Any]) -> None:
    """Write an ``rdf.yaml``, and hold it against the bioimage.io model format.

    Raises
    ------
    ModelError
        When it does not pass.
    """
    path.write_text(yaml.safe_dump(description, sort_keys=False, allow_unicode=True), encoding="utf-8")
    from bioimageio.spec import InvalidDescr, ValidationContext, load_description

    with ValidationContext(perform_io_checks=False, warning_level=50):
        loaded = load_description(path)
    if isinstance(loaded, InvalidDescr):
        raise ModelError(
            f"description fails bioimage.io's validation: {loaded.validation_summary.format()}",
            path=path,
            remedy="mend the card",
        )
