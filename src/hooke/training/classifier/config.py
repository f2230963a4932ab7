"""Defines the configuration of a classifier's training, for cut-outs around objects or whole images."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hooke.training.config import RunConfig


class CutConfig(BaseModel):
    """How a cut-out is changed before it is learnt from; it is turned and mirrored in any case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zoom: float = Field(1.2, ge=1, description="largest random factor of enlargement and of shrinking")
    shift: float = Field(0.06, ge=0, le=0.5, description="largest random shift of the object, as a share of the window")
    photometric: float = Field(0.5, ge=0, le=2, description="strength of intensity and colour changes")
    gain: float = Field(0.1, ge=0, le=1, description="largest random change of brightness, as a share")


class ClassifierConfig(RunConfig):
    """A run that trains a classifier of cut-outs, or of whole images."""

    kind: Literal["classifier"] = "classifier"
    name: str = "classifier"
    of: Literal["objects", "images"] = Field("objects", description="what is classified: objects, or whole images")
    classes: list[str] = Field(
        min_length=2, description="classes to learn, from classes.json or the column; others are left out"
    )
    column: str = Field("modality", description="column of the index with the classes of whole images")

    network: str = Field("strided", description="strided: the small published network; or the name of a timm model")
    encoder_weights: str = Field("imagenet", description='of a timm model: "imagenet", "none" or a .safetensors file')
    widths: list[int] = Field([16, 32, 64, 128, 128], min_length=1, description="channels of the strided network")
    dropout: float = Field(0.2, ge=0, lt=1)
    window: int = Field(224, ge=32, multiple_of=8, description="side of a cut-out, network pixels")
    scale: float = Field(1.0, gt=0, le=4, description="network pixels per image pixel; whole images fill the window")
    class_balance: bool = Field(
        False, description="sample all classes equally often; then class_weighting should be none"
    )
    turns: Literal[1, 4, 8] = Field(
        4, description="orientations of a cut-out that are averaged after training: rotated (4), and mirrored (8)"
    )
    mask_channel: bool = Field(
        False, description="give the network the object's mask as one more channel; not for points"
    )
    intensity: Literal["nuclei", "colours", "stored"] = Field(
        "nuclei",
        description="nuclei: as for segmentation; colours: all, stretched; stored: all as stored",
    )
    in_channels: Literal[1, 3] = Field(3, description="3: colours, or grey three times; 1: grey, colours averaged")

    augment: CutConfig = CutConfig()
    class_weighting: Literal["none", "inverse", "effective"] = Field(
        "inverse", description="how rare classes are weighted"
    )
    smoothing: float = Field(0.0, ge=0, lt=1, description="share of the label that is spread over all classes")

    batch: int = Field(32, ge=1)
    steps: int = Field(800, ge=1)
    validate_every: int = Field(50, ge=1)
    patience: int = Field(8, ge=0, description="validations without a better score before the run stops; 0: never")

    @model_validator(mode="after")
    def _mask_of_an_object(self) -> ClassifierConfig:
        if self.mask_channel and self.of == "images":
            raise ValueError("mask_channel shows an object's mask, and a whole image has none")
        return self

    @property
    def object_classes(self) -> list[str]:
        """Classes of objects that are looked up in the data sets."""
        return self.classes if self.of == "objects" else []

    @property
    def image_classes(self) -> list[str]:
        """Classes of whole images that are looked up in the data sets."""
        return self.classes if self.of == "images" else []

    @property
    def image_class_column(self) -> str:
        """Where."""
        return self.column

    @property
    def channels(self) -> int:
        """Of the network's input."""
        return self.in_channels + self.mask_channel
