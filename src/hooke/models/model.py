"""`Model`: a bundle ready to run with ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from hooke.errors import ModelError
from hooke.models.bundle import Bundle, BundleSettings
from hooke.models.predict import Network
from hooke.targets import SplitLine, make_scheme

__all__ = ["Model"]


class Model:
    """A network with what decodes its maps.

    Parameters
    ----------
    bundle : Bundle

    Raises
    ------
    ModelError
        When the bundle's target scheme is unknown. Weights that can't be run are found at the first `network`.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.scheme: SplitLine = make_scheme(bundle.settings.scheme, bundle.settings.parameters)
        self._sessions: dict[int, Any] = {}

    def __repr__(self) -> str:
        return f"Model({self.name!r}, {self.bundle.settings.scheme})"

    @property
    def name(self) -> str:
        """Name in the bundle's description."""
        return self.bundle.name

    @property
    def settings(self) -> BundleSettings:
        """What the runtime must know of the network."""
        return self.bundle.settings

    @property
    def checksum(self) -> str:
        """SHA-256 of the weights, hexadecimal."""
        return self.bundle.checksum

    def network(self, threads: int = 1) -> Network:
        """Give the network as a function of one batch.

        Parameters
        ----------
        threads : int
            Threads that one call uses. Calls may be made from several threads at once.
        """
        session = self._session(threads)
        name = session.get_inputs()[0].name

        grey = session.get_inputs()[0].shape[1] == 1

        def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
            if grey:
                batch = batch.mean(axis=1, keepdims=True)
            return session.run(None, {name: batch})[0]  # type: ignore[no-any-return]

        return run

    def _session(self, threads: int) -> Any:
        if threads not in self._sessions:
            options = ort.SessionOptions()
            options.intra_op_num_threads = threads
            options.inter_op_num_threads = 1
            options.log_severity_level = 3
            try:
                session = ort.InferenceSession(self.bundle.weights, options, providers=["CPUExecutionProvider"])
            except Exception as error:  # onnxruntime raises its own, undocumented kinds
                raise ModelError(
                    f"weights.onnx can't be run: {error}", path=self.bundle.path, remedy="export it again"
                ) from error
            self._sessions[threads] = session
        return self._sessions[threads]
