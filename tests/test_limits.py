"""The memory that is free is known wherever it is limited, and what needs more is refused with both figures."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hooke import limits
from hooke.errors import ConfigError, ImageReadError
from hooke.limits import check_memory, check_promise, default_budget, free_memory, parse_bytes


def test_free_memory_is_a_part_of_the_machine():
    assert 1 << 20 < free_memory() < 1 << 50
    assert default_budget() < free_memory() * 1.2


@pytest.mark.parametrize(
    ("files", "said", "left"),
    [
        ({"memory.max": "1000", "memory.current": "400"}, "0::/", [600]),
        ({"memory.max": "1000", "memory.current": "900", "memory.stat": "inactive_file 500\n"}, "0::/", [600]),
        ({"memory.max": "max", "job/memory.max": "500", "job/memory.current": "100"}, "0::/job/step", [400]),
        ({"memory/memory.limit_in_bytes": "800", "memory/memory.usage_in_bytes": "300"}, "4:memory:/away", [500]),
        ({}, "0::/\n4:cpu:/x", []),
    ],
)
def test_containers_and_jobs_of_a_cluster_count(tmp_path, files, said, left):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert list(limits._free_of_containers(tmp_path, said)) == left


def test_macos_is_understood():
    said = """Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               10000.
Pages active:                            200000.
Pages inactive:                           30000.
Pages speculative:                          500.
"""
    assert limits._parse_vm_stat(said) == 16384 * 40500
    assert limits._parse_vm_stat("") is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_limit_of_the_shell_counts():
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30));"
        "from hooke.limits import free_memory; print(free_memory())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert 0 < int(said) < 1 << 30


def test_what_needs_too_much_is_refused_with_both_figures():
    check_memory(1 << 20, "a.tif", budget=1 << 30)
    with pytest.raises(ImageReadError, match=r"a\.tif: needs about 2\.0 GiB .* may take 1\.0 GiB; .*--max-memory"):
        check_memory(2 << 30, "a.tif", budget=1 << 30)
    with pytest.raises(ImageReadError):
        check_memory(1 << 60, "a.tif")


def test_small_promises_are_believed_and_large_ones_must_be_possible():
    check_promise(limits.SMALL_PROMISE, 1, 1)
    check_promise(1 << 30, 1 << 20, 1032)
    with pytest.raises(ImageReadError, match=r"b\.png: damaged: its header promises 2\.0 GiB"):
        check_promise(2 << 30, 1 << 20, 1032, "b.png")


@pytest.mark.parametrize("text", ["", "8 apples", "-1G", "0", "nan", "1e99"])
def test_amounts_that_are_none(text):
    with pytest.raises(ConfigError, match="max_memory"):
        parse_bytes(text)
