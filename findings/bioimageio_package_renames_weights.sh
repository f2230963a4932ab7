#!/usr/bin/env bash
# Packing a bioimage.io model gives the name of the model's own weights to an attachment of the same name in a folder.
# Guess: attachments/colour/weights.onnx stays in its folder, or gets another name; the model's weights.onnx stays.
# Seen: folders are dropped. The attachment is now weights.onnx, the model's weights are weights_2.onnx, and rdf.yaml says
#   so. A program that opens weights.onnx of the package by its name runs another network, without an error. A file
#   that rdf.yaml does not name is left out.
# Version: bioimageio.spec==0.5.12.0 pydantic==2.13.5 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet bioimageio.spec==0.5.12.0 pydantic==2.13.5 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json
import zipfile
from pathlib import Path

import numpy as np
from bioimageio.spec import load_description, save_bioimageio_package
from ruyaml import YAML

model = Path("model")
(model / "colour").mkdir(parents=True)
(model / "weights.onnx").write_bytes(b"the model's own")
(model / "colour" / "weights.onnx").write_bytes(b"the attached")
(model / "colour" / "notes.txt").write_text("not named in rdf.yaml")
(model / "README.md").write_text("# A model\n\n## Validation\n\nNone: it is a test of packing.\n")
for name in ("test_input.npy", "test_output.npy"):
    np.save(model / name, np.ones((1, 1, 32, 32), np.float32))


def tensor(name, file):
    axes = [{"type": "batch"}, {"type": "channel", "channel_names": ["grey"]}]
    axes += [{"type": "space", "id": axis, "size": 32} for axis in "yx"]
    return {"id": name, "axes": axes, "data": {"type": "float32"}, "test_tensor": {"source": file}}


description = {
    "type": "model",
    "format_version": "0.5.4",
    "name": "packed model",
    "description": "shows what packing does to names",
    "authors": [{"name": "somebody"}],
    "license": "MIT",
    "cite": [{"text": "none", "doi": "10.1038/nmeth.2083"}],
    "documentation": "README.md",
    "timestamp": "2026-11-29T00:00:00+00:00",
    "inputs": [tensor("image", "test_input.npy")],
    "outputs": [tensor("maps", "test_output.npy")],
    "weights": {"onnx": {"source": "weights.onnx", "opset_version": 17}},
    "attachments": [{"source": "colour/weights.onnx"}],
}
(model / "rdf.yaml").write_text(json.dumps(description))  # json is YAML, too
package = save_bioimageio_package(load_description(model / "rdf.yaml"), output_path=Path("packed.zip"))
with zipfile.ZipFile(package) as archive:
    names = archive.namelist()
    packed = YAML(typ="safe").load(archive.read("rdf.yaml").decode())
    contents = {name: archive.read(name) for name in names if name.endswith(".onnx")}
for name, content in contents.items():
    print(f"{name}: {content.decode()}")
print("weights:", packed["weights"]["onnx"]["source"], " attachment:", packed["attachments"][0]["source"])
print("notes.txt is", "kept" if any("notes" in name for name in names) else "left out")
assert contents["weights.onnx"] == b"the attached", "the package keeps the names of weights now"
assert packed["weights"]["onnx"]["source"] == "weights_2.onnx"
assert not any("notes" in name for name in names)
PYTHON
