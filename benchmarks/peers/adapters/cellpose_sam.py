"""Cellpose 4 (Cellpose-SAM), a vision transformer, at the scale of the image, as is its default."""

from __future__ import annotations

from typing import Any

from cellpose_maps import decode_maps, encode_truth

PACKAGES = ("cellpose", "torch")
ITERATIONS = 200


def start(threads: int) -> None:
    """Import what a script would."""
    import torch

    torch.set_num_threads(threads)
    import cellpose.models  # noqa: F401


def trained() -> Any:
    """Fetch the published weights, if they are not there yet."""
    from cellpose.models import CellposeModel

    model = CellposeModel(gpu=False)
    return lambda image: model.eval(image)[0]


def untrained() -> Untrained:
    """Give the two halves of `eval`."""
    return Untrained()


class Untrained:
    """`eval` without masks by random weights, then masks from true flows."""

    def __init__(self) -> None:
        import torch
        from cellpose.models import CellposeModel
        from cellpose.vit import CPSAM

        self.model = CellposeModel.__new__(CellposeModel)  # its constructor can't do without weights
        self.model.device, self.model.gpu = torch.device("cpu"), False
        self.model.backbone, self.model.pretrained_model = "sam_vitl", None
        self.model.net = CPSAM(dtype=torch.bfloat16).to(torch.bfloat16).eval()

    def encode(self, truth: Any) -> dict[str, Any]:
        """Make flows and logits."""
        return encode_truth(truth)

    def network(self, image: Any, truth: Any) -> None:
        """Normalise and predict."""
        self.model.eval(image, compute_masks=False)

    def decode(self, maps: dict[str, Any]) -> Any:
        """Follow the flows."""
        return decode_maps(self.model, maps, ITERATIONS)
