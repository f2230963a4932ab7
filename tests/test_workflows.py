"""The files for containers and workflow managers: their command lines run, and name nothing of strangers."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
import types
from pathlib import Path

import numpy as np
import pytest
import yaml

import hooke
from hooke.io import write_png

ROOT = Path(__file__).parents[1]
MODULE = ROOT / "workflows" / "nextflow" / "hooke_segment.nf"
WRAPPER = ROOT / "workflows" / "snakemake" / "wrapper.py"

pytestmark = pytest.mark.skipif(shutil.which("bash") is None or os.name == "nt", reason="workflows run in bash")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with one good image and one that is damaged, and `hooke` on the path."""
    (tmp_path / "images").mkdir()
    write_png(tmp_path / "images" / "good.png", np.full((64, 64), 9, np.uint8))
    (tmp_path / "images" / "bad.png").write_bytes(b"damaged")
    program = tmp_path / "bin" / "hooke"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hooke "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(hooke.__file__).parents[1]))  # the one under test, installed or not
    monkeypatch.chdir(tmp_path)
    return tmp_path


def nextflow_script(**values):
    """The script of the module as Nextflow gives it to bash, with these values for its variables."""
    script = re.search(r'"""\n(.*?)"""', MODULE.read_text(encoding="utf-8"), re.DOTALL)[1]
    script = re.sub(r"(?<!\\)\$\{([\w.]+)\}", lambda match: values[match[1]], script)
    return script.replace("\\$", "$").replace("\\\\", "\\")


@pytest.mark.slow
def test_the_nextflow_module_segments_and_states_the_version(place):
    known = {"prefix": "plate1", "task.cpus": "1", "memory": "--max-memory 2000000000", "task.process": "HOOKE_SEGMENT"}
    script = nextflow_script(**known, args="--diameter 20")
    subprocess.run(["bash", "-euo", "pipefail", "-c", script], check=True, timeout=120)
    promised = re.findall(r'path\("([^"]+)"\)|path "([^"]+)"', MODULE.read_text(encoding="utf-8"))
    patterns = [(first or second).replace("${prefix}", "plate1") for first, second in promised]
    assert len(patterns) == 6
    assert [pattern for pattern in patterns if not list(place.glob(pattern))] == []
    assert set(yaml.safe_load((place / "versions.yml").read_text())) == {"HOOKE_SEGMENT"}
    with pytest.raises(subprocess.CalledProcessError):  # nothing done is an error, unlike one bad image
        script = nextflow_script(**known, args="--diameter none")
        subprocess.run(["bash", "-euo", "pipefail", "-c", script], check=True, stderr=subprocess.DEVNULL)


def wrapped(monkeypatch, **rule):
    """The command line that the Snakemake wrapper makes of a rule."""
    lines = []

    def shell(text):
        names = sys._getframe(1).f_globals
        quoted = {"input": " ".join(map(str, rule["input"])), "threads": str(rule["threads"])}
        text = re.sub(r"\{job\.(\w+)(?::q)?\}", lambda match: quoted[match[1]], text)
        lines.append(re.sub(r"\{(\w+)(?::q)?\}", lambda match: str(names[match[1]]), text))

    job = types.SimpleNamespace(log_fmt_shell=lambda **_: "> log.txt 2>&1", **rule)
    for name in ("snakemake", "snakemake.shell"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules["snakemake.shell"].shell = shell
    runpy.run_path(str(WRAPPER), {"snakemake": job})
    return lines[0]


@pytest.mark.slow
def test_the_snakemake_wrapper_segments(place, monkeypatch):
    rule = {"input": ["images"], "params": {"extra": "--min-size 5"}, "threads": 1}
    line = wrapped(monkeypatch, output=["out"], **rule)
    assert wrapped(monkeypatch, output=["out/measurements.csv", "out/summary.csv"], **rule) == line
    subprocess.run(["bash", "-euo", "pipefail", "-c", line], check=True, timeout=120)
    assert (place / "out" / "measurements.csv").is_file()
    assert "bad.png" in (place / "log.txt").read_text()
    strict = wrapped(monkeypatch, input=["images"], output=["out"], params={"strict": True}, threads=1)
    assert subprocess.run(["bash", "-c", strict]).returncode == 1


def test_the_container_copies_what_it_builds_from_and_runs_as_a_user():
    steps = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = [name for line in re.findall(r"(?m)^COPY (?!--from)(.*) \S+$", steps) for name in line.split()]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    allowed = re.findall(r"(?m)^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"))
    assert sorted(allowed) == sorted(copied)
    assert re.findall(r"(?m)^USER (.+)$", steps)[-1] not in ("root", "0")


def test_the_container_takes_extras_that_there_are():
    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    steps = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert 'pip install ".[$EXTRAS]"' in steps
    files = [ROOT / "Dockerfile", ROOT / ".github" / "workflows" / "container.yml", ROOT / "docs/howto/workflows.md"]
    given = [names for path in files for names in re.findall(r"EXTRAS=([\w,]+)", path.read_text(encoding="utf-8"))]
    assert re.findall(r"(?m)^ARG EXTRAS=(.*)$", steps) == ["formats,zarr"]  # the core
    assert set(given) == {"formats,zarr", "formats,zarr,track,serve"}
    assert {name for names in given for name in names.split(",")} <= set(known)


def test_no_file_pulls_an_image_of_strangers():
    """`docker run hooke` would fetch an image of this name from a public registry where none was built."""
    files = [
        ROOT / "Dockerfile",
        ROOT / ".github" / "workflows" / "container.yml",
        ROOT / "docs" / "howto" / "workflows.md",
    ]
    files += [path for path in (ROOT / "workflows").rglob("*") if path.is_file()]
    bare = re.compile(r"(docker run[^\n]*[\s\"])hooke hooke|container ['\"]hooke|--tag hooke|docker://hooke")
    wrong = [
        path.name
        for path in files
        if bare.search(path.read_text(encoding="utf-8").replace("localhost/hooke", "localhost"))
    ]
    assert wrong == []
