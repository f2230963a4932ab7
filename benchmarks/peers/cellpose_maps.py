"""Encodes label images as Cellpose 3 and 4 do (flows and logits as from a perfect network), and decodes them.

Their networks give flows times 5; `compute_masks` divides by it again.
"""

from __future__ import annotations

from typing import Any

FLOW_SCALE, LOGIT = 5.0, 6.0


def encode_truth(truth: Any) -> dict[str, Any]:
    """Make flows, float32 (2, Y, X), and logits of the foreground, float32 (Y, X), by Cellpose's own diffusion."""
    import numpy as np
    import torch
    from cellpose.dynamics import labels_to_flows

    _, foreground, *flows = labels_to_flows([truth], device=torch.device("cpu"))[0]
    logits = np.where(foreground > 0.5, LOGIT, -LOGIT).astype(np.float32)
    return {"flows": FLOW_SCALE * np.asarray(flows, np.float32), "logits": logits}


def decode_maps(model: Any, maps: dict[str, Any], iterations: int) -> Any:
    """Follow the flows to label images by the model's own function, with the settings that `eval` gives it."""
    flows, logits = maps["flows"], maps["logits"]
    return model._compute_masks((1, *logits.shape, 1), flows[:, None], logits[None], niter=iterations)


def mean_diameter(truth: Any) -> float:
    """Median diameter of the discs of the objects' areas, in pixels."""
    import numpy as np

    areas = np.bincount(truth.ravel())[1:]
    areas = areas[areas > 0]
    return float(np.sqrt(np.median(areas) * 4 / np.pi)) if len(areas) else 0.0
