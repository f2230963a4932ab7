"""`run.json`: everything that decided a run's results, and how to do it again."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hooke.errors import ConfigError, ModelError
from hooke.io import atomic_path
from hooke.models import BundleSettings, Model, load_model
from hooke.pipeline.entry import hash_file
from hooke.pipeline.options import SegmentOptions

__all__ = ["Replay", "read_replay", "write_record"]

_PACKAGES = ("numpy", "opencv-python-headless", "onnxruntime", "tifffile", "imagecodecs", "pillow")


@dataclass(frozen=True)
class Replay:
    """A recorded run, ready to be done again."""

    inputs: list[Path]
    out: Path
    options: SegmentOptions
    axes: str | None


def write_record(
    out: Path,
    inputs: Sequence[tuple[Path, str | None]],
    model: Model,
    options: SegmentOptions,
    axes: str | None,
    command: Sequence[str],
    started: float,
    rows: list[dict[str, Any]],
) -> None:
    """Write ``run.json``.

    Parameters
    ----------
    out : Path
    inputs : sequence of (Path, str or None)
        The files, and the SHA-256 of those that were read.
    model : Model
    options : SegmentOptions
    axes : str, optional
    command : sequence of str
    started : float
        Seconds since the epoch.
    rows : list of dict
        Those of ``summary.csv``.
    """
    from hooke import __version__

    record = {
        "hooke": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: version(name) for name in _PACKAGES},
        "command": list(command),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(started)),
        "seconds": round(time.time() - started, 3),
        "model": {
            **_told(model),
            "source": options.model if not Path(options.model).exists() else str(Path(options.model).resolve()),
            "colour": None if model.bundle.colour is None else _told(model.suited(colour=True)),
        },
        "options": {
            **asdict(options),
            "threads": options.resolved_threads,
            "axes": axes,
        },
        "out": str(out.resolve()),
        "inputs": [{"path": os.path.realpath(path), "sha256": digest} for path, digest in inputs],
        "images": rows,
    }
    with atomic_path(out / "run.json") as partial:
        partial.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _told(model: Model) -> dict[str, Any]:
    """What decides of one network's results."""
    return {
        "name": model.name,
        "sha256": model.checksum,
        "scheme": {"name": model.scheme.name, **asdict(model.scheme)},
        "settings": model.settings.model_dump(mode="json"),
    }


def read_replay(path: str | Path) -> Replay:
    """Read a ``run.json`` so that the run can be repeated exactly.

    Raises
    ------
    ConfigError
        When the file is not the record of a run, or an image is not the one that the run read.
    ModelError
        When the model that it names is not here or is another by now.
    """
    path = Path(path)
    try:
        record = _Record.model_validate_json(path.read_bytes())
        options = SegmentOptions(**{**record.options.model_dump(exclude={"axes"}), "model": record.model.source})
    except (OSError, ValueError, ConfigError, RecursionError) as error:
        reason = str(error) if isinstance(error, OSError | ConfigError) else _first_problem(error)
        raise ConfigError(
            f"is not the record of a run ({reason})", path=path, remedy="give the run.json of a results folder"
        ) from error
    model = load_model(options.model)
    if model.checksum != record.model.sha256 or model.settings != record.model.settings:
        differ = "weights" if model.checksum != record.model.sha256 else "settings"
        raise ModelError(
            f"model {options.model!r} is not the one that the run used (its {differ} differ)",
            path=path,
            remedy="install the hooke version named in the record, or give the bundle it used",
        )
    _check_inputs(record, path)
    return Replay([Path(one.path) for one in record.inputs], Path(record.out), options, record.options.axes)


def _check_inputs(record: _Record, path: Path) -> None:
    """Refuse to repeat a run on other images than it had."""
    failed = {row.file for row in record.images if row.error}
    for one in record.inputs:
        image = Path(one.path)
        if one.sha256 is None and not failed.intersection((one.path, str(image))):
            raise ConfigError(
                f"the run ended before {image.name} was read", path=path, remedy="run its command again, then repeat it"
            )
        try:
            changed = one.sha256 is not None and hash_file(image) != one.sha256
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


def _first_problem(error: Exception) -> str:
    """What is wrong with a record, on one line."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        return f"{where}: {first['msg']}" if where else first["msg"]
    return str(error).splitlines()[0] if str(error) else type(error).__name__


class _Strict(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)


class _Input(_Strict):
    path: str
    sha256: str | None


class _Row(_Strict):
    file: str
    error: str = ""


class _RecordedModel(_Strict):
    source: str
    sha256: str
    settings: BundleSettings


class _RecordedOptions(_Strict):
    channel: int | None
    diameter: float | str
    min_size: float | None
    min_score: float | None
    tta: bool
    threads: int
    classify: str | None
    class_threshold: float
    axes: str | None


class _Record(_Strict):
    """What is read of a record."""

    model: _RecordedModel
    options: _RecordedOptions
    out: str
    inputs: list[_Input] = Field(min_length=1)
    images: list[_Row]
