"""What the pages on the server show works: clients of Python run as written, and every route is named."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hooke.serve import ServeOptions, make_app

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.slow
def test_the_clients_of_the_page_run_as_written(listening, tmp_path, monkeypatch, picture, capsys):
    pytest.importorskip("requests")
    (tmp_path / "cells.png").write_bytes(picture)
    monkeypatch.chdir(tmp_path)
    text = (DOCS / "howto" / "serve.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(blocks[0].strip().splitlines()) <= 11
    names = {}
    for block in blocks:
        assert block is not blocks[0] or "http://127.0.0.1:8642" in block
        exec(block.replace("http://127.0.0.1:8642", "http://{}:{}".format(*listening.address)), names)
    said = capsys.readouterr().out
    assert re.search(r"^\d+ objects; largest area \d+$", said, re.MULTILINE)
    assert "done {'images': [{" in said
    assert names["labels"][:4] == b"II*\x00"


def test_every_route_is_named(tmp_path):
    page = (DOCS / "reference" / "rest.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([A-Z]+ /api/[^`]*)`", page, re.MULTILINE))
    schema = make_app(ServeOptions(folder=tmp_path / "work")).openapi()
    there = {f"{method.upper()} {path}" for path, item in schema["paths"].items() for method in item}
    assert named == there
    assert '"error"' in json.dumps(schema) and "ErrorAnswer" in schema["components"]["schemas"]


def test_the_actions_and_kinds_of_the_page_are_those_of_the_server(tmp_path):
    page = (DOCS / "reference" / "rest.md").read_text(encoding="utf-8")
    schemas = make_app(ServeOptions(folder=tmp_path / "work")).openapi()["components"]["schemas"]
    for name, key in (("EditRequest", "action"), ("JobRequest", "kind")):
        known = schemas[name]["properties"][key]["enum"]
        assert [one for one in known if f"| `{one}` |" not in page] == []
