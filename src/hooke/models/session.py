"""Makes sessions of ONNX Runtime, one for each number of threads, when first needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ModelError
from hooke.models.onnx_file import check_onnx
from hooke.models.runtime import onnxruntime as ort


class Sessions:
    """Sessions of one network.

    Parameters
    ----------
    weights : bytes
        The ONNX file.
    path : Path
        Of the bundle, to name it when the weights can't be run.
    """

    def __init__(self, weights: bytes, path: Path) -> None:
        self._weights = weights
        self._path = path
        self._by_threads: dict[int, Any] = {}

    def get(self, threads: int) -> Any:
        """The session whose calls use this number of threads each, 0 for all cores.

        Raises
        ------
        ModelError
            When the weights can't be run.
        """
        if threads not in self._by_threads:
            check_onnx(self._weights, self._path)
            options = ort.SessionOptions()
            options.intra_op_num_threads = threads
            options.inter_op_num_threads = 1
            options.log_severity_level = 3
            try:
                # Without a second try, of which onnxruntime prints a notice among the results.
                session = ort.InferenceSession(
                    self._weights, options, providers=["CPUExecutionProvider"], enable_fallback=0
                )
            except Exception as error:  # onnxruntime raises its own, undocumented kinds
                raise ModelError(
                    f"weights.onnx can't be run: {error}", path=self._path, remedy="export it again"
                ) from error
            self._by_threads[threads] = session
        return self._by_threads[threads]

    def run(self, session: Any, feeds: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        """Give the first output of one call.

        Raises
        ------
        ModelError
            When the network fails on it, or makes no array of numbers.
        """
        try:
            outputs = session.run(None, dict(feeds))
        except Exception as error:  # onnxruntime raises its own, undocumented kinds
            text = " ".join(str(error).split())[:300]
            raise ModelError(f"its network fails: {text}", path=self._path, remedy="export it again") from error
        made = outputs[0] if outputs else None
        if not isinstance(made, np.ndarray) or made.dtype.kind != "f":
            raise ModelError("its network makes no numbers", path=self._path, remedy="export it again")
        return made
