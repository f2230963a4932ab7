"""`run.json`: everything that decided a run's results, and how to do it again."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hooke.errors import ConfigError, ModelError
from hooke.io import atomic_path
from hooke.models import BundleSettings, Model, load_model
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
    paths: Sequence[Path],
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
    paths : sequence of Path
        The files.
    model : Model
    options : SegmentOptions
    axes : str, optional
    command : sequence of str
    started : float
        Seconds since the epoch.
    rows : list of dict
        Per image or plane, the values that were resolved from it.
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
        "inputs": [str(path.resolve()) for path in paths],
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
        When the file is no record of a run.
    ModelError
        When the model that it names is not here or is another by now.
    """
    path = Path(path)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        options = dict(record["options"])
        axes = options.pop("axes")
        options["model"] = record["model"]["source"]
        inputs = [Path(one) for one in record["inputs"]]
        out, checksum = Path(record["out"]), record["model"]["sha256"]
        settings = BundleSettings.model_validate(record["model"]["settings"])
        replay = Replay(inputs, out, SegmentOptions(**options), axes)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"is no record of a run ({error})", path=path, remedy="give the run.json of a results folder"
        ) from error
    model = load_model(replay.options.model)
    if model.checksum != checksum or model.settings != settings:
        differ = "weights" if model.checksum != checksum else "settings"
        raise ModelError(
            f"model {replay.options.model!r} is not the one that the run used (its {differ} differ)",
            path=path,
            remedy="install the hooke version named in the record, or give the bundle it used",
        )
    return replay
