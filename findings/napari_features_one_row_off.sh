#!/usr/bin/env bash
# napari shows the measurements of the next object where a table of regionprops is the features of a Labels layer.
# Guess: rows belong to objects by the column "label", or in their order: the first row to object 1.
# Seen: of the objects 1, 2 and 3 of 9, 25 and 49 pixels the pointer on 1 shows "label: 2, area: 25", on 2 "label: 3,
#   area: 49", on 3 "[No Properties]": the first row is that of the background. With the labels as index of the table it
#   is the same. Only a column called "index" counts: with it all are right, and the ids may have gaps.
# Version: napari==0.9.2 scikit-image==0.26.0 pandas==3.1.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet napari==0.9.2 scikit-image==0.26.0 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
from napari.layers import Labels
from skimage.measure import regionprops_table

labels = np.zeros((20, 40), np.int32)
labels[2:5, 2:5], labels[10:15, 10:15], labels[5:12, 25:32] = 1, 2, 3
places = {1: (3, 3), 2: (12, 12), 3: (7, 28)}
table = pd.DataFrame(regionprops_table(labels, properties=("label", "area")))
seen = {}
for name, features in (
    ("as it is", table),
    ("label as index of the table", table.set_index("label")),
    ('label as column "index"', table.rename(columns={"label": "index"})),
):
    layer = Labels(labels, features=features)
    seen[name] = [layer.get_status(place)["value"] for place in places.values()]
    print(f"{name}: at the objects 1, 2 and 3 napari shows {seen[name]}")
none = "3; [No Properties]"
assert seen["as it is"] == ["1; label: 2, area: 25", "2; label: 3, area: 49", none], "napari has changed"
assert seen["label as index of the table"] == ["1; area: 25", "2; area: 49", none], "napari has changed"
assert seen['label as column "index"'] == ["1; area: 9", "2; area: 25", "3; area: 49"], "napari has changed"
PYTHON
