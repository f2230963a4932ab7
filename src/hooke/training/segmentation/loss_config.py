"""Defines the losses in a run's configuration; without PyTorch, so that it loads fast."""

from __future__ import annotations

import difflib

from pydantic import BaseModel, ConfigDict, Field, field_validator

#: Losses of a probability, which `+` adds: ``bce+dice``.
PIXEL_LOSSES = ("bce", "weighted_bce", "dice", "focal", "tversky")
#: Losses of a number in 0..1: over all known pixels, or over those inside objects.
VALUE_LOSSES = ("smooth_l1", "inside_smooth_l1")


class LossConfig(BaseModel):
    """The loss of each map of the `splitline` scheme, and the parameters of the losses.

    The weights of the maps against each other stand apart, in the run's configuration.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    foreground: str = Field("bce+dice", description=f"one of {', '.join(PIXEL_LOSSES)}, or several joined by +")
    split: str = Field("bce+dice", description="the same for the split lines, which are a few percent of the pixels")
    distance: str = Field("smooth_l1", description=f"one of {', '.join(VALUE_LOSSES)}")
    diameter: str = Field("inside_smooth_l1", description="the same")

    foreground_positive: float = Field(1.0, gt=0, description="weight of a pixel inside, in bce and weighted_bce")
    split_positive: float = Field(3.0, gt=0, description="weight of a pixel on a split line, in bce and weighted_bce")
    map_strength: float = Field(10.0, ge=0, description="weighted_bce: weight that is added at a split line")
    map_reach: float = Field(
        5.0, gt=0, description="weighted_bce: sigma of the decrease of this weight with distance, pixels"
    )
    focal_alpha: float = Field(0.25, ge=0, le=1, description="focal: share of the weight that positive pixels have")
    focal_gamma: float = Field(2.0, ge=0, description="focal: how fast the weight of easy pixels falls")
    tversky_alpha: float = Field(0.3, ge=0, description="tversky: weight of false positives")
    tversky_beta: float = Field(0.7, ge=0, description="tversky: weight of false negatives")
    distance_beta: float = Field(0.1, gt=0, description="error up to which smooth L1 is quadratic")
    diameter_beta: float = Field(0.05, gt=0, description="the same, for the diameter")
    small: float = Field(
        0.0, ge=0, description="objects narrower than this, in pixels, weigh more in all losses; 0: all the same"
    )
    small_limit: float = Field(3.0, ge=1, description="largest weight of a pixel of a small object")

    @field_validator("foreground", "split")
    @classmethod
    def _known_pixel_losses(cls, value: str) -> str:
        for name in value.split("+"):
            _check(name.strip(), PIXEL_LOSSES)
        return value.replace(" ", "")

    @field_validator("distance", "diameter")
    @classmethod
    def _known_value_loss(cls, value: str) -> str:
        _check(value, VALUE_LOSSES)
        return value


def _check(name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f", did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown loss {name!r}{hint} (known: {', '.join(known)})")
