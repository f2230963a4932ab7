"""Every public name of hooke and its packages is there, what people read uses no other, and earlier names warn."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import warnings
from pathlib import Path

import pytest

import hooke

ROOT = Path(__file__).parents[1]
HOME = Path(hooke.__file__).parent
# By their folders, so that none is imported before its test.
FOLDERS = [path.parent.relative_to(HOME.parent) for path in HOME.rglob("__init__.py")]
PACKAGES = sorted(".".join(folder.parts) for folder in FOLDERS if folder.parts != ("hooke",))
TEXTS = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.py")]
TEXTS += (ROOT / "notebooks").glob("*.ipynb")
# These benchmarks fit files that hooke ships, or feed damaged files to every reader: they belong to its inside.
INTERNAL = {"fit_familiarity.py", "fit_modality.py", "fit_trust.py", "confidence.py", "readers.py", "sources.py"}
TEXTS += [path for path in (ROOT / "benchmarks").rglob("*.py") if path.name not in INTERNAL]


def load(package):
    if package.startswith("hooke.training"):
        pytest.importorskip("torch")
    if package.startswith("hooke.serve"):
        pytest.importorskip("fastapi")
    return importlib.import_module(package)


def test_every_public_name_can_be_imported():
    assert all(getattr(hooke, name) is not None for name in hooke.__all__)
    assert set(dir(hooke)) == set(hooke.__all__) >= {"segment", "__version__"}
    with pytest.raises(AttributeError, match="no attribute 'sgement'"):
        hooke.sgement  # noqa: B018


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_lists_is_there(package):
    module = load(package)
    assert [name for name in getattr(module, "__all__", ()) if getattr(module, name, None) is None] == []


@pytest.mark.parametrize("path", sorted(TEXTS), ids=lambda path: path.name)
def test_what_people_read_imports_public_names_only(path):
    private = []
    for node in ast.walk(ast.parse(code_of(path))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "hooke":
            names = getattr(load(node.module), "__all__", ()) if node.module in {"hooke", *PACKAGES} else ()
            modules = {package.rpartition(".")[2] for package in PACKAGES} if node.module == "hooke" else set()
            private += [f"{node.module}.{name.name}" for name in node.names if name.name not in {*names, *modules}]
    assert private == []


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").rglob("*.py")), ids=lambda path: path.name)
def test_names_that_benchmarks_take_from_the_inside_are_there(path):
    text = path.read_text(encoding="utf-8")
    imported = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom) and node.level == 0]
    of_hooke = [(node.module, name.name) for node in imported for name in node.names if node.module.startswith("hooke")]
    # What is put in the place of a function is named by a tuple of its owner, its name and more.
    named = re.findall(r'\("(hooke\.[\w.]+)", "(\w+)"', text)
    torch = [owner for owner, _ in (*of_hooke, *named) if owner.startswith("hooke.training")]
    if torch:
        load(torch[0])
    assert [pair for pair in (*of_hooke, *named) if not is_there(*pair)] == []


def is_there(owner, name):
    try:
        pkgutil.resolve_name(f"{owner}.{name}")
    except (AttributeError, ImportError):
        return False
    return True


def code_of(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code")
    elif path.suffix == ".md":
        text = "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    return re.sub(r"(?m)^(\s*)[%!].*", r"\1pass", text)


def test_a_name_of_an_earlier_version_warns_and_works(monkeypatch):
    monkeypatch.setitem(hooke._deprecated, "find_cells", "segment")
    with pytest.warns(DeprecationWarning, match=r"hooke\.segment"):
        assert hooke.find_cells is hooke.segment
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert hooke.segment
