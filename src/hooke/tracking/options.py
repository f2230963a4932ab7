"""Defines the options of tracking, and the parameters that are found from the data where none is given."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from hooke.errors import ConfigError


@dataclass(frozen=True)
class TrackOptions:
    """Options of `hooke.track` and of ``hooke track``.

    Parameters
    ----------
    max_distance : float, optional
        Pixels that an object moves from frame to frame at most, drift apart; found from the data when not given.
    max_gap : int
        Frames that an object may be missing in, and still be the same one.
    divisions : bool
        Whether objects may divide.
    merging : bool
        Whether two objects may become one for good.
    drift : bool
        Whether the movement of the whole field is estimated and taken out before linking.
    repair : bool
        Whether objects that were found as one in between, and an object that was found as two, are corrected.
    fill_gaps : bool
        Whether an object that is missing in between is drawn with an outline between those before and after.
    min_length : int
        Tracks of fewer frames without mother or daughters are left out.

    Raises
    ------
    ConfigError
        When a value is out of range.
    """

    max_distance: float | None = None
    max_gap: int = 2
    divisions: bool = True
    merging: bool = False
    drift: bool = True
    repair: bool = True
    fill_gaps: bool = False
    min_length: int = 1

    def __post_init__(self) -> None:
        if self.max_distance is not None and not 0 < self.max_distance < math.inf:
            raise ConfigError(f"max_distance is {self.max_distance}", remedy="give pixels, more than 0")
        if not 0 <= self.max_gap <= 1000:
            raise ConfigError(f"max_gap is {self.max_gap}", remedy="give a number of frames from 0 to 1000")
        if self.min_length < 1:
            raise ConfigError(f"min_length is {self.min_length}", remedy="give a number of frames, 1 or more")

    def as_dict(self) -> dict[str, float | bool | None]:
        """All options by name."""
        return asdict(self)


@dataclass(frozen=True)
class Parameters:
    """What linking goes by, as given or as found.

    Parameters
    ----------
    diameter : float
        Median diameter of the objects in pixels.
    displacement : float
        Median displacement from frame to frame in pixels, drift apart.
    max_distance : float
        Pixels that an object moves from frame to frame at most.
    persistence : float
        Share (0..1) of its last displacement that an object repeats in the next frame, on average.
    area_octaves : float
        Twice the standard deviation of an object's area from frame to frame, as a logarithm to base 2.
    shape_spread : float
        Twice the median change of an object's elongation from frame to frame; 0 where shapes distinguish nothing.
    distance_power : float
        Power of its distance that a link costs: 2 where steps are normal, more where long ones are as likely.
    """

    diameter: float
    displacement: float
    max_distance: float
    persistence: float
    area_octaves: float
    shape_spread: float = 0.0
    distance_power: float = 2.0
