"""`hooke demo`: sample images in, everything that `hooke segment` writes out, and where to look."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["demo"]


def demo(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for samples and results.")] = Path("hooke-demo"),
    threads: Annotated[int, typer.Option(help="Threads; 0 takes all cores.")] = 0,
) -> int:
    """Segment a few sample images, simulated and real, and say where the pictures lie.

    [bold]Example[/]

      hooke demo -o hooke-demo/
    """
    from hooke.datasets.samples import write_samples
    from hooke.evaluation import evaluate
    from hooke.pipeline import SegmentOptions, segment_folder

    samples = write_samples(out / "samples")
    result = segment_folder(samples, out / "results", SegmentOptions(threads=threads), overwrite=True)
    for image in result.images:
        typer.echo(f"{image.name:24} {image.count:5} nuclei  {out / 'results' / 'overlays' / (image.name + '.png')}")
    # Only the simulated images have a truth; the real one counts as an extra prediction there.
    scores = evaluate(out / "results", out / "samples" / "truth").overall.mean
    typer.echo(f"simulated images against their truth: AP at IoU 0.5 of {scores['ap_50']:.2f}")
    typer.echo(f"measurements: {out / 'results' / 'measurements.csv'}")
    return 1 if result.failed else 0
