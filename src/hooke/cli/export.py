"""`hooke export` writes a run as a model bundle: weights in ONNX, description, test tensors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hooke.cli.train import training_half
from hooke.errors import ConfigError

# What a card may say; `documentation_file` is put in place of `documentation` here.
_CARD_KEYS = (
    "description",
    "authors",
    "license",
    "cite",
    "documentation",
    "documentation_file",
    "training_data",
    "scores",
    "abroad",
    "kind",
    "parameters",
    "diameter_band",
    "accurate_band",
    "min_size",
    "smallest_share",
    "diameter_of",
    "diameter_share",
    "visible_rim",
    "turned_pixels",
)


def export(
    run: Annotated[
        Path,
        typer.Argument(
            help="Folder of a run made by [bold]hooke train[/], or a checkpoint; with --compact, --int8, --openvino "
            "also a bundle."
        ),
    ],
    bundle: Annotated[Path, typer.Option("--out", "-o", metavar="BUNDLE", help="Folder to write the model to.")],
    card: Annotated[
        Path | None,
        typer.Option(metavar="CARD.yaml", help=f"Description of the model for its users: {', '.join(_CARD_KEYS)}."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Export also a run that is not better than its baselines.")
    ] = False,
    half: Annotated[
        bool,
        typer.Option("--half", help="Store the weights in 16 bits: half the size, maps change by some thousandths."),
    ] = False,
    compact: Annotated[
        bool,
        typer.Option(
            "--compact", help="Store the weights in 8 bits, compute in 32: a quarter of the size; maps change little."
        ),
    ] = False,
    colour: Annotated[
        Path | None,
        typer.Option(metavar="BUNDLE", help="Another bundle, for images whose colours are kept; copied into it."),
    ] = None,
    int8: Annotated[
        Path | None,
        typer.Option(
            metavar="DATASET",
            help="Add weights in 8 bits, up to twice as fast; with images of this hooke data set they are made "
            "(train) and compared (val). Refused where the DSB score falls by more than 0.005.",
        ),
    ] = None,
    torchscript: Annotated[
        bool, typer.Option("--torchscript", help="Write the weights as TorchScript, too, for programs with PyTorch.")
    ] = False,
    openvino: Annotated[
        bool, typer.Option("--openvino", help="Write the weights in OpenVINO's format, too, for its own tools.")
    ] = False,
) -> int:
    r"""Make a model bundle of a run's best checkpoint.

    The bundle is a bioimage.io package. Its maps are compared with PyTorch's, and the largest difference is printed.
    Needs the training extra: [bold]pip install '.\[train]'[/] in a copy of hooke's repository.

    [bold]Examples[/]

    hooke export runs/nuclei -o models/nuclei

    hooke export runs/nuclei -o models/nuclei --card configs/nuclei-card.yaml

    hooke export models/nuclei -o models/nuclei --int8 data/dsb2018
    """
    content = None if card is None else _read_card(card)
    with training_half():
        from hooke.training import export as export_run

        made = export_run(
            run,
            bundle,
            card=content,
            force=force,
            torchscript=torchscript,
            half=half,
            compact=compact,
            colour=colour,
            int8=int8,
            openvino=openvino,
        )
    if made.largest_difference is not None:
        typer.echo(f"{made.bundle}: differs from PyTorch by {made.largest_difference:.2g} at most (maps are 0 to 1)")
    if made.half_difference is not None:
        typer.echo(f"weights stored in 16 bits: the network's output changes by {made.half_difference:.2g} at most")
    if made.compact_difference is not None:
        typer.echo(f"weights stored in 8 bits: the network's output changes by {made.compact_difference:.2g} at most")
    if made.int8 is not None:
        typer.echo(f"{made.bundle}: weights in 8 bits added; {made.int8}")
    if made.openvino_difference is not None:
        typer.echo(f"{made.bundle}: OpenVINO's weights added; their output differs by {made.openvino_difference:.2g}")
    return 0


def _read_card(path: Path) -> dict[str, Any]:
    """Read a card; `documentation_file`, relative to the card, is read into `documentation`."""
    import yaml

    try:
        content = yaml.safe_load(_read_text(path))
    except yaml.YAMLError as error:
        raise ConfigError(f"can't be read as YAML: {error}", path=path, remedy="correct the card") from error
    if not isinstance(content, dict):
        raise ConfigError("holds no keys", path=path, remedy=f"give some of {', '.join(_CARD_KEYS)}")
    for key in content:
        _check_key(str(key), path)
    if "documentation_file" in content:
        if "documentation" in content:
            raise ConfigError("has documentation and documentation_file", path=path, remedy="leave out one of them")
        content["documentation"] = _read_text(path.parent / str(content.pop("documentation_file")))
    return content


def _check_key(key: str, path: Path) -> None:
    """Reject unknown card keys and suggest the closest one."""
    import difflib

    if key in _CARD_KEYS:
        return
    near = difflib.get_close_matches(key, _CARD_KEYS, n=1)
    meant = f", did you mean {near[0]!r}?" if near else ""
    raise ConfigError(f"unknown key {key!r}{meant}", path=path, remedy=f"give some of {', '.join(_CARD_KEYS)}")


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise ConfigError(f"can't be read as text ({reason})", path=path, remedy="give a text file in UTF-8") from error
