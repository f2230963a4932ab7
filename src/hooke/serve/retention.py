"""Removes from the work folder what has not been used for long, or least lately where the folder is too large."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from hooke.limits import format_bytes
from hooke.serve.answers import ApiError
from hooke.serve.image_store import ImageStore
from hooke.serve.job_queue import JobQueue
from hooke.serve.stored_image import StoredImage

_LOG = logging.getLogger("hooke.serve")
_DAY = 86_400.0  # seconds
_SHOWN = 900.0  # seconds that a page counts as open after it asked for the list of images
_RECENT = 3_600.0  # seconds after its last use in which no image is removed
_PAUSE = 1_800.0  # seconds between two looks
_BLOCK = 512  # bytes that the system counts files in


class Retention:
    """What is kept of the work folder's images and jobs.

    Removed are images that nobody used for a number of days; then, while the folder is larger than it may be, those
    used least lately. Never removed are images that are corrected, or were edited and not downloaded since; that a job
    waits for; that were used in the last hour. Nothing at all is removed while a page is open.

    Parameters
    ----------
    images : ImageStore
    queue : JobQueue
    keep_days : float
        0 keeps images of any age.
    most_bytes : int
        Of all images with their results; 0 for any number.
    removed : callable
        Called with the id of each image that was removed.
    """

    def __init__(
        self,
        images: ImageStore,
        queue: JobQueue,
        keep_days: float,
        most_bytes: int,
        removed: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.images = images
        self.queue = queue
        self.keep_days = keep_days
        self.most_bytes = most_bytes
        self._removed = removed
        self._closed = threading.Event()

    def start(self) -> None:
        """Clean now, and every half hour until `close`."""
        threading.Thread(target=self._watch, name="hooke-clean", daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._closed.set()

    def clean(self, now: float | None = None) -> list[str]:
        """Remove what need not be kept.

        Parameters
        ----------
        now : float, optional
            Seconds since 1970; the time of the clock when not given.

        Returns
        -------
        list of str
            Ids of the images that were removed.
        """
        now = time.time() if now is None else now
        if now - self.images.listed_at < _SHOWN:
            return []
        waited_for = self.queue.images_in_use()
        free = [
            image
            for image in sorted(self.images.all(), key=lambda image: image.last_used)
            if image.id not in waited_for and not image.is_precious and now - image.last_used > _RECENT
        ]
        gone: list[str] = []
        if self.keep_days:
            oldest = now - self.keep_days * _DAY
            gone += self._remove(image for image in free if image.last_used < oldest)
            self.queue.forget_before(oldest)
        if self.most_bytes:
            gone += self._shrink([image for image in free if image.id not in gone])
        if gone:
            _LOG.warning("removed from the work folder: %d image(s) that were not used lately", len(gone))
        return gone

    def _shrink(self, free: list[StoredImage]) -> list[str]:
        """Remove those used least lately until the folder is small enough."""
        sizes = {image.id: folder_bytes(image.folder) for image in self.images.all()}
        total, gone = sum(sizes.values()), []
        for image in free:
            if total <= self.most_bytes:
                break
            removed = self._remove([image])
            total -= sum(sizes.get(id_, 0) for id_ in removed)
            gone += removed
        if total > self.most_bytes:
            _LOG.warning(
                "the work folder holds %s, more than %s: the rest is in use, corrected, or edited and not downloaded",
                format_bytes(total),
                format_bytes(self.most_bytes),
            )
        return gone

    def _remove(self, images: Iterable[StoredImage]) -> list[str]:
        gone = []
        for image in images:
            with image.lock:
                if image.is_precious:  # edited since it was chosen
                    continue
                try:
                    self.images.delete(image.id)
                except ApiError:  # somebody else removed it meanwhile
                    continue
            self._removed(image.id)
            gone.append(image.id)
        return gone

    def _watch(self) -> None:
        while not self._closed.is_set():
            try:
                self.clean()
            except Exception:
                _LOG.exception("the work folder can't be cleaned")
            self._closed.wait(_PAUSE)


def folder_bytes(folder: Path) -> int:
    """Count the bytes that the files of a folder take on the disk, where only parts of a file may be written.

    Parameters
    ----------
    folder : Path
    """
    total = 0
    for inner, _, names in os.walk(folder):
        for name in names:
            try:
                stat = (Path(inner) / name).lstat()
            except OSError:  # removed meanwhile
                continue
            blocks = getattr(stat, "st_blocks", None)
            total += stat.st_size if blocks is None else blocks * _BLOCK
    return total
