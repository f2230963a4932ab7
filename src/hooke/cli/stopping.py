"""Ends a command in order when it is stopped: by Ctrl-C, by the system, or because its terminal closes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from hooke.errors import HookeError

_AGAIN = "hooke: finishing what is in work, so that tables and labels agree; once more to leave at once\n"


class Stopped(KeyboardInterrupt):
    """A signal that ends the command.

    Parameters
    ----------
    number : int
        Of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    @property
    def status(self) -> int:
        """Exit status that shells expect: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + self.number


@contextmanager
def in_order() -> Iterator[None]:
    """Raise `Stopped` at the first signal to end, wait at the second, and leave at once at the third.

    Signals that are ignored (``nohup``), or that somebody else handles, stay so; so do all outside of the main thread.
    """
    received: list[int] = []

    def receive(number: int, _: FrameType | None) -> None:
        received.append(number)
        if len(received) == 1:
            raise Stopped(number)
        if len(received) == 2:
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, _AGAIN.encode())
            return
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    before = {}
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None or signal.getsignal(number) not in (signal.SIG_DFL, signal.default_int_handler):
            continue
        with suppress(ValueError):  # not the main thread
            before[number] = signal.signal(number, receive)
    try:
        yield
    except HookeError:
        raise
    except Exception as error:
        stop = _stop_behind(error)
        if stop is None:
            raise
        raise stop from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop_behind(error: BaseException | None) -> Stopped | None:
    """The signal that an error came of: a library that is just being imported turns it into an error of its own."""
    while error is not None and not isinstance(error, Stopped):
        error = error.__cause__ or error.__context__
    return error
