"""Makes the optimizer and the schedule of the learning rate."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from hooke.training.config import RunConfig


def make_optimizer(network: nn.Module, config: RunConfig) -> dict[str, Any]:
    """AdamW, its rate rising over the warm-up and falling along a cosine, or one cycle of both; for Lightning."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    if config.schedule == "one-cycle":
        schedule: Any = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, config.learning_rate, total_steps=config.steps + 1, pct_start=0.3
        )
    else:
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _cosine(step, config))
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def _cosine(step: int, config: RunConfig) -> float:
    if step < config.warmup:
        return (step + 1) / config.warmup
    share = (step - config.warmup) / max(1, config.steps - config.warmup)
    return 0.5 * (1 + math.cos(math.pi * min(share, 1.0))) + 1e-3
