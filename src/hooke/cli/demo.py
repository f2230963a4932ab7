"""`hooke demo` segments sample images and prints where the results are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for samples and results.")] = Path("hooke-demo"),
    threads: Annotated[int, typer.Option(help="Threads; 0 takes all cores.")] = 0,
) -> int:
    """Segment sample images and print where the pictures are.

    Three simulated ones, with their F1 against the truth, and a real section
    that the shipped model is not made for, with the warning that it gets.

    [bold]Example[/]

      hooke demo -o hooke-demo/
    """
    from hooke.datasets.layout import find_labels
    from hooke.datasets.simulation.fields import write_samples
    from hooke.io import read_labels
    from hooke.metrics import score_image
    from hooke.pipeline import SegmentOptions, segment_folder

    samples = write_samples(out / "samples")
    result = segment_folder(samples, out / "results", SegmentOptions(threads=threads), overwrite=True)
    for image in result.images:
        truth = find_labels(out / "samples", image.name)
        score = ""
        if truth:  # of the simulated ones
            found = read_labels(out / "results" / "labels" / f"{image.name}.tif")
            score = f"F1 {score_image(found, read_labels(truth))['f1_50']:.2f}"
        typer.echo(f"{image.name:21}{image.count:5} nuclei  {score:8}{out / 'results' / 'overlays' / image.name}.png")
        for warning in filter(None, (row["warning"] for row in image.rows)):
            typer.secho(f"  not to be trusted: {warning}", fg="yellow")
    typer.echo("F1: of the simulated images against their truth, at an intersection over union of 0.5")
    typer.echo("the last one is a real section, stained for a protein: the shipped model misses most of its nuclei")
    typer.echo(f"measurements: {out / 'results' / 'measurements.csv'}")
    return 1 if result.failed else 0
