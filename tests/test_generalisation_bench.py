"""`benchmarks/generalisation.py`: how targets are named, and the tables that it writes into a document."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).parents[1] / "benchmarks" / "generalisation.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("generalisation_bench", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_targets(bench):
    parse = bench.Target.parse
    assert parse("a=data/a:test") == bench.Target("a", Path("data/a"), "test")
    assert parse("a=data/a").split is None
    assert parse("a=C:/data/a").folder == Path("C:/data/a")
    assert parse("a=C:/data/a:val") == bench.Target("a", Path("C:/data/a"), "val")
    for wrong in ("data/a", "=data/a", "a="):
        with pytest.raises(argparse.ArgumentTypeError):
            parse(wrong)


def figures(data, modality, interval=()):
    scores = {"dsb": 0.5, "ap_50": 0.6, "f1_50": 0.7, "pq": 0.8, "aji_plus": 0.9}
    return (
        {"model": "m", "data": data, "modality": modality, "images": 3, "objects": 9, "without": 0}
        | scores
        | {"interval": list(interval)}
    )


def test_tables_are_rewritten_between_the_markers(bench, tmp_path):
    document = tmp_path / "doc.md"
    document.write_text(f"before\n{bench.BEGIN}\nold\n{bench.END}\nafter\n")
    rows = [figures("a", "all", (0.4, 0.6)), figures("a", "x"), figures("a", "y"), figures("b", "z")]
    for _ in range(2):
        bench.rewrite(document, bench.markdown(rows))
    text = document.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    by_data, by_modality = text.split("By modality")
    row = "| m | a | all | 3 | 9 | 0.500 (0.400 to 0.600) | 0.600 | 0.700 | 0.800 | 0.900 | 0 |"
    assert row in by_data and "| m | b | z |" in by_data
    assert "| m | a | x |" in by_modality and "| b |" not in by_modality


def test_document_has_the_markers(bench):
    text = (PATH.parents[1] / "docs" / "explanation" / "generalisation.md").read_text(encoding="utf-8")
    assert 0 < text.index(bench.BEGIN) < text.index(bench.END)
