"""Makes a virtual environment with pinned requirements for each tool, and records its size.

    python benchmarks/peers/install.py ENVIRONMENTS                       # all of them
    python benchmarks/peers/install.py ENVIRONMENTS otsu stardist hooke   # some
    python benchmarks/peers/install.py ENVIRONMENTS cellpose3 -- PIP_OPTIONS

Options after `--` are passed to pip. On Linux, pip takes PyTorch's build with CUDA (5 GB) unless it is given the index
of the builds without. A tool that can't be installed is reported, and the rest continue.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
PEERS = tuple(sorted(path.stem for path in (HERE / "requirements").glob("*.txt")))
RECORD = "install.json"


def main() -> int:
    """Install, measure, print."""
    ours, pip_arguments = split_arguments(sys.argv[1:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("environments", type=Path)
    parser.add_argument("peer", nargs="*", choices=[*PEERS, []], help=f"{', '.join(PEERS)}; all by default")
    args = parser.parse_args(ours)
    failed = 0
    for peer in args.peer or PEERS:
        try:
            record = install(peer, args.environments / peer, pip_arguments)
            print(f"{peer}: {record['bytes'] / 1e6:.0f} MB in {record['seconds']:.0f} s")
        except subprocess.CalledProcessError as error:
            failed += 1
            print(f"{peer}: could not be installed: {last_line(error.stderr)}", file=sys.stderr)
    return 1 if failed else 0


def split_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part our arguments from those for pip."""
    where = list(arguments).index("--") if "--" in arguments else len(arguments)
    return list(arguments[:where]), list(arguments[where + 1 :])


def install(peer: str, environment: Path, pip_arguments: Sequence[str]) -> dict[str, float]:
    """Make the environment and write beside it how large it is, without bytecode and without the installer."""
    venv.create(environment, with_pip=True, clear=True)
    command = [python_of(environment), "-m", "pip", "install", *pip_arguments]
    start = time.perf_counter()
    subprocess.run(
        [*command, "-r", str(HERE / "requirements" / f"{peer}.txt")],
        cwd=REPOSITORY,  # hooke's own requirement is "."
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    record = {"bytes": installed_bytes(environment), "seconds": time.perf_counter() - start}
    (environment / RECORD).write_text(json.dumps(record) + "\n", encoding="utf-8")
    return record


def python_of(environment: Path) -> str:
    """Path of an environment's interpreter."""
    return str(environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))


def installed_bytes(environment: Path) -> int:
    """Add up the files of site-packages."""
    site = next(environment.rglob("site-packages"))
    return sum(
        path.stat().st_size
        for path in site.rglob("*")
        if path.is_file()
        and path.suffix != ".pyc"
        and path.relative_to(site).parts[0].partition("-")[0] not in ("pip", "setuptools")
    )


def last_line(text: str) -> str:
    """What pip said at last."""
    return (text.strip().splitlines() or ["no word"])[-1]


if __name__ == "__main__":
    sys.exit(main())
