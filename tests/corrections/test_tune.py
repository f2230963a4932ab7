"""Tuning finds the settings that labels were made with, changes nothing without reason, and says what it did."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import yaml

import hooke
from hooke.cli.tune import tune as command
from hooke.corrections import tune
from hooke.corrections.corrected_images import CorrectedImage
from hooke.corrections.fitting import fit_knobs
from hooke.corrections.known_regions import clear_unknown
from hooke.corrections.mapped_image import Knobs, MappedImage
from hooke.datasets import simulate
from hooke.errors import DatasetError
from hooke.io import write_labels
from hooke.io.annotations.label_files import SPLIT
from hooke.labels import offset_outlines
from hooke.labels.numbering import number_from_one
from hooke.metrics import count_overlap, dsb_score
from hooke.models import TunedSettings, load_model
from tests.builders import run_command


@pytest.fixture(scope="session")
def found(fields):
    """What the shipped model finds in each image."""
    return {name: hooke.segment(field.image, threads=1).labels for name, field in fields.items()}


def save(tmp_path, labels):
    for name, array in labels.items():
        write_labels(tmp_path / "labels" / f"{name}.tif", [array])
    return tmp_path


def test_an_offset_of_all_outlines_is_found_and_used(tmp_path, images, fields, found):
    truth = {name: offset_outlines(labels, 2) for name, labels in found.items()}
    result, status = run_command(command, save(tmp_path, truth), "-o", tmp_path / "mine", "--threads", 1)
    assert status == 0, result.output
    assert "grow: 0 -> 2" in result.output and "95 %" in result.output
    model = load_model(tmp_path / "mine")
    assert model.settings.grow == 2
    after = [dsb_score(count_overlap(hooke.segment(fields[n].image, model, threads=1).labels, truth[n])) for n in truth]
    before = [dsb_score(count_overlap(found[name], truth[name])) for name in truth]
    assert np.mean(after) > 0.95 > np.mean(before)
    record = yaml.safe_load((tmp_path / "mine" / "rdf.yaml").read_text(encoding="utf-8"))["config"]["hooke"]["tuned"]
    assert record[0]["grey"]["images"] == ["a", "b", "c"] and record[0]["grey"]["changed"]["grow"] == [0.0, 2.0]
    assert record[0]["grey"]["dsb_before"] == pytest.approx(np.mean(before), abs=0.01)
    assert record[0]["grey"]["dsb_after"] == pytest.approx(np.mean(after), abs=0.02)


@pytest.mark.slow
def test_a_tuned_model_is_tuned_again(tmp_path, images, found):
    save(tmp_path, {name: offset_outlines(labels, 2) for name, labels in found.items()})
    tune(tmp_path, tmp_path / "first", threads=1)
    save(tmp_path, {name: offset_outlines(labels, 3) for name, labels in found.items()})
    again = tune(tmp_path, tmp_path / "second", tmp_path / "first", threads=1)
    assert again.settings.grey.grow == pytest.approx(3, abs=0.3)
    assert load_model(tmp_path / "second").settings == again.settings.grey


def test_where_labels_are_what_the_model_gives_there_is_nothing_to_learn(tmp_path, images, found):
    with pytest.raises(DatasetError, match=r"labels of a, b, c are what nuclei.* gives already; nothing to learn"):
        tune(save(tmp_path, found), tmp_path / "mine", threads=1)
    assert not (tmp_path / "mine").exists()


def test_what_had_to_be_decided_about_labels_is_said(tmp_path, images, found):
    save(tmp_path, {name: (offset_outlines(each, 2) > 0) * 255 for name, each in found.items()})
    (note,) = tune(tmp_path, threads=1).notes
    assert note == "a, b, c: " + SPLIT


def test_what_differs_from_image_to_image_changes_nothing(tmp_path, images, found):
    truth = {name: offset_outlines(found[name], by) for name, by in (("a", 2), ("b", -2), ("c", 0.25))}
    done = tune(save(tmp_path, truth), tmp_path / "mine", threads=1)
    assert not done.changed and done.settings == TunedSettings.of(load_model())
    assert "nothing changed: no setting is better beyond noise" in "\n".join(done.lines())
    assert done.lines()[0].startswith("grey images: 3 (a, b, c)")
    one_network = replace(done, settings=replace(done.settings, colour=None))
    assert one_network.lines()[0].startswith("images: 3 (a, b, c)")  # of any colour
    assert load_model(tmp_path / "mine").settings.grow == 0


def test_one_image_alone_is_tuned_and_said_not_to_be_checked(tmp_path, images, found):
    done = tune(save(tmp_path, {"a": offset_outlines(found["a"], 2)}), threads=1)
    assert done.settings.grey.grow == pytest.approx(2, abs=0.25)  # a quarter of a pixel moves few pixels
    assert done.fits["grey"].scores_after == [1] and not done.fits["grey"].checked
    assert "one place alone can't be checked" in done.lines()[-1]


def test_scores_of_all_offsets_are_those_of_segmenting(fields, found):
    field = fields["a"]
    image = CorrectedImage(
        "a",
        hooke.Image(field.image),
        np.unique(field.labels, return_inverse=True)[1].reshape(field.labels.shape).astype(np.int32),
    )
    mapped = MappedImage(image, load_model())
    base = Knobs.of(load_model().settings)
    for grow in (-2.0, -0.5, 0.0, 0.25, 1.0, 3.0):
        labels = hooke.segment(field.image, grow=grow, threads=1).labels
        knobs = Knobs(**{**vars(base), "grow": grow})
        assert mapped.score(knobs) == pytest.approx(dsb_score(count_overlap(labels, field.labels)), abs=1e-6)
    for lowest in (0.5, 0.75, 0.9):
        labels = hooke.segment(field.image, min_score=lowest, threads=1).labels
        knobs = Knobs(**{**vars(base), "min_score": lowest})
        assert mapped.score(knobs) == pytest.approx(dsb_score(count_overlap(labels, field.labels)), abs=1e-6)


def test_large_objects_are_outlined_as_in_a_run_by_their_rims():
    image = hooke.Image(simulate((300, 300), seed=2, diameter=70, density=0.2).image)
    found = hooke.segment(image, diameter=70, threads=1).labels
    mapped = MappedImage(CorrectedImage("large", image, found), load_model())
    assert mapped.is_perfect(replace(Knobs.of(load_model().settings), diameter=70.0))


def test_images_of_one_place_do_not_check_each_other(fields, found):
    def mapped(name, group):
        labels = offset_outlines(found[name], 2)
        return MappedImage(CorrectedImage(name, hooke.Image(fields[name].image), labels, group=group), load_model())

    base = Knobs.of(load_model().settings)
    assert not fit_knobs([[mapped("a", "x"), mapped("b", "x")]], base, "splitline").checked
    assert fit_knobs([[mapped("a", "x")], [mapped("b", "y")]], base, "splitline").checked


def test_unknown_regions_do_not_count(tmp_path, images, found):
    truth = offset_outlines(found["a"], 2)
    truth[:, 90:] = 0
    (tmp_path / "regions.json").write_text(
        json.dumps({"a": [{"top": 0, "left": 0, "height": 160, "width": 90}]}), encoding="utf-8"
    )
    done = tune(save(tmp_path, {"a": truth}), threads=1)
    assert done.settings.grey.grow == pytest.approx(2, abs=0.25)
    assert done.fits["grey"].scores_after.mean() > 0.85


def test_objects_outside_of_the_known_regions_do_not_count(fields, found):
    known = np.zeros(found["a"].shape, np.bool_)
    known[:, :90] = True
    truth = np.where(np.arange(176) < 120, found["a"], np.roll(found["a"], 9, axis=0))  # wrong where nobody looked
    (image, alone) = (
        CorrectedImage("a", hooke.Image(fields["a"].image), number_from_one(labels)[0], known)
        for labels in (truth, clear_unknown(found["a"], known))
    )
    base = Knobs.of(load_model().settings)
    mapped = MappedImage(image, load_model())
    assert mapped.score(base) == MappedImage(alone, load_model()).score(base) == 1
    assert mapped.is_perfect(base) and mapped.count < image.count
