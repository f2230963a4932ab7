"""Writes the results of one image that was segmented in Python into a folder, beside those of runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hooke import __version__
from hooke.io.lock import only_run
from hooke.pipeline.ledger import Ledger
from hooke.pipeline.tables import write_tables
from hooke.pipeline.work import Content, Origin, Settings, Work

_WAIT = 60.0  # seconds: loops in several processes may save into one folder


@contextmanager
def saving(
    folder: Path, find_origin: Callable[[Ledger], Origin], names: str, content: Content | None = None
) -> Iterator[tuple[Ledger, Origin, Work]]:
    """Give a place to write results to; at the end of the block they take their names, and the tables follow.

    Parameters
    ----------
    folder : Path
    find_origin : callable
        Given what is in the folder, names the results.
    names : str
        Of the columns: see `hooke.measure.MeasureOptions`.
    content : Content, optional
        What an image that came from Python holds; of a file it is read.

    Raises
    ------
    OutputError
        When the folder can't be written to, or another run has it.
    """
    with only_run(folder, wait=_WAIT):
        # No run takes such results for its own: their settings are unknown.
        ledger = Ledger(folder, Settings("", "", __version__))
        origin = find_origin(ledger)
        held = content if origin.path is None else ledger.content(origin.path)
        with ledger.writing(origin, held) as work:
            yield ledger, origin, work
        write_tables(ledger, names)
