import pytest

from hooke.datasets.layout import read_index
from tests.builders import exit_code


def test_writes_a_data_set_and_says_where(tmp_path, capsys):
    options = ("--size", "64x80", "--count", 2, "--modality", "histology", "--density", 0.4)
    assert exit_code("samples", "-o", tmp_path, *options) == 0
    rows = read_index(tmp_path)
    assert [(row.id, row.height, row.width) for row in rows] == [("histology_1", 64, 80), ("histology_2", 64, 80)]
    said = capsys.readouterr().out
    assert str(tmp_path / "images" / "histology_2.png") in said
    assert str(tmp_path / "labels") in said


def test_settings_reach_the_simulator(tmp_path):
    few, many = tmp_path / "few", tmp_path / "many"
    for folder, density in ((few, 0.05), (many, 0.6)):
        args = ("--size", 200, "--modality", "fluorescence", "--density", density, "--overlap", 0.8, "--diameter", 12)
        assert exit_code("samples", "-o", folder, *args, "-q") == 0
    assert read_index(many)[0].nuclei > 3 * read_index(few)[0].nuclei


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--density", "2"], "density"),
        (["--size", "big"], "520x696"),
        (["--modality", "electron"], "fluorescence, histology"),
        (["--uneven", "1"], "uneven_light"),
    ],
)
def test_a_bad_setting_is_2_and_named(args, message, tmp_path, capsys):
    assert exit_code("samples", "-o", tmp_path / "out", *args) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
