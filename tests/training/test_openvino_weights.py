"""Weights in OpenVINO's format are written beside the others, checked, and kept by bioimage.io's tools."""

from __future__ import annotations

import hashlib
import shutil
import sys

import numpy as np
import pytest
import yaml

from hooke.errors import ConfigError
from hooke.models import known_models, read_bundle
from hooke.training import export


def test_openvino_opens_what_was_written(tmp_path):
    openvino = pytest.importorskip("openvino")
    pytest.importorskip("bioimageio.spec")
    made = export(known_models()["cells"], tmp_path / "cells", openvino=True)
    assert made.openvino_difference < 1e-3
    network = openvino.Core().compile_model(tmp_path / "cells" / "weights-openvino.xml", "CPU")
    found = network([np.load(tmp_path / "cells" / "test_input.npy")])[0]
    np.testing.assert_allclose(found, np.load(tmp_path / "cells" / "test_output.npy"), atol=0.05)  # maybe in bfloat16
    listed = yaml.safe_load((tmp_path / "cells" / "rdf.yaml").read_text(encoding="utf-8"))["attachments"]
    assert [one["source"] for one in listed] == ["weights-openvino.xml", "weights-openvino.bin"]
    for one in listed:
        assert hashlib.sha256((tmp_path / "cells" / one["source"]).read_bytes()).hexdigest() == one["sha256"]
    assert read_bundle(tmp_path / "cells").checksum == read_bundle(known_models()["cells"]).checksum


def test_without_openvino_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    shutil.copytree(known_models()["cells"], tmp_path / "cells")
    before = {path.name: path.read_bytes() for path in (tmp_path / "cells").iterdir()}
    with pytest.raises(ConfigError, match=r"openvino is not installed; .*\[fast\]"):
        export(tmp_path / "cells", tmp_path / "cells", openvino=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "cells").iterdir()} == before
