"""Runs a network with OpenVINO, an optional package.

On processors with instructions for bfloat16 it computes in these: see the table in docs/explanation/performance.md.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from io import BytesIO
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError


@dataclass(frozen=True)
class _Input:
    name: str
    shape: list[int | str]


class OpenVinoSession:
    """A network compiled by OpenVINO for the processor, called like a session of ONNX Runtime.

    Parameters
    ----------
    weights : bytes
        The ONNX file.
    threads : int
        Threads of one call, 0 for all cores. Calls of one thread may be made side by side.

    Raises
    ------
    ConfigError
        When OpenVINO would leave out a part of the network without a word.
    """

    def __init__(self, weights: bytes, threads: int) -> None:
        alone = threads == 1
        settings = {
            "PERFORMANCE_HINT": "THROUGHPUT" if alone else "LATENCY",
            "NUM_STREAMS": str((cpu_count() or 1) if alone else 1),
            "INFERENCE_NUM_THREADS": str(threads if threads > 1 else cpu_count() or 1),
            "ENABLE_CPU_PINNING": "NO",  # of several processes, all would take the same cores
        }
        import openvino  # optional

        core = openvino.Core()
        network = core.read_model(BytesIO(weights))
        # OpenVINO 2026.4 takes every n-th pixel there: thin bright lines vanish (findings/openvino_resize_aliases.sh).
        if any(
            part.get_type_name() == "Interpolate" and part.get_attributes()["antialias"] for part in network.get_ops()
        ):
            cause = "runtime openvino doesn't smooth what the network shrinks, as its Resize with antialias asks"
            raise ConfigError(cause, remedy="leave --runtime out")
        self._network = core.compile_model(network, "CPU", settings)
        self._own = threading.local()

    def get_inputs(self) -> list[Any]:
        """Describe the inputs by name and shape; an axis of any length has a text there."""
        return [
            _Input(taken.any_name, ["any" if side.is_dynamic else side.get_length() for side in taken.partial_shape])
            for taken in self._network.inputs
        ]

    def run(self, names: None, feeds: dict[str, NDArray[np.float32]]) -> list[Any]:
        """Give copies of all outputs: the next call of the same thread writes over the originals."""
        if not hasattr(self._own, "request"):
            self._own.request = self._network.create_infer_request()
        results = self._own.request.infer(feeds, share_inputs=True)
        return [np.array(results[output]) for output in self._network.outputs]
