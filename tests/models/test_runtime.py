"""A segmentation leaves nothing in the user's home and asks nothing of the network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SEGMENT = """
import hooke
from hooke.datasets import simulate

assert hooke.segment(simulate((128, 128), seed=1).image).count
"""


@dataclass(frozen=True)
class Traced:
    """A segmentation in a process of its own, whose home was empty, and its system calls, where they can be traced."""

    home: Path
    result: subprocess.CompletedProcess[str]
    calls: str | None


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    home, log = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("log") / "calls.txt"
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "SYSTEMROOT") if name in os.environ}
    env = kept | {"HOME": str(home), "USERPROFILE": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    strace = ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", str(log)]

    def segment(*before: str) -> subprocess.CompletedProcess[str]:
        command = [*before, sys.executable, "-c", SEGMENT]
        return subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, timeout=120)

    if shutil.which("strace") is not None:
        result = segment(*strace)
        if log.is_file() and "ptrace" not in result.stderr.lower():
            return Traced(home, result, log.read_text())
    return Traced(home, segment(), None)


def test_an_empty_home_stays_empty(traced):
    assert traced.result.returncode == 0, traced.result.stderr
    assert [path for path in traced.home.rglob("*") if path.is_file()] == []


def test_nothing_connects(traced):
    if traced.calls is None:
        pytest.skip("needs strace, and a machine that lets it trace")
    assert traced.result.returncode == 0, traced.result.stderr
    assert "AF_INET" not in traced.calls
