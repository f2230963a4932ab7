"""Shows a progress bar on the error stream while a command works."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Show(Protocol):
    """Moves the bar."""

    def __call__(self, done: int, total: int, what: str | None = None) -> None:
        """Show how much of the whole is done, and of what, where that has changed."""


@contextmanager
def progress_bar(what: str, *, hidden: bool) -> Iterator[Show]:
    """Show a bar for the length of a block, which calls what it is given to move it; none but in a terminal."""
    if hidden or not sys.stderr.isatty():  # rich, which would show nothing either, takes 60 ms to import
        yield _show_nothing
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def show(done: int, total: int, what: str | None = None) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield show


def _show_nothing(done: int, total: int, what: str | None = None) -> None:
    """Move no bar."""
