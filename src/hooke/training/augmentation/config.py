"""Settings of the augmentation: how a crop is drawn from an image, and how it is changed."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class AugmentConfig(BaseModel):
    """How a crop is drawn from an image, and how it is changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    crop: int = Field(256, ge=64, multiple_of=32, description="side, pixels")
    diameter: tuple[float, float] = Field((13.0, 36.0), description="usual range of the crop's median object, pixels")
    wide_diameter: tuple[float, float] = Field((6.0, 100.0), description="range for the share `wide` of crops, pixels")
    wide: float = Field(0.15, ge=0, le=1, description="share of crops with a diameter from the wide range")
    negative: float = Field(0.04, ge=0, le=1, description="share of generated images without any object")
    touching: float = Field(0.0, ge=0, le=1, description="share of crops placed where objects touch")
    photometric: float = Field(1.0, ge=0, le=2, description="strength of intensity and colour changes")
    pale: float = Field(
        0.0, ge=0, le=1, description="share of crops in which some objects fade into what is around them"
    )
    stain_estimate: float = Field(
        0.0, ge=0, le=1, description="share of stain changes that unmix the dyes of the image itself, not usual ones"
    )
    elastic: float = Field(0.0, ge=0, le=1, description="share of crops that are bent elastically")
    defocus: float = Field(0.0, ge=0, le=1, description="share blurred by a disc, as a lens does; times photometric")
    bit_depth: float = Field(0.0, ge=0, le=1, description="share left with few grey levels; times photometric")
    min_fragment: int = Field(0, ge=0, description="fragments of cut objects with fewer pixels are removed; 0: none")
