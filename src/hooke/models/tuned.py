"""Reads and writes tuned bundles: settings of their own, and the weights of another bundle, which they refer to.

```
BUNDLE/
  rdf.yaml     under `config: hooke:` all settings of both networks; `parent:` names the bundle of the weights and their
               checksums; `tuned:` says what was tuned on what, oldest first
  README.md
```
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from hooke.errors import ModelError
from hooke.io import atomic_path
from hooke.io.atomic import output_error
from hooke.models.bundle import (
    Bundle,
    BundleSettings,
    check_replaceable,
    hooke_settings,
    parse_bundle_settings,
    read_bundle,
    read_description,
)
from hooke.models.model import Model

_PARENT, _COLOUR, _HISTORY = "parent", "colour_settings", "tuned"
_INHERITED = ("kind", "training_data")  # of the parent's description, for lists of models
_AGAIN = "tune again"


class _Parent(BaseModel):
    """Where the weights are, and what they were."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model: str
    sha256: str
    colour_sha256: str | None = None


@dataclass(frozen=True)
class TunedSettings:
    """Settings of a model's networks after tuning.

    Parameters
    ----------
    grey : BundleSettings
        Of the network for grey images, or the only one.
    colour : BundleSettings or None
        Of the one for images whose colours are kept, where the model has one.
    """

    grey: BundleSettings
    colour: BundleSettings | None = None

    @classmethod
    def of(cls, model: Model) -> TunedSettings:
        """The settings that a model has."""
        return cls(model.settings, None if model.bundle.colour is None else model.bundle.colour.settings)

    def apply(self, model: Model) -> Model:
        """Give the same model with these settings; its weights are not read again."""
        bundle = replace(model.bundle, settings=self.grey)
        if bundle.colour is not None and self.colour is not None:
            bundle = replace(bundle, colour=replace(bundle.colour, settings=self.colour))
        return Model(bundle).with_diameter_by(model.for_diameter)


def is_tuned(path: Path) -> bool:
    """Whether a bundle refers to the weights of another; False where it can't be read."""
    try:
        return _PARENT in hooke_settings(read_description(path))
    except ModelError:
        return False


def find_parent(path: Path, find: Callable[[str], Path]) -> Path:
    """Find the bundle whose weights a tuned bundle refers to.

    Parameters
    ----------
    path : Path
        The tuned bundle.
    find : callable
        Gives the path of a bundle by its name or path: `hooke.models.registry.find_model`.

    Raises
    ------
    ModelError
        When it is not there.
    """
    return _find(_parent(hooke_settings(read_description(path)), path), path, find)


def read_tuned(path: Path, find: Callable[[str], Path]) -> Bundle:
    """Read a tuned bundle with the weights of its parent; see `find_parent` for the parameters.

    Raises
    ------
    ModelError
        When it or its parent is missing or corrupt, or the parent's weights have changed since.
    """
    description = read_description(path)
    raw = hooke_settings(description)
    parent = _parent(raw, path)
    origin = _find(parent, path, find)
    bundle = read_bundle(origin)
    if _checksums(bundle) != (parent.sha256, parent.colour_sha256):
        cause = f"the weights of its parent {parent.model} have changed since it was tuned"
        raise ModelError(cause, path=path, remedy=f"put the old bundle back, or {_AGAIN}")
    settings = parse_bundle_settings(BundleSettings, raw, path)
    colour = bundle.colour
    if colour is not None:
        own = raw.get(_COLOUR)
        if not isinstance(own, dict):
            raise ModelError("has no settings for colour images", path=path, remedy=_AGAIN)
        colour = replace(colour, settings=parse_bundle_settings(BundleSettings, own, path))
    name = str(description.get("name") or path.stem)
    return Bundle(name, path, settings, description, bundle.weights, colour, bundle.int8, origin.resolve())


def tuned_history(model: Model) -> list[dict[str, Any]]:
    """What a model was tuned on, oldest first; empty where it was not."""
    found = hooke_settings(model.bundle.description).get(_HISTORY)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def write_tuned(
    out: str | Path,
    parent: Model,
    settings: TunedSettings,
    record: Mapping[str, Any],
    *,
    known: Mapping[str, Path],
    card: Sequence[str] = (),
) -> Path:
    """Write a bundle of settings that refers to the weights of a model; of a tuned one, to those that this refers to.

    Parameters
    ----------
    out : str or Path
        A folder, or a zip by its name; a bundle that is there is replaced.
    parent : Model
    settings : TunedSettings
    record : mapping of str to Any
        What was tuned on what, as YAML has it.
    known : mapping of str to Path
        Models that need no path, by name: `hooke.models.known_models`. A parent among them is referred to by its name.
    card : sequence of str
        Lines of the model card, below its title.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        When there is something else than a bundle, or it can't be written.
    """
    out = Path(out)
    check_replaceable(out) if out.suffix != ".zip" else None
    origin = (parent.bundle.origin or parent.bundle.path).resolve()
    named = next((name for name, path in known.items() if path.resolve() == origin), str(origin))
    sha256, colour_sha256 = _checksums(parent.bundle)
    old = parent.bundle.description
    inherited = {name: value for name in _INHERITED if (value := hooke_settings(old).get(name))}
    description = {
        "type": "model",
        "format_version": str(old.get("format_version", "0.5.4")),
        "name": out.stem if len(out.stem) >= 5 else f"model {out.stem}",
        "description": f"{parent.name}, tuned on corrected images",
        "license": old.get("license", "MIT"),
        "documentation": "README.md",
        "config": {
            "hooke": {
                **settings.grey.model_dump(mode="json"),
                **({} if settings.colour is None else {_COLOUR: settings.colour.model_dump(mode="json")}),
                _PARENT: {"model": named, "sha256": sha256, "colour_sha256": colour_sha256},
                **inherited,
                _HISTORY: [*tuned_history(parent), dict(record)],
            }
        },
    }
    text = yaml.safe_dump(description, sort_keys=False, allow_unicode=True)
    _write(out, {"rdf.yaml": text, "README.md": "\n".join([f"# {out.stem}", "", *card, ""])})
    return out


def _write(out: Path, files: Mapping[str, str]) -> None:
    """Write a zip or a folder, under a temporary name first."""
    if out.suffix == ".zip":
        with atomic_path(out) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        return
    part = out.with_name(f".{out.name}.{uuid.uuid4().hex[:12]}.part")
    try:
        part.mkdir(parents=True)
        for name, text in files.items():
            (part / name).write_text(text, encoding="utf-8")
        if out.exists():
            aside = part.with_suffix(".old")
            out.rename(aside)
            part.rename(out)
            shutil.rmtree(aside, ignore_errors=True)
        else:
            part.rename(out)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise output_error(error, out) from error


def _parent(raw: Mapping[str, Any], path: Path) -> _Parent:
    try:
        return _Parent.model_validate(raw.get(_PARENT))
    except ValidationError as error:
        raise ModelError("does not say whose weights it has", path=path, remedy=_AGAIN) from error


def _find(parent: _Parent, path: Path, find: Callable[[str], Path]) -> Path:
    """Find the parent: by its name or path, or beside the tuned bundle, where both were moved."""
    beside = path.parent / Path(parent.model).name
    try:
        return find(parent.model)
    except ModelError as error:
        if Path(parent.model).is_absolute() and beside.exists():
            return beside
        cause = f"its parent model {parent.model}, whose weights it uses, is not there"
        raise ModelError(cause, path=path, remedy=f"put it back, or beside this bundle, or {_AGAIN}") from error


def _checksums(bundle: Bundle) -> tuple[str, str | None]:
    """SHA-256 of the weights of both networks."""
    colour = None if bundle.colour is None else hashlib.sha256(bundle.colour.weights).hexdigest()
    return hashlib.sha256(bundle.weights).hexdigest(), colour
