"""Writes an adapted network as a model bundle, beside the other network of its parent."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

import hooke
from hooke.errors import ModelError
from hooke.models import CARD_SETTINGS, Bundle, Model, TunedSettings, read_bundle
from hooke.training.adaptation.module import AdaptationModule
from hooke.training.bundles.bundle_folder import fresh_bundle
from hooke.training.bundles.colour_network import add_colour_bundle, attach_colour
from hooke.training.bundles.description import write_description
from hooke.training.bundles.stored_weights import store_half
from hooke.training.segmentation.export import write_bundle

_ADAPTED = "; adapted"


def write_adapted(module: AdaptationModule, parent: Model, colour: bool, out: Path, facts: dict[str, Any]) -> None:
    """Write the bundle, with the settings of its parent and no scores yet: see `describe_adapted`.

    Parameters
    ----------
    module : AdaptationModule
    parent : Model
        All of it, with weights of its own; the network that was not adapted is copied.
    colour : bool
        Whether its network for colour images was adapted.
    out : Path
        Folder of the bundle; an earlier bundle there is replaced.
    facts : dict
        What it was adapted on, for the card.

    Raises
    ------
    ModelError
        When the bundle does not pass its checks.
    """
    with tempfile.TemporaryDirectory(dir=_place(out), prefix=f".{out.name}-") as folder:
        made = Path(folder) / "adapted"
        adapted = parent.for_image(colour=colour)
        _write_network(module, adapted.bundle, out.stem, made, facts)
        if adapted is not parent:
            whole = Path(folder) / "whole"
            _copy(parent.bundle, whole)
            shutil.rmtree(_colour_of(whole, parent))
            _rename(whole, out.stem, facts)
            add_colour_bundle(whole, made)
            made = whole
        elif parent.settings.colour_bundle is not None:
            other = Path(folder) / "other"
            _copy(parent.bundle, other)
            add_colour_bundle(made, _colour_of(other, parent))
        read_bundle(made)
        with fresh_bundle(out) as fresh:
            shutil.copytree(made, fresh, dirs_exist_ok=True)


def _colour_of(copy: Path, parent: Model) -> Path:
    """Folder of the network for colour images in a copy of a bundle."""
    folder = copy / str(parent.settings.colour_bundle)
    if not folder.is_dir():
        raise ModelError(
            "has no folder of its own for its network for colour images",
            path=parent.bundle.path,
            remedy="adapt the bundle that this package was made of",
        )
    return folder


def _place(out: Path) -> Path:
    out.parent.mkdir(parents=True, exist_ok=True)
    return out.parent


def describe_adapted(
    bundle: Path,
    settings: TunedSettings,
    facts: dict[str, Any],
    documentation: str,
    tuned: Mapping[str, Any] | None = None,
) -> None:
    """Complete the description of a bundle of `write_adapted`.

    Parameters
    ----------
    bundle : Path
        Folder; changed in place.
    settings : TunedSettings
        Of both networks.
    facts : dict
        With the ``scores``.
    documentation : str
        Markdown of the card.
    tuned : mapping, optional
        What was tuned, as `hooke.corrections.Tuning.record` says it.

    Raises
    ------
    ModelError
        When the description does not pass.
    """
    own = yaml.safe_load((bundle / "rdf.yaml").read_text(encoding="utf-8"))["config"]["hooke"]
    inner = own.get("colour_bundle")
    # The inner one first: the outer one lists its files, and repeats its description.
    for folder, one in ((bundle / str(inner), settings.colour if inner else None), (bundle, settings.grey)):
        if one is None:
            continue
        path = folder / "rdf.yaml"
        description = yaml.safe_load(path.read_text(encoding="utf-8"))
        told = description["config"]["hooke"]
        told |= {key: value for key, value in one.model_dump(mode="json").items() if key != "colour_bundle"}
        made = told.get("training", {})
        if folder == bundle or made.get("adapted", {}).get("sha256") == facts["sha256"]:
            told["scores"] = facts["scores"]
            (folder / "README.md").write_text(documentation, encoding="utf-8")
            if tuned is not None:
                told["tuned"] = [dict(tuned)]
        if folder == bundle:
            attach_colour(description, bundle)
        write_description(path, description)
    read_bundle(bundle)


def _write_network(module: AdaptationModule, parent: Bundle, name: str, made: Path, facts: dict[str, Any]) -> None:
    """Write the adapted network as a bundle of its own, that is used as its parent is."""
    settings, config = parent.settings, module.config
    told = parent.description
    own = told["config"]["hooke"]
    module.config = config.model_copy(
        update={"name": name, "augment": config.augment.model_copy(update={"diameter": settings.trained_diameters})}
    )
    card = {
        "description": f"{told.get('name')}, adapted to {facts['images']} corrected images",
        "license": told.get("license", "MIT"),
        "cite": told.get("cite", []),
        "authors": told.get("authors", [{"name": "The hooke developers"}]),
        "parameters": settings.parameters,
        "diameter_band": settings.diameter_band,
        "accurate_band": settings.accurate_band,
        **{name: getattr(settings, name) for name in CARD_SETTINGS},
        "visible_rim": False,  # it has learnt where the user's outlines are
        "training_data": [*own.get("training_data", []), {"name": facts["name"], "licence": "its owner's"}],
        "kind": _kind(own, str(told.get("name"))),
    }
    record = {
        "hooke_version": hooke.__version__,
        "config": module.config.model_dump(mode="json") | {"datasets": [], "start_from": str(told.get("name"))},
        "adapted": facts,
    }
    write_bundle(module, made, card=card, record=record)
    store_half(made)
    module.config = config


def _rename(folder: Path, name: str, facts: dict[str, Any]) -> None:
    """Give the copy of a parent the new model's name and card; its own network stays as it was."""
    path = folder / "rdf.yaml"
    description = yaml.safe_load(path.read_text(encoding="utf-8"))
    description["description"] = f"{description['name']}, adapted to {facts['images']} corrected images in colour"
    description["name"] = name if len(name) >= 5 else f"model {name}"
    own = description["config"]["hooke"]
    own["colour_bundle"] = None
    attach_colour(description, folder)
    own["kind"] = _kind(own, name)
    own["training_data"] = [*own.get("training_data", []), {"name": facts["name"], "licence": "its owner's"}]
    own["adapted"] = facts
    write_description(path, description)


def _kind(own: dict[str, Any], name: str) -> str:
    """What an adapted model is for: its parent's words, and once that it was adapted."""
    return f"{str(own.get('kind') or name).removesuffix(_ADAPTED)}{_ADAPTED}"


def _copy(parent: Bundle, folder: Path) -> None:
    """Copy all files of a bundle, a folder or a zip."""
    if parent.path.is_dir():
        shutil.copytree(parent.path, folder)
        return
    with zipfile.ZipFile(parent.path) as archive:  # its members were read before, within what memory holds
        for name in archive.namelist():
            if name.count("/") <= 1 and not name.startswith(("/", "..")) and not name.endswith("/"):
                place = folder / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(archive.read(name))
