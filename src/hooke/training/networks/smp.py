"""Architectures of segmentation-models-pytorch (Unet, UnetPlusPlus, FPN, DeepLabV3Plus ...) on a timm encoder."""

from __future__ import annotations

from torch import Tensor, nn

from hooke.errors import ConfigError
from hooke.training.networks.encoder import make_encoder
from hooke.training.networks.encoder_weights import load_encoder_weights
from hooke.training.networks.outputs import Heads, Outputs


class SmpNetwork(nn.Module):
    """A network of that library, as one of hooke's.

    Parameters
    ----------
    architecture : str
        Its name there, such as ``"fpn"`` or ``"unetplusplus"``.
    encoder : str
        Name of a timm model.
    heads : Heads
        Maps and image classes; a class per pixel takes more channels of the same decoder.
    in_channels : int
    weights : str
        See `hooke.training.networks.encoder_weights.load_encoder_weights`.

    Raises
    ------
    ConfigError
        When the library is not installed, or knows no such architecture.
    """

    stride = 32

    def __init__(self, architecture: str, encoder: str, heads: Heads, in_channels: int, weights: str) -> None:
        super().__init__()
        try:
            import segmentation_models_pytorch as smp
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"network smp-{architecture} needs a package", remedy="pip install segmentation-models-pytorch"
            ) from error
        known = list(smp.MODEL_ARCHITECTURES_MAPPING)
        if architecture not in known:
            raise ConfigError(f"no network smp-{architecture}", remedy=f"choose smp- and one of: {', '.join(known)}")
        features = make_encoder(encoder).feature_info
        self.heads = heads
        outputs = heads.maps + (heads.classes + 1 if heads.classes else 0)
        self.model = smp.create_model(
            architecture, f"tu-{encoder}", encoder_weights=None, in_channels=in_channels, classes=outputs
        )
        load_encoder_weights(self.model.encoder.model, encoder, weights)
        deepest: int = features.channels()[-1]
        self.image_head = nn.Linear(deepest, heads.image_classes) if heads.image_classes else None

    def forward(self, image: Tensor) -> Outputs:
        """Raw outputs of one batch."""
        features = self.model.encoder(image)
        both = self.model.segmentation_head(self.model.decoder(features))
        maps, classes = both[:, : self.heads.maps], both[:, self.heads.maps :]
        image_classes = self.image_head(features[-1].mean(dim=(2, 3))) if self.image_head is not None else None
        return Outputs(maps, classes if self.heads.classes else None, image_classes)
