"""Which items a run draws, and in which order: the same when it is resumed, and on several devices."""

from __future__ import annotations

from collections.abc import Iterator

from torch.utils.data import Sampler

from hooke.training.config import RunConfig
from hooke.training.devices import device_rank


class ResumableSampler(Sampler[int]):
    """The numbers of a run's items from one step on: 0, 1, 2 ... in batches, which several devices deal out in turn.

    Parameters
    ----------
    step : int
        To begin, or continue, at.
    config : RunConfig
        Tells the number of steps, and the items of a batch.
    """

    def __init__(self, step: int, config: RunConfig) -> None:
        self.step = step
        self.steps = config.steps
        self.batch = config.batch

    def __iter__(self) -> Iterator[int]:
        rank, devices = device_rank()
        for step in range(self.step, self.steps):
            first = (step * devices + rank) * self.batch
            yield from range(first, first + self.batch)

    def __len__(self) -> int:
        # Of the whole run: Lightning counts a resumed run's steps from its very beginning.
        return self.steps * self.batch
