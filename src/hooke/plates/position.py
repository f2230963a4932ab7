"""Defines where on a plate an image was taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hooke.plates.well import Well


@dataclass(frozen=True)
class Position:
    """Where on a plate an image was taken.

    Parameters
    ----------
    well : Well
    site : str
        Which field of the well; empty where the name does not state it.
    channel, plane, time : str
        Which channel, focal plane and time; empty where the name does not state it.
    plate : str
        Which plate; empty where there is only one.
    condition, replicate : str
        Where a pattern finds them in the name.
    preview : bool
        Whether it is the small copy that the microscope shows in its own windows.
    """

    well: Well
    site: str = ""
    channel: str = ""
    plane: str = ""
    time: str = ""
    plate: str = ""
    condition: str = ""
    replicate: str = ""
    preview: bool = False

    @classmethod
    def from_parts(cls, well: Well, parts: Mapping[str, str]) -> Position:
        """Take the parts of a name that are there."""
        return cls(
            well,
            parts.get("site", ""),
            parts.get("channel", ""),
            parts.get("plane", ""),
            parts.get("time", ""),
            parts.get("plate", ""),
            parts.get("condition", ""),
            parts.get("replicate", ""),
            bool(parts.get("preview")),
        )

    @property
    def field(self) -> tuple[str, Well, str, str, str]:
        """What is the same for the channel files of one field."""
        return self.plate, self.well, self.site, self.plane, self.time
