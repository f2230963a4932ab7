"""Defines the configuration of a training run: one typed model, read from YAML and saved in the run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hooke.training.settings import read_settings
from hooke.training.tasks import DEFAULT, load_config_model

#: Settings that are paths.
PATHS = ("datasets.*.path", "exclude", "start_from", "encoder_weights")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DatasetConfig(_Strict):
    """One hooke data set among those that a run samples from."""

    path: Path
    weight: float = Field(
        1.0, gt=0, description="how often its images are sampled, relative to others of their modality"
    )
    train: list[str] = Field(["train"], description="splits of the index for training")
    val: list[str] = Field(["val"], description="splits of the index for validation, which chooses the checkpoint")


class RunConfig(_Strict):
    """Settings that training runs of every task have: data, steps and machine."""

    name: str = "nuclei"
    datasets: list[DatasetConfig]
    exclude: Path | None = Field(None, description="text file of image ids to leave out, one per line")

    seed: int = 0
    steps: int = Field(7000, ge=1)
    batch: int = Field(8, ge=1, description="crops per step, on each device")
    learning_rate: float = 1.5e-3
    weight_decay: float = 1e-4
    schedule: Literal["cosine", "one-cycle"] = "cosine"
    clip: float = Field(1.0, ge=0, description="largest norm of gradients; 0: no limit")
    max_minutes: float = Field(0, ge=0, description="minutes of training after which the run stops; 0: no limit")
    patience: int = Field(0, ge=0, description="validations without a better score before the run stops; 0: never")
    deterministic: bool = Field(False, description="exactly repeatable on the same machine; slower")
    warmup: int = Field(200, ge=0, description="steps over which the learning rate rises")
    ema: float = Field(0.995, ge=0, lt=1, description="decay of the averaged weights; 0 for none")
    validate_every: int = Field(250, ge=1, description="steps between validations")
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = Field(
        "auto", description="auto: mixed where the device is faster so, otherwise 32 bits"
    )
    workers: int = Field(1, ge=0)
    cache_mb: int = Field(4096, ge=0, description="memory for decoded images in all workers together; 0: none")
    accelerator: str = "auto"
    devices: int | str = Field("auto", description="number of devices; each gets its own batches")


def load_config(path: str | Path, overrides: dict[str, Any] | None = None) -> Any:
    """Read a run's configuration.

    Parameters
    ----------
    path : str or Path
        YAML file. A relative path in it is searched next to it, then in the working directory.
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
    return load_config_model(kind)
