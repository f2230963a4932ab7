"""Cellpose 3, model `nuclei`, a U-Net; the diameter is estimated by its size model, as hooke estimates it too.

Without its weights the size model can't work: the network then runs once at the true diameter, and the two passes of
the estimate (one at scale 1, one at the estimated scale) are left out, in Cellpose's favour.
"""

from __future__ import annotations

from typing import Any

from cellpose_maps import decode_maps, encode_truth, mean_diameter

PACKAGES = ("cellpose", "torch")
DIAMETER = 17.0  # that the model `nuclei` brings all images to
ITERATIONS = 200  # of the flows, at that diameter


def start(threads: int) -> None:
    """Import what a script would."""
    import torch

    torch.set_num_threads(threads)
    import cellpose.models  # noqa: F401


def trained() -> Any:
    """Fetch the published weights, if they are not there yet."""
    from cellpose.models import Cellpose

    model = Cellpose(gpu=False, model_type="nuclei")
    return lambda image: model.eval(image, diameter=None, channels=[0, 0])[0]


def untrained() -> Untrained:
    """Give the two halves of `eval`."""
    return Untrained()


class Untrained:
    """`eval` without masks by random weights, then masks from true flows."""

    def __init__(self) -> None:
        from cellpose.models import CellposeModel

        self.model = CellposeModel(gpu=False, pretrained_model=None, model_type=None, diam_mean=DIAMETER)

    def encode(self, truth: Any) -> dict[str, Any]:
        """Make flows and logits, and how long the flows are to be followed."""
        return encode_truth(truth) | {"iterations": round(ITERATIONS * mean_diameter(truth) / DIAMETER)}

    def network(self, image: Any, truth: Any) -> None:
        """Normalise, rescale, predict."""
        self.model.eval(image, diameter=mean_diameter(truth), channels=[0, 0], compute_masks=False)

    def decode(self, maps: dict[str, Any]) -> Any:
        """Follow the flows."""
        return decode_maps(self.model, maps, int(maps["iterations"]))
