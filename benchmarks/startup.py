"""What a user waits for and what the disk pays: import, a cold command, the installation's size.

    python benchmarks/startup.py

Limits: `import hooke` 0.3 s; `hooke segment` of one 512×512 image from a cold start 3 s; 500 MB in site-packages.
Run it in an environment that holds the core installation only, or the size counts what else is there.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from hooke.datasets.simulator import simulate
from hooke.io import write_png

REPEATS = 5


def main() -> None:
    """Measure and print."""
    bare = timed([sys.executable, "-c", "pass"])
    imported = timed([sys.executable, "-c", "import hooke"])
    print(f"import hooke: {imported - bare:.3f} s over a bare interpreter ({bare:.3f} s); limit 0.3")
    with tempfile.TemporaryDirectory() as folder:
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
        print(f"hooke segment, 512×512, cold: {timed(command):.2f} s; limit 3")
    site = Path(sysconfig.get_paths()["purelib"])
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file() and not path.is_symlink())
    print(f"site-packages: {size / 1e6:.0f} MB; limit 500")


def timed(command: list[str]) -> float:
    """Median wall time of a whole process."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        subprocess.run(command, check=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
