#!/usr/bin/env bash
# The Dice loss of segmentation_models_pytorch is 0 for images without an object, no matter what is found in them.
# Guess: a network that calls every pixel of an empty image foreground has a loss of nearly 1, one that finds nothing of 0.
# Seen: both have a loss of exactly 0 and no gradient, in DiceLoss, JaccardLoss and TverskyLoss; with one pixel of foreground in
#   the batch the first has 0.999. Batches of empty fields teach nothing; an epoch of false positives on them looks perfect.
#   The documentation names no such case.
# Version: segmentation-models-pytorch==0.6.0 torch==2.13.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/pip" install --quiet --no-deps segmentation-models-pytorch==0.6.0
cd "$folder"
"$folder/venv/bin/python" -W error::FutureWarning - <<'PYTHON'
import importlib.util
import sys
import sysconfig
from pathlib import Path

import torch

# The losses need PyTorch alone; their folder is loaded without the package, which needs encoders of others.
place = Path(sysconfig.get_path("purelib"), "segmentation_models_pytorch", "losses")
spec = importlib.util.spec_from_file_location("losses", place / "__init__.py", submodule_search_locations=[str(place)])
losses = sys.modules["losses"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(losses)

empty = torch.zeros(2, 1, 32, 32)
one = empty.clone()
one[0, 0, 16, 16] = 1
seen = {}
for name in ("DiceLoss", "JaccardLoss", "TverskyLoss"):
    loss = getattr(losses, name)("binary")
    everything = torch.full_like(empty, 10.0, requires_grad=True)
    value = loss(everything, empty)
    value.backward()
    steepest = float(everything.grad.abs().max())
    nothing, with_one = loss(-everything, empty).item(), loss(everything, one).item()
    seen[name] = value.item(), steepest, nothing
    print(f"{name}: all foreground on empty images {value.item()}, steepest gradient {steepest}; nothing found {nothing};")
    print(f"   all foreground on images with one pixel {with_one:.3f}")
    assert with_one > 0.99
assert all(found == (0, 0, 0) for found in seen.values()), "segmentation_models_pytorch has changed"
PYTHON
