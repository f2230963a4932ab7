import json
import signal

import numpy as np
import pytest
import tifffile

from hooke.cli import main
from hooke.datasets import simulate
from hooke.io import write_png
from hooke.pipeline import segment_image
from tests.builders import exit_code


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "in" / "image.png"
    write_png(path, simulate((128, 128), seed=2).image)
    return path


def test_all_good_is_0(image, tmp_path, capsys):
    assert exit_code("segment", image, "-o", tmp_path / "out", "--diameter", "24") == 0
    assert "1 image(s)" in capsys.readouterr().out
    assert (tmp_path / "out" / "run.json").exists()


def test_some_failed_is_1_and_names_the_file(image, tmp_path, capsys):
    (image.parent / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nxxxx")
    assert exit_code("segment", image.parent, "-o", tmp_path / "out") == 1
    assert "broken.png" in "".join(capsys.readouterr())


def test_all_failed_is_2(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nxxxx")
    assert exit_code("segment", tmp_path / "broken.png", "-o", tmp_path / "out") == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["segment"], "no images given"),
        (["segment", "IMAGE"], "-o FOLDER"),
        (["segment", "IMAGE", "-o", "OUT", "--model", "nope"], "nuclei"),
        (["segment", "IMAGE", "-o", "OUT", "--model", "x" * 300], "unknown model"),
        (["segment", "IMAGE", "-o", "OUT", "--diameter", "tiny"], "auto"),
        (["segment", "missing.png", "-o", "OUT"], "missing.png"),
    ],
)
def test_wrong_usage_is_2_with_one_line_and_no_traceback(args, message, image, tmp_path, capsys):
    named = {"IMAGE": image, "OUT": tmp_path / "out"}
    assert exit_code(*[named.get(arg, arg) for arg in args]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_unknown_option_is_2(image):
    assert exit_code("segment", image, "--nope") == 2


def test_debug_shows_the_traceback(monkeypatch):
    monkeypatch.setenv("HOOKE_DEBUG", "1")
    from hooke.errors import HookeError

    with pytest.raises(HookeError):
        main(["segment"])


def test_json_alone_on_standard_output(image, tmp_path, capsys):
    assert exit_code("segment", image, "-o", tmp_path / "out", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["images"][0]["count"] > 0
    assert printed["failed"] == 0


def test_quiet_prints_nothing(image, tmp_path, capsys):
    assert exit_code("segment", image, "-o", tmp_path / "out", "-q") == 0
    assert capsys.readouterr().out == ""


def test_replay_goes_where_asked(image, tmp_path):
    assert exit_code("segment", image, "-o", tmp_path / "out", "-q") == 0
    assert exit_code("segment", "--replay", tmp_path / "out" / "run.json", "-o", tmp_path / "again", "-q") == 0
    first, again = (tmp_path / name / "measurements.csv" for name in ("out", "again"))
    assert first.read_text() == again.read_text()


def test_help_and_version(capsys):
    assert exit_code("--help") == 0
    assert exit_code("segment", "--help") == 0
    assert exit_code("--version") == 0
    assert "Examples" in capsys.readouterr().out


@pytest.mark.parametrize("option", [["--diameter", "30"], ["--model", "nuclei"], ["--tta"], ["--axes", "YX"]])
def test_replay_with_an_option_that_it_would_ignore_is_an_error(option, image, tmp_path, capsys):
    assert exit_code("segment", image, "-o", tmp_path / "out", "-q", "--diameter", "24") == 0
    record = tmp_path / "out" / "run.json"
    assert exit_code("segment", "--replay", record, "-o", tmp_path / "again", *option) == 2
    assert option[0] in capsys.readouterr().err
    assert exit_code("segment", "--replay", record, image, "-o", tmp_path / "again") == 2
    assert exit_code("segment", "--replay", record, "-o", tmp_path / "again", "--threads", "1", "-q") == 0


def test_replay_overwrites_nothing(image, tmp_path, capsys):
    assert exit_code("segment", image, "-o", tmp_path / "out", "-q", "--diameter", "24") == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert exit_code("segment", "--replay", tmp_path / "out" / "run.json") == 2
    assert "-o FOLDER" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_class_threshold_without_classes_is_an_error(image, tmp_path, capsys):
    assert exit_code("segment", image, "-o", tmp_path / "out", "--class-threshold", "0.5") == 2
    assert "knows no classes" in capsys.readouterr().err


def test_pages_that_may_be_channels_are_named(tmp_path, capsys):
    pixels = simulate((64, 64), seed=2).image
    with tifffile.TiffWriter(tmp_path / "s.tif") as writer:
        for page in (pixels, pixels[::-1]):
            writer.write(page, metadata=None)
    assert exit_code("segment", tmp_path / "s.tif", "-o", tmp_path / "out", "--diameter", "24") == 0
    assert "s: the file does not say what its pages are" in capsys.readouterr().out
    assert exit_code("segment", tmp_path / "s.tif", "-o", tmp_path / "2", "--diameter", "24", "--axes", "ZYX") == 0
    assert "does not say" not in capsys.readouterr().out


def test_planes_are_named_in_warnings_and_counts(image, tmp_path, capsys):
    pixels = simulate((64, 64), seed=2).image
    tifffile.imwrite(tmp_path / "s.tif", np.stack([pixels, np.zeros_like(pixels)]), metadata={"axes": "ZYX"}, ome=True)
    assert exit_code("segment", tmp_path / "s.tif", "-o", tmp_path / "out", "--diameter", "24") == 0
    printed = capsys.readouterr().out
    assert "warning: s z1: the image is constant" in printed
    assert "counted in each of 2 planes:" in printed
    assert exit_code("segment", image, tmp_path / "s.tif", "-o", tmp_path / "both", "--diameter", "24") == 0
    assert "counted in each of 2 planes of 1 stack(s):" in capsys.readouterr().out


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_run_says_how_to_go_on(number, status, image, tmp_path, capsys, monkeypatch):
    other = image.with_name("other.png")
    other.write_bytes(image.read_bytes())
    begun = []

    def stop_at_second(*args, **kwargs):
        begun.append(1)
        if len(begun) == 2:
            signal.raise_signal(number)
        return segment_image(*args, **kwargs)

    monkeypatch.setattr("hooke.pipeline.stack_planes.segment_image", stop_at_second)
    command = ["segment", image, other, "-o", tmp_path / "out", "--diameter", "24", "--threads", "1"]
    # A shell that starts the tests in the background has them ignore Ctrl-C, and hooke leaves that as it is.
    before = signal.signal(number, signal.SIG_DFL)
    try:
        assert exit_code(*command) == status
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, before)
    said = capsys.readouterr().err
    assert "stopped; 1 of 2 image(s) are done" in said
    assert "same command again" in said
    assert len((tmp_path / "out" / "summary.csv").read_text().splitlines()) == 2
    assert sorted(path.name for path in (tmp_path / "out" / "labels").iterdir()) == ["image.tif"]
