"""Chooses what runs a network, and makes its sessions, one for each runtime and number of threads, when first needed.

The only place that knows of runtimes: whoever predicts calls a session with arrays.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError, ModelError
from hooke.models.onnx_file import check_onnx
from hooke.models.openvino_session import OpenVinoSession
from hooke.models.runtime import onnxruntime as ort
from hooke.models.runtimes import (
    AUTO,
    CUDA,
    INT8,
    OPENVINO,
    PROVIDERS,
    REFERENCE,
    Runtime,
    check_runtime,
    int8_reason,
    missing_runtime,
)

Feeds = Mapping[str, NDArray[np.float32]]

_GAIN = 1.15  # of int8 in a timed tile, from which it is taken: less may be chance; with AVX2 it is 1.5, with VNNI 1.9
_TIMED_SIDE = 256
_CPU = "CPUExecutionProvider"
_PROVIDER_OPTIONS: dict[str, dict[str, str]] = {
    # Tiles come in many shapes, and each would be tried with every algorithm; TF32 rounds to 10 bits.
    CUDA: {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"},
    "onnxruntime-openvino": {"device_type": "AUTO"},
}


class Session(Protocol):
    """A network that is ready to run."""

    def get_inputs(self) -> list[Any]:
        """Describe the inputs: each has a ``name`` and a ``shape``."""

    def run(self, names: None, feeds: dict[str, NDArray[np.float32]]) -> list[Any]:
        """Give all outputs."""


@dataclass
class _OneAtATime:
    """A session that may not be called from two threads at once."""

    session: Session
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get_inputs(self) -> list[Any]:
        return self.session.get_inputs()

    def run(self, names: None, feeds: dict[str, NDArray[np.float32]]) -> list[Any]:
        with self.lock:
            return self.session.run(names, feeds)


class Sessions:
    """Sessions of one network.

    Parameters
    ----------
    weights : bytes
        The ONNX file.
    path : Path
        Of the bundle, to name it when the weights can't be run.
    int8 : bytes, optional
        The same network with weights in 8 bits.
    """

    def __init__(self, weights: bytes, path: Path, int8: bytes | None = None) -> None:
        self._weights = weights
        self._int8 = int8
        self._path = path
        self._made: dict[tuple[str, int], Session] = {}
        self._chosen: Runtime | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what runs, so that results can be sent between processes: it is made again when it is needed."""
        return {**self.__dict__, "_made": {}}

    def choose(self, wanted: str = AUTO) -> Runtime:
        """Choose the runtime: the one wanted, or the fastest that is here and gives the reference's objects.

        Raises
        ------
        ConfigError
            When there is no such runtime, or it is not installed.
        ModelError
            When int8 is wanted and the bundle has no such weights, or a session can't be made.
        """
        if check_runtime(wanted) == AUTO:
            self._chosen = self._chosen or self._fastest()
            return self._chosen
        if missing := missing_runtime(wanted):
            raise ConfigError(f"runtime {wanted} is not installed", remedy=missing)
        if wanted == INT8 and self._int8 is None:
            raise ModelError("has no int8 weights", path=self._path, remedy="add them with hooke export --int8")
        return Runtime(wanted, "asked for")

    def _fastest(self) -> Runtime:
        if not missing_runtime(CUDA):
            try:
                self.get(1, CUDA)
            except ConfigError:
                pass  # the package is there, and no graphics card or driver
            else:
                return Runtime(CUDA, "a graphics card and ONNX Runtime's package for it are here")
        if self._int8 is None:
            return Runtime(REFERENCE, "the model has no int8 weights")
        gains, why = int8_reason()
        if gains is None:
            gain = self._timed_gain()
            gains, why = gain >= _GAIN, f"int8 took 1/{gain:.1f} of the time for a first tile"
        return Runtime(INT8 if gains else REFERENCE, why)

    def _timed_gain(self) -> float:
        """How much faster int8 is on one tile: the best of three, one thread."""
        seconds = {}
        for name in (REFERENCE, INT8):
            session = self.get(1, name)
            feeds = {one.name: _example(one.shape) for one in session.get_inputs()}
            taken = []
            for _ in range(4):
                start = time.thread_time()
                self.run(session, feeds)
                taken.append(time.thread_time() - start)
            seconds[name] = min(taken[1:])
        return seconds[REFERENCE] / max(seconds[INT8], 1e-9)

    def get(self, threads: int, runtime: str = REFERENCE) -> Session:
        """The session whose calls use this number of threads each, 0 for all cores.

        Parameters
        ----------
        threads : int
        runtime : str
            Not ``auto``: see `choose`.

        Raises
        ------
        ConfigError
            When the runtime finds no device.
        ModelError
            When the weights can't be run.
        """
        key = runtime, threads
        if key not in self._made:
            weights, name = self._weights, "weights.onnx"
            if runtime == INT8 and self._int8 is not None:
                weights, name = self._int8, "weights-int8.onnx"
            check_onnx(weights, self._path, name)
            try:
                made = _make(weights, threads, runtime)
                _ = [(one.name, one.shape) for one in made.get_inputs()]  # raises where these are not text
                self._made[key] = made
            except ConfigError:
                raise
            except Exception as error:  # runtimes raise their own, undocumented kinds
                raise ModelError(f"{name} can't be run: {error}", path=self._path, remedy="export it again") from error
        return self._made[key]

    def run(self, session: Session, feeds: Feeds) -> NDArray[np.float32]:
        """Give the first output of one call.

        Raises
        ------
        ModelError
            When the network fails on it, or makes no array of numbers.
        """
        try:
            outputs = session.run(None, dict(feeds))
        except Exception as error:  # runtimes raise their own, undocumented kinds
            text = " ".join(str(error).split())[:300]
            raise ModelError(f"its network fails: {text}", path=self._path, remedy="export it again") from error
        made = outputs[0] if outputs else None
        if not isinstance(made, np.ndarray) or made.dtype.kind != "f":
            raise ModelError("its network makes no numbers", path=self._path, remedy="export it again")
        return made


def _make(weights: bytes, threads: int, runtime: str) -> Session:
    if runtime == OPENVINO:
        return OpenVinoSession(weights, threads)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4 if runtime in PROVIDERS else 3  # a missing driver is said below
    # Threads that wait for work in a loop take it from others: on a busy machine half as much time again.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if runtime != INT8:  # weights that are stored in 8 bits are widened once, when they are loaded
        options.add_session_config_entry("session.disable_quant_qdq", "1")
    providers: list[Any] = [_CPU]
    if runtime in PROVIDERS:
        providers.insert(0, (PROVIDERS[runtime], _PROVIDER_OPTIONS.get(runtime, {})))
    if runtime == "directml":
        options.enable_mem_pattern = False  # not supported there
    # Without a second try, of which onnxruntime prints a notice among the results.
    session = ort.InferenceSession(weights, options, providers=providers, enable_fallback=0)
    if runtime in PROVIDERS and PROVIDERS[runtime] not in session.get_providers():
        raise ConfigError(f"runtime {runtime} finds no device that it can use", remedy="leave --runtime out")
    made: Session = _OneAtATime(session) if runtime == "directml" else session
    return made


def _example(shape: list[Any]) -> NDArray[np.float32]:
    """An input for timing: grey, or the colours that the network takes."""
    sides = [side if isinstance(side, int) else _TIMED_SIDE if axis > 1 else 1 for axis, side in enumerate(shape)]
    return np.full(sides, 0.5, np.float32)
