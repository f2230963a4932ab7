"""How every command behaves: groups in the help, completion, colours on terminals only, JSON, exit status."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.main import get_command

import hooke
from hooke.cli.app import app
from hooke.io import write_labels, write_png
from tests.builders import exit_code

ROOT = Path(__file__).parents[2]


def run(*args, env=None, **options):
    """Run the command in a process of its own."""
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "TERM")}
    environment |= {"PYTHONPATH": str(Path(hooke.__file__).parents[1]), "TERM": "xterm-256color", **(env or {})}
    return subprocess.run([sys.executable, "-m", "hooke", *map(str, args)], env=environment, **options)


@pytest.fixture
def images(tmp_path):
    """A folder with a field that holds nothing and a file that is damaged."""
    folder = tmp_path / "images"
    folder.mkdir()
    write_png(folder / "good.png", np.full((64, 64), 9, np.uint8))
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    return folder


def test_every_command_is_in_a_group_of_the_help(capsys):
    assert [command.name for command in app.registered_commands if not command.rich_help_panel] == []
    assert [group.name for group in app.registered_groups if not group.rich_help_panel] == []
    assert exit_code("--help") == 0
    said = capsys.readouterr().out
    assert said.index("Find and measure") < said.index("Check results") < said.index("This installation")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("hooke seg", "segment"),
        ("hooke models v", "verify"),
        ("hooke segment --min-sc", "--min-score"),
        ("hooke segment --model nuc", "nuclei"),
        ("hooke segment --runtime openv", "openvino"),
        ("hooke models show cel", "cells"),
    ],
)
def test_the_tab_key_completes(words, offered, monkeypatch, capsys):
    count = str(len(words.split()) - 1)
    for name, value in (("_HOOKE_COMPLETE", "complete_bash"), ("COMP_WORDS", words), ("COMP_CWORD", count)):
        monkeypatch.setenv(name, value)
    assert exit_code() == 0
    assert capsys.readouterr().out.split() == [offered]


@pytest.mark.parametrize(
    ("names", "status"), [(["good.png"], 0), (["good.png", "bad.png"], 1), (["bad.png"], 2), (["missing.png"], 2)]
)
def test_the_exit_status_says_how_much_was_done(images, tmp_path, names, status):
    assert exit_code("segment", *(images / name for name in names), "-o", tmp_path / "out", "-q") == status


def test_only_the_command_that_is_asked_for_is_described(monkeypatch):
    """To describe all of them takes a quarter of a second."""
    from hooke.cli import app as frame

    everything = get_command(app).commands
    for name, command in everything.items():
        alone = get_command(frame._make_app(name)).commands
        assert list(alone) == [name]
        assert [option.opts for option in alone[name].params] == [option.opts for option in command.params]
    asked = []
    make = frame._make_app
    monkeypatch.setattr(frame, "_make_app", lambda only=None: asked.append(only) or make(only))
    assert exit_code("models", "list", "--json") == 0
    assert exit_code("no-such-command") == 2
    assert asked == ["models"]


def test_wrong_usage_is_status_2():
    assert exit_code("segment", "--no-such-option") == 2
    assert exit_code("no-such-command") == 2
    assert exit_code("segment") == 2
    assert exit_code("--version") == 0


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("segment", "", "-o", "out"), "argument 2"),
        (("segment", ".", "-o", ""), "-o"),
        (("segment", ".", "-o", "out", "--model="), "--model"),
        (("measure", ".", "--labels", " ", "-o", "out"), "--labels"),
        (("merge", ""), "argument 2"),
    ],
)
def test_an_empty_argument_does_not_mean_the_working_folder(words, what, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_png(tmp_path / "a.png", np.full((64, 64), 9, np.uint8))
    assert exit_code(*words) == 2
    assert capsys.readouterr().err.startswith(f"hooke: {what} is empty; is a variable of the shell unset?")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_the_page_lists_the_statuses_that_the_program_leaves_with():
    from hooke.cli import app as frame

    page = (ROOT / "docs" / "reference" / "exit-status.md").read_text(encoding="utf-8")
    listed = [int(number) for number in re.findall(r"(?m)^\| (\d+) \|", page)]
    assert listed == [0, 1, frame.NOTHING_DONE, 129, frame.STOPPED, 143]


def test_json_is_one_document_and_quiet_is_silent(images, tmp_path, capsys):
    labels = tmp_path / "labels"
    write_labels(labels / "good.tif", [np.pad(np.ones((9, 9), np.int32), 9)])
    for args in (
        ("segment", images, "-o", tmp_path / "out", "--json"),
        ("evaluate", labels, labels, "--json"),
        ("info", "--json"),
        ("models", "list", "--json"),
        ("models", "show", "--json"),
    ):
        exit_code(*args)
        assert isinstance(json.loads(capsys.readouterr().out), dict | list), args
    for args in (
        ("segment", images / "good.png", "-o", tmp_path / "out2", "--quiet"),
        ("evaluate", labels, labels, "-o", tmp_path / "scores", "--quiet"),
        ("models", "verify", "cells", "--quiet"),
    ):
        assert exit_code(*args) == 0
        assert capsys.readouterr().out == ""
    assert exit_code("evaluate", labels, labels, "--quiet") == 2


@pytest.mark.slow
def test_a_file_gets_no_colours(images, tmp_path):
    done = run("segment", images, "-o", tmp_path / "out", capture_output=True)
    assert done.returncode == 1
    assert b"bad.png" in done.stderr
    assert b"\x1b[" not in done.stdout + done.stderr
    assert b"\x1b[3" in run("segment", "nowhere", "-o", "out", env={"FORCE_COLOR": "1"}, capture_output=True).stderr


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals")
@pytest.mark.parametrize(("wish", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colours_unless_they_are_not_wanted(wish, coloured, monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **wish}.items():
        monkeypatch.setenv(name, value)
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        assert exit_code("segment", "nowhere", "-o", "out", "--quiet") == 2  # no bar
        monkeypatch.undo()
    said = os.read(ours, 10_000)
    os.close(ours)
    assert b"nowhere" in said
    assert (b"\x1b[3" in said) == coloured
