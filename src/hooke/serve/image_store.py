"""Keeps all images of the work folder: takes uploads, finds them again after a restart, deletes them."""

from __future__ import annotations

import contextlib
import logging
import re
import secrets
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.errors import HookeError, readable
from hooke.image import sample_grid
from hooke.io import ImageFile, open_image
from hooke.io.lazy_plane import LazyPlane
from hooke.limits import format_bytes
from hooke.serve.answers import ApiError, api_error, files_gone, not_there
from hooke.serve.api_models import Channel
from hooke.serve.stored_image import FACTS, ImageFacts, StoredImage

_LOG = logging.getLogger("hooke.serve")
_ID = re.compile(r"[0-9a-f]{16}")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_SAMPLED = 250_000  # pixels that decide how a channel is shown
_SHOWN = (0.3, 99.8)  # percentiles between which it is
_LOADED = 12  # images whose tables stay in memory
_LONGEST = 200  # characters of a name
_LISTED = "listed"  # a file whose time says when a page asked for the list of images last
_NOTED = 60.0  # seconds between two changes of it
_RGB = ("ff0000", "00ff00", "0000ff")
_STAINS = (
    (r"dapi|hoechst|draq|bfp|405|461", "5b8cff"),
    (r"gfp|fitc|488|alexa ?488|green|509|525", "3ddc84"),
    (r"rfp|mcherry|tritc|cy3|555|561|568|594|red|texas", "ff6b5e"),
    (r"cy5|640|647|far", "ff5ad1"),
    (r"bright|phase|dic|trans", "ffffff"),
)
_OTHERS = ("5b8cff", "3ddc84", "ff5ad1", "ffd23f", "3fd8ff", "ff6b5e")


class ImageStore:
    """The images of a work folder.

    Parameters
    ----------
    folder : Path
        Made when it is needed.
    max_pixels : int
        Of all planes of an image.
    """

    def __init__(self, folder: Path, max_pixels: int) -> None:
        self.folder = folder
        self.max_pixels = max_pixels
        self._images: dict[str, StoredImage] = {}
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self._listed = 0.0
        for path in sorted(folder.glob("*")) if folder.is_dir() else []:
            if _ID.fullmatch(path.name) and path.is_dir():
                self._find(path)

    def __len__(self) -> int:
        return len(self._images)

    def all(self) -> list[StoredImage]:
        """All images, oldest first; those whose files were deleted meanwhile are forgotten."""
        with self._lock:
            images = list(self._images.values())
        there = [image for image in images if (image.folder / FACTS).is_file()]
        for image in set(images) - set(there):
            self._forget(image.id)
        return sorted((one for one in there if not one.facts.hidden), key=lambda image: image.facts.created)

    @property
    def listed_at(self) -> float:
        """When somebody asked for the list of images last, in seconds since 1970, also before a restart."""
        with contextlib.suppress(OSError):
            self._listed = max(self._listed, (self.folder / _LISTED).stat().st_mtime)
        return self._listed

    def note_listed(self) -> None:
        """Note that somebody asked for the list of images now."""
        now = time.time()
        if now - self._listed > _NOTED and self._images:
            with contextlib.suppress(OSError):
                (self.folder / _LISTED).touch()
            self._listed = now

    def get(self, id_: str) -> StoredImage:
        """Give an image.

        Raises
        ------
        ApiError
            When there is none of this id, or its files were deleted meanwhile.
        """
        image = self._images.get(id_)
        if image is None:
            raise not_there("such image")
        if not (image.folder / FACTS).is_file():
            self._forget(id_)
            raise files_gone()
        self._touch(image)
        image.note_use()
        return image

    def peek(self, id_: str) -> StoredImage | None:
        """Give an image as far as it is known, whether its files are there or not."""
        return self._images.get(id_)

    def add(self, name: str, write: Callable[[Path], None], *, hidden: bool = False) -> StoredImage:
        """Take an upload.

        Parameters
        ----------
        name : str
            What the client calls it: it is shown, and never part of a path, except for its ending.
        write : callable
            Writes the file to the path that it is given.
        hidden : bool
            Whether it is there for one request only: it is not listed, and a restart removes it.

        Raises
        ------
        ApiError
            When it is not an image, is too large, or can't be written.
        """
        id_ = secrets.token_hex(8)
        shown = _shown_name(name)
        suffix = Path(shown).suffix.lower()
        source = f"{id_}{suffix if _SUFFIX.fullmatch(suffix) else ''}"
        folder = self.folder / id_
        try:
            folder.mkdir(parents=True)
            write(folder / source)
            return self._open(folder, id_, shown, source, hidden=hidden)
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, Exception):
                raise _worded(error, {source: shown}) from error
            raise

    def add_local(self, path: str) -> StoredImage:
        """Open a file of this machine where it is, without a copy."""
        found = Path(path).expanduser()
        if not found.is_absolute():
            raise ApiError(422, "this is not a whole path", "give the path from the root of the disk")
        id_ = secrets.token_hex(8)
        folder = self.folder / id_
        try:
            folder.mkdir(parents=True)
            return self._open(folder, id_, _shown_name(found.name), str(found))
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, Exception):
                raise _worded(error) from error
            raise

    def delete(self, id_: str) -> None:
        """Delete an image and all that belongs to it; a file that was opened by its path stays."""
        image = self.get(id_)
        with image.lock:
            self._forget(id_)
            (image.folder / FACTS).unlink(missing_ok=True)
            shutil.rmtree(image.folder, ignore_errors=True)

    def _open(self, folder: Path, id_: str, name: str, source: str, *, hidden: bool = False) -> StoredImage:
        file = open_image(folder / source)
        self._check_size(file)
        facts = ImageFacts(
            id=id_,
            name=name,
            source=source,
            scene=file.scene,
            height=file.plane_shape[0],
            width=file.plane_shape[1],
            channels=_describe_channels(file),
            axes=file.axes,
            stack_shape=list(file.stack_shape),
            is_rgb=_is_rgb(file),
            pixel_size_um=file.pixel_size_um,
            warnings=[*file.notes, *_scene_note(file)],
            created=time.time(),
            hidden=hidden,
        )
        image = StoredImage(folder, facts)
        image.save()
        with self._lock:
            self._images[id_] = image
        self._touch(image)
        return image

    def _check_size(self, file: ImageFile) -> None:
        pixels = file.plane_shape[0] * file.plane_shape[1] * len(file)
        if pixels > self.max_pixels:
            raise ApiError(
                413,
                f"{pixels / 1e6:.0f} megapixels, and the server takes {self.max_pixels / 1e6:.0f}",
                "cut the image into parts, or start the server with a higher --max-pixels",
            )

    def _find(self, folder: Path) -> None:
        """Read an image again; what an upload that was interrupted left is removed."""
        if not (folder / FACTS).is_file():
            shutil.rmtree(folder, ignore_errors=True)
            return
        try:
            image = StoredImage.read(folder)
        except (OSError, ValueError, ApiError):
            _LOG.warning("an image in the work folder can't be read and is left out: %s", folder)
            return
        if image.facts.hidden:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            self._images[image.id] = image

    def _touch(self, image: StoredImage) -> None:
        with self._lock:
            self._recent[image.id] = None
            self._recent.move_to_end(image.id)
            while len(self._recent) > _LOADED:
                oldest, _ = self._recent.popitem(last=False)
                if (other := self._images.get(oldest)) is not None:
                    other.unload()

    def _forget(self, id_: str) -> None:
        with self._lock:
            self._images.pop(id_, None)
            self._recent.pop(id_, None)


def _worded(error: Exception, names: dict[str, str] | None = None) -> ApiError:
    """Word an error for the client; a bug of hooke's on one file is one more file that can't be used."""
    if not isinstance(error, HookeError | ApiError | OSError):
        _LOG.error("an upload can't be used", exc_info=error)
    return api_error(error, names)


def check_upload_size(size: int, limit: int) -> None:
    """Refuse a file that is larger than one may be."""
    if size > limit:
        raise ApiError(
            413,
            f"{format_bytes(size)}, and the server takes {format_bytes(limit)}",
            "open it by its path, or start the server with a higher --max-upload",
        )


def _shown_name(name: str) -> str:
    r"""The last part of a name, without what can't be printed.

    Examples
    --------
    >>> _shown_name("../../etc/a.png"), _shown_name("b/c\td.tif"), _shown_name("/")
    ('a.png', 'cd.tif', 'image')
    """
    last = re.split(r"[/\\]", readable(name))[-1]
    shown = "".join(letter for letter in last if letter.isprintable()).strip()
    return shown[-_LONGEST:] or "image"


def _is_rgb(file: ImageFile) -> bool:
    return file.is_rgb and len(file.plane_shape) == 3 and file.plane_shape[2] == 3


def _scene_note(file: ImageFile) -> list[str]:
    return [f"the file holds {len(file.scenes)} images: this is {file.scene}"] if len(file.scenes) > 1 else []


def _describe_channels(file: ImageFile) -> list[Channel]:
    """Decide how each channel is shown, by a grid of pixels of the plane in the middle."""
    pixels: NDArray[np.generic] = sample_grid(LazyPlane(file, len(file) // 2), _SAMPLED)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    is_rgb = _is_rgb(file)
    count = pixels.shape[2]
    channels = []
    for place in range(count):
        name = file.channel_names[place] if place < len(file.channel_names) else f"channel {place}"
        name = ("red", "green", "blue")[place] if is_rgb else readable(name)
        low, high = (0.0, 255.0) if is_rgb and pixels.dtype == np.uint8 else _shown_range(pixels[..., place])
        channels.append(Channel(name=name, low=low, high=high, colour=_colour(name, place, count, is_rgb)))
    return channels


def _shown_range(values: NDArray[np.generic]) -> tuple[float, float]:
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if not finite.size:
        return 0.0, 1.0
    low, high = (float(end) for end in np.percentile(finite.astype(np.float64), _SHOWN))
    if high <= low:
        low, high = float(finite.min()), float(finite.max())
    return (low, high) if high > low else (low, low + 1)


def _colour(name: str, place: int, count: int, is_rgb: bool) -> str:
    if is_rgb:
        return _RGB[place]
    if count == 1:
        return "ffffff"
    stain = next((colour for pattern, colour in _STAINS if re.search(pattern, name.casefold())), None)
    return stain or _OTHERS[place % len(_OTHERS)]
