"""`hooke classify train` as typed: options that have no effect are wrong usage."""

import pytest

from hooke.cli import main


@pytest.mark.parametrize(
    ("features", "args", "named"),
    [("folder", ["--images", "x", "--labels", "y"], "--images"), ("a.csv", ["--split", "val"], "--split")],
)
def test_option_without_effect_is_refused(tmp_path, capsys, monkeypatch, features, args, named):
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.csv").write_text("image,label,class\n")
    others = [] if features == "folder" else ["--images", "x", "--labels", "y"]
    with pytest.raises(SystemExit) as left:
        main(["classify", "train", "--features", str(tmp_path / features), "-o", str(tmp_path / "m"), *args, *others])
    assert left.value.code == 2
    assert named in capsys.readouterr().err
