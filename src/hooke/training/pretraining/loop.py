"""Pre-trains an encoder and writes a run folder.

```
RUN/
  config.yaml           configuration of the run, with every default
  data.json             the images and their hash
  versions.json         of the packages that matter
  metrics.csv           a row per logged step: loss, and spread of the embeddings
  curves.svg            both so far
  checkpoints/last.ckpt to continue from
  encoder.safetensors   the encoder so far, with timm's names: `encoder_weights` of a training run takes it
```
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import lightning as L
import pandas as pd
import timm
import yaml
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from safetensors.torch import save_file
from torch import nn

from hooke import __version__
from hooke.extras import package_versions
from hooke.io import atomic_path
from hooke.report.html.charts import Curve, curve_chart
from hooke.report.html.svg import stand_alone
from hooke.training.devices import limit_allocator_trim, resolve_precision
from hooke.training.outcome import write_json
from hooke.training.pretraining.config import PretrainConfig
from hooke.training.pretraining.methods import METHODS, Pretraining
from hooke.training.pretraining.views import images_hash, list_images, view_loader
from hooke.training.progress import Progress, quiet
from hooke.training.run import check_folder, fast_gradients, step_of
from hooke.training.stopping import SaveWhenStopped, terminated_in_order

#: A spread of the embeddings below this means that the network's output is nearly the same for all images.
COLLAPSED = 0.1
_PACKAGES = ("torch", "timm", "lightning", "lightly", "numpy", "opencv-python-headless")


@dataclass(frozen=True)
class Pretrained:
    """What a run came to.

    Parameters
    ----------
    encoder : Path
        ``.safetensors`` file.
    loss : float
        Mean of the last tenth of the run's logged steps.
    first_loss : float
        Mean of the first tenth.
    spread : float
        Spread of the embeddings over the last tenth, 0 for collapse.
    """

    encoder: Path
    loss: float
    first_loss: float
    spread: float

    @property
    def collapsed(self) -> bool:
        """Whether the encoder's output is nearly the same for all images."""
        return not self.spread >= COLLAPSED  # not a number counts as no spread


def pretrain(config: PretrainConfig, run: Path, *, resume: bool = False) -> Pretrained:
    """Train an encoder on images without labels.

    Parameters
    ----------
    config : PretrainConfig
    run : Path
        Folder of the run; made when missing.
    resume : bool
        Continue from ``checkpoints/last.ckpt`` of the same folder.

    Raises
    ------
    ConfigError
        When the folder holds a run already and `resume` is not set, or the other way round.
    DatasetError
        When there is no image.
    """
    check_folder(run, resume)
    last = run / "checkpoints" / "last.ckpt"
    limit_allocator_trim()
    start = step_of(last) if resume else 0
    paths = list_images(config)
    _describe(config, run, paths)
    L.seed_everything(config.seed, workers=True, verbose=False)
    module = METHODS[config.method](config)
    part = f"from-{start}"  # the logger would delete the rows of an earlier part of the run
    logger = CSVLogger(run, name="metrics", version=part)
    with quiet():
        trainer = L.Trainer(
            default_root_dir=run,
            max_steps=config.steps,
            precision=resolve_precision(config.precision, config.accelerator),
            accelerator=config.accelerator,
            devices=config.devices,
            gradient_clip_val=1.0,
            use_distributed_sampler=False,
            log_every_n_steps=min(10, config.save_every),
            callbacks=[
                ModelCheckpoint(
                    last.parent, filename="last", every_n_train_steps=config.save_every, enable_version_counter=False
                ),
                _Keep(run, config.save_every),
                Progress(),
                SaveWhenStopped(last),
            ],
            logger=[logger, TensorBoardLogger(run, name="", version="tensorboard")],
            enable_model_summary=False,
            enable_progress_bar=False,
        )
        with terminated_in_order(trainer), fast_gradients(module, trainer):
            batches = view_loader(paths, config, start)
            trainer.fit(module, batches, ckpt_path=last if resume else None, weights_only=True)
    if not trainer.is_global_zero:
        raise SystemExit  # of the processes of several devices one writes down what came of it
    return _summarise(_Keep(run, 1).keep(module))


def save_encoder(encoder: nn.Module, name: str, path: Path) -> None:
    """Write a ``features_only`` encoder's weights under the names that the whole timm model has.

    Parameters
    ----------
    encoder : Module
        Made by ``timm.create_model(name, features_only=True)``, which may call ``blocks.0`` ``blocks_0``.
    name : str
        Its timm name.
    path : Path
        ``.safetensors`` file.
    """
    whole = {key.replace(".", "_"): key for key in timm.create_model(name, pretrained=False).state_dict()}
    state = {
        whole.get(key.replace(".", "_"), key): value.detach().cpu().contiguous()
        for key, value in encoder.state_dict().items()
    }
    with atomic_path(path) as part:
        save_file(state, part)


class _Keep(Callback):
    """Writes encoder, metrics and curves every few steps, so that a run cut short has given something."""

    def __init__(self, run: Path, every: int) -> None:
        self.run = run
        self.every = every

    def on_train_batch_end(self, trainer: L.Trainer, pl_module: L.LightningModule, *_: object) -> None:
        if trainer.global_step % self.every == 0 and trainer.is_global_zero:
            for logger in trainer.loggers:
                logger.save()
            assert isinstance(pl_module, Pretraining)
            self.keep(pl_module)

    def keep(self, module: Pretraining) -> Path:
        """Write the three; return the folder."""
        save_encoder(module.encoder, module.config.encoder, self.run / "encoder.safetensors")
        parts = sorted(self.run.glob("metrics/from-*/metrics.csv"), key=lambda path: int(path.parent.name[5:]))
        if parts:
            table = pd.concat([pd.read_csv(path) for path in parts]).drop_duplicates("step", keep="last")
            with atomic_path(self.run / "metrics.csv") as part:
                table.sort_values("step").to_csv(part, index=False)
            with atomic_path(self.run / "curves.svg") as part:
                part.write_text(_draw_curves(table.sort_values("step"), module.config.method), encoding="utf-8")
        return self.run


def _draw_curves(table: pd.DataFrame, method: str) -> str:
    """Plot loss and spread as logged, and smoothed over them."""
    plots = []
    for column, label in (("train/loss", f"loss ({method})"), ("train/spread", "spread of the embeddings")):
        known = table[["step", column]].dropna()
        steps, values = known["step"].tolist(), known[column]
        smooth = values.rolling(15, min_periods=1, center=True).mean()
        spread = column == "train/spread"
        words = f"{label}; dashed: the network has collapsed below it" if spread else label
        plots.append(
            curve_chart(
                [Curve("mean of 15 steps", steps, smooth.tolist()), Curve("as logged", steps, values.tolist())],
                alt=words,
                x_label="step",
                y_label=label,
                x_range=(min(steps, default=0), max(steps, default=1)),
                y_range=(0, 1.05 * max([COLLAPSED, *values])) if spread else None,
                whole=True,
                level=COLLAPSED if spread else None,
            )
        )
    return stand_alone(*plots)


def _summarise(run: Path) -> Pretrained:
    table = pd.read_csv(run / "metrics.csv") if (run / "metrics.csv").exists() else pd.DataFrame()
    loss = table.get("train/loss", pd.Series(dtype=float)).dropna()
    spread = table.get("train/spread", pd.Series(dtype=float)).dropna()
    tenth = max(1, len(loss) // 10)
    return Pretrained(
        run / "encoder.safetensors",
        float(loss.tail(tenth).mean()),
        float(loss.head(tenth).mean()),
        float(spread.tail(tenth).mean()),
    )


def _describe(config: PretrainConfig, run: Path, paths: list[Path]) -> None:
    run.mkdir(parents=True, exist_ok=True)
    (run / "config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False), encoding="utf-8")
    data = {"hash": images_hash(paths), "images": [path.as_posix() for path in paths]}
    write_json(run / "data.json", data)
    write_json(run / "versions.json", {"hooke": __version__} | package_versions(_PACKAGES))
