"""A segmentation leaves nothing in the user's home and asks nothing of the network."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hooke

SEGMENT = """
import hooke
from hooke.datasets import simulate

assert hooke.segment(simulate((128, 128), seed=1).image).count
"""


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def segment(home: Path, *before: str) -> subprocess.CompletedProcess[str]:
    """Segment in a process of its own whose home is empty."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "SYSTEMROOT") if name in os.environ}
    env = kept | {"HOME": str(home), "USERPROFILE": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*before, sys.executable, "-c", SEGMENT]
    return subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, timeout=120)


def test_an_empty_home_stays_empty(home):
    result = segment(home)
    assert result.returncode == 0, result.stderr
    assert [path for path in home.rglob("*") if path.is_file()] == []


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_nothing_connects(home, tmp_path):
    log = tmp_path / "calls.txt"
    result = segment(home, "strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", str(log))
    if not log.is_file() or "ptrace" in result.stderr.lower():
        pytest.skip("this machine lets no process be traced")
    assert result.returncode == 0, result.stderr
    assert "AF_INET" not in log.read_text()


def test_one_module_imports_the_runtime():
    package = Path(hooke.__file__).parent
    importing = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and any(one.name.split(".")[0] == "onnxruntime" for one in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "onnxruntime")
    }
    assert importing == {"models/runtime.py"}
