import json

import pytest

from hooke.cli import main
from hooke.datasets.simulator import simulate
from hooke.io import write_png


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "in" / "image.png"
    write_png(path, simulate((128, 128), seed=2).image)
    return path


def run(*args):
    with pytest.raises(SystemExit) as left:
        main([str(arg) for arg in args])
    return left.value.code


def test_all_good_is_0(image, tmp_path, capsys):
    assert run("segment", image, "-o", tmp_path / "out", "--diameter", "24") == 0
    assert "1 image(s)" in capsys.readouterr().out
    assert (tmp_path / "out" / "run.json").exists()


def test_some_failed_is_1_and_names_the_file(image, tmp_path, capsys):
    (image.parent / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nxxxx")
    assert run("segment", image.parent, "-o", tmp_path / "out") == 1
    assert "broken.png" in "".join(capsys.readouterr())


def test_all_failed_is_2(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nxxxx")
    assert run("segment", tmp_path / "broken.png", "-o", tmp_path / "out") == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["segment"], "no images given"),
        (["segment", "IMAGE"], "-o FOLDER"),
        (["segment", "IMAGE", "-o", "OUT", "--model", "nope"], "nuclei"),
        (["segment", "IMAGE", "-o", "OUT", "--diameter", "tiny"], "auto"),
        (["segment", "missing.png", "-o", "OUT"], "missing.png"),
    ],
)
def test_wrong_usage_is_2_with_one_line_and_no_traceback(args, message, image, tmp_path, capsys):
    named = {"IMAGE": image, "OUT": tmp_path / "out"}
    assert run(*[named.get(arg, arg) for arg in args]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_unknown_option_is_2(image):
    assert run("segment", image, "--nope") == 2


def test_debug_shows_the_traceback(monkeypatch):
    monkeypatch.setenv("HOOKE_DEBUG", "1")
    from hooke.errors import HookeError

    with pytest.raises(HookeError):
        main(["segment"])


def test_json_alone_on_standard_output(image, tmp_path, capsys):
    assert run("segment", image, "-o", tmp_path / "out", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["images"][0]["count"] > 0
    assert printed["failed"] == 0


def test_quiet_prints_nothing(image, tmp_path, capsys):
    assert run("segment", image, "-o", tmp_path / "out", "-q") == 0
    assert capsys.readouterr().out == ""


def test_replay_goes_where_asked(image, tmp_path):
    assert run("segment", image, "-o", tmp_path / "out", "-q") == 0
    assert run("segment", "--replay", tmp_path / "out" / "run.json", "-o", tmp_path / "again", "-q") == 0
    first, again = (tmp_path / name / "measurements.csv" for name in ("out", "again"))
    assert first.read_text() == again.read_text()


def test_help_and_version(capsys):
    assert run("--help") == 0
    assert run("segment", "--help") == 0
    assert run("--version") == 0
    assert "Examples" in capsys.readouterr().out
