"""Configuration of a run that trains a network for segmentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, NonNegativeInt, field_validator, model_validator

from hooke.preprocess.channels import Channels
from hooke.targets import SCHEMES, Scheme, make_scheme
from hooke.training.augmentation.config import AugmentConfig
from hooke.training.config import RunConfig
from hooke.training.segmentation.loss_config import LossConfig


class TrainConfig(RunConfig):
    """A run that trains a network for instance segmentation."""

    kind: Literal["segmentation"] = "segmentation"
    modality_share: dict[str, float] = Field(default_factory=dict, description="share of crops per modality")
    class_balance: bool = Field(False, description="sample images of rare classes more often")
    size_balance: bool = Field(False, description="sample images whose objects have rare sizes more often")

    target: str = Field("splitline", description="target scheme: the maps that the network learns to predict")
    network: str = Field(
        "unet", description="unet, plain-unet, or smp- and an architecture of segmentation-models-pytorch"
    )
    encoder: str = Field("tf_efficientnet_lite0", description="name of a timm model")
    encoder_weights: str = Field("imagenet", description='"imagenet", "none" or a .safetensors file')
    decoder_channels: list[int] = Field([96, 64, 48, 32], description="channels of the decoder, coarsest first")
    resolution: Literal["half", "full"] = Field("half", description="where the decoder of a unet ends")
    in_channels: int = Field(
        3,
        ge=1,
        description="3: colours, or grey three times; 1: grey, colours averaged; others: all channels of the images",
    )
    channels: list[NonNegativeInt] = Field(
        [], description="channels of the images to learn from, each on its own scale"
    )
    classes: list[str] = Field([], description="classes of objects, from classes.json, to learn per pixel")
    image_classes: list[str] = Field(
        [], description="classes of whole images to learn, values of a column of the index"
    )
    image_class_column: str = Field("modality", description="column of the index with the classes of whole images")
    start_from: Path | None = Field(
        None, description="nuclei, nuclei-colour, cells, a checkpoint or a .safetensors file that the run starts from"
    )
    nominal_diameter: float = Field(24.0, gt=0)
    diameter_band: tuple[float, float] | None = Field(
        None, description="diameters that validation and the model resize images to, pixels; none: augment.diameter"
    )

    augment: AugmentConfig = AugmentConfig()
    loss: LossConfig = LossConfig()
    split_weight: float = 1.0
    distance_weight: float = 4.0
    diameter_weight: float = 4.0
    class_weight: float = Field(1.0, ge=0, description="weight of the loss of the classes per pixel")
    class_weighting: Literal["none", "inverse", "effective"] = Field(
        "inverse", description="how rare classes are weighted in that loss"
    )
    image_class_weight: float = Field(0.2, ge=0, description="weight of the loss of the image's class")

    @model_validator(mode="before")
    @classmethod
    def _count_channels(cls, told: Any) -> Any:
        """Channels that are chosen need not be counted."""
        if isinstance(told, dict) and isinstance(chosen := told.get("channels"), list) and chosen:
            return {"in_channels": len(chosen)} | told
        return told

    @field_validator("target")
    @classmethod
    def _known_target(cls, name: str) -> str:
        if name not in SCHEMES:
            raise ValueError(f"unknown target scheme {name!r} (known: {', '.join(SCHEMES)})")
        return name

    @model_validator(mode="after")
    def _channels_fit(self) -> TrainConfig:
        if self.channels and len(self.channels) != self.in_channels:
            raise ValueError(f"in_channels is {self.in_channels}, but channels names {len(self.channels)}")
        if len(set(self.channels)) < len(self.channels):
            raise ValueError(f"channels names one twice: {self.channels}")
        return self

    @model_validator(mode="after")
    def _band_is_one(self) -> TrainConfig:
        if not 0 < self.band[0] <= self.band[1]:
            name = "augment.diameter" if self.diameter_band is None else "diameter_band"
            raise ValueError(f"{name} is {list(self.band)}: give the smaller one first, both above 0")
        return self

    @property
    def scheme(self) -> Scheme:
        """What the network predicts of objects."""
        return make_scheme(self.target, {"nominal_diameter": self.nominal_diameter})

    @property
    def band(self) -> tuple[float, float]:
        """Diameters that images are resized to when the network is used, pixels."""
        return self.diameter_band or self.augment.diameter

    @property
    def object_classes(self) -> list[str]:
        """Classes of objects that are looked up in the data sets."""
        return self.classes

    @property
    def stains(self) -> Channels | None:
        """Channels that the network takes, each on a scale of its own; None for grey or three colours."""
        if self.channels:
            return Channels(tuple(self.channels))
        return None if self.in_channels in (1, 3) else Channels(tuple(range(self.in_channels)), only=True)
