"""`hooke prepare` as typed: what it prints where, and its exit status."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest
import typer
from typer.testing import CliRunner

from hooke.cli.prepare import prepare
from hooke.errors import ConfigError


@pytest.fixture
def source(tmp_path):
    """Two pairs of an image and a label image."""
    root = tmp_path / "source"
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True)
        for id_ in "ab":
            pixels = np.eye(6, 7, dtype=np.uint8)
            pixels = pixels * 2 if (folder, id_) == ("images", "b") else pixels
            PIL.Image.fromarray(pixels).save(root / folder / f"{id_}.png")
    return root


def run(*args):
    """Run the command as the command line's frame does, its return value being the exit status."""
    app = typer.Typer(rich_markup_mode="rich")
    app.command()(prepare)
    result = CliRunner().invoke(app, [str(arg) for arg in args], standalone_mode=False)
    return result, result.return_value


def test_the_list_has_a_line_for_each_layout():
    result, status = run("--list")
    assert status == 0
    lines = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert {"bbbc039", "dsb2018", "folder"} <= set(lines)
    assert all(len(summary) > 20 for summary in lines.values())


def test_copies_in_other_splits_and_labels_without_objects_are_named(tmp_path):
    for folder in ("images", "labels"):
        (tmp_path / "source" / folder).mkdir(parents=True)
    rng = np.random.default_rng(0)
    fields = {name: rng.integers(0, 255, (24, 24), dtype=np.uint8) for name in "abc"}
    for name, pixels in {**fields, "d": fields["a"], "e": fields["a"]}.items():
        PIL.Image.fromarray(pixels).save(tmp_path / "source" / "images" / f"{name}.png")
        PIL.Image.fromarray(np.zeros((24, 24), np.uint8)).save(tmp_path / "source" / "labels" / f"{name}.png")
    splits = "id,split\na,train\nb,train\nc,val\nd,test\ne,train\n"
    (tmp_path / "splits.csv").write_text(splits)
    options = ("-q", "--split-from", tmp_path / "splits.csv")
    for time in range(2):  # also where all is there already
        result, status = run("folder", tmp_path / "source", tmp_path / "out", *options)
        assert status == 0
        assert "1 images are copies of images in another split: d of a" in result.stderr, time
        assert "no image has a nucleus" in result.stderr


def test_status_0_when_all_went_well(source, tmp_path):
    result, status = run("folder", source, tmp_path / "out", "-q")
    assert status == 0
    assert "2 images prepared, 0 were there already" in result.stdout
    assert "splits: 1 train, 0 val, 1 test" in result.stdout
    assert result.stderr == "hooke: no images for val: too few groups, or none requested\n"


def test_status_1_when_one_failed_which_is_named(source, tmp_path):
    (source / "images" / "b.png").write_bytes(b"")
    result, status = run("folder", source, tmp_path / "out", "-q")
    assert status == 1
    assert "b failed: " in result.stderr
    assert "b.png" in result.stderr


def test_status_2_when_nothing_was_prepared(source, tmp_path):
    (tmp_path / "split.csv").write_text("id,split,modality,field_of_view\nz,val,,\n")
    result, status = run("folder", source, tmp_path / "out", "-q", "--split-from", tmp_path / "split.csv")
    assert status == 2
    assert "2 left out, not in the list given: a, b" in result.stderr


def test_oddities_are_counted_with_their_images(tmp_path):
    folder = tmp_path / "stage1_train" / "x"
    for name, pixels in {
        "images/x": np.zeros((6, 7), np.uint8),
        "masks/1": np.eye(6, 7, dtype=np.uint8),
        "masks/2": np.eye(6, 7, dtype=np.uint8),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(pixels).save(folder / f"{name}.png")
    result, status = run("dsb2018", tmp_path, tmp_path / "out", "-q")
    assert status == 0
    assert "1 overlaps of two masks, left to the first (see conflicts.csv), in 1 images: x" in result.stderr
    assert "1 masks hidden by others, dropped (see conflicts.csv), in 1 images: x" in result.stderr


def test_a_missing_argument_is_a_setting_at_fault(source):
    result, _ = run("folder", source)
    assert isinstance(result.exception, ConfigError)
    assert "DST" in str(result.exception)


@pytest.mark.parametrize("args", [["--size-by", "resize"], ["--split", "dkfz", "--seed", "3"]])
def test_option_without_effect_is_refused(source, tmp_path, args):
    result, _ = run("folder", source, tmp_path / "out", *args)
    assert isinstance(result.exception, typer.BadParameter)
    assert not (tmp_path / "out").exists()


def test_the_folder_to_make_is_an_argument_or_o(source, tmp_path):
    _, status = run("folder", source, "-o", tmp_path / "out", "-q")
    assert status == 0
    assert (tmp_path / "out" / "index.csv").is_file()
    result, _ = run("folder", source, tmp_path / "out", "-o", tmp_path / "other", "-q")
    assert isinstance(result.exception, ConfigError)
    assert not (tmp_path / "other").exists()


def test_an_option_of_the_layout_given_to_o_is_refused_with_its_new_name(source, tmp_path):
    result, _ = run("folder", source, tmp_path / "out", "-o", "components=split", "-q")
    assert isinstance(result.exception, ConfigError)
    assert "--option components=split" in str(result.exception)
    result, status = run("folder", source, tmp_path / "out", "--option", "components=split", "-q")
    assert status == 0
