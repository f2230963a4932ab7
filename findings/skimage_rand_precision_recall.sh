#!/usr/bin/env bash
# skimage.metrics.adapted_rand_error returns precision and recall the other way round than it documents.
# Guess: a result that merges two nuclei loses precision: of its pairs of pixels in one object, half are not
#   together in the truth. So says its docstring: precision is the shared pairs divided by the number in the test
#   image.
# Seen: for the merge it returns precision 1.0 and recall 0.497; for the split precision 0.497 and recall 1.0.
#   Counting all pairs by hand gives the opposite. The error itself (alpha 0.5) is right; any other alpha weighs the
#   wrong one.
# Version: scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from skimage.metrics import adapted_rand_error


def by_hand(truth, result):
    """Shared pairs over the result's pairs, and over the truth's, as the docstring defines precision and recall."""
    truth, result = truth.ravel(), result.ravel()
    other = ~np.eye(truth.size, dtype=bool)
    in_truth = (truth[:, None] == truth) & other
    in_result = (result[:, None] == result) & other
    both = (in_truth & in_result).sum()
    return both / in_result.sum(), both / in_truth.sum()


two = np.repeat([[1, 2]], 10, axis=0).repeat(10, axis=1)
one = np.ones_like(two)
for name, truth, result in (("merge", two, one), ("split", one, two)):
    error, precision, recall = adapted_rand_error(truth, result)
    right = by_hand(truth, result)
    print(f"{name}: precision {precision:.3f}, recall {recall:.3f}; by hand {right[0]:.3f}, {right[1]:.3f}")
    assert np.allclose((recall, precision), right), "scikit-image has changed"
    assert not np.isclose(precision, recall)
PYTHON
