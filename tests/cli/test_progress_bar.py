"""What commands show while they work, and what they need for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hooke.cli.progress_bar import progress_bar
from hooke.datasets import simulate
from hooke.io import write_png


@pytest.mark.slow
def test_without_a_terminal_nothing_is_loaded_that_only_draws(tmp_path):
    write_png(tmp_path / "a.png", simulate((64, 64), seed=1).image)
    code = f"""import sys
from hooke.cli.app import main
try:
    main(["segment", {str(tmp_path / "a.png")!r}, "-o", {str(tmp_path / "out")!r}, "--no-page"])
finally:
    print("rich" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "False"
    assert "results in" in ran.stdout


@pytest.mark.parametrize(("hidden", "terminal"), [(True, True), (False, False), (False, True)])
def test_the_bar_is_seen_in_a_terminal_alone(monkeypatch, capsys, hidden, terminal):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    with progress_bar("counting", hidden=hidden) as show:
        show(1, 2, "counting more")
    assert ("counting" in capsys.readouterr().err) == (terminal and not hidden)
