"""Fits what can be set of a model, without training, to corrected images, and writes the settings as a bundle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hooke import __version__
from hooke.corrections.corrected_images import CorrectedImage, open_corrected
from hooke.corrections.fitting import Fit, fit_knobs
from hooke.corrections.mapped_image import Knobs, MappedImage
from hooke.corrections.parent_choice import choose_parent
from hooke.errors import DatasetError, OutputError
from hooke.io.name_match import some_names
from hooke.models import BundleSettings, Model, TunedSettings, known_models, load_model, write_tuned
from hooke.models.registry import AUTO_MODEL
from hooke.pipeline.options import available_threads

GREY, COLOUR = "grey", "colour"


@dataclass(frozen=True)
class Tuning:
    """What was tuned on what.

    Parameters
    ----------
    settings : TunedSettings
        Of the model's networks.
    fits : dict of str to Fit
        By network, ``grey`` or ``colour``: those that saw a corrected image.
    objects : dict of str to int
        True objects in the images of each.
    failed : dict of str to str
        Why an image could not be used, by its name.
    out : Path or None
        The bundle that was written.
    notes : tuple of str
        What had to be decided about labels, and of which images.
    """

    settings: TunedSettings
    fits: dict[str, Fit]
    objects: dict[str, int]
    failed: dict[str, str]
    out: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether any setting is another than the parent's."""
        return any(fit.changed for fit in self.fits.values())

    def lines(self) -> list[str]:
        """Say it for people."""
        return [
            line
            for kind, fit in self.fits.items()
            for line in _lines(_images(kind, self.settings), fit, self.objects[kind])
        ]

    def record(self) -> dict[str, Any]:
        """Say it for the bundle, as YAML has it."""
        return {"hooke": __version__} | {kind: _record(fit, self.objects[kind]) for kind, fit in self.fits.items()}


def tune(
    corrected: str | Path,
    out: str | Path | None = None,
    parent: str | Path | Model = AUTO_MODEL,
    *,
    images: str | Path | None = None,
    split: str | None = None,
    unknown: int | str | None = None,
    split_components: bool | None = None,
    threads: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Tuning:
    """Tune a model on corrected images, in seconds and without PyTorch.

    Foreground threshold, outline offset, split strength, smallest area, lowest score and the score's weights, the
    diameter or its range, and the channel are chosen by the DSB score. A setting is changed only where the choice made
    without an image improves the score on that image, on the average of the images and beyond noise (one-sided 90 %,
    Student's distribution). One image alone can't be checked so.

    Parameters
    ----------
    corrected : str or Path
        Images with corrected labels: see `hooke.corrections.open_corrected`, also for `images`, `split`, `unknown` and
        `split_components`.
    out : str or Path, optional
        Bundle to write, a folder or a zip: kilobytes, which refer to the weights of the parent.
    parent : str, Path or Model
        The model to tune, which may be a tuned one; ``"auto"``: the one of `nuclei` and `cells` that ``hooke segment``
        takes for most of the images.
    images : str or Path, optional
    split : str, optional
    unknown : int or str, optional
    split_components : bool, optional
    threads : int
        Threads to compute with; 0 takes all available cores.
    progress : callable, optional
        Given what is done next.

    Returns
    -------
    Tuning

    Raises
    ------
    DatasetError
        When no corrected image can be read, or all labels are what the model gives already.
    ModelError
        When there is no such model.
    OutputError
        When the bundle can't be written, or would replace the weights that it is to use.

    Examples
    --------
    >>> import hooke
    >>> hooke.tune("results", "my-nuclei").lines()  # doctest: +SKIP
    """
    say = progress or (lambda _: None)
    model = parent if isinstance(parent, Model) else load_model(parent)
    if out is not None:
        _check_out(Path(out), model)
    found = open_corrected(corrected, images, split=split, unknown=unknown, split_components=split_components)
    read = found.read_all()
    model = choose_parent(model, read, threads)
    try:
        fitted = fit_settings(read, model, threads=threads, progress=progress)
        tuning = replace(fitted, failed=dict(found.failed), notes=_notes(read))
    except DatasetError as error:
        raise DatasetError(error.cause, path=corrected, remedy=error.remedy) from error
    if out is None:
        return tuning
    say(f"writing {model.name} with these settings")
    record = {"on": Path(corrected).name, **tuning.record()}
    written = write_tuned(out, model, tuning.settings, record, known=known_models(), card=_card(model, tuning))
    return replace(tuning, out=written)


def fit_settings(
    images: Sequence[CorrectedImage],
    model: Model,
    *,
    threads: int = 0,
    of_images: bool = True,
    progress: Callable[[str], None] | None = None,
) -> Tuning:
    """Fit a model's settings to corrected images in memory, and write nothing; `tune` does it from files.

    Parameters
    ----------
    images : sequence of CorrectedImage
    model : Model
    threads : int
        Threads to compute with; 0 takes all available cores.
    of_images : bool
        Whether channel, diameter and smallest area may change, which hold for images like these alone.
    progress : callable, optional
        Given what is done next.

    Raises
    ------
    DatasetError
        When all labels are what the model gives already.
    """
    say = progress or (lambda _: None)
    threads = threads or available_threads()
    mapped = [MappedImage(image, model, max(1, threads // len(images))) for image in images]
    own = TunedSettings.of(model)
    say(f"predicting {len(images)} image(s)")
    with ThreadPoolExecutor(threads) as pool:
        kinds = list(pool.map(lambda image: COLOUR if own.colour and image.is_colour else GREY, mapped))
        by_kind = {kind: [i for i, k in zip(mapped, kinds, strict=True) if k == kind] for kind in sorted(set(kinds))}
        bases = {kind: Knobs.of(_of(own, kind)) for kind in by_kind}
        same = list(pool.map(lambda image, kind: image.is_perfect(bases[kind]), mapped, kinds))
        if all(same):
            cause = f"the labels of {some_names(image.name for image in images)} are what {model.name} gives already"
            raise DatasetError(cause, remedy="nothing to learn: correct images where it is wrong")
        fits = {}
        for kind, members in by_kind.items():
            say(f"comparing settings on {_images(kind, own)}: {len(members)}")
            scheme = _of(own, kind).scheme
            fits[kind] = fit_knobs(_grouped(members), bases[kind], scheme, pool.map, of_images=of_images)
    settings = own
    for kind, fit in fits.items():
        if fit.changed:
            settings = replace(settings, **{kind: fit.after.settings(_of(settings, kind))})
    objects = {kind: sum(image.count for image in members) for kind, members in by_kind.items()}
    return Tuning(settings, fits, objects, {})


def _notes(images: Sequence[CorrectedImage]) -> tuple[str, ...]:
    """What had to be decided about labels, each with the images that it is of."""
    by_note: dict[str, list[str]] = {}
    for image in images:
        for note in image.notes:
            by_note.setdefault(note, []).append(image.name)
    return tuple(f"{some_names(names)}: {note}" for note, names in by_note.items())


def _check_out(out: Path, model: Model) -> None:
    """Refuse to replace the weights that the tuned bundle would refer to."""
    origin = model.bundle.origin or model.bundle.path
    if out.resolve() == origin.resolve():
        cause = "holds the weights that the tuned model would use"
        raise OutputError(cause, path=out, remedy="write the tuned model to another place")


def _of(settings: TunedSettings, kind: str) -> BundleSettings:
    return settings.colour if kind == COLOUR and settings.colour is not None else settings.grey


def _grouped(images: Sequence[MappedImage]) -> list[list[MappedImage]]:
    """Images of one place together, in their order."""
    groups: dict[str, list[MappedImage]] = {}
    for image in images:
        groups.setdefault(_place(image.corrected), []).append(image)
    return list(groups.values())


def _place(image: CorrectedImage) -> str:
    return image.group or image.name


def _changes(fit: Fit) -> Iterator[tuple[str, Any, Any]]:
    """Name, old and new value of each setting that is another."""
    before, after = fit.before, fit.after
    yield from ((name, old, after.threshold(name)) for name, old in before.parameters if after.threshold(name) != old)
    for name in ("grow", "min_size", "min_score", "score_weights", "diameter", "diameter_range", "channel"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield name, old, new


def _images(kind: str, settings: TunedSettings) -> str:
    """What the images of a kind are called: a model of one network takes them all alike."""
    return "images" if settings.colour is None else f"{kind} images"


def _lines(named: str, fit: Fit, objects: int) -> Iterator[str]:
    count = len(fit.names)
    yield f"{named}: {count} ({some_names(fit.names)}), {objects} objects"
    old, new = (float(scores.mean()) for scores in (fit.scores_before, fit.scores_after))
    if not fit.changed:
        yield f"  nothing changed: no setting is better beyond noise; DSB score {old:.3f}"
        return
    yield from (f"  {name}: {_shown(before)} -> {_shown(after)}" for name, before, after in _changes(fit))
    if fit.interval is None:
        yield f"  DSB score {old:.3f} -> {new:.3f} on the very images that chose it: one place alone can't be checked"
        return
    low, high = fit.interval
    yield (
        f"  DSB score {old:.3f} -> {new:.3f}, each image scored by what the others chose: "
        f"{fit.gain:+.3f} (95 % {low:+.3f} to {high:+.3f})"
    )


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(map(_shown, value))
    return "automatic" if value is None else f"{value:g}"


def _record(fit: Fit, objects: int) -> dict[str, Any]:
    interval = None if fit.interval is None else [round(float(end), 4) for end in fit.interval]
    changed = {name: [_plain(old), _plain(new)] for name, old, new in _changes(fit)}
    return {
        "images": list(map(str, fit.names)),
        "objects": objects,
        "changed": changed,
        "dsb_before": round(float(fit.scores_before.mean()), 4),
        "dsb_after": round(float(fit.scores_after.mean()), 4),
        "left_out": fit.checked,
        "interval_95": interval,
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _card(model: Model, tuning: Tuning) -> list[str]:
    return [f"{model.name}, with settings tuned on corrected images by `hooke tune`:", "", *tuning.lines()]
