"""What every target scheme offers the runtime: its maps' names, and `decode`, maps in and instances out."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from hooke.targets.splitline import Decoded

__all__ = ["Scheme", "TellsDiameter"]


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
        """How many of the maps, from the first, `decode` looks at."""

    @property
    def nominal_diameter(self) -> float:
        """Diameter of the objects, network pixels, that the scheme's parameters were set for."""

    @property
    def min_score(self) -> float:
        """Instances whose score (0..1) lies below this are dropped."""

    def decode(
        self,
        maps: NDArray[np.floating] | NDArray[np.uint16],
        *,
        min_size: float = 0.0,
        diameter: float | None = None,
        min_score: float | None = None,
    ) -> Decoded:
        """Turn maps into instances; see `hooke.targets.SplitLine.decode`."""


@runtime_checkable
class TellsDiameter(Scheme, Protocol):
    """A scheme with a map of the objects' diameters, by which the pipeline chooses the scale to look at an image."""

    def diameter_of(self, value: Any) -> Any:
        """Diameter in pixels that a value of the diameter map stands for: of a number, an array or a tensor."""
