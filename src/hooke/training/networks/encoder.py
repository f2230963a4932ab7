"""Makes encoders of timm by their name."""

from __future__ import annotations

import difflib
from typing import Any

import timm

from hooke.errors import ConfigError

_REMEDY = "hooke train --list names encoders that hooke is tested with"


def make_encoder(name: str, in_channels: int = 3) -> Any:
    """Make a timm model that gives its features, with random weights.

    Parameters
    ----------
    name : str
        Its timm name.
    in_channels : int

    Returns
    -------
    Module
        Whose ``feature_info`` says the strides and channels of its features.

    Raises
    ------
    ConfigError
        When timm has no such model, or it gives no features.
    """
    if not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigError(f"no encoder {name!r}", remedy=f"{hint}{_REMEDY}")
    try:
        return timm.create_model(name, features_only=True, pretrained=False, in_chans=in_channels)
    except (
        RuntimeError,
        AttributeError,
        AssertionError,
        TypeError,
        ValueError,
    ) as error:  # as timm's kinds of model do
        raise ConfigError(f"encoder {name!r} gives no features ({error})", remedy=_REMEDY) from error
