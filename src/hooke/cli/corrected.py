"""Options of the commands that learn from corrected images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Corrected = Annotated[
    Path,
    typer.Argument(
        help="Images with corrected labels: a hooke data set, a folder of images and labels, or the output of "
        "[bold]hooke segment[/] whose labels were changed."
    ),
]
Images = Annotated[
    Path | None, typer.Option(metavar="IMAGES", help="The images of these labels, where they are elsewhere.")
]
Split = Annotated[str | None, typer.Option(help="Learn from this split of a data set only.")]
Unknown = Annotated[
    str | None,
    typer.Option(
        metavar="ID|CLASS", help="Id in label images, or class in annotations, of pixels of which nothing is known."
    ),
]
SplitComponents = Annotated[
    bool | None,
    typer.Option("--split-components/--keep-components", help="Whether each connected piece of a label is an object."),
]
