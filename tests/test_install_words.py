"""No text suggests installing the package named hooke on the package index: it is another project."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLACES = ("src", "docs", "notebooks", "benchmarks", "configs", ".ci", "findings", "workflows")
KINDS = {".py", ".js", ".html", ".ijm", ".md", ".ipynb", ".yaml", ".yml", ".toml", ".txt", ".sh", ".cff", ".nf", ""}

# An installer's line up to its end, and a requirement of that name in it; extras of that name anywhere.
_LINE = re.compile(r"(?:pip3?|pipx|uv|conda|mamba)\s+(?:tool\s+)?(?:install|add|run)\b([^\n`;&|]*)")
_NAMED = re.compile(r"""(?:^|[\s'"])hooke(?:-cells)?(?!'s)(?=$|[\s'"\[<>=~!@.,)])""")
_EXTRA = re.compile(r"hooke(?:-cells)?\\*\[(?:train|formats|dev)")


def strange_installs(text: str) -> list[str]:
    lines = [match[0] for match in _LINE.finditer(text) if _NAMED.search(match[1])]
    return lines + [match[0] for match in _EXTRA.finditer(text)]


def texts() -> list[Path]:
    files = [path for place in PLACES for path in (ROOT / place).rglob("*")] + list(ROOT.glob("*"))
    return [path for path in files if path.is_file() and path.suffix in KINDS and path.name != ".git"]


def test_no_text_installs_a_strangers_package():
    found = {
        str(path.relative_to(ROOT)): strange
        for path in texts()
        if (strange := strange_installs(path.read_text(encoding="utf-8", errors="ignore")))
    }
    assert len(texts()) > 100
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "`pip install hooke` is enough",
        "pip install 'hooke[train]'",
        r"[bold]pip install 'hooke\[train]'[/]",
        'pip install "hooke[formats]"',
        "pip install -U numpy hooke==0.1",
        "uv tool install hooke",
        "needs hooke[formats]",
        "pip install hooke-cells",  # not published yet either: whoever takes the name first decides what comes
    ],
)
def test_such_texts_are_found(text):
    assert strange_installs(text)


@pytest.mark.parametrize(
    "text", ["pip install . && hooke demo", "pip install '.[train]'", "pip install -c c.txt ./hooke/"]
)
def test_installing_a_copy_is_not(text):
    assert not strange_installs(text)


def test_the_distribution_has_a_name_of_its_own():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == "hooke-cells"
    assert list(project["scripts"]) == ["hooke"]
