"""The LightningModule: one batch in, a loss out; one validation image in, its scores out."""

from __future__ import annotations

import math
from typing import Any

import lightning as L
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hooke.metrics import score_image
from hooke.models.predict import predict_maps
from hooke.models.scale import scale_for
from hooke.preprocess import AS_IT_IS
from hooke.targets import SplitLine
from hooke.training.augment import Sample
from hooke.training.config import TrainConfig
from hooke.training.losses import splitline_loss
from hooke.training.networks import UNet

__all__ = ["SegmentationModule", "predict_sample"]


class SegmentationModule(L.LightningModule):
    """A U-Net trained on the maps of the `splitline` scheme."""

    def __init__(self, config: TrainConfig, *, load_weights: bool = True) -> None:
        super().__init__()
        self.config = config
        self.scheme = SplitLine(nominal_diameter=config.nominal_diameter)
        self.network = UNet(
            config.encoder,
            len(self.scheme.maps),
            config.decoder_channels,
            weights=config.encoder_weights if load_weights else "none",
        ).to(memory_format=torch.channels_last)
        self.save_hyperparameters({"config": config.model_dump(mode="json")})

    def forward(self, image: Tensor) -> Tensor:
        """Maps in 0..1."""
        return torch.sigmoid(self.network(image))

    def training_step(self, batch: tuple[Tensor, Tensor], batch_index: int) -> Tensor:
        """Loss of one batch of crops."""
        image, target = batch
        output = self.network(image.contiguous(memory_format=torch.channels_last))
        config = self.config
        parts = splitline_loss(
            output,
            target,
            split=config.split_weight,
            distance=config.distance_weight,
            diameter=config.diameter_weight,
        )
        self.log_dict({f"train/{name}": value.detach() for name, value in parts.items()}, on_step=True)
        return parts["loss"]

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """Move a training batch; leave a validation image where it is."""
        # A validation image goes to the device tile by tile, in predict_sample.
        return batch if isinstance(batch, Sample) else super().transfer_batch_to_device(batch, device, dataloader_idx)

    def validation_step(self, sample: Sample, batch_index: int) -> None:
        """Segment one validation image and log its scores."""
        labels = predict_sample(self, sample)
        scores = score_image(labels, sample.labels)
        kind = "colour" if sample.colour else "grey"
        for name in ("dsb", "ap_50"):
            self.log(f"val/{name}", scores[name], on_epoch=True, prog_bar=name == "dsb", batch_size=1)
            self.log(f"val/{name}_{kind}", scores[name], on_epoch=True, batch_size=1)

    def configure_optimizers(self) -> Any:
        """AdamW, its rate rising over the warm-up and falling along a cosine."""
        config = self.config
        optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )

        def cosine(step: int) -> float:
            if step < config.warmup:
                return (step + 1) / config.warmup
            share = (step - config.warmup) / max(1, config.steps - config.warmup)
            return 0.5 * (1 + math.cos(math.pi * min(share, 1.0))) + 1e-3

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, cosine)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def predict_sample(module: SegmentationModule, sample: Sample) -> NDArray[np.int32]:
    """Segment a validation image at the scale that its true diameter asks for."""

    def network(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            tensor = torch.from_numpy(batch).to(module.device, memory_format=torch.channels_last)
            return np.asarray(module(tensor).float().cpu().numpy())

    pixels = sample.image.astype(np.float32)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    scale = scale_for(sample.diameter, module.config.augment.diameter)
    maps = predict_maps(network, pixels, AS_IT_IS, scale=scale)
    return module.scheme.decode(maps, diameter=sample.diameter).labels
