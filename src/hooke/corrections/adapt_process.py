"""Runs ``hooke adapt`` in a process of its own, so that programs with a window or a server never load PyTorch."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence

# A process that a script starts in the background ignores Ctrl-C, and so would all that it starts.
_RUN = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "runpy.run_module('hooke', run_name='__main__', alter_sys=True)"
)
#: What runs hooke.
COMMAND = (sys.executable, "-u", "-c", _RUN)

#: Seconds that adapt has to keep what it has: it compares the model before and after.
PATIENCE = 120.0

_LOOK = 0.2  # seconds between two looks whether it is to stop
_SAID = 40  # lines that are kept
_STEP = re.compile(r"step (\d+) of (\d+)")


def run_adapt(
    arguments: Sequence[str],
    *,
    say: Callable[[str, float | None], None],
    cancel: threading.Event,
    command: Sequence[str] = COMMAND,
    patience: Callable[[], float] = lambda: PATIENCE,
) -> tuple[int, list[str]]:
    """Run ``hooke adapt`` and hand its lines on; stopped early, it keeps the best model so far.

    Parameters
    ----------
    arguments : sequence of str
        Of the command.
    say : callable
        Given each line as it is printed, from another thread, and the share of the steps that it says are done, 0..1,
        or None.
    cancel : threading.Event
        Set to ask the process to stop, as Ctrl-C does; it is ended where it does not.
    command : sequence of str
        What runs hooke.
    patience : callable
        Gives the seconds that it has to stop, when it is asked to; 0 ends it at once.

    Returns
    -------
    status : int
        Of the process.
    said : list of str
        The last lines, those that count steps left out.
    """
    process = subprocess.Popen(
        [*command, "adapt", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    said: list[str] = []

    def read() -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in filter(None, map(str.strip, lines)):
                step = _STEP.match(line)
                if step is None:
                    said.append(line)
                    del said[:-_SAID]
                say(line, None if step is None else min(int(step[1]) / max(int(step[2]), 1), 1.0))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        while process.poll() is None:
            if cancel.wait(_LOOK):
                _stop(process, patience())
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    reader.join(timeout=10)
    return process.returncode, said


def why_failed(status: int, said: Sequence[str]) -> tuple[str, str]:
    """Cause and remedy of a run that wrote no model, by the last line that it printed.

    Examples
    --------
    >>> why_failed(2, ["hooke: the file is empty; copy it again"])
    ('the file is empty', 'copy it again')
    """
    text = said[-1].removeprefix("hooke: ") if said else f"hooke adapt ended with status {status}"
    cause, _, remedy = text.rpartition("; ")
    return (cause, remedy) if cause else (text, "")


def _stop(process: subprocess.Popen[str], patience: float) -> None:
    """Ask a process to stop, as Ctrl-C does, and end it if it does not."""
    if os.name == "nt":
        process.terminate()
    else:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
