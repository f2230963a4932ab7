"""StarDist's `2D_versatile_fluo`, as in its documentation: percentiles 1 and 99.8, default thresholds, no tiles.

Without its weights: a network of its published configuration (grid 2, 32 rays, depth 3, 32 filters) and its published
thresholds; distance and probability maps from the truth.
"""

from __future__ import annotations

import tempfile
from typing import Any

PACKAGES = ("stardist", "tensorflow-cpu", "numpy")
NAME = "2D_versatile_fluo"
GRID, RAYS = (2, 2), 32
THRESHOLDS = {"prob": 0.479071, "nms": 0.3}


def start(threads: int) -> None:
    """Import what a script would, with this number of threads per operation."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    import stardist.models  # noqa: F401


def trained() -> Any:
    """Fetch the published weights, if they are not there yet."""
    from csbdeep.utils import normalize
    from stardist.models import StarDist2D

    model = StarDist2D.from_pretrained(NAME)
    return lambda image: model.predict_instances(normalize(image, 1, 99.8))[0]


def untrained() -> Untrained:
    """Give the two halves of `predict_instances`."""
    return Untrained()


class Untrained:
    """`predict_sparse` with random weights, then suppression and rendering of true polygons."""

    def __init__(self) -> None:
        from stardist.models import Config2D, StarDist2D

        self.model = StarDist2D(Config2D(n_rays=RAYS, grid=GRID), name="untrained", basedir=tempfile.mkdtemp())
        self.model.thresholds = THRESHOLDS

    def encode(self, truth: Any) -> dict[str, Any]:
        """Make probability and distances on the grid, as StarDist's training does."""
        from stardist.geometry import star_dist
        from stardist.utils import edt_prob

        step_y, step_x = GRID
        return {
            "prob": edt_prob(truth)[::step_y, ::step_x],
            "dist": star_dist(truth, RAYS, grid=GRID),
            "shape": truth.shape,
        }

    def network(self, image: Any, truth: Any) -> None:
        """Normalise and predict; no pixel of a random network passes, so that only the network is timed."""
        from csbdeep.utils import normalize

        self.model.predict_sparse(normalize(image, 1, 99.8), prob_thresh=1.01)

    def decode(self, maps: dict[str, Any]) -> Any:
        """Choose candidates, suppress those that overlap, draw the rest: the second half of `predict_instances`."""
        import numpy as np
        from stardist.nms import _ind_prob_thresh

        prob, dist = maps["prob"], np.maximum(1e-3, maps["dist"])
        chosen = _ind_prob_thresh(prob, self.model.thresholds.prob, b=2)
        points = np.stack(np.nonzero(chosen), axis=1) * np.array(GRID)
        shape = tuple(int(side) for side in maps["shape"])
        return self.model._instances_from_prediction(shape, prob[chosen], dist[chosen], points=points)[0]
