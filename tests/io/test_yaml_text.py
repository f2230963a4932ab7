"""YAML of strangers is read by the quick parser only where its nesting can't end the process."""

from __future__ import annotations

import pytest
import yaml

from hooke.errors import ModelError
from hooke.io.yaml_text import parse_yaml


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting_is_an_error_of_the_slow_parser(opening, monkeypatch):
    monkeypatch.setattr(yaml, "CSafeLoader", None)  # would fail with a TypeError
    monkeypatch.setattr("hooke.io.yaml_text._QUICK_NESTING", 1000)
    with pytest.raises(ModelError, match="can't be parsed: maximum recursion depth"):
        parse_yaml(opening.encode() * 1001, "rdf.yaml")


def test_both_parsers_read_a_description_alike(monkeypatch):
    text = b"name: nuclei\ncite: [{text: 'a: b', doi: 10.1/x}]\nlast: 2026-01-02\nnumbers: [1, 2.5, .inf, 0x10, no]\n"
    quick = parse_yaml(text, "rdf.yaml")
    monkeypatch.setattr("hooke.io.yaml_text._QUICK_BYTES", 0)
    assert parse_yaml(text, "rdf.yaml") == quick
