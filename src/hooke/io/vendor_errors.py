"""Reports what the library of a microscope's format raises as an error of hooke's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hooke.errors import HookeError, ImageReadError, first_line


@contextmanager
def report_errors(path: Path, kind: str, remedy: str = "copy or export it again") -> Iterator[None]:
    """Raise anything that a block raises as an `ImageReadError` of the file; hooke's own errors as they are.

    Parameters
    ----------
    path : Path
        The file that the block reads.
    kind : str
        The suffix of its format.
    remedy : str
        What to do about it.
    """
    try:
        yield
    except HookeError:
        raise
    except Exception as error:  # struct's, xml's and the libraries' own, without a common class
        raise ImageReadError(f"can't be read as {kind}: {first_line(error)}", path=path, remedy=remedy) from error
