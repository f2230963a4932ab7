"""InstanSeg's `fluorescence_nuclei_and_cells`, nuclei only, without a pixel size, which the images do not state."""

from __future__ import annotations

from typing import Any

PACKAGES = ("instanseg-torch", "torch")
NAME = "fluorescence_nuclei_and_cells"


def start(threads: int) -> None:
    """Import what a script would."""
    import torch

    torch.set_num_threads(threads)
    import instanseg  # noqa: F401


def trained() -> Any:
    """Fetch the published weights, if they are not there yet."""
    from instanseg import InstanSeg

    model = InstanSeg(NAME, device="cpu", verbosity=0)

    def segment(image: Any) -> Any:
        return model.eval_small_image(image, target="nuclei", return_image_tensor=False)[0, 0].numpy()

    return segment
