"""Adapts a model to corrected images: reads them, trains, writes a bundle, and judges it before and after."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hooke.corrections import CorrectedImage, CorrectedImages, open_corrected
from hooke.corrections.fitting import is_gain
from hooke.corrections.parent_choice import choose_parent
from hooke.errors import ConfigError, DatasetError
from hooke.models import Model, load_model
from hooke.models.bundle import check_replaceable
from hooke.models.registry import AUTO_MODEL, shipped_models
from hooke.training.adaptation.adaptation_page import write_adaptation_page
from hooke.training.adaptation.adapted_bundle import describe_adapted, write_adapted
from hooke.training.adaptation.held_out import Learned, samples_for, whole
from hooke.training.adaptation.judgement import SCORES, WORSE, Judged, find_objects, mean_of, score_part
from hooke.training.adaptation.kept_images import Kept, dataset_samples, simulated_samples
from hooke.training.adaptation.loop import Adapted, adapt_network
from hooke.training.adaptation.recipe import FAR, FEW, MANY, with_choices
from hooke.training.adaptation.refinement import add_int8, first_settings, refine
from hooke.training.bundles.bundle_folder import fresh_bundle

Say = Callable[[str], None]

_FAILS = 0.5  # F1 at IoU 0.5 below which a model fails on images
_LOOKED_AT = 6  # images that are compared with what the parent gives, before anything is learnt


@dataclass(frozen=True, eq=False)
class Adaptation:
    """What came of an adaptation.

    Parameters
    ----------
    bundle : Path
    report : Path
    images, objects : int
        Learnt from.
    colour : bool
        Whether the network for colour images was adapted.
    how : str
        What was held out, in words; empty where nothing could be.
    before, after : dict of str to float
        ``dsb``, ``ap_50``, ``f1_50``: means over the held-out parts, found as ``hooke segment`` finds them.
    home : str
        What stood for what the parent knew.
    home_before, home_after : dict of str to float
        The same scores there.
    failed : dict of str to str
        Why an image could not be used, by its name.
    notes : list of str
    stopped : bool
        Whether it was stopped early.
    tuned : list of str
        Which settings were tuned after that, and what that is worth; empty where none was better beyond noise.
    gains : list of float
        Differences of the DSB score, one for each image's held-out part.
    """

    bundle: Path
    report: Path
    images: int
    objects: int
    colour: bool
    how: str
    before: dict[str, float]
    after: dict[str, float]
    home: str
    home_before: dict[str, float]
    home_after: dict[str, float]
    failed: dict[str, str]
    notes: list[str]
    stopped: bool
    tuned: list[str] = field(default_factory=list)
    gains: list[float] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """What speaks against using the model."""
        said = []
        if not self.before:
            said.append("nothing could be held out, so it can't be checked whether this is better: correct more images")
        elif self.after["dsb"] <= self.before["dsb"]:
            said.append(
                f"on what was held out it is not better: DSB score {self.before['dsb']:.3f} before, "
                f"{self.after['dsb']:.3f} after"
            )
        elif self.images == 1:
            said.append("one image alone: a held-out part of it looks like the rest, and says little of other images")
        elif self.gains and not is_gain(np.array(self.gains)):
            better = sum(gain > 0 for gain in self.gains)
            said.append(
                f"better in {better} of {len(self.gains)} held-out parts: a gain of {np.mean(self.gains):.3f} of the "
                "DSB score may be chance; correct more images"
            )
        if self.home_before and self.home_after["dsb"] < self.home_before["dsb"] - WORSE:
            said.append(
                f"worse at home ({self.home}): DSB score {self.home_before['dsb']:.3f} before, "
                f"{self.home_after['dsb']:.3f} after; use it for images like the corrected ones"
            )
        return said

    def lines(self) -> list[str]:
        """Lines to print for the user."""
        said = []
        if self.before:
            said.append(f"held out ({self.how}): {_compared(self.before, self.after)}")
        if self.home_before:
            said.append(f"at home ({self.home}): {_compared(self.home_before, self.home_after)}")
        said += self.tuned
        return [*said, f"model: {self.bundle}; report: {self.report}"]


def _compared(before: dict[str, float], after: dict[str, float]) -> str:
    titles = {"dsb": "DSB score", "f1_50": "F1 at IoU 0.5"}
    return ", ".join(f"{title} {before[name]:.3f} to {after[name]:.3f}" for name, title in titles.items())


def adapt(
    corrected: str | Path | Sequence[CorrectedImage],
    out: str | Path,
    *,
    parent: str | Path = AUTO_MODEL,
    images: str | Path | None = None,
    split: str | None = None,
    unknown: int | str | None = None,
    split_components: bool | None = None,
    keep: str | Path | None = None,
    keep_share: float | None = None,
    steps: int | None = None,
    report: str | Path | None = None,
    seed: int = 0,
    many: bool = False,
    say: Say = lambda line: None,
) -> Adaptation:
    """Let a model learn from images that a person has corrected.

    Parameters
    ----------
    corrected : str, Path or sequence of CorrectedImage
        See `hooke.corrections.open_corrected`.
    out : str or Path
        Folder of the new bundle; an earlier bundle there is replaced.
    parent : str or Path
        Name or path of the model to start from, which may be a tuned or adapted one; ``"auto"``: the one of `nuclei`
        and `cells` that ``hooke segment`` takes for most of the images. Of its two networks the one that most of the
        images go to is adapted, and the other is copied.
    images, split, unknown, split_components
        See `hooke.corrections.open_corrected`. What is unknown is left out of the loss.
    keep : str or Path, optional
        A hooke data set that the model is to remain good at; by default simulated images stand for what it knows.
    keep_share : float, optional
        Share of the crops that show that, 0..1.
    steps : int, optional
        Of training at most.
    report : str or Path, optional
        HTML page to write; by default beside the bundle, its name with ``-report.html``.
    seed : int
    many : bool
        Train longer, and all layers, as fits hundreds of images.
    say : callable
        Receives what is done, line by line.

    Returns
    -------
    Adaptation

    Raises
    ------
    DatasetError
        When there is nothing to learn from, or nothing to learn.
    ModelError
        When the parent can't be adapted.
    ConfigError
        When a setting is out of its range.
    OutputError
        When something other than a bundle is at `out`.
    """
    out = Path(out)
    check_replaceable(out)
    _check_settings(steps, keep_share)
    model = load_model(parent)
    sources, failed, place = _read(corrected, images, split, unknown, split_components)
    model = choose_parent(model, sources)
    notes = [f"{source.name}: {note}" for source in sources for note in source.notes]
    # A tuned bundle has settings alone; its weights are those of another.
    base = model if model.bundle.origin is None else load_model(model.bundle.origin)
    chosen, colour = _choose(model, sources, notes)
    used = base.for_image(colour=colour)
    _check_classes(used, chosen, notes)
    found = _found_before(model, chosen)
    recipe = with_choices(MANY if many else FEW if found >= _FAILS else FAR, steps=steps, keep_share=keep_share)
    objects = sum(image.source.count for image in chosen)
    say(f"{len(chosen)} corrected images, {objects} objects; {'colour' if colour else 'grey'} network of {model.name}")
    if found < _FAILS and not many:
        say(f"the model fails on these images (F1 at IoU 0.5 {found:.2f}): all its layers learn, and longer")
        _say_better_parents(model, chosen, found, say)
    kept = _kept(model, colour, keep, seed)
    with tempfile.TemporaryDirectory() as run:
        adapted = adapt_network(used, chosen, kept, recipe, Path(run), seed=seed)
    facts = _facts(model, chosen, kept, place, seed)
    page = Path(report) if report is not None else out.with_name(f"{out.name}-report.html")
    plan = _Plan(out, page, colour, colour and base.bundle.colour is not None, failed, notes)
    return _finish(model, base, adapted, chosen, kept, facts, plan, say)


@dataclass(frozen=True)
class _Plan:
    """What `_finish` writes, and must say."""

    out: Path
    page: Path
    colour: bool
    second: bool  # whether the network inside, for colour images, was adapted
    failed: dict[str, str]
    notes: list[str]


def _finish(
    parent: Model,
    base: Model,
    adapted: Adapted,
    chosen: Sequence[Learned],
    kept: Kept,
    facts: dict[str, Any],
    plan: _Plan,
    say: Say,
) -> Adaptation:
    """Write the bundle, complete and judge it, and write what came of it into its card and the report."""
    notes = list(plan.notes)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / (plan.out.name or "adapted")
        write_adapted(adapted.module, base, plan.colour, made, facts)
        checked = adapted.division.checked
        if not plan.second:
            if base.bundle.int8 is not None:
                say(f"making weights in 8 bits, and checking them on {len(chosen)} image(s)")
            sources = [image.source for image in chosen]
            notes += filter(None, [add_int8(made, base, sources, kept)])
        first = first_settings(parent, base, second=plan.second)
        refined = refine(parent, made, first, checked, kept.check, say)
        notes += refined.notes
        tuning = None if refined.tuning is None else {"on": facts["name"], **refined.tuning.record()}
        done = Adaptation(
            plan.out,
            plan.page,
            int(facts["images"]),
            int(facts["objects"]),
            plan.colour,
            adapted.division.how,
            *_means(refined.judged),
            kept.name,
            *_means(refined.at_home),
            plan.failed,
            notes,
            adapted.stopped,
            [] if refined.tuning is None else refined.tuning.lines(),
            [one.scores_after["dsb"] - one.scores_before["dsb"] for one in refined.judged],
        )
        card = _card(facts, done.lines()[:-1])
        describe_adapted(made, refined.settings, facts | {"scores": _scores(done, refined.judged)}, card, tuning)
        with fresh_bundle(plan.out) as fresh:
            shutil.copytree(made, fresh, dirs_exist_ok=True)
    write_adaptation_page(plan.page, done, refined.judged, facts)
    return done


def _means(judged: Sequence[Judged]) -> tuple[dict[str, float], dict[str, float]]:
    """Mean scores before and after."""
    return mean_of([one.scores_before for one in judged]), mean_of([one.scores_after for one in judged])


def _say_better_parents(model: Model, chosen: Sequence[Learned], found: float, say: Say) -> None:
    """Say which other shipped model finds more in the images, where one does."""
    for name in shipped_models():
        other = load_model(name)
        if other.checksum != model.checksum and (better := _f1(other, chosen)) > max(found + 0.1, _FAILS):
            say(f"{name} finds more in them (F1 {better:.2f}): to start from it, stop this and give --from {name}")


def _check_settings(steps: int | None, keep_share: float | None) -> None:
    if steps is not None and steps < 1:
        raise ConfigError(f"steps is {steps}", remedy="give 1 or more")
    if keep_share is not None and not 0 <= keep_share < 1:
        raise ConfigError(f"keep_share is {keep_share}", remedy="give a share from 0 to below 1")


def _read(
    corrected: str | Path | Sequence[CorrectedImage],
    images: str | Path | None,
    split: str | None,
    unknown: int | str | None,
    split_components: bool | None,
) -> tuple[list[CorrectedImage], dict[str, str], str]:
    """The images, those that failed, and a name for all of them."""
    if not isinstance(corrected, str | Path):
        return list(corrected), {}, "corrected images"
    found: CorrectedImages = open_corrected(
        corrected, images, split=split, unknown=unknown, split_components=split_components
    )
    read = [image for image in found.read_all() if image.split != "test" or split == "test"]
    if not read:
        raise DatasetError("all images are of the split test", path=corrected, remedy="name them with --split test")
    return read, found.failed, Path(corrected).name


def _choose(model: Model, sources: Sequence[CorrectedImage], notes: list[str]) -> tuple[list[Learned], bool]:
    """The images of the network that most objects belong to."""
    by_colour = samples_for(model, sources)
    objects = {colour: sum(image.source.count for image in images) for colour, images in by_colour.items()}
    colour = objects[True] > objects[False]
    if others := [image.name for image in by_colour[not colour]]:
        kind = "grey" if colour else "colour"
        notes.append(f"{len(others)} {kind} images go to the model's other network and are left out: {others[0]} ...")
    if not objects[colour]:
        raise DatasetError("no object in the corrected images", remedy="check that the corrections were saved")
    return by_colour[colour], colour


def _check_classes(model: Model, chosen: Sequence[Learned], notes: list[str]) -> None:
    """Note classes that the model has no output for."""
    named = {name for image in chosen for name in image.source.classes.values()}
    if lacking := sorted(named - set(model.settings.classes)):
        notes.append(
            f"the model has no class {', '.join(lacking)}: outlines are learnt, classes are not "
            "(hooke classify train learns them)"
        )


def _found_before(model: Model, chosen: Sequence[Learned]) -> float:
    """F1 of the parent on some of the images; corrections that are what it gives already are refused."""
    scores = _scores_before(model, chosen)
    if len(chosen) <= _LOOKED_AT and all(score["dsb"] == 1 for score in scores):
        raise DatasetError(
            f"nothing to learn: {model.name} finds just these objects already",
            remedy="check that the corrections were saved, or correct images on which it fails",
        )
    return mean_of(scores)["f1_50"]


def _f1(model: Model, chosen: Sequence[Learned]) -> float:
    return mean_of(_scores_before(model, chosen))["f1_50"]


def _scores_before(model: Model, chosen: Sequence[Learned]) -> list[dict[str, float]]:
    parts = [whole(image.source) for image in chosen[:_LOOKED_AT]]
    return [score_part(find_objects(model, part), part) for part in parts]


def _kept(model: Model, colour: bool, keep: str | Path | None, seed: int) -> Kept:
    return simulated_samples(model, colour, seed) if keep is None else dataset_samples(model, colour, Path(keep), seed)


def _facts(model: Model, chosen: Sequence[Learned], kept: Kept, place: str, seed: int) -> dict[str, Any]:
    """What the card says of the data."""
    digest = hashlib.sha256()
    for image in sorted(chosen, key=lambda image: image.name):
        digest.update(image.name.encode())
        digest.update(image.source.labels.tobytes())
    objects = sum(image.source.count for image in chosen)
    return {
        "name": f"{place}: {len(chosen)} corrected images, {objects} objects",
        "parent": model.name,
        "parent_checksum": model.checksum,
        "images": len(chosen),
        "objects": objects,
        "sha256": digest.hexdigest(),
        "kept": kept.name,
        "seed": seed,
    }


def _scores(done: Adaptation, judged: Sequence[Judged]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if done.before:
        found[f"held out: {done.how}"] = {
            "before": _rounded(done.before, len(judged)),
            "after": _rounded(done.after, len(judged)),
        }
    if done.home_before:
        found[f"at home: {done.home}"] = {"before": _rounded(done.home_before), "after": _rounded(done.home_after)}
    return found


def _rounded(scores: dict[str, float], images: int | None = None) -> dict[str, float]:
    counted = {} if images is None else {"images": images}
    return counted | {name: round(scores[name], 3) for name in SCORES}


def _card(facts: dict[str, Any], lines: Sequence[str]) -> str:
    said = "".join(f"- {line}\n" for line in lines)
    return (
        f"# {facts['parent']}, adapted\n\n"
        f"Adapted by `hooke adapt` to {facts['name']}. It is meant for images like these: the same cells, stain, "
        f"microscope and magnification. So that it does not forget, it was shown {facts['kept']}, too.\n\n{said}"
    )
