"""How long and how freely a network is adapted: one recipe for a few corrected images, one for many labels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from hooke.errors import ModelError
from hooke.models import Bundle
from hooke.models.bundle import hooke_settings
from hooke.training.augmentation.config import AugmentConfig
from hooke.training.segmentation.config import TrainConfig
from hooke.training.segmentation.loss_config import LossConfig


@dataclass(frozen=True)
class Recipe:
    """Settings of an adaptation.

    Parameters
    ----------
    steps : int
        Of training at most.
    learning_rate : float
        Largest one, of the decoder.
    batch : int
        Crops a step.
    crop : int
        Side of a crop, pixels. Smaller ones cost less and show as many kinds of object.
    kept : float
        Share of the crops that shows what the network already knows, 0..1.
    frozen : int
        Stages of the encoder, from the image on, whose weights stay.
    ema : float
        Decay of the averaged weights, which are those that are kept.
    checks : int
        Times that the held-out part is scored.
    patience : int
        Of these without a better score before the training ends.
    """

    steps: int = 160
    learning_rate: float = 3e-4
    batch: int = 8
    crop: int = 192
    kept: float = 0.25
    frozen: int = 2
    ema: float = 0.98
    checks: int = 4
    patience: int = 3


#: For a handful of corrected images.
FEW = Recipe()
#: For a few images of a kind that the model fails on: its features have to change, too.
FAR = Recipe(steps=400, learning_rate=1e-3, kept=0.15, frozen=0, ema=0.985, checks=8, patience=8)
#: For hundreds of labelled images: all weights learn, longer.
MANY = Recipe(steps=1600, learning_rate=4e-4, crop=256, kept=0.1, frozen=0, ema=0.995, checks=10, patience=5)


def with_choices(recipe: Recipe, *, steps: int | None, keep_share: float | None) -> Recipe:
    """Replace what was asked for; averaging follows a shorter run."""
    chosen = recipe if steps is None else replace(recipe, steps=steps, ema=min(recipe.ema, 1 - min(1, 8 / steps)))
    return chosen if keep_share is None else replace(chosen, kept=keep_share)


def config_of_parent(
    bundle: Bundle, recipe: Recipe, diameter: float, seed: int, *, touching: bool = False
) -> TrainConfig:
    """Configuration of a run that continues from a model's network.

    Parameters
    ----------
    bundle : Bundle
        Written by ``hooke export``, which keeps the configuration that it was trained with.
    recipe : Recipe
    diameter : float
        Of the corrected objects, pixels.
    seed : int
    touching : bool
        Whether the corrected objects touch each other often. Where they seldom do, most batches hold no split line, and
        Dice's loss of next to none is near 1 at any answer of the network: it would outweigh all others.

    Raises
    ------
    ModelError
        When the bundle does not say what its network is.
    """
    settings = bundle.settings
    made: Any = hooke_settings(bundle.description).get("training")
    told = made.get("config") if isinstance(made, dict) else None
    if not isinstance(told, dict) or settings.scheme != "splitline":
        raise ModelError(
            "does not say which network it holds", path=bundle.path, remedy="start from a model of hooke export"
        )
    kept = ("target", "network", "encoder", "decoder_channels", "resolution", "in_channels", "nominal_diameter")
    low, high = settings.diameter_band
    every = max(1, math.ceil(recipe.steps / recipe.checks))
    try:
        return TrainConfig.model_validate(
            {key: told[key] for key in kept if key in told}
            | {
                "datasets": [],
                "encoder_weights": "none",
                "channels": settings.channels,
                "classes": settings.classes,
                "diameter_band": (low, high),
                "augment": AugmentConfig(
                    crop=recipe.crop,
                    diameter=(0.75 * low, 1.2 * high),
                    wide_diameter=(min(6.0, diameter / 4), max(100.0, 1.5 * diameter)),
                    wide=0.15,
                    negative=0.02,
                    elastic=0.25,
                    defocus=0.05,
                ),
                "loss": LossConfig(split="bce+dice" if touching else "bce"),
                "seed": seed,
                "steps": recipe.steps,
                "batch": recipe.batch,
                "learning_rate": recipe.learning_rate,
                "warmup": min(40, max(1, recipe.steps // 6)),
                "ema": recipe.ema,
                "validate_every": every,
                "patience": recipe.patience,
                "workers": 0,
            }
        )
    except ValidationError as error:
        raise ModelError(
            f"its network can't be trained here: {error.errors()[0]['msg']}", path=bundle.path, remedy="update hooke"
        ) from error
