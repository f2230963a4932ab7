"""Run configurations: what is unknown or does not fit is named, and overrides reach every depth."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hooke.errors import ConfigError
from hooke.training.config import load_config
from hooke.training.segmentation.config import TrainConfig

SHIPPED = Path(__file__).parents[2] / "configs" / "nuclei.yaml"


def write(tmp_path, **settings):
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump({"datasets": [{"path": "data/one"}], **settings}), encoding="utf-8")
    return path


def test_defaults_and_what_the_file_says(tmp_path):
    config = load_config(write(tmp_path, batch=3, augment={"crop": 128}))
    assert (config.batch, config.augment.crop, config.augment.wide) == (3, 128, 0.15)
    assert config.datasets[0].train == ["train"]


def test_overrides_reach_every_depth(tmp_path):
    path = write(tmp_path, augment={"crop": 128})
    config = load_config(path, {"seed": 5, "augment.wide": 0.4, "modality_share.histology": 0.7})
    assert (config.seed, config.augment.crop, config.augment.wide) == (5, 128, 0.4)
    assert config.modality_share == {"histology": 0.7}


@pytest.mark.parametrize(
    ("settings", "where", "near"),
    [
        ({"learning_rat": 1}, "learning_rat", "learning_rate"),
        ({"augment": {"photometrics": 1}}, "augment.photometrics", "photometric"),
        ({"datasets": [{"path": "a", "wieght": 1}]}, "datasets.0.wieght", "weight"),
    ],
)
def test_an_unknown_key_names_the_nearest(tmp_path, settings, where, near):
    with pytest.raises(ConfigError, match=f"unknown key '{where}', did you mean '{near}'"):
        load_config(write(tmp_path, **settings))


def test_an_unknown_override_names_the_nearest(tmp_path):
    with pytest.raises(ConfigError, match="did you mean 'steps'"):
        load_config(write(tmp_path), {"step": 4})


def test_an_override_below_a_plain_value_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="batch"):
        load_config(write(tmp_path, batch=4), {"batch.size": 4})


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"batch": 0}, "batch"),
        ({"augment": {"crop": 100}}, "augment.crop"),
        ({"precision": "8"}, "precision"),
        ({"diameter_band": [40, 28]}, r"diameter_band is \[40"),
        ({"augment": {"diameter": [44, 16]}}, r"augment.diameter is \[44"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_file(tmp_path, settings, named):
    with pytest.raises(ConfigError, match=rf"run\.yaml: .*{named}"):
        load_config(write(tmp_path, **settings))


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "\x00"])
def test_a_file_that_holds_no_settings(tmp_path, text):
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"run\.yaml"):
        load_config(path)
    with pytest.raises(ConfigError, match="nowhere"):
        load_config(tmp_path / "nowhere.yaml")


def test_the_configuration_written_back_is_the_same(tmp_path):
    config = load_config(SHIPPED)
    path = tmp_path / "back.yaml"
    path.write_text(yaml.safe_dump(config.model_dump(mode="json")), encoding="utf-8")
    assert load_config(path) == config
    assert isinstance(config, TrainConfig)
