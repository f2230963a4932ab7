"""Every package that hooke pulls in is pinned, and OpenCV's networks and videos stay untouched."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest

packaging = pytest.importorskip("packaging.requirements")

ROOT = Path(__file__).parents[1]


def pins():
    """The script that continuous integration runs in each environment."""
    spec = importlib.util.spec_from_file_location("pins", ROOT / ".ci" / "pins.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def needed(requirements: list[str], extra: str = "", seen: set[tuple[str, str]] | None = None) -> set[str]:
    """Names of the packages that these requirements bring into this environment, and those that these bring."""
    seen = set() if seen is None else seen
    for text in requirements:
        requirement = packaging.Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        for its_extra in ("", *requirement.extras):
            key = (requirement.name, its_extra)
            if key in seen:
                continue
            seen.add(key)
            try:
                needed(requires(requirement.name) or [], its_extra, seen)
            except PackageNotFoundError:  # not in this environment; its own name is asked for all the same
                continue
    return {name for name, _ in seen}


def test_all_that_comes_along_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = list(project["project"]["dependencies"])
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if not {f"{name}=={version(name)}" for name in (packaging.Requirement(text).name for text in wanted)} <= set(lines):
        pytest.skip("other versions than the pinned ones bring other packages along")
    wanted += project["build-system"]["requires"]
    wanted += [one for extra in project["project"]["optional-dependencies"].values() for one in extra]
    listed = {pins().same_name(line.split("==")[0]) for line in lines if "==" in line}
    own = project["project"]["name"]  # an extra may ask for another one
    missing = {pins().same_name(name) for name in needed(wanted) if name != own} - listed
    assert missing == set()


def test_the_notice_names_all_that_comes_with_the_core():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    notice = pins().same_name((ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8"))
    brought = {pins().same_name(name) for name in needed(project["dependencies"])}
    words = set(re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", notice))
    assert brought - words == set()


def test_a_constraint_is_a_name_and_a_version():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        assert line.startswith("#") or re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9a-z.]*", line), line


def test_what_is_not_pinned_is_found():
    installed = {"NumPy": "2.0", "ruamel.yaml": "1.0", "stray": "0.1", "pip": "24.0", "hooke_cells": "0.1.0"}
    assert pins().unpinned("# versions\nnumpy==2.1\nruamel-yaml==1.0\n", installed) == ["numpy==2.0", "stray==0.1"]


def test_hooke_opens_no_video_and_no_network_with_opencv():
    """Its wheel holds FFmpeg and an OpenSSL past its end of life: THIRD_PARTY.md says that hooke reaches neither."""
    risky = re.compile(r"cv2\.(VideoCapture|VideoWriter|dnn|imreadanimation|samples|utils\.fs)\b")
    for path in (ROOT / "src").rglob("*.py"):
        assert not risky.search(path.read_text(encoding="utf-8")), path
    assert "OpenSSL 1.1.1k" in (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
