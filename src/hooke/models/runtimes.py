"""Lists the runtimes that can run a network here, and chooses among them."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from hooke.errors import ConfigError
from hooke.extras import how_to_install
from hooke.models.processor import int8_instructions
from hooke.models.runtime import onnxruntime

#: ONNX Runtime on the processor, in 32 bits: what all others are measured against.
REFERENCE = "onnxruntime"
#: The same with the bundle's int8 weights.
INT8 = "onnxruntime-int8"
OPENVINO = "openvino"
CUDA = "cuda"
AUTO = "auto"

#: Execution providers of ONNX Runtime that come with other packages of it, or other systems.
PROVIDERS = {
    CUDA: "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "onnxruntime-openvino": "OpenVINOExecutionProvider",
}
_PACKAGES = {
    CUDA: "put onnxruntime-gpu in the place of onnxruntime",
    "directml": "put onnxruntime-directml in the place of onnxruntime",
    "coreml": "macOS only",
    "onnxruntime-openvino": "put onnxruntime-openvino in the place of onnxruntime",
}

#: What `hooke.models.Model.with_runtime` takes.
RUNTIMES = (AUTO, REFERENCE, INT8, OPENVINO, *PROVIDERS)


@dataclass(frozen=True)
class Runtime:
    """What runs a network.

    Parameters
    ----------
    name : str
        One of `RUNTIMES`, never ``auto``.
    why : str
        Why it was chosen.
    """

    name: str
    why: str


def check_runtime(name: str) -> str:
    """Return the name of a runtime, or refuse it.

    Raises
    ------
    ConfigError
        When there is none of this name.
    """
    if name not in RUNTIMES:
        raise ConfigError(f"runtime is {name!r}", remedy=f"give one of {', '.join(RUNTIMES)}")
    return name


def missing_runtime(name: str) -> str:
    """Say how to get a runtime that is not installed; empty for one that is.

    Examples
    --------
    >>> missing_runtime("onnxruntime")
    ''
    """
    if name == OPENVINO and importlib.util.find_spec("openvino") is None:
        return how_to_install("fast")
    if name in PROVIDERS and PROVIDERS[name] not in onnxruntime.get_available_providers():
        return _PACKAGES[name]
    return ""


def int8_reason() -> tuple[bool | None, str]:
    """Whether int8 weights gain on this processor, None where that has to be timed; and why."""
    found = int8_instructions()
    if found is None:
        return None, "the system does not say whether the processor has instructions for int8"
    if not found:
        return False, "the processor has no instructions for int8"
    return True, f"the processor has {', '.join(found)}"
