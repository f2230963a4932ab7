"""Measures the time of the import and of a cold command, and the size of the installation.

    python benchmarks/startup.py

Limits: `import hooke` 0.3 s; `hooke segment` of one 512×512 image from a cold start 3 s; 500 MB in site-packages.
Run it in an environment that holds the core installation only, or the size includes other packages. pip compiles every
module of every package, tests too, unless given `--no-compile`: then Python compiles a module when it is first used.
Times are those of compiled modules, as after an installation by pip, even where hooke is read from its source or Python
may write no bytecode: it is written to a temporary folder by a first run that does not count.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from pathlib import Path

from hooke.datasets import simulate
from hooke.io import write_png

REPEATS = 5
LISTED = 8
INSTALLER = ("pip", "setuptools", "pkg_resources", "_distutils_hack")
FOLDER_OF = {"opencv_python_headless": "cv2", "pillow": "PIL"}  # folder of a wheel's libraries: of its package


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = f"{folder}/bytecode"
        bare = timed([sys.executable, "-c", "pass"], environment)
        imported = timed([sys.executable, "-c", "import hooke"], environment)
        print(f"import hooke: {imported - bare:.3f} s over a bare interpreter ({bare:.3f} s); limit 0.3")
        image = Path(folder) / "image.png"
        write_png(image, simulate((512, 512), seed=0).image)
        command = [
            sys.executable,
            "-m",
            "hooke",
            "segment",
            str(image),
            "-o",
            f"{folder}/out",
            "--overwrite",
            "--quiet",
        ]
        print(f"hooke segment, 512×512, cold: {timed(command, environment):.2f} s; limit 3")
    print_size(Path(sysconfig.get_paths()["purelib"]))


def print_size(site: Path) -> None:
    """Print how large site-packages is, with and without what `venv` put there, what is bytecode, what is largest."""
    files, bytecode = package_sizes(site)
    size, compiled = files.total() + bytecode.total(), bytecode.total()
    own_files = size_without_installer(files)
    own_bytecode = size_without_installer(bytecode)
    print(f"site-packages: {size / 1e6:.0f} MB, {compiled / 1e6:.0f} of it bytecode; limit 500")
    print(
        f"without {' and '.join(INSTALLER[:2])}: {(own_files + own_bytecode) / 1e6:.0f} MB, "
        f"{own_bytecode / 1e6:.0f} of it bytecode"
    )
    largest = (files + bytecode).most_common(LISTED)
    print("largest: " + ", ".join(f"{name} {count / 1e6:.0f}" for name, count in largest))


def package_sizes(site: Path) -> tuple[Counter[str], Counter[str]]:
    """Bytes of each folder of site-packages, bytecode apart; a wheel's libraries are counted with its package."""
    files, bytecode = Counter[str](), Counter[str]()
    for path in site.rglob("*"):
        if path.is_file() and not path.is_symlink():
            folder = path.relative_to(site).parts[0].removesuffix(".libs")
            counter = bytecode if path.suffix == ".pyc" else files
            counter[FOLDER_OF.get(folder, folder)] += path.stat().st_size
    return files, bytecode


def size_without_installer(sizes: Counter[str]) -> int:
    """Bytes of all but pip and setuptools."""
    return sum(count for name, count in sizes.items() if name.split("-")[0] not in INSTALLER)


def timed(command: list[str], environment: dict[str, str]) -> float:
    """Median wall time of a whole process, after one that does not count."""
    times = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, env=environment)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


if __name__ == "__main__":
    main()
