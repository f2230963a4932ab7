#!/usr/bin/env bash
# Pillow scrambles an uncompressed TIFF whose orientation tag swaps rows and columns, where it is opened by its path.
# Version: pillow 13.0.0 (also 11.3.0 and 12.0.0; 10.4.0 is right), numpy 2.4.6
# Seen: a picture of 4 x 6 pixels, stored turned with orientation 6 or 8, comes with its pixels in a wrong order, as the
#       rows were cut at the width that the picture has once turned; its size changes from (6, 4) to (4, 6) as it is
#       loaded. No error, no warning. Compressed, square, opened from memory, or with orientation 3 it is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pillow==13.0.0 numpy==2.4.6
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import io
import sys
from pathlib import Path

import numpy as np
import PIL.Image

folder = Path(sys.argv[1])
shown = np.arange(1, 25, dtype=np.uint8).reshape(4, 6)
seen = {}
for compression in (None, "tiff_lzw"):
    for tag, quarter_turns in ((3, 2), (6, 1), (8, 3)):
        path = folder / "turned.tif"
        stored = PIL.Image.fromarray(np.ascontiguousarray(np.rot90(shown, quarter_turns)))
        stored.save(path, tiffinfo={274: tag}, compression=compression)
        for way, source in (("path", path), ("memory", io.BytesIO(path.read_bytes()))):
            pixels = np.asarray(PIL.Image.open(source))
            seen[compression, tag, way] = np.array_equal(pixels, shown)
            what = "as shown" if seen[compression, tag, way] else f"scrambled: {pixels.tolist()}"
            print(f"compression {compression}, orientation {tag}, opened from {way}: {what}")
wrong = [case for case, right in seen.items() if not right]
assert wrong == [(None, 6, "path"), (None, 8, "path")], "Pillow has changed"
PYTHON
