"""A tuned bundle holds settings and no weights: it finds its parent, and refuses another one."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

import hooke
from hooke.datasets import simulate
from hooke.errors import ConfigError, ModelError, OutputError
from hooke.labels import offset_outlines
from hooke.models import TunedSettings, is_default, known_models, load_model, verify_model, write_tuned
from tests.models.small_bundles import write


@pytest.fixture(scope="module")
def picture():
    return simulate((160, 192), seed=3, diameter=22, density=0.15, overlap=0.1).image


def tuned(out, parent="nuclei", record=None, **changes):
    """Write a tuned bundle with other settings for grey images; load it."""
    model = load_model(parent)
    own = TunedSettings.of(model)
    settings = replace(own, grey=own.grey.model_copy(update=changes))
    return load_model(write_tuned(out, model, settings, record or {"images": ["a"]}, known=known_models()))


@pytest.mark.parametrize("name", ["mine", "mine.zip"])
def test_it_is_kilobytes_and_gives_what_its_settings_say(tmp_path, picture, name):
    model = tuned(tmp_path / name, grow=1.5)
    path = tmp_path / name
    size = path.stat().st_size if path.is_file() else sum(file.stat().st_size for file in path.iterdir())
    assert size < 20_000 and model.checksum == load_model("nuclei").checksum and is_default(model)
    before, after = (hooke.segment(picture, which, threads=1) for which in ("nuclei", model))
    assert np.array_equal(after.labels, offset_outlines(before.labels, 1.5))
    assert np.array_equal(hooke.segment(picture, model, grow=0, threads=1).labels, before.labels)
    assert after.table["area"].sum() > before.table["area"].sum()
    assert verify_model(path).path == known_models()["nuclei"]


@pytest.mark.slow
def test_every_setting_is_used(tmp_path, picture):
    plain = hooke.segment(picture, threads=1)
    area = np.bincount(plain.labels.ravel())[1:]
    small = tuned(tmp_path / "small", min_size=float(np.median(area)))
    assert hooke.segment(picture, small, threads=1).count == (area >= np.median(area)).sum()
    assert hooke.segment(picture, tuned(tmp_path / "wide", diameter=31.0), threads=1).diameter == 31
    assert hooke.segment(picture, tuned(tmp_path / "range", diameter_range=(25.0, 40.0)), threads=1).diameter == 25
    two = hooke.Image(
        np.stack([np.zeros_like(picture) + picture[::-1] // 2, picture], axis=2), channel_names=("a", "b")
    )
    for channel in (0, 1):
        model = tuned(tmp_path / f"channel{channel}", channel=channel)
        assert hooke.segment(two, model, threads=1).normalisation.channel == channel


def test_a_tuned_bundle_tuned_again_refers_to_the_weights_and_keeps_the_history(tmp_path):
    tuned(tmp_path / "first", grow=1.0, record={"images": ["a"]})
    second = tuned(tmp_path / "second", tmp_path / "first", min_size=30.0, record={"images": ["b"]})
    shutil.rmtree(tmp_path / "first")
    again = load_model(tmp_path / "second")
    assert (again.settings.grow, again.settings.min_size) == (1.0, 30.0)
    assert [entry["images"] for entry in second.bundle.description["config"]["hooke"]["tuned"]] == [["a"], ["b"]]


def test_a_parent_that_is_gone_or_has_changed_is_said(tmp_path):
    parent = write(tmp_path / "parent")
    tuned(tmp_path / "mine", parent, grow=1.0)
    assert load_model(tmp_path / "mine").settings.grow == 1
    shutil.copytree(tmp_path, tmp_path / "moved" / "here", ignore=shutil.ignore_patterns("moved"))
    parent.rename(tmp_path / "away")
    with pytest.raises(
        ModelError, match=r"its parent model .*parent, whose weights it uses, is not there; put it back"
    ):
        load_model(tmp_path / "mine")  # though it was loaded before
    assert load_model(tmp_path / "moved" / "here" / "mine").settings.grow == 1
    write(parent, b"other weights")
    with pytest.raises(ModelError, match=r"the weights of its parent .*parent have changed since it was tuned"):
        load_model(tmp_path / "mine")


def test_what_is_no_bundle_is_not_replaced(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="is there already and is not a model bundle"):
        tuned(tmp_path / "notes")


@pytest.mark.parametrize("grow", [float("nan"), 501, -501])
def test_an_offset_out_of_range_is_refused(picture, grow):
    with pytest.raises(ConfigError, match="grow is"):
        hooke.segment(picture, grow=grow)
