"""`hooke pretrain` trains an encoder on images without labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hooke.cli.train import Resume, RunFolder, Settings, training_half


def pretrain(
    config: Annotated[
        Path, typer.Argument(help="YAML file that describes the run, such as configs/pretrain-simclr.yaml.")
    ],
    images: Annotated[
        list[str] | None,
        typer.Option(
            "--images", "-i", help="hooke data set, folder or pattern instead of the configuration's; repeatable."
        ),
    ] = None,
    run: RunFolder = None,
    settings: Settings = None,
    resume: Resume = False,
) -> int:
    r"""Train an encoder on images without labels, for training to start from.

    Needs the training extra: [bold]pip install '.\[train]'[/] in a copy of hooke's repository.

    [bold]Examples[/]

    hooke pretrain configs/pretrain-simclr.yaml

    hooke pretrain configs/pretrain-inpainting.yaml --images my_images -o runs/mine --set steps=2000

    hooke train configs/nuclei.yaml --set encoder_weights=runs/mine/encoder.safetensors
    """
    from hooke.io import parse_settings
    from hooke.training.inputs import check_inputs
    from hooke.training.pretraining.config import load_pretrain_config

    typed = parse_settings(settings or []) | ({"images": images} if images else {})
    loaded = load_pretrain_config(config, typed)
    check_inputs(loaded)
    run = run or Path("runs") / loaded.name
    typer.echo(f"{config}: loading PyTorch and the images of {loaded.name}")
    with training_half():
        from hooke.training.pretraining.loop import pretrain as train_encoder

        done = train_encoder(loaded, run, resume=resume)
    typer.echo(f"encoder: {done.encoder}")
    typer.echo(f"loss {done.first_loss:.4g} -> {done.loss:.4g}, spread of the embeddings {done.spread:.2f}")
    if done.collapsed:
        typer.secho(
            "the encoder has collapsed: its output is nearly the same for all images; try a lower learning_rate, "
            "a larger batch, or another method",
            fg="yellow",
            err=True,
        )
    typer.echo(f"start training from it with: hooke train CONFIG --set encoder_weights={done.encoder}")
    return 0
