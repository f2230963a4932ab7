"""Write the weights of a trained network as ONNX, and check them against PyTorch."""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import onnx
import torch
import yaml
from numpy.typing import NDArray
from pydantic import ValidationError
from timm.layers.conv2d_same import Conv2dSame
from torch import nn
from torch.jit._trace import TracerWarning

import hooke
from hooke.errors import ModelError
from hooke.training.bundles.description import OPSET, TORCHSCRIPT
from hooke.training.outcome import folder_of_run

_Module = TypeVar("_Module", bound=nn.Module)

_TEST_SIDE = 128  # pixels: of the tensors that every bundle carries
_TOLERANCE = 1e-3  # of a map value; float32 rounding over the network's depth stays well below


def with_fixed_padding(network: nn.Module) -> nn.Module:
    """Copy a network, without timm's TensorFlow-like convolutions, which work out their padding from each input's size.

    Inputs are multiples of the stride, so that the padding of every strided convolution is known; written down, ONNX
    Runtime folds it into the convolution, where computed it costs a copy of the whole feature map.
    """
    return _fix_padding(copy.deepcopy(network))


def _fix_padding(network: nn.Module) -> nn.Module:
    for name, child in network.named_children():
        if isinstance(child, Conv2dSame):
            total = [kernel - stride for kernel, stride in zip(child.kernel_size, child.stride, strict=True)]
            (top, left), (bottom, right) = ([one // 2 for one in total], [one - one // 2 for one in total])
            plain = nn.Conv2d(
                child.in_channels,
                child.out_channels,
                child.kernel_size,  # type: ignore[arg-type]
                child.stride,  # type: ignore[arg-type]
                groups=child.groups,
                bias=child.bias is not None,
            )
            plain.load_state_dict(child.state_dict())
            setattr(network, name, nn.Sequential(nn.ZeroPad2d((left, right, top, bottom)), plain))
        else:
            _fix_padding(child)
    return network


def restore(run: Path, make: Callable[[dict[str, Any]], _Module]) -> _Module:
    """Fill a module of any kind with the weights of a run's best checkpoint, ready to predict.

    Parameters
    ----------
    run : Path
        A run's folder, or one of its checkpoints.
    make : callable
        Makes the module from the run's configuration.

    Raises
    ------
    ModelError
        When there is no checkpoint, or its configuration is one of another version of hooke.
    """
    saved = _read_checkpoint(run)
    try:
        module = make(saved["hyper_parameters"]["config"])
    except ValidationError as error:
        first = error.errors()[0]
        setting = ".".join(map(str, first["loc"]))
        raise ModelError(
            f"was trained with a setting that this version of hooke does not take: {setting} ({first['msg']})",
            path=run,
            remedy="export it with the version that trained it",
        ) from error
    module.load_state_dict(saved["state_dict"])
    return module.eval()


def _read_checkpoint(run: Path) -> dict[str, Any]:
    """Read what Lightning saved of a run of any kind: its best checkpoint, or the one named.

    Raises
    ------
    ModelError
        When there is no checkpoint.
    """
    checkpoint = run / "checkpoints" / "best.ckpt" if run.is_dir() else run
    if not checkpoint.is_file():
        raise ModelError("holds no checkpoint", path=run, remedy="give the folder of a run made by hooke train")
    saved: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    return saved


def check_difference(runtime: NDArray[np.float32], pytorch: NDArray[np.float32], bundle: Path) -> float:
    """Largest difference between the outputs of ONNX Runtime and PyTorch for the test input.

    Raises
    ------
    ModelError
        When it is over 0.001.
    """
    difference = float(np.abs(runtime - pytorch).max())
    if difference > _TOLERANCE:
        raise ModelError(f"ONNX Runtime differs from PyTorch by {difference:.2g}", path=bundle, remedy="report this")
    return difference


def write_weights(
    module: nn.Module,
    inputs: dict[str, NDArray[np.float32]],
    outputs: list[str],
    axes: dict[str, dict[int, str]],
    folder: Path,
    *,
    torchscript: bool = False,
) -> None:
    """Write a network as ``weights.onnx``, on request also as ``weights.torchscript``, and check the files.

    Parameters
    ----------
    module : Module
        Takes the inputs in their order.
    inputs : dict of str to ndarray
        An example of each.
    outputs : list of str
        Names.
    axes : dict of str to dict of int to str
        Of each input and output, the axes of any length.
    folder : Path
    torchscript : bool
    """
    examples, path = tuple(torch.from_numpy(one) for one in inputs.values()), folder / "weights.onnx"
    # The tracing exporter: the newer one spends over ten minutes on the symbolic sizes of a U-Net's skips, and a
    # network without branches loses nothing by being traced.
    with warnings.catch_warnings():
        for kind in (DeprecationWarning, FutureWarning):
            warnings.simplefilter("ignore", kind)
        warnings.filterwarnings("ignore", message="Constant folding")  # a shortcut not taken, of no consequence
        # Checks of sizes in PyTorch's own code; it ignores them itself, but only until other filters are set.
        warnings.filterwarnings("ignore", category=TracerWarning, module=r"torch($|\.(?!jit))")
        torch.onnx.export(
            module,
            examples,
            str(path),
            dynamo=False,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes=axes,
            opset_version=OPSET,
        )
        if torchscript:
            traced = torch.jit.trace(module, examples)  # type: ignore[no-untyped-call]
            torch.jit.save(traced, str(folder / TORCHSCRIPT))
    onnx.checker.check_model(str(path))


def example_image(channels: int = 3) -> NDArray[np.float32]:
    """A network input that any machine can make again: simulated nuclei, normalised, the same in all channels."""
    from hooke.datasets import simulate
    from hooke.image import Image
    from hooke.preprocess import fit_normalisation

    pixels = simulate((_TEST_SIDE, _TEST_SIDE), seed=0).image
    normalised = fit_normalisation(Image(pixels)).apply(pixels)
    return np.ascontiguousarray(np.repeat(normalised.transpose(2, 0, 1)[None, :1], channels, axis=1))


def run_record(run: Path) -> dict[str, Any]:
    """Seed, configuration and data of the run, for the bundle's record."""
    folder = folder_of_run(run)
    record: dict[str, Any] = {"hooke_version": hooke.__version__}
    if (config := folder / "config.yaml").is_file():
        settings = yaml.safe_load(config.read_text(encoding="utf-8"))
        # Of paths of the machine that trained, the file's name is all that means something elsewhere.
        start = settings.get("start_from")
        record["config"] = settings | ({"start_from": Path(start).name} if start else {})
    if (data := folder / "data.json").is_file():
        sides = json.loads(data.read_text(encoding="utf-8"))
        record["data"] = {side: {"hash": one["hash"], "images": len(one["ids"])} for side, one in sides.items()}
    return record
