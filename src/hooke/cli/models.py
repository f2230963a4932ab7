"""`hooke models list` shows the known models: what each finds, its size, licence, training data and scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from hooke.models import ModelDescription


def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> int:
    """Show the models that [bold]--model[/] takes by name, with their scores at home and abroad.

    Those shipped with hooke, and the bundles in the folder that the environment variable HOOKE_MODELS names.
    At home: on images like those that the model was trained on. Abroad: on images of sources that it never saw.

    [bold]Example[/]

      hooke models list
    """
    from hooke.models import describe_models

    models = describe_models()
    if as_json:
        _print_json(models)
        return 0
    from rich.console import Console

    console = Console(highlight=False)
    for model in models:
        _print(model, console)
    return 0


def _print(model: ModelDescription, console: Console) -> None:
    from rich.markup import escape
    from rich.padding import Padding

    from hooke.models.description import score_lines

    where = "" if model.shipped else ", in HOOKE_MODELS"
    console.print(f"[bold]{escape(model.name)}[/] ({model.bytes / 1e6:.1f} MB{where})")
    sections = {
        "finds": [model.kind],
        "licence": [model.licence],
        "trained on": model.training_data,
        "scores at home": [*score_lines(model.scores)],
        "scores abroad": [*score_lines(model.abroad)],
        "can't be used": [model.error],
    }
    for title, lines in sections.items():
        if not any(lines):
            continue
        single = len(lines) == 1
        console.print(Padding(f"{title}: {escape(lines[0])}" if single else title, (0, 0, 0, 2)))
        for line in () if single else lines:
            depth = len(line) - len(line.lstrip())
            console.print(Padding(escape(line.strip()), (0, 0, 0, 4 + depth)))
    console.print()


def _print_json(models: list[ModelDescription]) -> None:
    import json
    from dataclasses import asdict

    typer.echo(json.dumps([asdict(model) for model in models]))
