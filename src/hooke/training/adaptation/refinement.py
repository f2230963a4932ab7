"""Adds weights in 8 bits to an adapted model, where its parent has some, and tunes its settings on held-out parts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hooke.corrections import CorrectedImage, Tuning
from hooke.corrections.tuning import fit_settings
from hooke.errors import DatasetError, ModelError
from hooke.models import BundleSettings, Model, TunedSettings, load_model
from hooke.training.adaptation.held_out import Checked
from hooke.training.adaptation.judgement import WORSE, Judged, judge, mean_of
from hooke.training.adaptation.kept_images import Kept
from hooke.training.bundles.int8_weights import add_int8_by_images

# Of a tuned parent these are kept, for they are of the images. The others make up for what its network did.
_OF_IMAGES = ("diameter", "diameter_range", "channel")
_ENOUGH = 40  # corrected images to check weights in 8 bits by: of hundreds, that would take longer than to learn them


@dataclass(frozen=True, eq=False)
class Refined:
    """An adapted model, complete.

    Parameters
    ----------
    settings : TunedSettings
        Of both of its networks.
    tuning : Tuning or None
        None where nothing was tuned.
    judged, at_home : list of Judged
        What was held out, and what the parent knew, before and after.
    notes : list of str
    """

    settings: TunedSettings
    tuning: Tuning | None
    judged: list[Judged]
    at_home: list[Judged]
    notes: list[str]


def first_settings(model: Model, base: Model, *, second: bool) -> TunedSettings:
    """Settings that an adapted model begins with, where its parent may be a tuned one.

    Parameters
    ----------
    model : Model
        The parent as it is used.
    base : Model
        The bundle of its weights: another one where the parent was tuned.
    second : bool
        Whether its network for colour images is adapted.
    """
    tuned, plain = TunedSettings.of(model), TunedSettings.of(base)
    if second:
        assert tuned.colour is not None and plain.colour is not None
        return replace(tuned, colour=_with_those_of_images(plain.colour, tuned.colour))
    return replace(tuned, grey=_with_those_of_images(plain.grey, tuned.grey))


def _with_those_of_images(plain: BundleSettings, tuned: BundleSettings) -> BundleSettings:
    return plain.model_copy(update={name: getattr(tuned, name) for name in _OF_IMAGES})


def add_int8(bundle: Path, parent: Model, images: Sequence[CorrectedImage], kept: Kept) -> str:
    """Add weights in 8 bits to an adapted bundle, where its parent has some; what came of it, in words.

    Parameters
    ----------
    bundle : Path
        Whose own network was adapted, not the one inside for colour images.
    parent : Model
    images : sequence of CorrectedImage
        Give the scales; up to 40, spread over them, are segmented with both: the weights in 8 bits are kept where they
        are as good.
    kept : Kept
        The images to check by give the scales, too; those of a data set are segmented with both, simulated ones not:
        on them a parent that passed this check on real images would not pass it.
    """
    if parent.bundle.int8 is None:
        return ""
    home = [part.source for part in kept.check]
    spread = images[:: math.ceil(len(images) / _ENOUGH)]
    checked = [*spread, *(home if kept.labelled else [])]
    try:
        check = add_int8_by_images(bundle, [*images, *home], checked, "corrected images")
    except ModelError as error:
        return f"without weights in 8 bits, which are faster on processors with instructions for them: {error.cause}"
    return "" if check is None else f"weights in 8 bits: {check}"


def refine(
    parent: Model,
    bundle: Path,
    first: TunedSettings,
    checked: Sequence[Checked],
    home: Sequence[Checked],
    say: Callable[[str], None] = lambda line: None,
) -> Refined:
    """Tune an adapted model on what was held out, and judge it.

    What is tuned is what the network can't learn: thresholds, how far outlines are moved, the lowest score. Where that
    costs at home what the network did not, it is left out.

    Parameters
    ----------
    parent : Model
        As its user has it.
    bundle : Path
        The adapted one.
    first : TunedSettings
        See `first_settings`.
    checked, home : sequence of Checked
        What was held out, and what the parent knew.
    say : callable
        Receives what is done, line by line.
    """
    model = first.apply(load_model(bundle))
    say(f"tuning its settings on {len(checked)} held-out part(s)")
    tuning = _tune(model, checked)
    say(f"comparing the model before and after, on these and on {len(home)} image(s) of what it knew")
    if tuning is None:
        return Refined(first, None, list(judge(parent, model, checked)), list(judge(parent, model, home)), [])
    tuned = tuning.settings.apply(model)
    at_home = list(judge(parent, tuned, home))
    notes = []
    before, after = (mean_of([getattr(one, name) for one in at_home]) for name in ("scores_before", "scores_after"))
    if at_home and after["dsb"] < before["dsb"] - WORSE:
        plain = list(judge(parent, model, home))
        alone = mean_of([one.scores_after for one in plain])
        if alone["dsb"] > after["dsb"]:
            notes.append(
                f"settings were not tuned: at home the DSB score would be {after['dsb']:.3f}, not {alone['dsb']:.3f} "
                "(hooke tune does it, for images like the corrected ones alone)"
            )
            return Refined(first, None, list(judge(parent, model, checked)), plain, notes)
    return Refined(tuning.settings, tuning, list(judge(parent, tuned, checked)), at_home, notes)


def _tune(model: Model, checked: Sequence[Checked]) -> Tuning | None:
    """Fit settings to held-out parts; None where nothing is better beyond noise, or there is one place only."""
    held = [replace(part.source, known=part.part) for part in checked]
    if len({image.group or image.name for image in held}) < 2:
        return None
    try:
        tuning = fit_settings(held, model, of_images=False)
    except DatasetError:  # all is found as it was drawn
        return None
    return tuning if tuning.changed else None
