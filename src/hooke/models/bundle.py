"""Model bundle: the folder or zip that carries a network from the training half to the runtime half.

```
BUNDLE/
  rdf.yaml          bioimage.io model description; hooke's own settings under `config: hooke:`
  weights.onnx      image (1, C, Y, X) in 0..1 -> maps (1, K, Y, X) in 0..1; or image and queried positions,
                    (1, Q, 2) as (x, y) in network pixels -> answers (1, Q, K) in 0..1
  weights-int8.onnx maybe: the same network in 8 bits, for processors that gain by it; see `config: hooke: int8:`
  test_input.npy    a network input ...
  test_output.npy   ... and the network's output for it
  colour/           maybe: a bundle of its own, for images whose colours are kept
```

Tools of bioimage.io keep no folders: they put what `rdf.yaml` names side by side, under names of their own. Weights are
therefore found by the names and checksums that it gives, and what it says under ``config: hooke: colour:`` stands for
the description in that folder. A bundle that has lost a part opens with a warning.
"""

from __future__ import annotations

import hashlib
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from hooke.errors import ModelError, OutputError
from hooke.io.yaml_text import parse_yaml
from hooke.limits import check_memory, check_promise

_WEIGHTS = "weights.onnx"
_INT8 = "weights-int8.onnx"
_PARENT = "parent"  # under config: hooke: of a bundle without weights of its own
_DESCRIPTION = "rdf.yaml"
_ALIKE = ("classes", "channels")  # what both networks of a bundle must have in common
_Settings = TypeVar("_Settings", bound=BaseModel)
#: What is said of a bundle that has lost its network for colour images.
NO_COLOUR = (
    "the model's bundle lacks its network for colour images, so that for grey images takes them: get the whole one"
)
_NO_INT8 = "the model's bundle lacks its weights in 8 bits, so all is computed in 32 bits"
#: Settings that a model's card may give, and that a model adapted from another takes over.
CARD_SETTINGS = ("min_size", "smallest_share", "diameter_of", "diameter_share", "visible_rim", "turned_pixels")
_LATER = (*CARD_SETTINGS, "grow", "diameter", "diameter_range", "channel", "accurate_band")
_MOST_EXPANSION = 1032  # of a member of a zip: what deflate can do


class BundleSettings(BaseModel):
    """What the runtime must know of a network, stored under ``config: hooke:`` of ``rdf.yaml``."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    task: Literal["segmentation"] = "segmentation"
    format: int = Field(1, le=1, description="version of these settings")
    scheme: str = Field(description="target scheme that decodes the maps")
    parameters: dict[str, Any] = Field(default_factory=dict, description="of the target scheme")
    colour_bundle: str | None = Field(
        None, pattern=r"^[\w-]+$", description="folder within the bundle: the one for images whose colours are kept"
    )
    diameter_band: tuple[float, float] = Field(description="diameters that images are resized to, network pixels")
    accurate_band: tuple[float, float] | None = Field(
        None, description="the same, where all is to be as accurate as it can be; diameter_band when not given"
    )
    trained_diameters: tuple[float, float] = Field(description="diameters that the network was trained on")
    percentiles: tuple[float, float] = (1.0, 99.8)
    stride: int = Field(32, ge=1, le=1024)
    frame: int | None = Field(
        None, ge=32, le=8192, description="longer side, network pixels, that whole images are resized to"
    )
    query_step: int | None = Field(None, ge=1, le=1024, description="network pixels between queries")
    classes: list[str] = Field(default_factory=list, max_length=1000)
    channels: list[int] = Field(
        [], max_length=1000, description="of an image, each on its own scale; none: grey or three colours"
    )
    only_channels: bool = Field(False, description="whether images must have no other channels")
    visible_rim: bool = Field(
        False, description="whether objects brighter than the background are outlined by their visible rim"
    )
    turned_pixels: int = Field(
        0, ge=0, description="images of up to this many pixels are predicted a second time, turned by 180 degrees"
    )
    grow: float = Field(0.0, ge=-500, le=500, description="pixels that outlines move outwards, or inwards below 0")
    min_size: float | None = Field(None, ge=0, description="pixels; smaller objects are dropped")
    smallest_share: float | None = Field(
        None, ge=0, le=1, description="of the typical object's area; smaller ones are dropped; 0.07 when not given"
    )
    diameter: float | None = Field(None, ge=1, le=10_000, description="image pixels; not measured where it is given")
    diameter_range: tuple[float, float] | None = Field(None, description="image pixels; what is measured stays within")
    diameter_of: str | None = Field(
        None, pattern=r"^[\w-]+$", description="name of the model that measures the diameter, of other objects"
    )
    diameter_share: float = Field(1.0, gt=0, le=100, description="of what that model measures: these objects' diameter")
    channel: int | None = Field(None, ge=0, description="of grey images with several; chosen by content without")

    @field_validator("diameter_band", "trained_diameters")
    @classmethod
    def _check_diameters(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 1 <= value[0] <= value[1] <= 10_000:
            raise ValueError("give two diameters in pixels, the smaller first, from 1 to 10000")
        return value

    @field_validator("accurate_band", "diameter_range")
    @classmethod
    def _check_range(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        return None if value is None else cls._check_diameters(value)

    @property
    def unused(self) -> set[str]:
        """Names of the settings that bundles had none of at first, where they change nothing: no checksum has them."""
        return {name for name in _LATER if getattr(self, name) == type(self).model_fields[name].default}

    @field_validator("percentiles")
    @classmethod
    def _check_percentiles(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= value[0] < value[1] <= 100:
            raise ValueError("give two percentiles, the smaller first, from 0 to 100")
        return value


@dataclass(frozen=True)
class Bundle:
    """A bundle that has been read and found whole.

    Parameters
    ----------
    name : str
    path : Path
    settings : BundleSettings
    description : dict
        All of ``rdf.yaml``.
    weights : bytes
        The ONNX file.
    colour : Bundle or None
        Network for images whose colours are kept.
    int8 : bytes or None
        The same network as an ONNX file in 8 bits.
    origin : Path or None
        The bundle whose weights these are, of one that refers to another: see `hooke.models.tuned`.
    missing : tuple of str
        What is said of parts that it names and does not have.
    """

    name: str
    path: Path
    settings: BundleSettings
    description: dict[str, Any]
    weights: bytes
    colour: Bundle | None = None
    int8: bytes | None = None
    origin: Path | None = None
    missing: tuple[str, ...] = ()

    @cached_property
    def checksum(self) -> str:
        """SHA-256, hexadecimal: of the weights, and of the weights and settings of the bundle for colour images.

        Weights in 8 bits are made of these, and don't count.
        """
        sha = hashlib.sha256(self.weights)
        if self.colour is not None:
            sha.update(self.colour.checksum.encode())
            sha.update(self.colour.settings.model_dump_json(exclude=self.colour.settings.unused).encode())
        return sha.hexdigest()


def read_bundle(path: str | Path) -> Bundle:
    """Read a bundle that segments, from a folder or a zip; warn of a part that is missing but not needed.

    Raises
    ------
    ModelError
        When it is missing, incomplete, corrupt, or does something else.
    """
    bundle = _read_bundle(Path(path), "")
    for text in bundle.missing:
        warnings.warn(f"{path}: {text}", stacklevel=2)
    return bundle


def _read_bundle(path: Path, inside: str) -> Bundle:
    settings, description, weights = read_parts(path, BundleSettings, inside)
    if settings.colour_bundle is not None and inside:
        raise ModelError("bundles within bundles within bundles", path=path, remedy="export it again")
    colour = None if settings.colour_bundle is None else _read_colour(path, settings.colour_bundle, description)
    if colour is not None and any(getattr(settings, one) != getattr(colour.settings, one) for one in _ALIKE):
        raise ModelError(
            f"its bundle for colour images has other {' or '.join(_ALIKE)}", path=path, remedy="export it again"
        )
    int8 = _read_int8(path, inside, description)
    missing = [NO_COLOUR] if settings.colour_bundle is not None and colour is None else []
    missing += [_NO_INT8] if int8 is None and isinstance(hooke_settings(description).get("int8"), dict) else []
    name = str(description.get("name") or path.stem)
    return Bundle(name, path, settings, description, weights, colour, int8, missing=tuple(missing))


def _read_colour(path: Path, folder: str, description: dict[str, Any]) -> Bundle | None:
    """Read the bundle for colour images in its folder, or what a tool of bioimage.io has kept of it; None without."""
    if _has(path, f"{folder}/{_DESCRIPTION}"):
        return _read_bundle(path, f"{folder}/")
    told = hooke_settings(description).get("colour")
    digest = _section(told, "weights", "onnx", "sha256") if isinstance(told, dict) else None
    name = _attached(description, digest)
    if name is None or not _has(path, name):
        return None
    assert isinstance(told, dict)
    settings = parse_bundle_settings(BundleSettings, hooke_settings(told), path)
    weights = read_member(path, name)
    _check_whole(weights, told, path)
    return Bundle(str(told.get("name") or path.stem), path, settings, told, weights)


def _attached(description: dict[str, Any], digest: Any) -> str | None:
    """The name of the attached file of a checksum; None where there is none."""
    listed = description.get("attachments")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and digest is not None and one.get("sha256") == digest:
            return str(one.get("source"))
    return None


def read_inner(path: Path, name: str, digest: str | None) -> bytes:
    """Read a file of the bundle for colour images by its name, or where a tool has put it, by its checksum.

    Raises
    ------
    ModelError
        When it is missing.
    """
    if not _has(path, name):
        name = _attached(read_description(path), digest) or name
    return read_member(path, name)


def inner_description(path: Path, folder: str) -> dict[str, Any]:
    """Description of the bundle in a folder of a bundle, wherever it is kept.

    Raises
    ------
    ModelError
        When it is missing or can't be parsed.
    """
    name = f"{folder}{_DESCRIPTION}"
    told = hooke_settings(read_description(path)).get("colour") if folder and not _has(path, name) else None
    return told if isinstance(told, dict) else parse_yaml(read_member(path, name), path, name)


def _has(path: Path, name: str) -> bool:
    """Whether a bundle has a file."""
    if path.is_dir():
        return (path / name).is_file()
    try:
        with zipfile.ZipFile(path) as opened:
            return name in opened.namelist()
    except Exception:  # said when it is read
        return False


def _read_int8(path: Path, inside: str, description: dict[str, Any]) -> bytes | None:
    """Read the weights in 8 bits, where the description lists some, made of these weights; None where they are gone."""
    told = hooke_settings(description).get("int8")
    if not isinstance(told, dict) or not _has(path, inside + _INT8):
        return None
    if told.get("made_of") != _section(description, "weights", "onnx", "sha256"):
        raise ModelError(
            f"{_INT8} was made of other weights", path=path, remedy="make it again with hooke export --int8"
        )
    int8 = _reader(path)(inside + _INT8)
    if hashlib.sha256(int8).hexdigest() != told.get("sha256"):
        raise ModelError(f"{_INT8} differs from its checksum", path=path, remedy="copy or export it again")
    return int8


def read_parts(path: str | Path, model: type[_Settings], inside: str = "") -> tuple[_Settings, dict[str, Any], bytes]:
    """Read a bundle for any task: its settings, all of ``rdf.yaml``, and the ONNX file.

    Parameters
    ----------
    path : str or Path
        Folder or zip.
    model : type of pydantic model
        Of the settings; its field ``task`` has one value.
    inside : str
        Folder within the bundle that is meant, ending in a slash.

    Raises
    ------
    ModelError
        When the bundle is missing, incomplete, corrupt, or made for another task.
    """
    path = Path(path)
    whole = _reader(path)

    def read(name: str) -> bytes:
        return whole(inside + name)

    description = parse_yaml(read(_DESCRIPTION), path, _DESCRIPTION)
    raw = _section(description, "config", "hooke")
    if not isinstance(raw, dict):
        raise ModelError(
            "is a bioimage.io model, but not made for hooke (no config: hooke: in rdf.yaml)",
            path=path,
            remedy="use a bundle written by hooke export",
        )
    _check_task(raw, model.model_fields["task"].default, path)
    settings = parse_bundle_settings(model, raw, path)
    if _PARENT in raw:
        raise ModelError(
            "refers to the weights of another bundle", path=path, remedy="give that one, or load this by load_model"
        )
    weights = read(_weights_name(description))
    _check_whole(weights, description, path)
    return settings, description, weights


def _weights_name(description: dict[str, Any]) -> str:
    """Name of the ONNX file: a tool may have given it another."""
    name = _section(description, "weights", "onnx", "source")
    return name if isinstance(name, str) and not {"/", "\\", ":"} & set(name) and name.endswith(".onnx") else _WEIGHTS


def parse_bundle_settings(model: type[_Settings], raw: dict[str, Any], path: Path) -> _Settings:
    """Check what a description says under ``config: hooke:``.

    Raises
    ------
    ModelError
        When a setting is missing or wrong.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelError(
            f"bundle setting {where}: {first['msg']}", path=path, remedy="update hooke, or export again"
        ) from error


_COMMANDS = {
    "segmentation": "hooke segment --model",
    "classifier": "hooke classify --labels RESULTS --model",
    "image-classifier": "hooke classify --model, without --labels",
}


def read_description(path: str | Path) -> dict[str, Any]:
    """Read all of a bundle's ``rdf.yaml``, and nothing else of it.

    Raises
    ------
    ModelError
        When it is missing or can't be parsed.
    """
    path = Path(path)
    return parse_yaml(_reader(path)(_DESCRIPTION), path, _DESCRIPTION)


def read_member(path: str | Path, name: str) -> bytes:
    """Read one file of a bundle.

    Parameters
    ----------
    path : str or Path
        Folder or zip.
    name : str
        Such as ``README.md`` or ``colour/test_input.npy``.

    Raises
    ------
    ModelError
        When it is missing, or the name leads out of the bundle.
    """
    if name.startswith(("/", "\\")) or ".." in name or ":" in name:
        raise ModelError(f"names a file outside of itself: {name}", path=path, remedy="copy or export it again")
    return _reader(Path(path))(name)


def read_task(path: str | Path) -> str:
    """Read the task of any bundle: ``segmentation``, ``classifier`` or ``image-classifier``.

    Raises
    ------
    ModelError
        When it is missing or incomplete.
    """
    return str(hooke_settings(read_description(path)).get("task", "segmentation"))


def hooke_settings(description: dict[str, Any]) -> dict[str, Any]:
    """Look up hooke's own settings in a description; empty where it has none."""
    found = _section(description, "config", "hooke")
    return found if isinstance(found, dict) else {}


def _check_task(raw: dict[str, Any], wanted: str, path: Path) -> None:
    """Refuse a bundle that was made for something else; bundles from before there were tasks segment."""
    task = str(raw.get("task", "segmentation"))
    if task != wanted:
        remedy = f"use it with {_COMMANDS[task]}" if task in _COMMANDS else "update hooke"
        raise ModelError(f"is a model for {task}, not for {wanted}", path=path, remedy=remedy)


def is_bundle(path: Path) -> bool:
    """Whether a folder looks like a model bundle."""
    return (path / _DESCRIPTION).is_file()


def check_replaceable(path: Path) -> None:
    """Refuse to write a bundle over anything but a bundle or an empty folder: all that is there would be lost.

    Raises
    ------
    OutputError
    """
    is_free = not path.exists() or (path.is_dir() and not any(path.iterdir()))
    if not is_free and not is_bundle(path):
        raise OutputError("is there already and is not a model bundle", path=path, remedy="give a new folder")


def _reader(path: Path) -> Callable[[str], bytes]:
    if path.is_dir():
        return lambda name: _read_file(path, name)
    if not path.exists():
        raise ModelError("no such model bundle", path=path, remedy="give a folder or zip written by hooke export")
    if not zipfile.is_zipfile(path):
        raise ModelError("is not a model bundle", path=path, remedy="give a folder or zip written by hooke export")
    return lambda name: _read_member(path, name)


def _read_file(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise ModelError(f"bundle has no readable {name}", path=folder, remedy="copy or export it again") from error


def _read_member(archive: Path, name: str) -> bytes:
    try:
        with zipfile.ZipFile(archive) as opened:
            member = opened.getinfo(name)
            held = min(member.compress_size, archive.stat().st_size)
            check_promise(member.file_size, held, _MOST_EXPANSION, archive, what=name, error=ModelError)
            check_memory(2 * member.file_size, archive, error=ModelError)
            return opened.read(member)
    except ModelError:
        raise
    except Exception as error:  # zipfile and its codecs: BadZipFile, zlib.error, NotImplementedError, RuntimeError...
        raise ModelError(f"bundle has no readable {name}", path=archive, remedy="copy or export it again") from error


def _section(description: dict[str, Any], *keys: str) -> Any:
    """Look up nested keys; None where one is missing or holds no mapping."""
    found: Any = description
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _check_whole(weights: bytes, description: dict[str, Any], path: Path) -> None:
    """Compare the weights with the checksum in the description: a cut-off copy is found before it is run."""
    said = _section(description, "weights", "onnx", "sha256")
    if said and hashlib.sha256(weights).hexdigest() != said:
        raise ModelError("weights.onnx differs from its checksum", path=path, remedy="copy or export it again")
