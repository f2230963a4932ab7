"""Reads and writes `run.json`: everything that a run's results depend on, and how to repeat it."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hooke import __version__
from hooke.addresses import is_url, path_text, without_secrets
from hooke.errors import ConfigError, ModelError, first_line, readable
from hooke.extras import package_versions
from hooke.io import atomic_path
from hooke.io.content_hash import hash_file
from hooke.io.find import natural_key
from hooke.labels.classes import ObjectClassifier
from hooke.models import Model, load_model
from hooke.models.runtimes import REFERENCE
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.settings import classifier_facts, model_facts, runtime_facts

#: Loads the classifier of a run by its path or name.
LoadClassifier = Callable[[str], ObjectClassifier]

_FOR_MERGE = ("shard", "given", "block", "overlays", "settings", "shared")  # what a shard adds
_MIXED = "mixed"  # of runs that were not made in the same way
_PACKAGES = ("numpy", "opencv-python-headless", "onnxruntime", "tifffile", "imagecodecs", "pillow")


@dataclass(frozen=True)
class Replay:
    """A recorded run, ready to be done again."""

    inputs: list[Path]
    options: SegmentOptions
    axes: str | None
    channels_from: str | None = None
    layout: Path | None = None
    wells: str | None = None


def write_record(
    out: Path,
    inputs: Sequence[tuple[Path, str | None]],
    model: Model,
    options: SegmentOptions,
    axes: str | None,
    channels_from: str | None,
    command: Sequence[str],
    started: float,
    rows: list[dict[str, Any]],
    finished: bool,
    how: Mapping[str, Any] | None = None,
    plate: Mapping[str, str | None] | None = None,
) -> None:
    """Write ``run.json``.

    Parameters
    ----------
    out : Path
    inputs : sequence of (Path, str or None)
        The files, and the SHA-256 of those that were read.
    model : Model
    options : SegmentOptions
    axes, channels_from : str, optional
    command : sequence of str
    started : float
        Seconds since the epoch.
    rows : list of dict
        Those of ``summary.csv``.
    finished : bool
        Whether each file has had its turn.
    how : mapping, optional
        What does not decide the results, but is needed to continue them: see `hooke.pipeline.merge`.
    plate : mapping, optional
        Path and SHA-256 of the layout, and how names hold the well.
    """
    record = {
        "hooke": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": package_versions(_PACKAGES),
        "command": [without_secrets(part) for part in command],
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(started)),
        "seconds": round(time.time() - started, 3),
        "finished": finished,
        "model": {"source": _resolved(options.model), **model_facts(model)},
        "runtime": runtime_facts(model),
        "classifier": classifier_facts(options.classify),
        "options": {
            **vars(options),
            "classify": None if options.classify is None else _resolved(options.classify.path),
            "threads": options.resolved_threads,
            "axes": axes,
            "channels_from": channels_from,
        },
        "plate": None if plate is None else dict(plate),
        "out": str(out.resolve()),
        "inputs": [{"path": _written(path), "sha256": digest} for path, digest in inputs],
        "images": rows,
        **(how or {}),
    }
    with atomic_path(out / "run.json") as partial:
        partial.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _resolved(source: str | Path | None) -> str | None:
    """A bundle's full path; a known model's name as it is."""
    # Says False of a name that no file system takes, too.
    return None if source is None else str(source) if not os.path.exists(source) else str(Path(source).resolve())  # noqa: PTH110


def _written(path: Path) -> str:
    """A file's full path, as a URI where it is not UTF-8, which JSON can't hold."""
    if is_url(path):
        return path_text(path)
    real = Path(os.path.realpath(path))
    return str(real) if readable(str(real)) == str(real) else real.as_uri()


def _read(text: str) -> Path:
    """Undo `_written`."""
    return (
        Path(os.fsdecode(unquote_to_bytes(text.removeprefix("file://")))) if text.startswith("file://") else Path(text)
    )


def read_replay(path: str | Path, load_classifier: LoadClassifier | None = None, *, plate: bool = True) -> Replay:
    """Read a ``run.json`` so that the run can be repeated exactly.

    Parameters
    ----------
    path : str or Path
    load_classifier : callable, optional
        Loads the classifier that the run used, such as `hooke.classify.load_classifier`.
    plate : bool
        Whether the layout of the plate is that of the run, too; not where another one is given.

    Raises
    ------
    ConfigError
        When the file is not the record of a run, an image or the layout is not the one that the run read, or the run
        used a classifier and nothing loads it.
    ModelError
        When the model that it names is not here or is another by now.
    """
    path = Path(path)
    record, options = _read_record(path)
    options = replace(options, classify=_recorded_classifier(record, path, load_classifier))
    _check_models(record, options, path)
    layout, wells = _check_layout(record.plate) if plate and record.plate is not None else (None, None)
    images = _check_inputs(record.inputs)
    return Replay(images, options, record.options.axes, record.options.channels_from, layout, wells)


def _recorded_classifier(
    record: _Record, path: Path, load_classifier: LoadClassifier | None
) -> ObjectClassifier | None:
    """The classifier that a run used; None where it used none."""
    if record.options.classify is None:
        return None
    if load_classifier is None:
        remedy = "repeat it by hooke segment --replay, or give load_classifier"
        raise ConfigError(f"the run used the classifier {record.options.classify!r}", path=path, remedy=remedy)
    return load_classifier(record.options.classify)


def recorded_options(path: str | Path, threads: int = 0) -> SegmentOptions:
    """Read the options of a run, to segment other images in the same way, without its classifier.

    Parameters
    ----------
    path : str or Path
        Its ``run.json``.
    threads : int
        Threads to compute with; 0 takes all available cores.

    Raises
    ------
    ConfigError
        When the file is not the record of a run that came to its end.
    """
    return replace(_read_record(Path(path))[1], threads=threads)


def _read_record(path: Path) -> tuple[_Record, SegmentOptions]:
    """Read the record of a finished run, and its options without the classifier."""
    try:
        record = _Record.model_validate(json.loads(path.read_bytes()))
        recorded = record.options.model_dump(exclude={"axes", "channels_from", "classify", "runtime"})
        if "grey" not in record.runtime:
            raise ConfigError("it does not say what ran the network")
        ran = REFERENCE if record.options.accurate else record.runtime["grey"].name
        options = SegmentOptions(**{**recorded, "model": record.model.source, "runtime": ran})
    except (OSError, ValueError, ConfigError, RecursionError) as error:
        reason = str(error) if isinstance(error, OSError | ConfigError) else _first_problem(error)
        raise ConfigError(
            f"is not the record of a run ({reason})", path=path, remedy="give the run.json of a results folder"
        ) from error
    if not record.finished:
        raise ConfigError(
            "the run was stopped before its end", path=path, remedy="run its command again, then repeat it"
        )
    if record.mixed:
        remedy = "give the run.json of one of the folders that were merged"
        raise ConfigError("its images were not all segmented in the same way", path=path, remedy=remedy)
    return record, options


def _check_models(record: _Record, options: SegmentOptions, path: Path) -> None:
    """Refuse to repeat a run with another model or classifier than it had."""
    now, then = model_facts(load_model(options.model)), record.model.model_dump(exclude={"source"})
    wrong = "weights" if now["sha256"] != then["sha256"] else "settings" if now != then else ""
    if wrong or classifier_facts(options.classify) != record.classifier:
        which = f"model {options.model!r}" if wrong else f"classifier {record.options.classify!r}"
        raise ModelError(
            f"{which} is not the one that the run used{f' (its {wrong} differ)' if wrong else ''}",
            path=path,
            remedy="install the hooke version named in the record, or give the bundle it used",
        )


def _check_inputs(inputs: Sequence[_Input]) -> list[Path]:
    """Give the images of a run, or refuse where one is not what it was; one that could not be read then has no hash."""
    paths = []
    for source in inputs:
        image = _read(source.path)
        try:
            changed = source.sha256 is not None and hash_file(image) != source.sha256
        except OSError as error:
            raise ConfigError(
                f"an image of the run can't be read ({error.strerror})", path=image, remedy="put it back, then repeat"
            ) from error
        if changed:
            raise ConfigError(
                "is not the image that the run read: its content has changed",
                path=image,
                remedy="put the old file back, or segment the new one in a run of its own",
            )
        paths.append(image)
    return paths


def _check_layout(plate: _RecordedPlate) -> tuple[Path | None, str | None]:
    """Give layout and pattern of a plate, or refuse where the layout is not what it was."""
    if plate.layout is None:
        return None, plate.wells
    path = Path(plate.layout)
    remedy = "put the old file back, or give a layout: --layout FILE"
    try:
        changed = hash_file(path) != plate.sha256
    except OSError as error:
        cause = f"the layout of the run can't be read ({error.strerror})"
        raise ConfigError(cause, path=path, remedy=remedy) from error
    if changed:
        raise ConfigError("is not the layout that the run read: it has changed", path=path, remedy=remedy)
    return path, plate.wells


def _first_problem(error: Exception) -> str:
    """What is wrong with a record, on one line."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        return f"{where}: {first['msg']}" if where else first["msg"]
    return first_line(error)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)


class _Input(_Strict):
    path: str
    sha256: str | None


class _RecordedModel(_Strict):
    model_config = ConfigDict(extra="allow", strict=True, hide_input_in_errors=True)

    source: str
    sha256: str


class _RecordedOptions(_Strict):
    channel: int | str | None
    diameter: float | str
    min_size: float | None
    min_score: float | None
    grow: float | None = None
    tta: bool
    threads: int
    classify: str | None
    class_threshold: float
    runtime: str = SegmentOptions.runtime
    accurate: bool = False
    ids: bool = False
    pixel_size: list[float] | None = None
    surroundings: float = SegmentOptions.surroundings
    expand: float | None = None
    texture: bool = False
    names: str = SegmentOptions.names
    scene: str | None = None
    level: int = 0
    region: list[int] | None = None
    stitch: str | None = None
    z_step: float | None = None
    axes: str | None
    channels_from: str | None = None


class _RecordedRuntime(_Strict):
    name: str


class _RecordedPlate(_Strict):
    layout: str | None
    sha256: str | None
    wells: str | None


class _Record(_Strict):
    """What is read of a record."""

    finished: bool
    mixed: bool = False
    model: _RecordedModel
    runtime: dict[Literal["grey", "colour"], _RecordedRuntime] = {"grey": _RecordedRuntime(name=REFERENCE)}
    classifier: dict[str, Any] | None
    options: _RecordedOptions
    inputs: list[_Input] = Field(min_length=1)
    plate: _RecordedPlate | None = None


def merge_records(
    records: Sequence[Mapping[str, Any]], out: Path, command: Sequence[str], rows: list[dict[str, Any]], finished: bool
) -> bool:
    """Write ``run.json`` of results that several runs have made, each of some images.

    Parameters
    ----------
    records : sequence of mapping
        Theirs, as `load_record` reads them; one at least.
    out : Path
    command : sequence of str
    rows : list of dict
        Those of ``summary.csv``.
    finished : bool
        Whether all images are there.

    Returns
    -------
    bool
        Whether all were made in the same way. If not, the record can't be replayed, and says so.
    """
    first = records[0]
    inputs: dict[str, str | None] = {}
    for record in records:
        for source in record["inputs"]:
            inputs[source["path"]] = source["sha256"] or inputs.get(source["path"])
    ordered = sorted(inputs, key=lambda path: natural_key(_read(path)))
    same = all(_deciding(record) == _deciding(first) for record in records)
    kept = {key: value for key, value in first.items() if key not in (*_FOR_MERGE, _MIXED)}
    merged = kept | {
        "command": list(command),
        "started": min(str(record["started"]) for record in records),
        "seconds": round(sum(float(record["seconds"]) for record in records), 3),
        "finished": finished,
        "out": str(out.resolve()),
        "inputs": [{"path": path, "sha256": inputs[path]} for path in ordered],
        "images": rows,
    }
    if not same or any(record.get(_MIXED) for record in records):
        merged[_MIXED] = True
    with atomic_path(out / "run.json") as partial:
        partial.write_text(json.dumps(merged, indent=1), encoding="utf-8")
    return same


def load_record(path: Path) -> dict[str, Any] | None:
    """Read a ``run.json`` as it is; None of one that is damaged or not there."""
    try:
        loaded = json.loads(path.read_bytes())
        # A shard to which no image fell has none.
        _Record.model_validate({**loaded, "inputs": loaded["inputs"] or [{"path": "", "sha256": None}]})
        float(loaded["seconds"]), str(loaded["started"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return dict(loaded)


def options_as_given(path: Path, threads: int = 0, load_classifier: LoadClassifier | None = None) -> SegmentOptions:
    """Read the options of a run with the runtime that was asked for, to continue it.

    Raises
    ------
    ConfigError
        When the file is not the record of a run that came to its end, or it used a classifier and nothing loads it.
    """
    record, options = _read_record(path)
    return replace(
        options,
        runtime=record.options.runtime,
        threads=threads,
        classify=_recorded_classifier(record, path, load_classifier),
    )


def _deciding(record: Mapping[str, Any]) -> str:
    """What the results of a run depend on besides its images."""
    options = {key: value for key, value in record["options"].items() if key != "threads"}
    ran = {name: facts.get("name") for name, facts in record.get("runtime", {}).items()}
    deciding = [record.get("hooke"), record["model"], ran, record["classifier"], options]
    return json.dumps(deciding, sort_keys=True)
