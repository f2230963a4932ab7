"""Defines the work that a widget has given to a thread: how far it is, and whether it is to stop."""

from __future__ import annotations

import threading


class Cancelled(BaseException):
    """Stops the work; not an `Exception`, so that no handler of errors keeps it."""


class LayerJob:
    """Work in a thread, which the widget follows from its own.

    Attributes
    ----------
    share : float
        Of the work that is done, 0..1.
    message : str
        What is done now.
    cancel : threading.Event
        Set by the widget: the next `report` raises `Cancelled`.
    """

    def __init__(self) -> None:
        self.share = 0.0
        self.message = ""
        self.cancel = threading.Event()

    def report(self, share: float, message: str | None = None) -> None:
        """Say how far the work is.

        Raises
        ------
        Cancelled
            When it is to stop.
        """
        if self.cancel.is_set():
            raise Cancelled
        self.share = min(max(share, 0.0), 1.0)
        if message is not None:
            self.message = message
