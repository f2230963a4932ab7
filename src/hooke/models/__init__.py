"""Models: bundles, where to find them, and prediction with them."""

from hooke.models.bundle import CARD_SETTINGS, Bundle, BundleSettings, read_bundle
from hooke.models.description import ModelDescription, describe_models, model_card
from hooke.models.model import Model
from hooke.models.own_models import add_model
from hooke.models.predict import Tiling, predict_maps
from hooke.models.registry import is_default, is_for_cells, is_shipped, known_models, load_model
from hooke.models.runtimes import RUNTIMES, Runtime
from hooke.models.segmenter import PixelSegmenter, SegmentedPixels
from hooke.models.tuned import TunedSettings, write_tuned
from hooke.models.verification import Verification, verify_model

__all__ = [
    "CARD_SETTINGS",
    "RUNTIMES",
    "Bundle",
    "BundleSettings",
    "Model",
    "ModelDescription",
    "PixelSegmenter",
    "Runtime",
    "SegmentedPixels",
    "Tiling",
    "TunedSettings",
    "Verification",
    "add_model",
    "describe_models",
    "is_default",
    "is_for_cells",
    "is_shipped",
    "known_models",
    "load_model",
    "model_card",
    "predict_maps",
    "read_bundle",
    "verify_model",
    "write_tuned",
]
