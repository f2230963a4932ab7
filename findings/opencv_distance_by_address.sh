#!/usr/bin/env bash
# OpenCV's exact distance transform gives other last bits by the memory address of its result.
# Guess: one thread, one image, one version: the same distances, bit by bit, each time.
# Seen: with DIST_MASK_PRECISE and one thread up to 556 of 67 077 distances of an image differ in the last bit between
#   results whose addresses differ by 4 to 28 bytes; 32 bytes apart they agree. Where the memory allocator puts a result
#   changes between runs and programs, so a figure made of these distances does, too.
# Version: opencv-python-headless==5.0.0.93 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np

cv2.setNumThreads(1)
mask = (np.random.default_rng(0).random((257, 261)) > 0.02).astype(np.uint8)


def distances(offset):
    """Distances, written `offset` bytes behind an address that 64 divides."""
    memory = np.zeros(mask.size + 32, np.float32)
    start = (-memory.ctypes.data % 64 + offset) // 4
    result = memory[start : start + mask.size].reshape(mask.shape)
    cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE, dst=result)
    return result.copy()


first = distances(0)
differ = {offset: int((distances(offset) != first).sum()) for offset in range(0, 64, 4)}
largest = max(float(np.abs(distances(offset) - first).max()) for offset in differ)
print("distances that differ, by the result's offset in bytes:", differ)
print("largest difference in pixels:", largest)
assert differ[0] == differ[32] == 0, "a result at the same offset differs"
assert min(n for offset, n in differ.items() if offset % 32) > 0, "OpenCV has changed: no difference"
assert 0 < largest < 1e-5
PYTHON
