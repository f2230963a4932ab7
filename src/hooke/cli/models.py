"""`hooke models` lists, shows, adds and verifies the models that are known by name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hooke.cli.completion import model_names
from hooke.errors import HookeError

if TYPE_CHECKING:
    from rich.console import Console

    from hooke.models import ModelDescription


def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> int:
    """Show the models that [bold]--model[/] takes by name, with their scores at home and abroad.

    Those shipped with hooke, and the bundles in the folder that the environment variable HOOKE_MODELS names,
    or in ~/.hooke/models.
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


def show(
    model: Annotated[
        str, typer.Argument(help="Name of a model, or path of a bundle.", autocompletion=model_names)
    ] = "nuclei",
    as_json: Annotated[bool, typer.Option("--json", help="Print the card and its figures as JSON.")] = False,
) -> int:
    """Show a model's card: what it is for, what it was trained on, where it fails.

    [bold]Example[/]

      hooke models show cells
    """
    from hooke.models import describe_models, model_card

    card = model_card(model)
    if not as_json:
        typer.echo(card.rstrip())
        return 0
    import json
    from dataclasses import asdict

    known = {described.name: asdict(described) for described in describe_models()}
    typer.echo(json.dumps({**known.get(model, {"name": model}), "card": card}))
    return 0


def add(
    bundle: Annotated[Path, typer.Argument(help="Folder or zip that [bold]hooke export[/] wrote.")],
    name: Annotated[str | None, typer.Option(help="Name for --model. Default: that of the file.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a model of this name.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> int:
    """Verify a bundle and copy it to where [bold]--model[/] finds it by name.

    That is the folder that the environment variable HOOKE_MODELS names, or ~/.hooke/models.

    [bold]Example[/]

      hooke models add runs/mine-bundle --name spheroids
    """
    from hooke.models import add_model

    path = add_model(bundle, name, overwrite=overwrite)
    if not quiet:
        typer.echo(f"{path}: use it with --model {path.stem}")
    return 0


def verify(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names of models, or paths of bundles. Default: all known ones.", autocompletion=model_names
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> int:
    """Check that bundles are whole and give their own test output on this computer.

    Exit status: 0 all good, 1 some are not.

    [bold]Examples[/]

      hooke models verify

      hooke models verify models/mine --json
    """
    import json

    from hooke.models import known_models, verify_model

    found: dict[str, dict[str, object]] = {}
    for name in models or known_models():
        try:
            verified = verify_model(name)
        except HookeError as error:
            found[name] = {"error": str(error)}
            typer.secho(f"hooke: {error}", fg="red", err=True)
        else:
            found[name] = {"error": "", "task": verified.task, "differences": verified.differences}
            if not quiet and not as_json:
                largest = max(verified.differences.values())
                typer.echo(f"{name}: whole, gives its test output ({verified.task}, largest difference {largest:.1g})")
    if as_json:
        typer.echo(json.dumps(found))
    return 1 if any(entry["error"] for entry in found.values()) else 0


def _print(model: ModelDescription, console: Console) -> None:
    from rich.markup import escape
    from rich.padding import Padding

    from hooke.models.description import score_lines

    where = "" if model.shipped else ", in HOOKE_MODELS" if os.environ.get("HOOKE_MODELS") else ", in ~/.hooke/models"
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
