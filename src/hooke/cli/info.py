"""`hooke info` says what is installed, what runs the networks here, and why."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hooke.cli.completion import model_names


def info(
    model: Annotated[
        str, typer.Option(help="Name of a model, or path of a bundle.", autocompletion=model_names)
    ] = "nuclei",
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> int:
    """Show what is installed, and which runtime runs a model here, and why.

    [bold]Examples[/]

      hooke info

      hooke info --model models/mine --json
    """
    import json

    from hooke.models import load_model
    from hooke.pipeline import describe_installation

    facts = describe_installation(load_model(model))
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        _print(facts)
    return 0


def _print(facts: dict[str, Any]) -> None:
    typer.echo(f"hooke {facts['hooke']}, Python {facts['python']}, {facts['platform']}")
    typer.echo(f"{facts['threads']} threads; {facts['int8']}")
    typer.echo(f"models: {', '.join(facts['models'])}")
    for network, runtime in facts["runtime"].items():
        typer.echo(f"{facts['model']}, {network} images: {runtime['name']} ({runtime['why']})")
    typer.echo("for --runtime:")
    for name, missing in facts["runtimes"].items():
        typer.echo(f"  {name:22}{f'not installed: {missing}' if missing else 'installed'}")
