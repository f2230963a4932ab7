"""Adds the weights of a bundle in OpenVINO's own format, two files that OpenVINO's tools and programs open directly.

hooke itself gives OpenVINO the ONNX file. Needs the package openvino, of the extra ``fast``.
"""

from __future__ import annotations

import importlib
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from hooke.errors import ConfigError, ModelError
from hooke.extras import how_to_install
from hooke.models import read_bundle
from hooke.training.bundles.bundle_folder import fresh_bundle
from hooke.training.bundles.description import set_attachments, write_description

_FILES = ("weights-openvino.xml", "weights-openvino.bin")
_MOST = 1e-3  # by which an output may differ from the bundle's, in map units (0..1)


def add_openvino_weights(bundle: Path, out: Path | None = None) -> float:
    """Write the weights in OpenVINO's format, in 32 bits, and compare their output with the one that the bundle holds.

    Parameters
    ----------
    bundle : Path
        Folder of a bundle that segments; of one with a network for colour images, the other network is taken.
    out : Path, optional
        Folder of a copy to write; by default the bundle itself is replaced once all is written.

    Returns
    -------
    float
        Largest difference of the outputs for the bundle's test input, in map units (0..1).

    Raises
    ------
    ConfigError
        When openvino is not installed.
    ModelError
        When the outputs differ by more than 0.001.
    """
    try:
        openvino = importlib.import_module("openvino")
    except ImportError as error:
        raise ConfigError("the package openvino is not installed", remedy=how_to_install("fast")) from error
    network = openvino.Core().read_model(BytesIO(read_bundle(bundle).weights))
    with fresh_bundle(out or bundle) as fresh:
        shutil.copytree(bundle, fresh, dirs_exist_ok=True)
        openvino.save_model(network, fresh / _FILES[0], compress_to_fp16=False)
        difference = _difference(openvino, fresh)
        if not difference <= _MOST:
            raise ModelError(
                f"OpenVINO's output differs by {difference:.2g}", path=bundle, remedy="update openvino, or leave it out"
            )
        description = yaml.safe_load((fresh / "rdf.yaml").read_text(encoding="utf-8"))
        set_attachments(description, fresh, _FILES, _FILES.__contains__)
        write_description(fresh / "rdf.yaml", description)
    return difference


def _difference(openvino: Any, folder: Path) -> float:
    """Run what was written on the bundle's test input."""
    compiled = openvino.Core().compile_model(folder / _FILES[0], "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    made = compiled([np.load(folder / "test_input.npy", allow_pickle=False)])[0]
    return float(np.abs(made - np.load(folder / "test_output.npy", allow_pickle=False)).max(initial=0))
