"""What a training run is told: one typed model, read from YAML, written back beside the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, model_validator

from hooke.preprocess.channels import Channels
from hooke.training.segmentation.loss_config import LossConfig
from hooke.training.settings import read_settings
from hooke.training.tasks import DEFAULT, load_config_model

__all__ = ["DatasetConfig", "RunConfig", "TrainConfig", "load_config"]


#: Settings that are paths.
PATHS = ("datasets.*.path", "exclude", "start_from", "encoder_weights")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DatasetConfig(_Strict):
    """One hooke dataset among those that a run draws from."""

    path: Path
    weight: float = Field(
        1.0, gt=0, description="times an image of it is drawn, relative to the others of its modality"
    )
    train: list[str] = Field(["train"], description="splits of the index that are trained on")
    val: list[str] = Field(["val"], description="splits of the index that choose the checkpoint")


class AugmentConfig(_Strict):
    """How a crop is drawn from an image, and how it is changed."""

    crop: int = Field(256, ge=64, multiple_of=32, description="side, pixels")
    diameter: tuple[float, float] = Field((13.0, 36.0), description="usual range of the crop's median object, pixels")
    wide_diameter: tuple[float, float] = Field((6.0, 100.0), description="range of the occasional far-off crop")
    wide: float = Field(0.15, ge=0, le=1, description="share of crops drawn from the wide range")
    negative: float = Field(0.04, ge=0, le=1, description="share of made-up images without any object")
    touching: float = Field(0.0, ge=0, le=1, description="share of crops drawn to hold a place where objects touch")
    photometric: float = Field(1.0, ge=0, le=2, description="strength of intensity and colour changes")
    elastic: float = Field(0.0, ge=0, le=1, description="share of crops that are bent elastically")
    defocus: float = Field(0.0, ge=0, le=1, description="share blurred by a disc, as a lens does; times photometric")
    bit_depth: float = Field(0.0, ge=0, le=1, description="share left with few grey levels; times photometric")
    min_fragment: int = Field(0, ge=0, description="pixels below which a piece cut off its object is removed; 0: none")


class RunConfig(_Strict):
    """What a training run of any kind is told: its data, its steps and its machine."""

    name: str = "nuclei"
    datasets: list[DatasetConfig]
    exclude: Path | None = Field(None, description="text file of image ids never to be used, one a line")

    seed: int = 0
    steps: int = Field(7000, ge=1)
    batch: int = Field(8, ge=1, description="crops of a step, on each device")
    learning_rate: float = 1.5e-3
    weight_decay: float = 1e-4
    schedule: Literal["cosine", "one-cycle"] = "cosine"
    clip: float = Field(1.0, ge=0, description="gradients' largest norm; 0 for any")
    max_minutes: float = Field(0, ge=0, description="time of training after which the run stops; 0: any")
    patience: int = Field(0, ge=0, description="validations without a better score before the run stops; 0: never")
    deterministic: bool = Field(False, description="the same weights on the same machine every time; slower")
    warmup: int = Field(200, ge=0, description="steps over which the learning rate rises")
    ema: float = Field(0.995, ge=0, lt=1, description="decay of the averaged weights; 0 for none")
    validate_every: int = Field(250, ge=1, description="steps between validations")
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = Field(
        "auto", description="auto: mixed on a GPU, 32 bits else"
    )
    workers: int = Field(1, ge=0)
    cache_mb: int = Field(4096, ge=0, description="memory for decoded images in all workers together; 0: none")
    accelerator: str = "auto"
    devices: int | str = Field("auto", description="how many to train on; each takes batches of its own")


class TrainConfig(RunConfig):
    """A run that trains a network for instance segmentation."""

    kind: Literal["segmentation"] = "segmentation"
    modality_share: dict[str, float] = Field(default_factory=dict, description="share of crops per modality")
    class_balance: bool = Field(False, description="draw images of rare classes more often")
    size_balance: bool = Field(False, description="draw images whose objects have rare sizes more often")

    network: str = Field("unet", description="unet, plain-unet, or smp- and an architecture of that library")
    encoder: str = Field("tf_efficientnet_lite0", description="name of a timm model")
    encoder_weights: str = Field("imagenet", description='"imagenet", "none" or a .safetensors file')
    decoder_channels: list[int] = [96, 64, 48, 32]
    resolution: Literal["half", "full"] = Field("half", description="where the decoder of a unet ends")
    in_channels: int = Field(
        3, ge=1, description="3: colours, or grey three times; 1: grey, colours averaged; others: all of the images'"
    )
    channels: list[NonNegativeInt] = Field([], description="of the images to learn from, each on a scale of its own")
    classes: list[str] = Field([], description="names of the objects' classes to learn per pixel, of classes.json")
    image_classes: list[str] = Field([], description="classes of the whole image to learn, values of a column")
    image_class_column: str = Field("modality", description="column of the index that holds them")
    start_from: Path | None = Field(
        None, description="nuclei, nuclei-colour, a checkpoint or a .safetensors file that the run starts from"
    )
    nominal_diameter: float = Field(24.0, gt=0)
    diameter_band: tuple[float, float] | None = Field(
        None, description="diameters that validation and the model bring images to, pixels; augment.diameter if none"
    )

    augment: AugmentConfig = AugmentConfig()
    loss: LossConfig = LossConfig()
    split_weight: float = 1.0
    distance_weight: float = 4.0
    diameter_weight: float = 4.0
    class_weight: float = Field(1.0, ge=0, description="weight of the loss of the classes per pixel")
    class_weighting: Literal["none", "inverse", "effective"] = Field(
        "inverse", description="how rare classes are made heard in that loss"
    )
    image_class_weight: float = Field(0.2, ge=0, description="weight of the loss of the image's class")

    @model_validator(mode="before")
    @classmethod
    def _count_channels(cls, told: Any) -> Any:
        """Channels that are chosen need not be counted."""
        if isinstance(told, dict) and isinstance(chosen := told.get("channels"), list) and chosen:
            return {"in_channels": len(chosen)} | told
        return told

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
    def band(self) -> tuple[float, float]:
        """Diameters that images are brought to when the network is used, pixels."""
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


def load_config(path: str | Path, overrides: dict[str, Any] | None = None) -> Any:
    """Read a run's configuration.

    Parameters
    ----------
    path : str or Path
        YAML file. A relative path in it is looked for beside it, then in the working directory.
    overrides : dict, optional
        Dotted keys and their values, such as ``{"augment.wide": 0.2}``.

    Returns
    -------
    TrainConfig, or the configuration of another of `hooke.training.tasks`
        As the file's `kind` says.

    Raises
    ------
    ConfigError
        When the file can't be read, a key is unknown (the nearest known one is named) or a value does not fit.
    """
    return read_settings(path, _model_of, overrides, like="configs/nuclei.yaml", paths=PATHS)


def _model_of(raw: dict[str, Any]) -> type[BaseModel]:
    kind = str(raw.get("kind", DEFAULT))
    return TrainConfig if kind == DEFAULT else load_config_model(kind)
