"""The words of a model bundle: `rdf.yaml` in the bioimage.io model format, and the model card beside it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from hooke.errors import ModelError
from hooke.models import BundleSettings
from hooke.training.module import SegmentationModule

__all__ = ["describe_bundle"]

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
        See `hooke.training.export.export_run`.
    record : dict
        How the network came about; kept under ``config: hooke: training:``.

    Raises
    ------
    ModelError
        When the description does not pass bioimage.io's own validation.
    """
    (folder / "README.md").write_text(card.get("documentation") or f"# {module.config.name}\n", encoding="utf-8")
    description = _description(folder, module, card, record)
    text = yaml.safe_dump(description, sort_keys=False, allow_unicode=True)
    (folder / "rdf.yaml").write_text(text, encoding="utf-8")
    _validate(folder / "rdf.yaml")


def _description(
    folder: Path, module: SegmentationModule, card: dict[str, Any], record: dict[str, Any]
) -> dict[str, Any]:
    config, scheme = module.config, module.scheme
    settings = BundleSettings(
        scheme=scheme.name,
        parameters={"nominal_diameter": config.nominal_diameter, **card.get("parameters", {})},
        diameter_band=card.get("diameter_band", config.augment.diameter),
        trained_diameters=config.augment.diameter,
        stride=module.network.stride,
        classes=config.classes,
    )
    classes = [f"class {name}" for name in config.classes]
    return {
        "type": "model",
        "format_version": "0.5.4",
        "name": config.name,
        "description": card.get("description", f"{config.name}: instance segmentation by foreground and split lines"),
        "authors": card.get("authors", [{"name": "The hooke developers"}]),
        "license": card.get("license", "MIT"),
        "cite": card.get("cite", []),
        "tags": ["instance-segmentation", "nuclei", "unet", "2d", "hooke"],
        "documentation": "README.md",
        "timestamp": datetime.now(UTC).replace(microsecond=0).isoformat(),
        "inputs": [_input(folder, config.in_channels)],
        "outputs": [_output(folder, [*scheme.maps, *classes]), *_image_output(config.image_classes)],
        "weights": {
            "onnx": {
                "source": "weights.onnx",
                "sha256": _sha256(folder / "weights.onnx"),
                "opset_version": 17,
            }
        },
        "config": {
            "hooke": {
                **settings.model_dump(mode="json"),
                "maps": {
                    **{name: _MEANING[name] for name in scheme.maps},
                    **dict.fromkeys(classes, "probability that the pixel lies in an object of this class"),
                },
                "image_classes": config.image_classes,
                "training_data": card.get("training_data", []),
                "scores": card.get("scores", {}),
                "training": record,
            }
        },
    }


def _input(folder: Path, channels: int) -> dict[str, Any]:
    return {
        "id": "image",
        "description": "one image, its objects brought into the diameter band; grey is repeated three times",
        "axes": [
            {"type": "batch"},
            {"type": "channel", "channel_names": ["red", "green", "blue"] if channels == 3 else ["grey"]},
            {"type": "space", "id": "y", "size": {"min": 32, "step": 32}},
            {"type": "space", "id": "x", "size": {"min": 32, "step": 32}},
        ],
        "data": {"type": "float32", "range": [-0.5, 2.0]},
        "test_tensor": {"source": "test_input.npy", "sha256": _sha256(folder / "test_input.npy")},
    }


def _output(folder: Path, maps: list[str]) -> dict[str, Any]:
    return {
        "id": "maps",
        "description": "target maps in 0..1; config: hooke: maps says what each means",
        "axes": [
            {"type": "batch"},
            {"type": "channel", "channel_names": maps},
            {"type": "space", "id": "y", "size": {"tensor_id": "image", "axis_id": "y"}},
            {"type": "space", "id": "x", "size": {"tensor_id": "image", "axis_id": "x"}},
        ],
        "data": {"type": "float32", "range": [0.0, 1.0]},
        "test_tensor": {"source": "test_output.npy", "sha256": _sha256(folder / "test_output.npy")},
    }


def _image_output(classes: list[str]) -> list[dict[str, Any]]:
    """The class of the whole image, for networks that tell it; bioimage.io asks for no test tensor of it here."""
    if not classes:
        return []
    axes = [{"type": "batch"}, {"type": "channel", "channel_names": classes}]
    return [{"id": "image_classes", "description": "probability of each class of the whole image", "axes": axes}]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _validate(path: Path) -> None:
    from bioimageio.spec import InvalidDescr, ValidationContext, load_description

    with ValidationContext(perform_io_checks=False, warning_level=50):
        loaded = load_description(path)
    if isinstance(loaded, InvalidDescr):
        raise ModelError(
            f"description fails bioimage.io's validation: {loaded.validation_summary.format()}",
            path=path,
            remedy="mend the card",
        )
