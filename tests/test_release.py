"""What a release consists of agrees: one version everywhere, and each package is asked for once."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

import yaml

import hooke

ROOT = Path(__file__).parents[1]


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_version_stands_in_one_place_and_the_citation_agrees():
    assert project()["project"]["dynamic"] == ["version"]
    home = ROOT / project()["tool"]["hatch"]["version"]["path"]
    assert f'__version__ = "{hooke.__version__}"' in home.read_text(encoding="utf-8")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == hooke.__version__


def test_no_package_is_asked_for_twice():
    extras = project()["project"]["optional-dependencies"].values()
    wanted = [*project()["project"]["dependencies"], *(package for extra in extras for package in extra)]
    names = Counter(re.match(r"[\w.-]+", package)[0].lower() for package in wanted)
    assert [name for name, times in names.items() if times > 1] == []


def test_what_the_core_needs_has_a_lowest_version():
    assert [package for package in project()["project"]["dependencies"] if ">=" not in package] == []


def test_workflows_are_yaml_with_a_time_to_run_and_read_rights_only():
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {"contents": "read"}, path
        assert workflow[True], path  # YAML reads the key "on" as true


def test_texts_install_and_test_what_is_judged():
    judged = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (extras,) = re.findall(r"pip\" install -q ('\.\[.*\]')", judged)
    (tests,) = re.findall(r"(?m)python\" (-m pytest.*)$", judged)
    for name in ("README.md", "CONTRIBUTING.md", "docs/install.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert re.search(rf"pip install -c constraints\.txt {re.escape(extras)}(?=[`\n])", text), name
        assert re.search(rf"python {re.escape(tests)}(?=[`\n])", text), name


def test_tests_run_side_by_side_in_every_workflow():
    lines = [
        line
        for path in (ROOT / ".github" / "workflows").glob("*.yml")
        for line in re.findall(r"python -m pytest.*", path.read_text(encoding="utf-8"))
    ]
    assert lines
    assert [line for line in lines if not line.startswith("python -m pytest -n auto --dist worksteal ")] == []
