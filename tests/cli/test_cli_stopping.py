"""Commands that are stopped by a signal end in order, also where a library makes another error of it."""

import os
import signal
import sys

import pytest

from hooke.cli.stopping import Stopped, in_order
from hooke.errors import HookeError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a process there can't send itself these signals")


def stopped():
    os.kill(os.getpid(), signal.SIGTERM)
    while True:
        pass


@pytest.mark.parametrize("how", ["from", "while"])
def test_signal_that_a_library_turned_into_its_own_error_is_one_still(how):
    with pytest.raises(Stopped) as caught, in_order():
        try:
            stopped()
        except KeyboardInterrupt as stop:
            if how == "from":
                raise ImportError("initialization failed") from stop
            raise RuntimeError("release unlocked lock")  # noqa: B904 - as a lock does that was being taken
    assert caught.value.status == 143


def test_other_errors_stay_as_they_are():
    with pytest.raises(KeyError), in_order():
        raise KeyError
    with pytest.raises(HookeError, match="the disk is full"), in_order():
        try:
            stopped()
        finally:
            raise HookeError("the disk is full")
