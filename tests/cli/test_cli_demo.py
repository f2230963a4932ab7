import cv2
import pandas as pd
import pytest

from hooke.cli import main


@pytest.mark.slow
def test_demo_says_where_the_pictures_lie_and_they_are_there(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        main(["demo", "-o", str(tmp_path)])
    assert left.value.code == 0
    said = capsys.readouterr().out
    pictures = sorted((tmp_path / "results" / "overlays").glob("*.png"))
    assert len(pictures) == 4
    for picture in pictures:
        assert str(picture) in said
        assert cv2.imread(str(picture)).shape == (512, 512, 3)
    # What is shown last is a failure, and said to be one; what is shown before it is not.
    simulated, real = said[: said.index("immunohistochemistry")], said[said.index("immunohistochemistry") :]
    assert "not to be trusted: " in real and "unknown colours" in real
    assert "not to be trusted" not in simulated
    summary = pd.read_csv(tmp_path / "results" / "summary.csv").set_index("image")
    # The simulator knows how many nuclei it drew.
    for name in ("fluorescence", "histology", "brightfield"):
        truth = tmp_path / "samples" / "labels" / f"{name}.png"
        drawn = cv2.imread(str(truth), cv2.IMREAD_UNCHANGED).max()
        assert summary.loc[name, "count"] == pytest.approx(drawn, rel=0.2)
