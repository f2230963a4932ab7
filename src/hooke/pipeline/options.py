"""Defines the options of a segmentation and their defaults, the same for Python and the command line."""

from __future__ import annotations

import math
import operator
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import SupportsIndex

from hooke.errors import ConfigError
from hooke.image import Image
from hooke.io.levels import Region, parse_region
from hooke.labels.classes import ObjectClassifier
from hooke.labels.offset import LARGEST as LARGEST_OFFSET
from hooke.measure import MeasureOptions
from hooke.measure.image_table import make_floats
from hooke.models.runtimes import AUTO, REFERENCE, check_runtime

_DIAMETERS = (1, 10_000)
_UM = "um"
_MICROMETRES = re.compile(r"\s*(um|µm|μm|microns?)\s*$", re.IGNORECASE)


def available_threads() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class SegmentOptions(MeasureOptions):
    """Options of `hooke.segment` and of ``hooke segment``, those of `hooke.pipeline.MeasureOptions` among them.

    Parameters
    ----------
    model : str
        A known model's name, or the path of a bundle; ``"auto"`` is `nuclei`, and `cells` for phase contrast.
    channel : int or str, optional
        Number (0 is the first) or name of the channel that shows the objects; chosen from the image when not given.
    diameter : float or "auto"
        Typical diameter of the objects in pixels, or in micrometres as ``"8um"``; ``"auto"`` measures it in a first
        pass.
    min_size : float, optional
        Objects of fewer pixels are dropped; by default 7 to 8 % of the typical object's area, 22 % of whole
        cells, and never under 12.
    min_score : float, optional
        Objects whose score (0..1, their predicted IoU) is below this are dropped; by default the
        model's own choice.
    grow : float, optional
        Pixels, fractions too, that outlines move outwards, or inwards below 0, before objects are measured; by default
        the model's own choice, which is 0 unless it was tuned.
    tta : bool
        Predict everything four times, mirrored, and take the mean: four times slower, may help histology.
    threads : int
        Threads to compute with; 0 takes all available cores.
    classify : ObjectClassifier, optional
        Predicts the class of each object found; `hooke.classify.load_classifier` loads one.
    class_threshold : float
        Objects whose most probable class is less probable (0..1) are called unknown.
    runtime : str
        What runs the network: one of `hooke.models.RUNTIMES`; ``"auto"`` takes the fastest that is here.
    accurate : bool
        Whether all is computed in 32 bits, as the model was trained, at the magnification that is best for outlines,
        however long it takes.
    ids : bool
        Whether overlays show the number of each object.
    scene : str, optional
        Which image of files that hold several, by its name; all of them when not given.
    level : int
        Which resolution of a pyramid, 0 for the finest.
    region : (int, int, int, int) or str, optional
        Top row, left column, height and width in pixels of the level, such as ``"2000,4000,1024,1024"``; all of the
        image when not given. Positions in the results count from the region's corner.
    stitch : {"z", "z,t"}, optional
        Join the objects of a stack's planes in depth; and follow them from time to time.
    z_step : float, optional
        Distance of the planes of stacks in micrometres, in place of what files say.

    Raises
    ------
    ConfigError
        When a value is out of range.
    """

    model: str = AUTO
    channel: int | str | None = None
    diameter: float | str = "auto"
    min_size: float | None = None
    min_score: float | None = None
    grow: float | None = field(default=None, kw_only=True)
    tta: bool = False
    threads: int = 0
    classify: ObjectClassifier | None = None
    class_threshold: float = 0.0
    runtime: str = AUTO
    accurate: bool = False
    ids: bool = False
    scene: str | None = None
    level: int = 0
    region: Region | str | None = None
    stitch: str | None = field(default=None, kw_only=True)
    z_step: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "threads", _parse_whole("threads", self.threads))
        if self.channel is not None:
            object.__setattr__(self, "channel", _parse_channel(self.channel))
        object.__setattr__(self, "model", str(self.model) if isinstance(self.model, Path) else self.model)
        object.__setattr__(self, "diameter", _parse_diameter(self.diameter))
        if self.min_size is not None and not 0 <= self.min_size < math.inf:
            raise ConfigError(f"min_size is {self.min_size}", remedy="give a number of pixels, 0 or more")
        if self.min_score is not None and not 0 <= self.min_score <= 1:
            raise ConfigError(f"min_score is {self.min_score}", remedy="give a number from 0 to 1")
        if self.grow is not None and not -LARGEST_OFFSET <= self.grow <= LARGEST_OFFSET:
            remedy = f"give pixels, {-LARGEST_OFFSET:g} to {LARGEST_OFFSET:g}"
            raise ConfigError(f"grow is {self.grow}", remedy=remedy)
        if isinstance(self.classify, str | Path):
            remedy = f"give the classifier itself: hooke.classify.load_classifier({str(self.classify)!r})"
            raise ConfigError(f"classify is {str(self.classify)!r}, the name of a classifier", remedy=remedy)
        if not 0 <= self.class_threshold <= 1:
            raise ConfigError(f"class_threshold is {self.class_threshold}", remedy="give a probability, 0 to 1")
        if check_runtime(self.runtime) not in (AUTO, REFERENCE) and self.accurate:
            raise ConfigError(f"runtime is {self.runtime!r}, but accurate means {REFERENCE}", remedy="give one of them")
        object.__setattr__(self, "level", _parse_whole("level", self.level))
        object.__setattr__(self, "region", parse_region(self.region))
        if self.level < 0:
            raise ConfigError(f"level is {self.level}", remedy="give a number, 0 for the finest resolution")
        object.__setattr__(self, "stitch", _parse_stitch(self.stitch))
        if self.z_step is not None and not 0 < self.z_step < math.inf:
            raise ConfigError(f"z_step is {self.z_step}", remedy="give micrometres, above 0")
        if self.threads < 0:
            raise ConfigError(f"threads is {self.threads}", remedy="give a number of threads, or 0 for all cores")
        make_floats(self, "min_size", "min_score", "grow", "class_threshold", "z_step")

    @property
    def parsed_region(self) -> Region | None:
        """The region as numbers."""
        return parse_region(self.region)

    @property
    def resolved_runtime(self) -> str:
        """The runtime wanted: the reference where all is to be accurate."""
        return REFERENCE if self.accurate else self.runtime

    def diameter_pixels(self, image: Image) -> float | None:
        """Diameter in pixels of an image; None where it is to be measured.

        Raises
        ------
        ConfigError
            If it is in micrometres and the size of a pixel is not known.
        """
        if isinstance(self.diameter, float):
            return self.diameter
        if self.diameter == "auto":
            return None
        if image.pixel_size_um is None:
            cause = f"the diameter is {self.diameter}, and the image does not say the size of its pixels"
            raise ConfigError(cause, path=image.path, remedy="give it by --pixel-size, or the diameter in pixels")
        height, width = image.pixel_size_um
        pixels = float(self.diameter.removesuffix(_UM)) / math.sqrt(height * width)
        if not _DIAMETERS[0] <= pixels <= _DIAMETERS[1]:
            cause = f"a diameter of {self.diameter} is {pixels:.3g} pixels of {width:g} x {height:g} um"
            raise ConfigError(cause, path=image.path, remedy="check the diameter and the size of a pixel")
        return pixels

    @property
    def resolved_threads(self) -> int:
        """Number of threads, all cores counted out."""
        return self.threads or available_threads()

    def threads_each(self, processes: int) -> int:
        """Threads of each of several processes: as given, or their share of all cores."""
        return self.threads or max(1, available_threads() // max(1, processes))


def _parse_whole(name: str, value: SupportsIndex) -> int:
    try:
        return operator.index(value)
    except TypeError as error:
        raise ConfigError(f"{name} is {value!r}", remedy="give a whole number") from error


def _parse_channel(value: SupportsIndex | str) -> int | str:
    """A number in text, as on the command line, is a number; other text is a channel's name."""
    if not isinstance(value, str):
        return _parse_whole("channel", value)
    text = value.strip()
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,9}", text) else text


def _parse_stitch(value: str | None) -> str | None:
    """Axes along which objects are joined."""
    if value is None:
        return None
    axes = sorted(re.sub(r"[\s,+]", "", str(value)).lower())
    if axes == ["z"]:
        return "z"
    if axes == ["t", "z"]:
        return "z,t"
    remedy = "give z for depth, or z,t for depth and time; for time alone: --track, or hooke.track"
    raise ConfigError(f"stitch is {value!r}", remedy=remedy)


def _parse_diameter(value: float | str) -> float | str:
    if value == "auto":
        return "auto"
    number = _MICROMETRES.sub("", value) if isinstance(value, str) else value
    try:
        diameter = float(number)
    except (TypeError, ValueError):
        diameter = 0.0
    if number != value and 0 < diameter < math.inf:
        return f"{diameter:g}{_UM}"
    if number != value or not _DIAMETERS[0] <= diameter <= _DIAMETERS[1]:
        raise ConfigError(f"diameter is {value!r}", remedy="give pixels, 1 to 10000, micrometres as 8um, or 'auto'")
    return diameter
