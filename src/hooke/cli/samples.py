"""`hooke samples` writes simulated fields of nuclei with known truth, and a real image."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hooke.errors import ConfigError


def samples(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the samples.")],
    size: Annotated[str, typer.Option(help="Pixels: one side, or HEIGHTxWIDTH.")] = "512",
    count: Annotated[int, typer.Option(min=1, help="Simulated fields of each modality.")] = 1,
    modality: Annotated[
        list[str] | None,
        typer.Option(help="Simulate this one only: fluorescence, histology or brightfield. Repeatable."),
    ] = None,
    density: Annotated[float, typer.Option(help="Share of the area that nuclei cover, 0 to 0.8.")] = 0.2,
    diameter: Annotated[float, typer.Option(help="Median diameter of a nucleus in pixels.")] = 24.0,
    overlap: Annotated[float, typer.Option(help="Share of nuclei that may touch or hide one another, 0 to 1.")] = 0.3,
    blur: Annotated[float, typer.Option(help="Standard deviation of the blur in pixels.")] = 0.8,
    noise: Annotated[float, typer.Option(help="Shot and read noise, as a share of a nucleus' brightness.")] = 0.04,
    uneven: Annotated[float, typer.Option(help="Light lost from the brightest to the darkest place, 0 to 0.9.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Same seed and settings: same pixels.")] = 7,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> int:
    """Write sample images: simulated fields of nuclei with their truth, and a real one.

    The simulated ones are a hooke data set (index.csv, images/, labels/),
    ready for [bold]hooke train[/] and [bold]hooke evaluate[/]; the real one is in real/.

    [bold]Examples[/]

      hooke samples -o samples/

      hooke samples -o hard/ --count 20 --size 1024 --density 0.5 --overlap 0.8 --noise 0.15
    """
    from hooke.datasets.simulation.fields import FieldSettings, parse_size, write_samples
    from hooke.preprocess.modality import MODALITIES

    chosen: Any = tuple(modality or MODALITIES)
    for name in chosen:
        if name not in MODALITIES:
            raise ConfigError(f"no modality {name!r}", remedy=f"choose one of {', '.join(MODALITIES)}")
    settings = FieldSettings(parse_size(size), density, diameter, overlap, blur, noise, uneven)
    paths = write_samples(out, settings, modalities=chosen, count=count, seed=seed)
    if not quiet:
        for path in paths:
            typer.echo(str(path))
        typer.echo(f"truth of the simulated ones: {out / 'labels'}; index: {out / 'index.csv'}")
    return 0
