"""Defines `Gate`: what threads do inside it is over, or never begins, once it is closed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hooke.errors import HookeError

_PAUSE = 0.002  # seconds between two readings


class Gate:
    """Lets threads in until it is closed.

    A pool of threads can't promise that alone: when Ctrl-C arrives while it starts a thread, it does not know of this
    one, and does not wait for it.

    Examples
    --------
    >>> gate = Gate()
    >>> with gate.inside():
    ...     pass
    >>> gate.close()
    >>> with gate.inside():
    ...     pass
    Traceback (most recent call last):
        ...
    hooke.errors.HookeError: the run has ended; run its command again
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside: set[int] = set()
        self._is_closed = False

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Be inside for the length of a block; a thread may be inside once.

        Raises
        ------
        HookeError
            When the gate is closed.
        """
        me = threading.get_ident()
        try:
            with self._lock:
                if self._is_closed:
                    raise HookeError("the run has ended", remedy="run its command again")
                self._inside.add(me)
            yield
        finally:
            with self._lock:
                self._inside.discard(me)

    def close(self) -> None:
        """Let no thread in any more, and wait for those that are inside, but not for the one that calls this."""
        with self._lock:
            self._is_closed = True
        # Read again and again: a condition to wait for can be left locked by a Ctrl-C in the wrong moment.
        while self._others():
            time.sleep(_PAUSE)

    def _others(self) -> bool:
        """Whether another thread is inside."""
        with self._lock:
            return bool(self._inside - {threading.get_ident()})
