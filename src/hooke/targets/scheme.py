"""What every target scheme offers: names of its maps, how to encode and decode them, and what a first pass needs."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from hooke.targets.decoded import Decoded


class Scheme(Protocol):
    """A dataclass whose fields are the scheme's parameters, as a model bundle stores them."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def name(self) -> str:
        """What a bundle calls it."""

    @property
    def maps(self) -> tuple[str, ...]:
        """Names of the maps, in their order."""

    @property
    def decoded(self) -> int:
        """How many of the maps, from the first, `decode` uses."""

    @property
    def first_pass_maps(self) -> int:
        """How many maps the estimate of the diameter uses, the diameter map being the last; 0 without such a map."""

    @property
    def loss(self) -> str:
        """Name of the loss in `hooke.training` that its maps are trained with."""

    @property
    def nominal_diameter(self) -> float:
        """Diameter of the objects, network pixels, that the scheme's parameters were set for."""

    @property
    def min_score(self) -> float:
        """Instances whose score (0..1) lies below this are dropped."""

    def encode(self, labels: NDArray[np.integer], diameters: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Turn a label image (Y, X) into maps (K, Y, X); see `hooke.targets.SplitLine.encode`."""

    def decode(
        self,
        maps: NDArray[np.floating] | NDArray[np.uint16],
        *,
        min_size: float = 0.0,
        diameter: float | None = None,
        min_score: float | None = None,
        threads: int = 1,
    ) -> Decoded:
        """Turn maps into instances; see `hooke.targets.SplitLine.decode`."""


@runtime_checkable
class HasDiameterMap(Scheme, Protocol):
    """A scheme with a map of the objects' diameters, from which the pipeline estimates at which scale to predict."""

    def diameter_of(self, value: Any) -> Any:
        """Diameter in pixels that a value of the diameter map stands for: of a number, an array or a tensor."""
