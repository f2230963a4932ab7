"""Defines the configuration of a pre-training run, read from YAML and saved in the run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hooke.training.settings import read_settings

#: Settings that are paths.
PATHS = ("images.*", "exclude", "encoder_weights")


class PretrainConfig(BaseModel):
    """A pre-training run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "pretrain"
    method: Literal["simclr", "byol", "inpainting"]
    images: list[str] = Field(min_length=1, description="hooke data sets, folders of images, files or patterns")
    splits: list[str] = Field(["train"], description="splits of the data sets that are used")
    exclude: Path | None = Field(None, description="text file of image ids to leave out, one per line")

    encoder: str = Field("tf_efficientnet_lite0", description="a timm model")
    encoder_weights: str = Field("none", description='initial weights: "none", "imagenet" or a .safetensors file')

    crop: int = Field(128, ge=32, multiple_of=32, description="side of a view, pixels")
    zoom: tuple[float, float] = Field((0.5, 1.5), description="range of crop pixels per image pixel")
    shift: float = Field(
        0.25, ge=0, description="largest distance of a view from the common place, in sides of the crop"
    )
    photometric: float = Field(1.0, ge=0, le=2, description="strength of intensity and colour changes")

    projection: int = Field(128, ge=2, description="length of the vectors that are compared")
    hidden: int = Field(512, ge=2, description="width of the layer before it")
    temperature: float = Field(0.2, gt=0, description="simclr: the lower, the more the most similar negatives count")
    momentum: float = Field(0.99, ge=0, lt=1, description="byol: decay of the averaged network at the start")
    mask_share: float = Field(0.5, gt=0, lt=1, description="inpainting: share of the image that is hidden")
    mask_patch: int = Field(16, ge=4, description="inpainting: side of a hidden square, pixels")

    seed: int = 0
    steps: int = Field(5000, ge=1)
    batch: int = Field(32, ge=2)
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(1e-4, ge=0)
    warmup: float = Field(0.05, gt=0, lt=1, description="share of the steps over which the learning rate rises")
    save_every: int = Field(250, ge=1, description="steps between checkpoints, and between plots of the curves")
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = Field(
        "auto", description="auto: mixed on a GPU, otherwise 32 bits"
    )
    workers: int = Field(1, ge=0)
    cached_images: int = Field(1000, ge=1, description="images that each worker keeps in memory")
    accelerator: str = "auto"
    devices: int | str = "auto"

    @model_validator(mode="after")
    def _patches_fit(self) -> PretrainConfig:
        if self.crop % self.mask_patch:
            raise ValueError(f"mask_patch {self.mask_patch} does not divide crop {self.crop}")
        if not 0 < self.zoom[0] <= self.zoom[1]:
            raise ValueError(f"zoom {self.zoom} is not a range of positive numbers")
        return self


def load_pretrain_config(path: str | Path, overrides: dict[str, Any] | None = None) -> PretrainConfig:
    """Read a run's configuration.

    Parameters
    ----------
    path : str or Path
        YAML file. A relative path in it is searched next to it, then in the working directory.
    overrides : dict, optional
        Keys and their values, such as ``{"steps": 100}``.

    Raises
    ------
    ConfigError
        When the file can't be read, a key is unknown (the nearest known one is named) or a value does not fit.
    """
    return read_settings(path, PretrainConfig, overrides, like="configs/pretrain-simclr.yaml", paths=PATHS)
