"""Models with other settings than their own, which share what their networks predicted of an image."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hooke
from hooke.io import parse_settings
from hooke.models import Bundle, Model, PixelSegmenter

PARTS = ("grey", "colour")  # networks of a bundle, and prefixes of settings
_OF_BUNDLE = ("visible_rim", "turned_pixels", "smallest_share")  # settings of a bundle
OF_BOTH = ("min_size", "diameter")  # options of `hooke.segment` that can't differ between the two
Network = Any


@dataclass(frozen=True)
class Variant:
    """A model and what is changed of it.

    Attributes
    ----------
    model : str
        Name or path.
    settings : dict
        By name, with ``grey.`` or ``colour.`` before it for one of a bundle's two networks: parameters of the target
        scheme, ``diameter_band``, settings of a bundle (``visible_rim``, ``turned_pixels``, ``smallest_share``),
        ``tta``, ``min_size``, ``diameter``, or ``grow``, pixels that outlines move outwards.
    """

    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The model's name and what is changed."""
        known = Path(self.model)
        title = known.name if known.exists() else self.model
        return " ".join([title, *(f"{key}={value}" for key, value in self.settings.items())])

    def decides(self, part: str) -> str:
        """Stand for all settings that decide what one network finds, before it is grown."""
        return repr(sorted((key, value) for key, value in self.of_part(part).items() if key != "grow"))

    def of_part(self, part: str) -> dict[str, Any]:
        """Settings of one network, without prefixes; those with one win."""
        common = {key: value for key, value in self.settings.items() if "." not in key}
        return common | {
            key[len(part) + 1 :]: value for key, value in self.settings.items() if key.startswith(f"{part}.")
        }


def variants(models: Iterable[str], settings: list[str], scans: list[str]) -> list[Variant]:
    """All models with the settings, each followed by its scans: one more variant for each value of each."""
    shared, made = parse_settings(settings), []
    for model in models:
        made.append(Variant(model, shared))
        for scan in scans:
            key, _, values = scan.partition("=")
            made += [Variant(model, shared | {key: value}) for value in parse_settings([f"{key}=[{values}]"])[key]]
    names = [variant.name for variant in made]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise SystemExit(f"{twice}: two models or settings have this name: give one of the folders another")
    for key in {key for variant in made for key in variant.settings}:
        part, dot, name = key.rpartition(".")
        if (dot and part not in PARTS) or (dot and name in OF_BOTH):
            raise SystemExit(f"{key}: write NAME, grey.NAME or colour.NAME; {' and '.join(OF_BOTH)} only without")
    return made


class Memory:
    """What networks predicted of the image that is scored now, so that each variant need not predict it again."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, bytes], NDArray[np.float32]] = {}

    def forget(self) -> None:
        """Make room for the next image."""
        self._answers.clear()

    def of_network(self, weights: str, make: Network) -> Network:
        """Wrap a network, which is made at the first batch that is new."""

        def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
            digest = hashlib.blake2b(np.ascontiguousarray(batch), digest_size=16)
            key = weights, digest.digest() + repr(batch.shape).encode()
            if key not in self._answers:
                self._answers[key] = make()(batch)
            return self._answers[key]

        return run


class ChangedModel(Model):
    """A model with other settings; its networks' answers are kept in a memory.

    Parameters
    ----------
    variant : Variant
    bundle : Bundle
        As it is.
    memory : Memory
    part : str
        Which of the bundle's networks this is.
    """

    def __init__(self, variant: Variant, bundle: Bundle, memory: Memory, part: str = "grey") -> None:
        self._changes = variant.of_part(part)
        super().__init__(replace(bundle, settings=_changed(bundle, self._changes)))
        self._colour = None if bundle.colour is None else ChangedModel(variant, bundle.colour, memory, "colour")
        self._memory = memory
        self._digest = hashlib.sha256(bundle.weights).hexdigest()

    def for_image(self, *, colour: bool) -> Model:
        """Choose as `Model` does."""
        return self._colour if colour and self._colour is not None else self

    def network(self, threads: int = 1) -> Network:
        """Give the network, or what is remembered of it."""
        plain = super().network
        return self._memory.of_network(self._digest, lambda: plain(threads))

    def segmenter(self, threads: int = 1, *, tta: bool = False, accurate: bool = False) -> PixelSegmenter:
        """Give what segments pixels, by mirrors too if the variant says so."""
        return super().segmenter(threads, tta=tta or bool(self._changes.get("tta")), accurate=accurate)


def _changed(bundle: Bundle, changes: Mapping[str, Any]) -> Any:
    """Settings of a network with changes, of which some are not the bundle's."""
    band = {"diameter_band": tuple(changes["diameter_band"])} if "diameter_band" in changes else {}
    own = {key: changes[key] for key in _OF_BUNDLE if key in changes}
    others = ("diameter_band", *_OF_BUNDLE, "tta", "grow", *OF_BOTH)
    parameters = {key: value for key, value in changes.items() if key not in others}
    return bundle.settings.model_copy(update={"parameters": bundle.settings.parameters | parameters} | band | own)


def make_models(chosen: Iterable[Variant], memory: Memory) -> dict[str, ChangedModel]:
    """Load the variants' models, by name."""
    made = {}
    for one in chosen:
        loaded = hooke.load_model(one.model)
        made[one.name] = ChangedModel(one, loaded.bundle, memory).with_diameter_by(loaded.for_diameter)
    return made
