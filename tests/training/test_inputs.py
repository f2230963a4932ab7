"""What a configuration names is found beside it or in the working directory, and what is missing is said at once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from hooke.datasets import simulate
from hooke.datasets.layout import IndexRow, write_index, write_sample
from hooke.errors import ConfigError, DatasetError
from hooke.training.config import load_config
from hooke.training.inputs import check_inputs, shipped_start
from hooke.training.pretraining.config import load_pretrain_config

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture
def apart(tmp_path, monkeypatch):
    """A configuration and its data in one folder, the working directory another."""
    study = tmp_path / "study"
    drawn = simulate((96, 96), seed=1)
    write_sample(study / "data", "one", drawn.image, drawn.labels)
    write_index(study / "data", [IndexRow("one", "train", "fluorescence", "one", 96, 96, drawn.count)])
    (study / "never.txt").write_text("two\n", encoding="utf-8")
    path = study / "run.yaml"
    path.write_text(yaml.safe_dump({"datasets": [{"path": "data"}], "exclude": "never.txt"}), encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return path


def test_paths_are_found_beside_the_configuration(apart):
    config = load_config(apart)
    assert config.datasets[0].path == apart.parent / "data"
    check_inputs(config)


def test_else_in_the_working_directory(apart):
    here = Path("data/mine")
    write_index(here, [])
    config = load_config(apart, {"datasets.0.path": "data/mine", "exclude": None})
    check_inputs(config)
    apart.write_text("datasets: [{path: data/mine}]\n", encoding="utf-8")
    config = load_config(apart)
    assert config.datasets[0].path == here
    check_inputs(config)


def test_what_is_typed_is_taken_from_the_working_directory(apart):
    config = load_config(apart, {"datasets.0.path": "data"})
    with pytest.raises(DatasetError, match="no such folder") as caught:
        check_inputs(config)
    assert "next to the configuration, then in the working directory" in str(caught.value)


def test_patterns_of_images_too(apart):
    apart.write_text("method: byol\nimages: ['data/images/*.png', gone]\n", encoding="utf-8")
    config = load_pretrain_config(apart)
    assert config.images[0] == str(apart.parent / "data" / "images" / "*.png")
    with pytest.raises(DatasetError, match="no such images"):
        check_inputs(config)


@pytest.mark.parametrize("name", ["start_from", "encoder_weights"])
def test_missing_weights_are_named(apart, name):
    with pytest.raises(ConfigError, match=f"{name}: no such file"):
        check_inputs(load_config(apart, {name: "gone.safetensors"}))


def test_a_folder_of_the_same_name_is_not_taken_for_the_shipped_weights(apart):
    (apart.parent / "nuclei").mkdir()
    apart.write_text("datasets: [{path: data}]\nstart_from: nuclei\n", encoding="utf-8")
    config = load_config(apart)
    check_inputs(config)
    assert (shipped_start(config.start_from) / "weights.onnx").is_file()
    colour = shipped_start(Path("nuclei-colour"))
    assert (colour / "weights.onnx").is_file()
    assert shipped_start(Path("mine.ckpt")) is None


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_configurations_name_files_that_are_there_from_anywhere(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "card" in path.stem:
        return
    read = load_pretrain_config if "pretrain" in path.stem else load_config
    config = read(path)
    check_inputs(config.model_copy(update={"datasets": [], "images": []}))


@pytest.mark.slow
def test_missing_data_are_said_before_pytorch_is_imported(apart):
    paths = []
    for kind, classes in (("segmentation", ""), ("classifier", "classes: [a, b]\n"), ("coordinate", "")):
        paths.append(apart.with_name(f"{kind}.yaml"))
        paths[-1].write_text(f"kind: {kind}\ndatasets: [{{path: gone-{kind}}}]\n{classes}", encoding="utf-8")
    code = f"""
import sys
from hooke.cli import main
for path in {[str(path) for path in paths]}:
    try:
        main(["train", path])
    except SystemExit as left:
        print(left.code, "torch" in sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == ["2 False"] * 3, result.stderr
    assert [re.search("gone-([a-z]+): no hooke data set here", line)[1] for line in result.stderr.splitlines()] == [
        path.stem for path in paths
    ]
