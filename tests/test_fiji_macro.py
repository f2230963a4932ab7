"""The macro of ImageJ gives `hooke segment` options that it has; ImageJ itself is not run here."""

from __future__ import annotations

import re
from pathlib import Path

from typer.main import get_command

from hooke.cli.app import app

MACRO = (Path(__file__).parents[1] / "docs" / "fiji" / "hooke.ijm").read_text(encoding="utf-8")


def test_options_of_the_macro_are_options_of_the_command():
    known = {name for option in get_command(app).commands["segment"].params for name in option.opts}
    given = set(re.findall(r'"(--?[a-z][a-z-]*)"', MACRO)) - {"-c"}  # that of the shell
    assert {"-o", "--model", "--diameter", "--channel", "--region", "--write"} == given
    assert given <= known


def test_braces_and_brackets_of_the_macro_close():
    code = re.sub(r'"(?:\\.|[^"\\])*"|//.*', "", MACRO)
    for opened, closed in ("{}", "()", "[]"):
        assert code.count(opened) == code.count(closed) > 0


def test_no_condition_of_the_macro_begins_with_a_number_that_imagej_takes_for_text():
    """`if (File.length(path) > 22)` compares "1000" with "22" in ImageJ 1.53t: they are taken for texts."""
    assert "File.length(" in MACRO
    assert not re.search(r"(?:if|while) *\( *File\.length|[&|] *File\.length", MACRO)
