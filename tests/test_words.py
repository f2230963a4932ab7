"""The project's texts keep to plain words, and the script that checks it finds the others."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def words():
    spec = importlib.util.spec_from_file_location("words", ROOT / ".ci" / "words.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["words"] = module  # named tuples look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["words"]


def test_no_text_has_a_word_to_avoid(words, capsys):
    assert words.main([]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("a.md", "Measured again.\nMeasured anew.\n", [2]),
        ("a.md", "A speck is\nno cell; there is no cell, and it is no longer one.\n", [1]),
        ("a.md", "Write `anew` as again.\n", []),
        ("a.py", '"""Say what it does."""\n\n# one is\n# no cell\nanew = "anew"\n', [3, 5]),
        ("a.py", 'a = (\n    "one is "\n    f"no {cell}"\n    "and what\\nails it"\n)\n', [2, 2, 3]),
        ("a.py", '"""Cells: an image in; its label image out."""\n', [1]),
        ("a.py", 'f"{anew} is {told}"\n', []),
        ("CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n- anew\n\n## 0.1\n\n- anew\n", [5]),
        ("a.ipynb", json.dumps({"cells": [{"source": ["once\n", "again"]}, {"source": ["an", "ew"]}]}), [1]),
    ],
)
def test_words_are_found_in_texts_alone(words, tmp_path, name, text, lines):
    (tmp_path / name).write_text(text, encoding="utf-8")
    hits = words.check(tmp_path / name, words.Rules.read(), tmp_path)
    assert [hit.line for hit in hits] == lines
