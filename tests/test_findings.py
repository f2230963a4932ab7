"""Findings can be run, say which versions they saw, use nothing of hooke, and are in their table. None is run here."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

FINDINGS = Path(__file__).parents[1] / "findings"
SCRIPTS = sorted(FINDINGS.glob("*.sh"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_finding_is_a_program_of_pinned_packages(path):
    text = path.read_text(encoding="utf-8")
    assert os.access(path, os.X_OK)
    assert text.startswith("#!/usr/bin/env bash\n")
    assert re.search(r"^# Versions?: \S", text, re.M)
    assert re.search(r"\w==\d", text)
    assert not re.search(r"^\s*(import hooke|from hooke)|install .*hooke", text, re.M)


def test_the_table_has_every_finding_once():
    rows = re.findall(r"^\| `(\w+)` \|", (FINDINGS / "README.md").read_text(encoding="utf-8"), re.M)
    assert sorted(rows) == [path.stem for path in SCRIPTS]
