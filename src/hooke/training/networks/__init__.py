"""Networks: each takes images `(N, C, Y, X)` and gives `Outputs`."""

from hooke.training.networks.outputs import Heads, Outputs
from hooke.training.networks.plain import PlainUNet
from hooke.training.networks.registry import NETWORKS, TRIED_ENCODERS, build_network
from hooke.training.networks.smp import SmpNetwork
from hooke.training.networks.unet import UNet

__all__ = ["NETWORKS", "TRIED_ENCODERS", "Heads", "Outputs", "PlainUNet", "SmpNetwork", "UNet", "build_network"]
