"""Write predictions as a submission to the Data Science Bowl 2018."""

from __future__ import annotations

from pathlib import Path

from hooke.evaluation.sources import open_labels
from hooke.io.annotations.dsb_csv import Submission, write_dsb
from hooke.io.annotations.json_fields import located


def write_submission(pred: str | Path, path: str | Path) -> Submission:
    """Write predictions of any source as a submission: see `hooke.io.annotations.write_dsb`.

    Parameters
    ----------
    pred : str or Path
        A folder of label images, what ``hooke segment`` wrote, or another source that `hooke.evaluation.evaluate`
        takes.
    path : str or Path
        The csv.
    """
    source = open_labels(pred)
    with located(Path(pred)):
        return write_dsb(source, path)
