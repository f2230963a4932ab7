"""Networks: each takes images `(N, C, Y, X)` and gives maps `(N, K, Y, X)`."""

from hooke.training.networks.unet import UNet

__all__ = ["UNet"]
